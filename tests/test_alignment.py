"""Which recipient of a report is which: where a number is there several times, by what it says."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smsmon.alignment import Layout, align, arranged
from smsmon.merging import Merged, merge
from smsmon.recipients import Recipient, Recipients, Status
from tests.monitor.fakes import row

D, N, W, U = Status.DELIVERED, Status.NOT_DELIVERED, Status.WAITING, Status.UNKNOWN


class Story:
    """One message through a series of reports, as the board takes them in."""

    def __init__(self, *reports: list[Recipient]) -> None:
        self.known = Recipients()
        self.absent: frozenset[int] = frozenset()
        self.layout: Layout | None = None
        for each in reports:
            self.take(each)

    def take(self, rows: list[Recipient]) -> Merged:
        merged = merge(self.known, Recipients.of(rows), self.layout, self.absent)
        self.known, self.absent, self.layout = merged.recipients, merged.absent, merged.layout
        return merged


def several(*statuses: Status, number: int = 1) -> list[Recipient]:
    """One number, once with each of ``statuses``."""
    return [row(number, status) for status in statuses]


def test_an_equal_multiset_is_no_change_however_often_it_turns() -> None:
    story = Story(several(D, N))
    for turned in (several(N, D), several(D, N), several(N, D)):
        merged = story.take(turned)
        assert not merged.changed
        assert not merged.absent
    assert story.known.statuses == bytes([D, N])


@pytest.mark.parametrize(("left", "gone"), [(D, 0), (N, 1)])
def test_what_is_left_of_two_is_the_one_that_says_the_same(left: Status, gone: int) -> None:
    merged = Story(several(N, D)).take(several(left))
    assert not merged.changed
    assert merged.absent == {gone}


def test_a_third_of_one_number_is_new_and_the_two_before_stay() -> None:
    merged = Story(several(N, D)).take(several(W, D, N))
    assert not merged.changed
    assert list(merged.recipients)[2:] == several(W)


def test_one_of_two_that_changes_is_one_change() -> None:
    merged = Story(several(W, D)).take(several(D, D))
    assert list(merged.changed) == [0]


def test_dates_tell_equal_statuses_apart() -> None:
    first, second = row(1, D, date=1_700_000_000), row(1, D, date=1_700_000_500)
    merged = Story([first, second]).take([second])
    assert merged.absent == {0}
    assert list(merged.recipients) == [first, second]


@pytest.mark.parametrize("others", [{"status": W}, {"word": "b"}, {"date": 1_700_000_500}], ids=str)
def test_a_row_that_does_not_tell_stop_is_the_one_that_is_alike_in_all_else(
    others: dict[str, Any],
) -> None:
    said: dict[str, Any] = {"status": D, "word": "a", "date": 1_700_000_000}
    merged = Story([row(1, **said | others), row(1, **said)]).take([row(1, stop=None, **said)])
    assert not merged.changed
    assert merged.absent == {0}


def test_of_two_equal_ones_the_absent_one_stays_absent() -> None:
    first, second = row(1, D, date=1_700_000_000), row(1, D, date=1_700_000_500)
    story = Story([first, second], [second])
    assert story.take([row(1, D, date=1_700_000_900)]).absent == {0}


def test_of_those_that_are_like_nothing_known_the_understood_ones_find_their_place_first() -> None:
    odd = replace(row(1, U, word="c"), reason="torn")
    merged = Story([row(1, U, word="a"), row(1, U, word="b")]).take([odd, row(1, W)])
    assert list(merged.recipients.statuses) == [W, U]


ROWS = st.builds(
    row,
    st.integers(0, 2),
    st.sampled_from(Status),
    stop=st.sampled_from([None, False, True]),
    date=st.sampled_from([None, 1_700_000_000, 1_700_000_500]),
    word=st.sampled_from([None, "a", "b"]),
)
REPORTS = st.lists(st.lists(ROWS, max_size=6), min_size=1, max_size=4)
MISREAD = st.builds(
    lambda one, reason: replace(one, reason=reason), ROWS, st.sampled_from(["", "odd", "torn"])
)
"""Rows of which some were not understood, for several reasons, under whatever status."""


@settings(deadline=None)
@given(st.lists(st.lists(MISREAD, max_size=6), min_size=1, max_size=4), st.data())
def test_no_permutation_of_a_report_is_a_change(
    reports: list[list[Recipient]], data: st.DataObject
) -> None:
    story = Story(*reports)
    for _ in range(2):
        absent = story.absent
        merged = story.take(data.draw(st.permutations(reports[-1])))
        assert not merged.changed
        assert not merged.added
        assert merged.absent == absent


@settings(deadline=None)
@given(st.lists(ROWS, max_size=7), st.data())
def test_a_report_in_another_order_leaves_all_that_is_known(
    rows: list[Recipient], data: st.DataObject
) -> None:
    plain = [replace(each, stop=bool(each.stop), date=each.date or 1) for each in rows]
    story = Story(plain)
    story.take(data.draw(st.permutations(plain)))
    assert Counter(map(repr, story.known)) == Counter(map(repr, plain))


@settings(deadline=None)
@given(REPORTS, st.lists(ROWS, max_size=6))
def test_no_more_change_than_the_statuses_of_a_number_do(
    reports: list[list[Recipient]], last: list[Recipient]
) -> None:
    """A row whose status was there for its number, and is not taken by another, is no change."""
    story = Story(*reports)
    before = story.known
    merged = story.take(last)
    turned = [
        slot for slot in merged.changed if before.statuses[slot] != story.known.statuses[slot]
    ]
    for phone in {each.phone for each in last}:
        had = Counter(each.status for each in before if each.phone == phone)
        says = Counter(each.status for each in last if each.phone == phone)
        unmet = sum((says - had).values())
        assert sum(before.phones[slot] == phone for slot in turned) <= unmet


@given(st.lists(ROWS, max_size=8), st.lists(ROWS, max_size=8))
def test_every_place_gets_a_slot_of_its_own_with_its_number(
    known: list[Recipient], given_: list[Recipient]
) -> None:
    before, after = Recipients.of(known), Recipients.of(given_)
    slots, _ = align(before, after)
    if slots is None:
        assert [each.phone for each in known] == [each.phone for each in given_]
        return
    assert len(set(slots)) == len(given_)
    merged, absent = arranged(before, after, slots)
    assert [merged[slot].phone for slot in slots] == [each.phone for each in given_]
    assert list(merged.phones)[: len(known)] == list(before.phones)
    assert absent == set(range(len(known))) - set(slots)


def test_the_usual_order_costs_no_look_at_single_recipients() -> None:
    known, again = (Recipients.of([row(n) for n in range(9)]) for _ in range(2))
    assert align(known, again) == (None, None)
    twice = Recipients.of(several(D, N))
    assert align(twice, Recipients.of(several(D, N))) == (None, None)


def test_an_order_seen_before_is_not_looked_for_again() -> None:
    known = Recipients.of([row(n) for n in range(3)])
    turned = [row(2), row(0), row(1)]
    slots, layout = align(known, Recipients.of(turned))
    again, same = align(known, Recipients.of(turned), layout)
    assert same is layout
    assert again is slots


@pytest.mark.parametrize("stop", [None, False, True])
@pytest.mark.parametrize("reason", ["", "odd"])
@pytest.mark.parametrize("date", [None, 1_700_000_000])
def test_unknown_ones_are_told_apart_by_their_words(
    stop: bool | None, reason: str, date: int | None
) -> None:
    rows = [row(1, U, word=word, stop=stop, reason=reason, date=date) for word in "abc"]
    story = Story(rows)
    for turned in permutations(rows):
        assert not story.take(list(turned)).changed
    merged = story.take([rows[2], rows[0]])
    assert not merged.changed
    assert merged.absent == {1}
