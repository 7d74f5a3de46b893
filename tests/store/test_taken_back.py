"""Taking an operation on the watchlist back: all of it, and nothing that others did since."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsmon.model import Entry
from smsmon.store.base import WatchlistStore
from smsmon.store.entries import Done, between, taken_back, united
from smsmon.tags import NO_TAGS, TagChange, read_tags
from tests.store.places import Place
from tests.support.clock import VirtualClock

IDS = [str(number) for number in range(300, 308)]
WORD = st.sampled_from(["", "a", "b", "c"])
ENTRY = st.builds(
    Entry,
    st.sampled_from(IDS),
    WORD,
    st.lists(st.sampled_from("abc"), unique=True, max_size=2).map(tuple),
    WORD,
    st.sampled_from([1.0, 2.0]),
    st.booleans(),
    st.sampled_from(["default", "test"]),
)
LIST = st.lists(ENTRY, unique_by=lambda entry: entry.id, max_size=8)
Do = Callable[[WatchlistStore], Done]

OPERATIONS: dict[str, Do] = {
    "add": lambda list: list.add([Entry("301", "other", ("x",)), Entry("900", "new")]),
    "remove": lambda list: list.remove(["302", "300"]),
    "label": lambda list: list.amend(["300", "301"], label="same"),
    "tags": lambda list: list.amend(["300", "301", "302"], tags=read_tags("+x -a")),
    "no tags": lambda list: list.amend(["300", "301"], tags=NO_TAGS),
    "pause": lambda list: list.amend(["300", "302"], paused=True),
    "account": lambda list: list.amend(["300"], profile="test", note="moved"),
}


@pytest.fixture
def watchlist(place: Place) -> WatchlistStore:
    watchlist = place().watchlist(VirtualClock(1_000.0))
    watchlist.add(
        [
            Entry("300", "first", ("a", "b"), "note"),
            Entry("301", "second", ("a",), paused=True),
            Entry("302", "", ("c", "x"), paused=True),
            Entry("303", "untouched"),
        ]
    )
    return watchlist


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_is_taken_back_whole(watchlist: WatchlistStore, name: str) -> None:
    before = watchlist.load()
    done = OPERATIONS[name](watchlist)
    assert watchlist.load() != before
    taken = watchlist.take_back(done)
    assert watchlist.load() == before
    assert set(taken.ids) == {change.after.id for change in done.changed if change.after} | {
        change.before.id for change in done.changed if change.before
    }
    assert not taken.left


@pytest.mark.parametrize("name", OPERATIONS)
def test_what_another_process_did_meanwhile_stays(
    watchlist: WatchlistStore, place: Place, name: str
) -> None:
    done = OPERATIONS[name](watchlist)
    elsewhere = place().watchlist(VirtualClock(2_000.0))
    elsewhere.add([Entry("700", "theirs")])
    elsewhere.amend(["303"], label="theirs", paused=True, tags=TagChange(("theirs",)))
    watchlist.take_back(done)
    now = {entry.id: entry for entry in watchlist.load()}
    assert now["700"].label == now["303"].label == "theirs"
    assert now["303"].paused


def test_a_field_that_another_changed_is_left_and_told(
    watchlist: WatchlistStore, place: Place
) -> None:
    done = watchlist.amend(["300", "301", "302"], label="ours", note="ours")
    elsewhere = place().watchlist()
    elsewhere.amend(["300"], label="theirs")
    elsewhere.remove(["302"])
    taken = watchlist.take_back(done)
    assert (taken.ids, taken.left) == (("301",), ("300", "302"))
    first, second, _ = watchlist.load()
    assert (first.label, first.note) == ("theirs", "note")
    assert (second.label, second.note) == ("second", "")


def test_what_was_added_and_then_described_elsewhere_is_not_removed(
    watchlist: WatchlistStore, place: Place
) -> None:
    done = watchlist.add([Entry("900"), Entry("901")])
    place().watchlist().amend(["901"], note="theirs")
    taken = watchlist.take_back(done)
    assert (taken.ids, taken.left) == (("900",), ("901",))
    assert [entry.id for entry in watchlist.load()] == ["300", "301", "302", "303", "901"]


def test_an_operation_that_changed_nothing_takes_nothing_back(watchlist: WatchlistStore) -> None:
    done = watchlist.amend(["301", "302"], paused=True)
    assert not done.changed
    watchlist.amend(["301"], paused=False)
    assert watchlist.take_back(done).ids == ()
    assert not watchlist.load()[1].paused


@given(LIST, st.data())
def test_any_operation_on_any_list_is_taken_back_whole(
    known: list[Entry], data: st.DataObject
) -> None:
    gone = data.draw(st.sets(st.sampled_from(IDS)))
    merged = data.draw(LIST)
    after = [*united([*(each for each in known if each.id not in gone), *merged])]
    done = between(known, after, IDS)
    entries, taken = taken_back(after, done)
    if not gone & {each.id for each in merged}:  # else their order is told by nothing
        assert entries == known
    assert {entry.id: entry for entry in entries} == {entry.id: entry for entry in known}
    assert not taken.left


@given(LIST, LIST, LIST)
def test_no_entry_gets_a_value_that_neither_it_had_nor_has(
    before: list[Entry], after: list[Entry], now: list[Entry]
) -> None:
    was = {entry.id: entry for entry in before}
    present = {entry.id: entry for entry in now}
    entries, taken = taken_back(now, between(before, after, IDS))
    assert len({entry.id for entry in entries}) == len(entries)
    assert not set(taken.ids) & set(taken.left)
    for entry in entries:
        of = [each[entry.id] for each in (was, present) if entry.id in each]
        assert entry.label in [each.label for each in of]
        assert entry.paused in [each.paused for each in of]
    unmeant = [each for each in now if each.id not in {*was, *(e.id for e in after)}]
    assert [each for each in entries if each in unmeant] == unmeant


def test_an_id_that_was_never_there_is_no_part_of_what_was_done() -> None:
    entry = Entry("300")
    done = between([entry], [replace(entry, label="x")], ["999", "300", "300"])
    assert done.ids == ("300",)
