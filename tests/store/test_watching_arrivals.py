"""What came by itself, as a running smsmon watches it: followed, recorded, and let go."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from smsmon.departures import EXPIRES
from smsmon.model import Arrival, Entry, Event, EventKind
from smsmon.monitor.engine import Engine
from smsmon.monitor.poller import NOTHING
from smsmon.monitor.schedule import Limits
from smsmon.monitor.source import Source
from smsmon.monitor.state import Applied
from smsmon.store.base import Store
from smsmon.watching import Watching
from tests.store.places import Place
from tests.store.reports import START, report, row
from tests.support.clock import VirtualClock

HOUR = 3600.0
OTP = Arrival("otp", HOUR)


def came(*ids: str, at: float = START) -> list[Entry]:
    return [Entry(id, "a code", ("otp",), added_at=at, arrival=OTP) for id in ids]


class _Silent:
    """A source that is never asked: what it says is given by hand."""

    def ask_before_repeating(self, may_repeat: object) -> None:
        del may_repeat


class Home:
    """One process on a store."""

    def __init__(self, place: Place, clock: VirtualClock) -> None:
        self.clock = clock
        self.store: Store = place()
        self.history = self.store.history(clock)
        sources: dict[str, Source] = {"default": _Silent()}  # type: ignore[dict-item]
        self.engine = Engine(sources, clock, limits=Limits(), recorder=self.history)
        self.watching = Watching(
            self.engine, self.store.watchlist(clock), self.history, pytest.fail
        )
        self.told: list[Event] = []
        self.engine.subscribe(self._hear)

    def _hear(self, news: Applied | Event) -> None:
        if isinstance(news, Event):
            self.told.append(news)

    @property
    def watched(self) -> list[str]:
        return [*self.engine.board.messages]

    def says(self, id: str, word: str = "Delivered") -> None:
        now = self.clock.now()
        self.engine.receive("default", report(id, [row(1, word, date=None)], now))

    async def look(self) -> list[str]:
        await self.watching.look()
        await self.watching.look()  # what is let go by the first is seen by the second
        return self.watched

    async def awake_until(self, moment: float) -> list[str]:
        while self.clock.now() < moment:
            self.clock.jump(min(60.0, moment - self.clock.now()))
            await self.watching.look()
        return await self.look()


@asynccontextmanager
async def home(place: Place, clock: VirtualClock | None = None) -> AsyncIterator[Home]:
    made = Home(place, clock or VirtualClock(START))
    await made.watching.start(made.clock, 0)
    await made.watching.fill()
    try:
        yield made
    finally:
        await made.history.close()


def kinds(store: Store, id: str) -> list[EventKind]:
    with store.archive() as archive:
        return [each.kind for each in archive.timeline(id).events]


def is_on_the_list(store: Store, id: str) -> bool:
    with store.archive() as archive:
        return next(iter(archive.load([id]))).summary.removed_at is None


async def test_it_is_watched_recorded_and_let_go(place: Place) -> None:
    async with home(place) as here:
        here.store.watchlist(here.clock).add([Entry("300")])
        arrivals = place().arrivals(here.clock)
        arrivals.take(came("500", "501"))
        assert await here.look() == ["300", "500", "501"]
        assert {each.message_id for each in here.told} == {"300", "500", "501"}, "the screen hears"
        here.says("500")
        here.says("501", "Waiting")
        await here.history.flush()
        assert is_on_the_list(place(), "500")
        assert await here.awake_until(START + HOUR - 1) == ["300", "500", "501"]
        assert await here.awake_until(START + HOUR) == ["300", "501"]
        await here.history.flush()
        assert kinds(place(), "500") == [EventKind.FIRST_READ, EventKind.COMPLETED]
        assert not is_on_the_list(place(), "500")
        assert is_on_the_list(place(), "501")
        assert arrivals.take(came("500")) == 0
        with here.store.archive() as archive:
            assert {key[0] for key in archive.polls()} == {"501"}


async def test_what_never_becomes_complete_leaves_with_a_word(place: Place) -> None:
    clock = VirtualClock(START + EXPIRES - HOUR)
    place().arrivals(clock).take(came("500"))
    async with home(place, clock) as here:
        here.says("500", "Waiting")
        assert await here.awake_until(START + EXPIRES - 1) == ["500"]
        assert await here.awake_until(START + EXPIRES) == []
        await here.history.flush()
        assert kinds(place(), "500")[-1] is EventKind.REMOVED
        assert here.told[-1].detail == "2 d 1 h after it came, 1 of 1 recipient not final"


async def test_only_the_chief_lets_go(place: Place) -> None:
    async with home(place) as here:
        place().arrivals(here.clock).take(came("500"))
        await here.look()
        here.says("500")
        here.engine.grant(NOTHING)
        assert await here.awake_until(START + 2 * HOUR) == ["500"]
        here.engine.grant({"chief", "500"})
        assert await here.awake_until(START + 2 * HOUR + 120) == []


async def test_what_people_added_too_is_theirs_and_stays(place: Place) -> None:
    async with home(place) as here:
        here.store.watchlist(here.clock).add([Entry("500", "theirs")])
        place().arrivals(here.clock).take(came("500", "501"))
        assert await here.look() == ["500", "501"]
        assert here.engine.board["500"].entry.label == "theirs"
        assert [each.id for each in place().arrivals().load()] == ["501"]


async def test_what_is_edited_stays_and_leaves_again_when_that_is_undone(place: Place) -> None:
    async with home(place) as here:
        place().arrivals(here.clock).take(came("500", "501"))
        await here.look()
        here.says("500")
        done = await here.watching.amend(["500"], paused=True)
        assert here.watched == ["500", "501"]
        assert await here.awake_until(START + 2 * HOUR) == ["500", "501"]
        await here.watching.take_back(done)
        assert here.engine.board["500"].entry == came("500")[0]
        assert await here.awake_until(START + 2 * HOUR + 120) == ["501"]
        removed = await here.watching.remove(["501"])
        assert here.watched == []
        await here.watching.take_back(removed)
        assert await here.look() == ["501"]


async def test_what_another_process_takes_back_is_not_let_go_by_who_polls(place: Place) -> None:
    async with home(place) as here, home(place) as there:
        place().arrivals(here.clock).take(came("500", "501"))
        for each in (here, there):
            await each.look()
        done = await there.watching.amend(["500", "501"], paused=True)
        await here.look()
        await there.watching.take_back(done)
        await here.watching.look(whole=False)  # what came back is seen before what people have not
        assert await here.look() == ["500", "501"]
        assert [each.id for each in place().arrivals().load()] == ["500", "501"]


async def test_what_is_in_both_places_is_let_go_once_that_was_seen_twice(place: Place) -> None:
    async with home(place) as here:
        place().arrivals(here.clock).take(came("500"))
        await here.look()
        there = place().watchlist(here.clock)
        there.load()
        there.amend(["500"], label="theirs")
        place().arrivals(here.clock).give_back(came("500"))  # then it was killed
        await here.watching.look()
        assert place().arrivals().load(), "it may be about to leave the other place"
        assert await here.look() == ["500"]
        assert not place().arrivals().load()


async def test_a_restart_watches_them_from_what_is_known(place: Place) -> None:
    clock = VirtualClock(START)
    async with home(place, clock) as here:
        place().arrivals(clock).take(came("500", "501"))
        await here.look()
        here.says("500")
    async with home(place, clock) as here:
        assert here.watched == ["500", "501"]
        assert here.engine.board["500"].complete
        assert await here.awake_until(START + HOUR) == ["501"]


async def test_of_many_only_what_comes_and_leaves_is_asked_of_the_store(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with home(place) as here:
        place().arrivals(here.clock).take(came(*map(str, range(1000, 1200))))
        await here.look()
        load, asked = here.history.load, list[int]()

        def counted(keys: object) -> object:
            asked.append(len(keys))  # type: ignore[arg-type]
            return load(keys)  # type: ignore[arg-type]

        monkeypatch.setattr(here.history, "load", counted)
        monkeypatch.setattr(here.history, "watching", pytest.fail)
        monkeypatch.setattr(here.engine.board, "arrange", pytest.fail)
        place().arrivals(here.clock).take(came("500"))
        place().arrivals(here.clock).leave(["1000"])
        watched = await here.look()
        assert (watched[0], watched[-1], len(watched)) == ("1001", "500", 200)
        assert asked == [1]


async def test_it_comes_and_leaves_in_all_processes_also_while_one_still_loads(
    place: Place,
) -> None:
    clock = VirtualClock(START)
    place().arrivals(clock).take(came("500"))
    async with home(place, clock) as here:
        here.says("500", "Waiting")
        await here.history.flush()
        other = Home(place, clock)
        other.engine.grant(NOTHING)
        await other.watching.start(clock, 0)  # what it lacks is not loaded yet
        other.watching._filling._runs = True
        place().arrivals(clock).take(came("501"))
        assert await other.look() == await here.look() == ["500", "501"]
        here.says("501")
        await here.awake_until(START + HOUR)
        assert await other.look() == ["500"]
        await other.history.close()
