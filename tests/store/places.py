"""Stores to run one suite against, and processes that record in them.

A *place* opens a store; each call is as another process on the same one. Another kind of store is
one more entry of ``PLACES``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Self

from smsmon.clock import Clock
from smsmon.known import Key, Remembered
from smsmon.recipients import Recipient
from smsmon.store.base import HistoryStore, Store
from smsmon.store.errors import StoreError
from smsmon.store.local import LocalStore
from smsmon.store.team import TeamStore
from smsmon.store.team.address import Address
from smsmon.store.team.database import Access
from tests.store.memory import Memory, MemoryStore
from tests.store.reports import START, RecordedBoard
from tests.support.clock import VirtualClock
from tests.support.postgres import databases

Place = Callable[[], Store]
MONTH = 30 * 86_400.0


def local(folder: Path) -> Place:
    return lambda: LocalStore(folder / "watchlist.toml", folder / "history.db")


def memory(_: Path) -> Place:
    shared = Memory()
    return lambda: MemoryStore(shared)


def team(_: Path) -> Place:
    address = Address.parse(databases.store())
    return lambda: TeamStore(Access(address))


PLACES: Mapping[str, Callable[[Path], Place]] = MappingProxyType(
    {"local": local, "memory": memory, "team": team}
)

QUICK = tuple(each for each in PLACES if each != "team")
"""Those of which a test may open many."""


def lasting(kind: str, folder: Path) -> Place:
    """A store that several tests ask, one after the other."""
    place = PLACES[kind](folder)
    databases.keep()
    return place


@contextmanager
def passing(kind: str) -> Iterator[Place]:
    """A store for one of many examples of a test."""
    with TemporaryDirectory() as folder:
        yield PLACES[kind](Path(folder))
    databases.give_back()


class Process(RecordedBoard):
    """A board and a history, as a console ties them."""

    def __init__(self, place: Place, clock: Clock | None = None) -> None:
        """``clock`` is far behind all moments of the tests unless given."""
        self.history: HistoryStore = place().history(clock or VirtualClock(START + MONTH))
        super().__init__(self.history.record)
        self.outdated: list[Key] = []

    async def __aenter__(self) -> Self:
        self.history.start(outdated=self.outdated.extend)
        return self

    async def __aexit__(self, kind: object, *_: object) -> None:
        with suppress(StoreError):  # closing says so as well; it waits no longer than 5 seconds
            await self.history.flush()
        try:
            await self.history.close()
        except Exception:
            if kind is None:
                raise

    async def says(
        self, rows: Sequence[Recipient], asked: float, came: float | None = None
    ) -> None:
        """An answer about 300, asked for and come so many seconds after ``START``, and kept."""
        self.poll("300", rows, START + (asked if came is None else came), START + asked)
        await self.history.flush()
        await asyncio.sleep(0)  # what is outdated is told in the loop


def load(place: Place, wanted: str | Key = "300") -> Remembered:
    with place().archive() as archive:
        return next(iter(archive.load([wanted])))


def changes(place: Place) -> list[tuple[object, ...]]:
    """Every change: message, slot, from, to, STOP, moment in seconds from ``START``."""
    with place().archive() as archive:
        happened = archive.happened(0.0)
    return [
        (one.message_id, one.slot, one.before, one.after, one.stop_after,
         round(one.observed_at - START, 3))
        for one in happened.transitions
    ]  # fmt: skip


def kinds(place: Place, message_id: str = "300") -> list[str]:
    """What the log tells of a message."""
    with place().archive() as archive:
        return [str(one.kind) for one in archive.timeline(message_id).events]


def ids(place: Place) -> Iterable[str]:
    """The messages that are kept."""
    with place().archive() as archive:
        return [id for id, _ in archive.messages()]


def sound(place: Place) -> bool:
    """True when the store finds nothing wrong with itself: it would raise."""
    with place().archive() as archive:
        return archive.info().messages >= 0
