"""A report taken into what was known, checked against a plain model of what must come out."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from smsmon.merging import differing, merge
from smsmon.recipients import Recipient, Recipients, Status
from tests.monitor.fakes import WORDS, row

rows = st.builds(
    row,
    st.integers(0, 6),
    st.sampled_from(Status),
    stop=st.sampled_from([None, False, True]),
    date=st.sampled_from([None, 1_700_000_000, 1_700_000_500]),
    word=st.sampled_from([None, "a", "b"]),
    reason=st.sampled_from(["", "", "", "not understood"]),
)
reports = st.lists(
    st.lists(rows, max_size=7, unique_by=lambda each: each.phone), min_size=1, max_size=5
)


def _model(known: list[Recipient], given_rows: list[Recipient]) -> tuple[list[Recipient], set[int]]:
    """What must be known after ``given_rows``, one recipient at a time; and who is absent.

    Each number is there once on both sides: which of several it is, test_alignment tells.
    """
    known = list(known)
    free = list(range(len(known)))
    taken: set[int] = set()
    before = len(known)
    for given_row in given_rows:
        slot = next((s for s in free if known[s].phone == given_row.phone), None)
        if slot is None:
            known.append(given_row)
            continue
        free.remove(slot)
        taken.add(slot)
        old = known[slot]
        if given_row.reason and old.status is not given_row.status is Status.UNKNOWN:
            known[slot] = replace(old, reason=given_row.reason)
            continue
        stop = old.stop if given_row.stop is None else given_row.stop
        keeps_date = given_row.date is None and given_row.status is old.status
        date = old.date if keeps_date else given_row.date
        known[slot] = replace(given_row, stop=stop, date=date)
    return known, set(range(before)) - taken


@given(reports)
def test_any_series_of_reports_leaves_what_a_plain_model_says(
    series: list[list[Recipient]],
) -> None:
    known = Recipients()
    expected: list[Recipient] = []
    layout = None
    for given_rows in series:
        merged = merge(known, Recipients.of(given_rows), layout)
        before = expected
        expected, absent = _model(expected, given_rows)
        assert list(merged.recipients) == expected
        assert merged.absent == absent
        assert merged.added == range(len(before), len(expected))
        assert list(merged.changed) == [
            slot for slot, old in enumerate(before) if _shown(old) != _shown(expected[slot])
        ]
        known, layout = merged.recipients, merged.layout


def _shown(one: Recipient) -> tuple[object, ...]:
    """What makes a change: status and STOP; the word only where it is all there is."""
    word = one.raw_status if one.status is Status.UNKNOWN else None
    return one.status, one.stop is True, word


def test_known_phones_column_is_shared_not_copied() -> None:
    known = merge(Recipients(), Recipients.of([row(1), row(2)])).recipients
    again = Recipients.of([row(1, Status.DELIVERED), row(2)])
    assert merge(known, again).recipients.phones is known.phones


def test_one_order_seen_again_is_not_matched_again() -> None:
    known = merge(Recipients(), Recipients.of([row(1), row(2), row(3)])).recipients
    turned = Recipients.of([row(3), row(1), row(2)])
    first = merge(known, turned)
    second = merge(first.recipients, Recipients.of(list(turned)), first.layout)
    assert second.layout is first.layout
    assert not second.changed


def test_words_no_longer_used_leave_the_vocabulary() -> None:
    known = Recipients.of([row(number, Status.UNKNOWN, word=f"w{number}") for number in range(5)])
    plain = Recipients.of([row(number) for number in (4, 3, 2, 1, 0)])
    assert merge(known, plain).recipients.vocabulary == ("Waiting",)


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
    reasons = draw(st.lists(st.sampled_from(["", "odd"]), max_size=3))
    return before, after + [row(1_000 + n, reason=why) for n, why in enumerate(reasons)]


@given(two_reports())
def test_every_difference_is_found_and_nothing_else(
    reports: tuple[list[Recipient], list[Recipient]],
) -> None:
    before, after = reports
    wanted = [slot for slot, old in enumerate(before) if old != after[slot]]
    assert differing(Recipients.of(before), Recipients.of(after)) == wanted
    assert differing(Recipients.of(after[: len(before)]), Recipients.of(before)) == wanted
