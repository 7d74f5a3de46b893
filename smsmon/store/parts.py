"""A lease of which several processes have each a part (a `Lease`): how one of them goes about it.

What is kept of it is asked through `Rows`: which processes are there, and whose each part is. Who
is there says so again every few seconds, by which all that is its own stays so; who does not for
`LASTS` seconds has lost it. We count what is ours as ours only while we are sure that it is: by a
clock of this process, from just before the last time that we said so.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Set
from dataclasses import dataclass
from math import inf
from random import Random
from typing import Protocol

from smsmon.known import CHIEF
from smsmon.model import is_message_id
from smsmon.store.errors import NotWritable, StoreError
from smsmon.store.shared import Holder, Rank, Work
from smsmon.store.shares import Member, Share, all_pollers, member

LASTS = 15.0
"""Seconds after which who says nothing any more has lost what was its own, by the clock of the
store."""
SURE = LASTS - 4.0
"""Seconds for which we act on it, by ours: a request that left may still be under way."""
AGAIN = 5.0
"""Seconds between two times that we say that we are there."""
SOON = 1.0
"""As many while something goes from one process to another."""
SETTLES = 30.0
"""Seconds for which something most likely does, once somebody came or went."""
KNOWN_FOR = 60.0
"""Seconds after which all parts are made known again: the store may have forgotten some."""
FORGOTTEN = 600.0
"""Seconds after which the store forgets what is nobody's, and not wanted by who is chief."""
BARRED_FOR = 60.0
"""Seconds for which one that may not write what it takes only looks."""


@dataclass(frozen=True, slots=True)
class Card:
    """A process, as it says so to the others."""

    member: Member
    holder: Holder


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of a store's processes and parts at one moment."""

    cards: Collection[Card]
    """Who is there."""
    ours: Mapping[str, int]
    """What is ours, each with the epoch in which it is."""
    free: Collection[str]
    """What is nobody's."""
    chief: str = ""
    """Who does what is common to all; empty: nobody."""


class Rows(Protocol):
    """Where it is kept. Everything raises ``StoreError``."""

    def visit(self, card: Card, let_go: Collection[str] | None, new: Collection[str]) -> Seen:
        """Say that we are there; let go of these parts, or of all that is ours (None); make ``new``
        ones known. Whoever was there, and said nothing for too long, is not any more.
        """

    def take(self, owner: str, names: Collection[str]) -> Mapping[str, int]:
        """Take those of these parts that are still free; gives them, each with its epoch."""

    def begin(self, owner: str, names: Collection[str]) -> Mapping[str, int]:
        """Take those of these parts that were never anybody's, known or not; gives them, each with
        its epoch.
        """

    def forget(self, names: Collection[str]) -> None:
        """Keep nothing more of these parts, which are nobody's."""

    def look(self) -> Seen:
        """See who is there, and be not."""

    def leave(self, owner: str) -> None:
        """Let go of all, and be gone."""


