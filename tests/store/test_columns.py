"""Rows and columns: what differs is found, all of it and nothing else."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from smsmon.model import Status
from smsmon.recipients import Recipient, Recipients
from smsmon.store.columns import differing, phone_of, placed, rearranged, stored
from tests.store.reports import WORDS, row


@st.composite
def two_reports(draw: st.DrawFn) -> tuple[list[Recipient], list[Recipient]]:
    """A long report, and the same with a few recipients changed and a few more at the end."""
    before = [row(n) for n in range(draw(st.integers(1, 150)))]
    after = list(before)
    for slot in draw(st.lists(st.integers(0, len(before) - 1), max_size=6)):
        status = draw(st.sampled_from(Status))
        word = draw(st.sampled_from(["", "strange", WORDS[status]]))
        stop = draw(st.sampled_from([True, False, None]))
        date = draw(st.sampled_from([None, 1_700_000_000, 2**40]))
        reason = draw(st.sampled_from(["", "no date"]))
        after[slot] = Recipient(before[slot].phone, status, word, stop, date, reason)
    return before, after + [row(1_000 + n) for n in range(draw(st.integers(0, 3)))]


@given(two_reports())
def test_every_difference_is_found_and_nothing_else(
    reports: tuple[list[Recipient], list[Recipient]],
) -> None:
    before, after = reports
    wanted = [slot for slot, old in enumerate(before) if old != after[slot]]
    assert differing(Recipients.of(before), Recipients.of(after)) == wanted


@given(st.lists(st.integers(0, 5)), st.lists(st.integers(0, 5)))
def test_every_place_gets_a_slot_of_its_own_with_its_number(
    known: list[int], given_: list[int]
) -> None:
    before, after = (Recipients.of([row(n) for n in each]) for each in (known, given_))
    slots = placed(before.phones, after.phones)
    if slots is None:
        assert known == given_[: len(known)]
        return
    assert len(set(slots)) == len(given_)
    merged = rearranged(before, after, slots, frozenset())
    assert [merged[slot].phone for slot in slots] == [each.phone for each in after]
    assert list(merged.phones)[: len(known)] == list(before.phones)


@given(st.one_of(st.from_regex(r"\+?[0-9]{0,18}", fullmatch=True), st.text()))
def test_a_phone_is_stored_without_loss(phone: str) -> None:
    assert phone_of(stored(phone)) == phone


def test_only_international_numbers_are_stored_as_numbers() -> None:
    assert stored("+33612345678") == 33612345678
    assert [stored(text) for text in ("0612", "+0612", "+", "+٣٣", "+" + "9" * 16)] == [
        "0612",
        "+0612",
        "+",
        "+٣٣",
        "+" + "9" * 16,
    ]
