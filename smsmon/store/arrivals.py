"""The store's part for messages that came by themselves, told of by sources.

They are kept beside what people added, and stand after it on the watchlist; a message that people
added too is theirs. Moments are seconds since the epoch, UTC. Every method blocks, may be called in
any thread, is one transaction of its own, and raises ``StoreError``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple, Protocol

from smsmon.model import Entry
from smsmon.store.entries import cleaned, why_not_an_id
from smsmon.text import safe

REMEMBERED = 6 * 3600.0
"""Seconds for which one that left is remembered by itself; one that was ever read is in the
history, and not taken again as long as it is kept there."""


class Arrivals(NamedTuple):
    """What came and what left since the last look."""

    came: Sequence[Entry]
    """In the order in which they came; also those that are told otherwise by now."""
    left: Sequence[str]
    moved: bool = False
    """Some of those that came stand where they stood before they left, and not at the end."""


class ArrivalStore(Protocol):
    """The messages that came by themselves, each an ``Entry`` with an ``arrival``."""

    @property
    def known(self) -> Sequence[Entry]:
        """Those that are known since ``load`` or ``newer`` was called last, in their order. Does
        not ask the store.
        """

    def load(self) -> list[Entry]:
        """All of them, in the order in which they came."""

    def newer(self) -> Arrivals | None:
        """What came and left since ``load`` or this was called last; None where nothing did. Costs
        next to nothing then, and else no more than what came and left, however many there are.

        A store that was begun anew is given back those that are known here.
        """

    def take(self, entries: Iterable[Entry], reader: str = "", position: str = "") -> int:
        """Keep these, and with them, all or nothing, up to where ``reader`` has read its source.

        What is there already, or was there and left, is passed over, and so is every message of
        which the history knows: gives how many are new. So what was read twice is taken once.
        Raises ``ValueError`` for what is no message id.
        """

    def leave(self, ids: Iterable[str]) -> None:
        """Keep these no longer; they are remembered for a while, and not taken again meanwhile."""

    def give_back(self, entries: Iterable[Entry]) -> Sequence[str]:
        """Keep these again that left, each where it stood; gives which are back by that."""

    def position(self, reader: str) -> str:
        """Up to where ``reader`` has read, as ``take`` was told last; empty when it never was."""


def arrived(entry: Entry, now: float) -> Entry:
    """``entry`` as it is kept when it comes at ``now``: its texts safe to show. Raises
    ``ValueError`` for what is no message id.
    """
    if why := why_not_an_id(entry.id):
        raise ValueError(why)
    came = entry.arrival
    if came is None:
        raise ValueError(f"nothing says how {entry.id} came")
    return replace(
        cleaned(entry),
        added_at=entry.added_at or now,
        note="",
        paused=False,
        note_by="",
        note_at=0.0,
        arrival=replace(came, source=safe(came.source), phone=safe(came.phone)),
    )


def told_again(first: Entry, again: Entry) -> Entry:
    """``first`` after its message was told of ``again``: where the numbers differ it may have
    several recipients, and none is known to be the only one."""
    known, new = first.arrival, again.arrival
    if known is None or (new is not None and new.phone == known.phone):
        return first
    return replace(first, arrival=replace(known, phone=""))