class PartialLease:
    """The part of one process, by one thread at a time; what is in it may be asked in any."""

    partial = True

    def __init__(
        self,
        rows: Rows,
        owner: str,
        holder: Holder,
        monotonic: Callable[[], float],
        rng: Random | None = None,
    ) -> None:
        """``owner`` is a random id of this process, ``holder`` what people call it. ``monotonic``
        is a steady clock that goes on while the machine sleeps.
        """
        self.owner = owner
        self.holder: Holder | None = None
        self.pollers = 0
        self._rows = rows
        self._me = holder
        self._monotonic = monotonic
        self._rng = rng or Random()
        self._joined = 0.0
        self._epochs: Mapping[str, int] = {}
        """What is ours: replaced whole at each change, so that it can be read in any thread."""
        self._said_at = -inf
        self._due = -inf
        self._leaving: Collection[str] | None = ()
        """To be let go, when what was read of it is written; None: all."""
        self._free: Mapping[str, float] = {}
        """What is nobody's, each with the steady time at which that was seen first."""
        self._given: set[str] = set()
        """What of it we let go, or are about to."""
        self._known: set[str] = set()
        self._known_at = -inf
        self._asked: tuple[Set[str], Rank] = frozenset(), Rank.NEVER
        self._share: Share | None = None
        """As it was reckoned last."""
        self._there = 0
        self._others: Set[str] = frozenset()
        """Who was there last, we too."""
        self._settles_until = -inf
        """Until then what each has is likely to change: somebody came, or went."""
        self._barred_until = -inf
        """Until then we only look: this user may not take anything."""

    def __contains__(self, name: object) -> bool:
        return name in self._epochs and self._sure

    @property
    def _sure(self) -> bool:
        return self._monotonic() - self._said_at < SURE

    @property
    def held(self) -> bool:
        return bool(self._epochs) and self._sure

    def epoch(self, name: str) -> int:
        """The epoch in which a part is ours, as far as is known; 0: it is not ours. In any
        thread."""
        return self._epochs.get(name, 0)

    def ours_still(self) -> bool:
        return self.held

    def claim(self, wanted: Mapping[str, Work], rank: Rank = Rank.AUTO) -> Collection[str]:
        now = self._monotonic()
        if self._epochs and not self._sure:
            # We slept, or the store did not answer: it may be another's by now, or was meanwhile.
            self._epochs, self._leaving, self._due = {}, None, now
            return ()
        if now - self._known_at >= KNOWN_FOR:
            self._known.clear()
            self._known_at, self._due = now, -inf
        if now < self._barred_until:
            wanted, rank = {}, Rank.NEVER
        self._known &= wanted.keys()
        new = wanted.keys() - self._known
        asked, self._asked = self._asked, (wanted.keys(), rank)
        whole = now >= self._due or rank != asked[1] or _is_common(new | asked[0] - wanted.keys())
        begun = (
            []
            if whole or self._share is None
            else [name for name in new if self._share.begins(name, wanted[name])]
        )
        if not (whole or begun):
            return self._epochs.keys()
        try:
            if whole:
                self._visit(wanted, rank, new, now)
            else:
                # What comes newly is ours or another's at once, at the price of that alone.
                self._epochs = {**self._epochs, **self._rows.begin(self.owner, begun)}
                self._known.update(begun)
        except StoreError as error:
            self._due = now  # the store knows when it is worth another try
            if isinstance(error, NotWritable):
                self._barred_until = now + BARRED_FOR
            raise
        return self._epochs.keys()

    def _visit(
        self, wanted: Mapping[str, Work], rank: Rank, new: Collection[str], now: float
    ) -> None:
        me = member(self.owner, rank, self._joined, wanted, self._epochs)
        seen = self._rows.visit(Card(me, self._me), self._leaving, new)
        self._said_at, self._leaving = now, ()
        self._known.update(new)
        members = [each.member for each in seen.cards]
        me = next((each for each in members if each.owner == self.owner), me)
        self._joined = me.joined
        share, ours = Share(me, members, wanted, now), dict(seen.ours)
        self._share = share
        self._free = {name: self._free.get(name, now) for name in seen.free}
        self._given &= self._free.keys()
        self._leaving = share.excess(ours, self._free)
        for name in self._leaving:
            del ours[name]
        lack = share.lack(ours, self._free, self._given)
        self._given.update(self._leaving)
        if lack:
            # Until the answer is here it is not ours; should it be lost, the next visit tells.
            self._epochs = ours
            ours = {**ours, **self._rows.take(self.owner, lack)}
        self._epochs = ours
        moves = self._leaving or lack or any(name in wanted for name in self._free)
        if (owners := {each.owner for each in members}) != self._others:
            self._others, self._settles_until = owners, now + SETTLES
        moves = moves or now < self._settles_until
        # Not in step with the others: each is to see what the one before it did.
        self._due = now + (SOON if moves else AGAIN) * self._rng.uniform(0.7, 1.0)
        self._tell(seen)
        old = [name for name, since in self._free.items()
               if now - since > FORGOTTEN and name not in wanted]  # fmt: skip
        if old and CHIEF in self._epochs:
            self._rows.forget(old)

    def _tell(self, seen: Seen) -> None:
        members = [each.member for each in seen.cards]
        polling = all_pollers(members)
        self.pollers = len(polling)
        self._there = sum(each.owner != self.owner for each in members)
        named = {each.member.owner: each.holder for each in seen.cards}
        first = (owner for owner in (seen.chief, *polling) if owner != self.owner)
        self.holder = next((named[owner] for owner in first if owner in named), None)

    def look(self) -> None:
        try:
            self._tell(self._rows.look())
        except StoreError:
            self.holder, self.pollers = None, 0

    def renew(self) -> bool:
        return self.held

    def release(self) -> None:
        self._epochs, self._leaving, self._due = {}, None, -inf
        self._asked = frozenset(), Rank.NEVER
        try:
            self._rows.leave(self.owner)
        except StoreError:
            return  # it is let go by itself before long

    def attend(self) -> None:
        pass  # whoever asks for a part is there

    def leave(self) -> None:
        pass

    def attended(self) -> bool:
        return self._there > 0


def _is_common(names: Collection[str]) -> bool:
    """True where one of these is no message."""
    return not all(map(is_message_id, names))
