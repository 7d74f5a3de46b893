"""Who wrote a note, and when, on a list that keeps it."""

from __future__ import annotations

from smsmon.model import Entry
from smsmon.store import watchlist_format
from smsmon.store.watchlist_format import Document
from tests.store.memory import Memory, MemoryWatchlist
from tests.support.clock import VirtualClock

NOON = 1_795_348_800.0


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
