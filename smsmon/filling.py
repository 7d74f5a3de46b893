"""Gives what is watched the recipients that the history knows, in portions: those of messages that
are looked at, or read again soon, come first.

A message is polled from when it has them: what an answer tells is compared with them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from operator import itemgetter

from smsmon.known import Key, Remembered, Summary, key_of
from smsmon.monitor.engine import Engine
from smsmon.store.base import HistoryStore
from smsmon.store.errors import StoreError, Unreachable

Filled = Callable[[Collection[str]], object]
"""Called with messages that have their recipients by now."""

LOADED_AT_ONCE = 20_000
"""Recipients that are loaded before it is looked again what is needed first."""
STEP = 100
"""Messages that are given them at once: a key that is pressed comes between."""
AS_MANY = 20
"""Recipients that a message counts for besides its own: what is loaded of it takes as much."""


class Filling:
    """Fills what is on the board of ``engine``; ``complain`` is told why that cannot be done."""

    def __init__(
        self, engine: Engine, history: HistoryStore, complain: Callable[[str], None]
    ) -> None:
        self._engine = engine
        self._history = history
        self._complain = complain
        self._lacking: dict[str, tuple[bool, bool, float]] = {}
        """The messages that are still to be loaded, each with its place among them."""
        self._sorted = True
        self._runs = False

    @property
    def over(self) -> bool:
        """True when none is left."""
        return not self._lacking

    def note(self, known: Iterable[Summary]) -> None:
        """These are on the board, some of them with their counts alone."""
        lacking = self._engine.board.lacking
        self._lacking |= {each.id: _soonest(each) for each in known if each.id in lacking}
        self._sorted = False

    async def run(self, filled: Filled) -> None:
        """Load what is left, first what operators look at, then what is read again soonest;
        ``filled`` hears of each portion. Ends early where the store does not answer.
        """
        if self._runs:
            return
        self._runs = True
        try:
            while portion := self._portion():
                await self._load(portion)
                filled([id for id, _ in portion])
        except Unreachable:
            return
        except StoreError as error:
            self._complain(str(error))
            self._engine.fill((id, None) for id in self._lacking)
            left, self._lacking = self._lacking, {}
            filled(left)
        finally:
            self._runs = False
            if not self._lacking:
                self._lacking = {}  # an empty one keeps the memory of the most that it ever held

    def _portion(self) -> list[Key]:
        """The messages to be loaded next; those that operators look at come alone, to be soon."""
        board, found, weight = self._engine.board, list[Key](), 0
        for id in self._lacking.keys() - board.lacking:  # they are gone, or whole by now
            del self._lacking[id]
        if not self._sorted:
            self._lacking = dict(sorted(self._lacking.items(), key=itemgetter(1)))
            self._sorted = True
        looked_at = [id for id in self._engine.looked_at if id in self._lacking]
        for id in looked_at or self._lacking:
            watched = board[id]
            found.append(key_of(watched.entry))
            weight += watched.counts.total + AS_MANY
            if weight >= LOADED_AT_ONCE:
                break
        return found

    async def _load(self, keys: Sequence[Key]) -> None:
        known: dict[Key, Remembered] = {}
        async for portion in self._history.load(keys):
            known |= {each.summary.key: each for each in portion}
        board = self._engine.board
        for start in range(0, len(keys), STEP):
            some = keys[start : start + STEP]
            # Meanwhile one may have been moved to another account, where it is another message.
            there = (
                each for each in some if each[0] in board and key_of(board[each[0]].entry) == each
            )
            self._engine.fill((each[0], known.get(each)) for each in there)
            for id, _ in some:
                self._lacking.pop(id, None)
            await asyncio.sleep(0)


def _soonest(known: Summary) -> tuple[bool, bool, float]:
    """Sorts first what is read again soonest: what waits, and what changed last."""
    return (
        known.settled_at is not None,
        known.completed_at is not None,
        -(known.last_change_at or 0.0),
    )
