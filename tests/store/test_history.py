"""A history beside a running engine: what it was is shown, what is new is recorded."""

from __future__ import annotations

from smsmon.known import Remembered
from smsmon.model import Entry, Event, EventKind
from smsmon.monitor.board import Board
from smsmon.store.base import HistoryStore
from tests.store.places import Place, Process, changes, ids
from tests.store.reports import START, report, row
from tests.support.clock import VirtualClock

DAY = 86_400.0


async def remembered(history: HistoryStore, *ids: str) -> list[Remembered]:
    return [each async for portion in history.load(ids) for each in portion]


async def test_a_console_shows_what_it_knew_and_records_what_is_new(place: Place) -> None:
    rows = [row(1), row(2)]
    async with Process(place) as console:
        console.watch("300")
        console.poll("300", rows, START)
    async with Process(place) as console:
        history, board = console.history, Board()
        (known,) = await remembered(history, "300", "301")
        watched = board.restore(Entry("300"), known, START + 60)
        assert (watched.read_at, watched.counts.waiting) == (START, 2)
        history.record(board.apply(report("300", rows, START + 61), START + 61), watched)
        await history.flush()
        (told,) = await history.ask(lambda archive: archive.summaries([("300", "default")]))
        assert told.revision == 1
        rows[1] = row(2, "Delivered")
        history.record(board.apply(report("300", rows, START + 62), START + 62), watched)
        await history.flush()
        (change,) = await history.ask(lambda archive: archive.recipient_changes("300", 1))
        assert change.observed_at == START + 62
    assert len(changes(place)) == 1


async def test_what_is_recorded_before_it_starts_is_written_then(place: Place) -> None:
    early = place().history(VirtualClock(START))
    early.record_event(Event(EventKind.ADDED, START, "300"))
    early.start()
    await early.close()
    with place().archive() as archive:
        assert [each.kind for each in archive.timeline("300").events] == [EventKind.ADDED]


async def test_all_that_is_known_can_be_recorded_again_and_adds_nothing(place: Place) -> None:
    async with Process(place) as console:
        console.watch("300")
        console.poll("300", [row(1)], START)
        console.poll("300", [row(1, "Delivered")], START + 1)
        await console.history.flush()
        console.history.restate(console.board.messages.values())
    assert len(changes(place)) == 1


async def test_pruning_drops_what_left_the_watchlist_long_ago(place: Place) -> None:
    async with Process(place) as console:
        for message_id in ("300", "301", "302"):
            console.watch(message_id)
            console.poll(message_id, [row(1), row(2)], START)
            console.poll(message_id, [row(1, "Delivered"), row(2)], START + 1)
        console.history.record_event(Event(EventKind.ACCOUNT_UP, START))
    watched = [Entry("300"), Entry("301")]
    with place().archive() as archive:
        assert archive.prune(watched, START + DAY, 90).messages == 0
        # 302 left a day after the start; 301 leaves only now.
        pruned = archive.prune(watched[:1], START + 92 * DAY, 90)
        assert (pruned.messages, pruned.recipients, pruned.changes, pruned.events) == (1, 2, 1, 2)
        assert archive.info().recipients == 4
        assert archive.prune(watched, START + 92 * DAY, days=0.5).messages == 0
    assert ids(place) == ["300", "301"]
    assert {each[0] for each in changes(place)} == {"300", "301"}


async def test_pruning_forgets_what_open_consoles_know_by_the_way(place: Place) -> None:
    """A message pruned and watched again is recorded whole, not as a difference."""
    async with Process(place, VirtualClock(START + 102 * DAY)) as console:
        console.watch("300")
        console.poll("300", [row(1), row(2)], START)
        await console.history.flush()
        with place().archive() as archive:
            archive.prune([], START, 90)
            archive.prune([], START + 100 * DAY, 90)
        console.poll("300", [row(1, "Delivered"), row(2)], START + 101 * DAY)
        await console.history.flush()
        (known,) = await remembered(console.history, "300")
    assert [(each.phone[-1], each.status.slug) for each in known.recipients] == [
        ("1", "delivered"),
        ("2", "waiting"),
    ]


async def test_info_counts_what_is_there(place: Place) -> None:
    with place().archive() as archive:
        assert (archive.info().messages, archive.info().oldest) == (0, None)
    async with Process(place) as console:
        for message_id in ("300", "301"):
            console.watch(message_id)
            console.poll(message_id, [row(1), row(2)], START)
        console.poll("300", [row(1, "Delivered"), row(2)], START + 1)
        console.history.watching([Entry("300")])
    with place().archive() as archive:
        found = archive.info()
    assert (found.messages, found.removed, found.recipients, found.changes) == (2, 1, 4, 1)
    assert (found.events, found.oldest) == (2, START)
