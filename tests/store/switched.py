"""A store in memory that can be out of reach: what is asked of it fails until it is back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from smsmon.clock import Clock
from smsmon.model import Entry
from smsmon.store.base import Listener
from smsmon.store.errors import BY_ITSELF, Unreachable
from tests.store.memory import Memory, MemoryStore

_ASKED = frozenset(
    (
        *("load", "summaries", "poll_changes", "add", "remove", "amend", "take_back"),
        *("flush", "ask"),
        *("changed", "end", "newer", "wishes"),
        "claim",
        *("firing", "episodes", "silences", "acknowledge", "withdraw", "silence", "unsilence"),
    )
)
"""What needs an answer, of all the parts of a store."""


class Switched:
    """A store, or a part of one, that answers while ``gone`` is not set."""

    def __init__(self, part: Any, gone: Callable[[], bool]) -> None:
        self._part = part
        self._gone = gone

    def __contains__(self, name: object) -> bool:
        return name in self._part

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._part, name)
        if name in ("alerts", "follower") and not callable(found):
            return Switched(found, self._gone)
        if name == "follower":
            return lambda: Switched(found(), self._gone)
        if name not in _ASKED:
            return found

        def asked(*given: Any, **named: Any) -> Any:
            if self._gone():
                raise Unreachable("db.example", "it does not answer", BY_ITSELF)
            return found(*given, **named)

        return asked


class SwitchedStore:
    """What ``open_store`` gives: one store for all that is opened on it."""

    def __init__(self, clock: Clock, entries: Iterable[Entry]) -> None:
        self.memory = Memory()
        self.gone = False
        MemoryStore(self.memory).watchlist(clock).add(entries)

    def __call__(self, *_: object) -> SwitchedStore:
        return self

    def _is_gone(self) -> bool:
        return self.gone

    @property
    def _store(self) -> MemoryStore:
        return MemoryStore(self.memory)

    def watchlist(self, clock: Clock | None = None) -> Any:
        return Switched(self._store.watchlist(clock), self._is_gone)

    def history(self, clock: Clock | None = None, listener: Listener | None = None) -> Any:
        return Switched(self._store.history(clock, listener), self._is_gone)

    def lease(self, clock: Clock, name: str, egress: str = "") -> Any:
        return Switched(self._store.lease(clock, name, egress), self._is_gone)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)
