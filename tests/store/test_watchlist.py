"""What every list of watched messages keeps to, whatever it is kept in; and who wrote a note, where
the list keeps that.
"""

from __future__ import annotations

import threading

import pytest

from smsmon.model import Entry
from smsmon.store import watchlist_format
from smsmon.store.base import WatchlistStore
from smsmon.store.watchlist_format import Document, Unreadable
from smsmon.tags import TagChange
from tests.store.memory import Memory, MemoryWatchlist
from tests.store.places import Place
from tests.support.clock import VirtualClock

NOON = 1_795_348_800.0


@pytest.fixture
def watchlist(place: Place) -> WatchlistStore:
    return place().watchlist(VirtualClock(NOON + 0.7))


def ids(entries: list[Entry] | None) -> list[str]:
    assert entries is not None
    return [entry.id for entry in entries]


def test_what_was_never_written_is_an_empty_list(watchlist: WatchlistStore) -> None:
    assert watchlist.load() == []
    assert watchlist.broken is None
    assert watchlist.poll_changes() is None


def test_a_restart_brings_back_the_same_list(watchlist: WatchlistStore, place: Place) -> None:
    entry = Entry("300", "Été 🎉", ("otp", "fr"), "a note", NOON - 60, True, "prod")
    added = watchlist.add([entry, Entry("0301")])
    assert place().watchlist().load() == [entry, Entry("0301", added_at=NOON)]
    assert added.new == (entry, Entry("0301", added_at=NOON))


def test_adding_again_merges(watchlist: WatchlistStore) -> None:
    watchlist.add([Entry("300", "first", ("a",), "note", 5.0, True)])
    added = watchlist.add([Entry("300", "second", ("b",)), Entry("301")])
    assert added.kept == (Entry("300", "second", ("a", "b"), "note", 5.0, True),)
    assert [entry.id for entry in added.new] == ["301"]


def test_what_is_no_id_is_refused_before_anything_is_written(
    watchlist: WatchlistStore, place: Place
) -> None:
    with pytest.raises(ValueError, match="digits 0 to 9"):
        watchlist.add([Entry("300"), Entry("30x")])
    assert place().watchlist().load() == []


def test_removing_is_undone_in_place(watchlist: WatchlistStore) -> None:
    watchlist.add([Entry(str(n), f"label {n}") for n in range(6)])
    before = watchlist.load()
    removed = watchlist.remove(["1", "4", "nobody"])
    assert removed.ids == ("1", "4")
    assert ids(watchlist.load()) == ["0", "2", "3", "5"]
    assert watchlist.take_back(removed).ids == ("1", "4")
    assert watchlist.load() == before


def test_undo_keeps_what_was_added_since(watchlist: WatchlistStore) -> None:
    watchlist.add([Entry("1", "old", ("a",))])
    removed = watchlist.remove(["1"])
    watchlist.add([Entry("1", "new"), Entry("2")])
    assert watchlist.take_back(removed).left == ("1",)
    assert [(entry.id, entry.label, entry.tags) for entry in watchlist.load()] == [
        ("1", "new", ("a",)),
        ("2", "", ()),
    ]


def test_amending_changes_only_the_fields_given(watchlist: WatchlistStore, place: Place) -> None:
    watchlist.add([Entry("300", "label"), Entry("301")])
    elsewhere = place().watchlist()
    elsewhere.amend(["300"], paused=True)
    changed = watchlist.amend(["300", "302"], label="new\x1b", tags=TagChange(("x", "x")))
    assert changed.kept == (Entry("300", "new\N{REPLACEMENT CHARACTER}", ("x",), "", NOON, True),)
    assert ids(watchlist.load()) == ["300", "301"]


def test_a_change_made_elsewhere_is_noticed_once(watchlist: WatchlistStore, place: Place) -> None:
    watchlist.add([Entry("300")])
    assert watchlist.poll_changes() is None
    place().watchlist().add([Entry("301")])
    changed = watchlist.poll_changes()
    assert changed is not None
    assert ids(list(changed.listed or ())) == ["300", "301"]
    assert watchlist.poll_changes() is None


def test_threads_of_one_console_lose_nothing(watchlist: WatchlistStore) -> None:
    threads = [
        threading.Thread(target=watchlist.add, args=([Entry(str(n))],)) for n in range(300, 308)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ids(watchlist.load())) == [str(n) for n in range(300, 308)]


def signed(watchlist: MemoryWatchlist, id: str = "300") -> tuple[str, str, float]:
    (entry,) = (each for each in watchlist.load() if each.id == id)
    return entry.note, entry.note_by, entry.note_at - NOON


async def test_a_note_has_its_author_and_moment_until_another_is_written() -> None:
    clock, shared = VirtualClock(NOON), Memory()
    anna, bea = MemoryWatchlist(shared, clock), MemoryWatchlist(shared, clock, "bea@ops2")
    anna.add([Entry("300", note="first"), Entry("301")])
    assert signed(anna) == ("first", "anna@ops1", 0.0)
    assert signed(anna, "301") == ("", "", -NOON)
    await clock.advance(60)
    bea.amend(["300"], label="another", note="first")
    bea.add([Entry("300", note="first")])
    assert signed(bea) == ("first", "anna@ops1", 0.0)
    done = bea.amend(["300"], note="second")
    assert signed(anna) == ("second", "bea@ops2", 60.0)
    anna.take_back(done)
    assert signed(anna) == ("first", "anna@ops1", 0.0)
    bea.add([Entry("300", note="third")])
    assert signed(bea) == ("third", "bea@ops2", 60.0)
    bea.amend(["300"], note="")
    assert signed(bea) == ("", "", -NOON)


def test_the_file_keeps_an_author_that_came_from_elsewhere() -> None:
    kept = Entry("300", note="first", note_by="anna@ops1", note_at=NOON)
    (read,) = watchlist_format.parse(watchlist_format.dump(Document((kept,))))[0].entries
    assert (read.note_by, read.note_at) == ("anna@ops1", NOON)


def test_a_file_that_is_nested_too_deeply_is_refused_as_a_whole() -> None:
    with pytest.raises(Unreadable, match="nested too deeply") as error:
        watchlist_format.parse(b"x = " + b"[" * 100_000)
    assert error.value.line == 0
