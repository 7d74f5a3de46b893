"""How it stands with the alerts, in several processes at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import pytest

from smsmon.alerting.book import TRY_AGAIN, AlertBook
from smsmon.alerts import NOTE_LIMIT, Severity, Silence, State, What
from smsmon.store.alerts import Over
from smsmon.store.errors import StoreError
from tests.alerting.fakes import InTurn, about, episode
from tests.store.memory_alerts import Kept, MemoryAlerts
from tests.support.clock import START, VirtualClock


class Desk:
    """A book that is kept up to date, and how often it told that it stands otherwise."""

    def __init__(self, kept: Kept, clock: VirtualClock, by: str) -> None:
        self.store = MemoryAlerts(kept)
        self.record = InTurn(self.store)
        self.book = AlertBook(self.record, clock, by)
        self.told = 0
        self.book.changed(self._count)
        self.job = asyncio.create_task(self.book.run())

    def _count(self) -> None:
        self.told += 1

    def states(self) -> dict[str, State]:
        return {each.subject.name: self.book.state_of(each) for each in self.book.episodes}


@asynccontextmanager
async def desks() -> AsyncIterator[tuple[VirtualClock, Desk, Desk]]:
    """Two processes on one record, in which three alerts fire."""
    kept, clock = Kept(), VirtualClock()
    MemoryAlerts(kept).fire(
        [
            episode("300"),
            episode("301", severity=Severity.CRITICAL, tags=("otp",)),
            episode("302", "late"),
        ]
    )
    one, other = Desk(kept, clock, "anna@ops1"), Desk(kept, clock, "ben@ops2")
    await clock.settle()
    yield clock, one, other
    for each in (one, other):
        each.job.cancel()
        with suppress(asyncio.CancelledError):
            await each.job


async def test_an_answer_shows_here_at_once_and_elsewhere_when_it_is_seen_that_somebody_wrote() -> (
    None
):
    async with desks() as (clock, one, other):
        assert [each.subject.name for each in one.book.unanswered] == ["301", "300", "302"]
        (told,) = await one.book.acknowledge([1], "  on\tit,\x1b[31m \n back soon ")
        assert one.states() == {"300": State.ACKNOWLEDGED, "301": State.FIRING, "302": State.FIRING}
        assert other.states()["300"] is State.FIRING
        other.book.look_again()
        await clock.settle()
        assert other.states() == one.states()
        (seen, *_) = other.book.episodes
        assert seen.acknowledged is not None
        assert (seen.acknowledged.by, seen.acknowledged.at) == ("anna@ops1", START)
        assert seen.acknowledged.note == "on it,�[31m back soon"
        assert one.told == other.told == 2

        await other.book.withdraw([1])
        assert await one.book.take_back([told]) == 0, "somebody answered otherwise since"
        await one.book.acknowledge([1], "x" * 2 * NOTE_LIMIT)
        (seen, *_) = one.book.episodes
        assert seen.acknowledged is not None
        assert len(seen.acknowledged.note) == NOTE_LIMIT


async def test_time_alone_ends_silences_and_acknowledgements_and_that_is_told() -> None:
    async with desks() as (clock, one, other):
        await one.book.acknowledge([1, 99], until=clock.now() + 60)
        silence = await one.book.silence(What.TAG, "otp", 120, "known")
        assert isinstance(silence, Silence)
        other.book.look_again()
        await clock.settle()
        assert list(other.states().values()) == [State.ACKNOWLEDGED, State.SILENCED, State.FIRING]
        assert list(other.book.silences) == [silence]
        asked, told = other.record.asked, other.told
        await clock.advance(59)
        assert (other.record.asked, other.told) == (asked, told), "nothing is asked while it stands"
        await clock.advance(1)
        assert other.states()["300"] is State.FIRING
        assert other.told == told + 1
        await clock.advance(60)
        assert set(other.states().values()) == {State.FIRING}
        assert not other.book.silences
        assert other.told == told + 2


async def test_a_silence_can_be_ended_and_what_is_over_is_past() -> None:
    async with desks() as (clock, one, _):
        silence = await one.book.silence(What.RULE, "losses", 3_600)
        assert [each.rule for each in one.book.unanswered] == ["late"]
        await clock.advance(5)
        assert await one.book.unsilence([silence.number]) == [silence]
        assert len(one.book.unanswered) == 3
        one.store.end([Over(1, clock.now())])
        one.book.look_again()
        await clock.advance(1)
        assert about("300") not in [each.subject for each in one.book.episodes]
        known = one.book.episode_of
        assert known("losses", about("300"), firing=False) is not None, "it is just over"
        assert known("losses", about("300"), firing=True) is None, "the next one has no number yet"
        assert known("losses", about("301"), firing=True) is not None
        assert [each.number for each in await one.book.past(START - 1)] == [3, 2, 1]
        assert [each.number for each in await one.book.past(clock.now() - 0.5)] == [3, 2]
        assert len(await one.book.past(0, limit=1)) == 1


async def test_what_cannot_be_read_stands_as_it_was_and_is_read_again() -> None:
    async with desks() as (clock, one, other):
        other.record.fails = True
        with pytest.raises(StoreError):
            await other.book.acknowledge([1])
        await one.book.acknowledge([1])
        other.book.look_again()
        await clock.settle()
        assert other.states()["300"] is State.FIRING
        other.record.fails = False
        await clock.advance(TRY_AGAIN)
        assert other.states()["300"] is State.ACKNOWLEDGED


async def test_what_held_at_the_start_comes_last_among_its_equals() -> None:
    kept, clock = Kept(), VirtualClock()
    MemoryAlerts(kept).fire([replace(episode("1"), old=True), episode("2", fired_at=START + 1)])
    book = AlertBook(InTurn(MemoryAlerts(kept)), clock, "")
    await book.read()
    assert [each.subject.name for each in book.unanswered] == ["2", "1"]
