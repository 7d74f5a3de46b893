"""Who of several processes on one store polls what: each knows all the others, and reckons alike.

Pure functions. An account is polled by all whose role is to poll always, and by the first `FEW` of
the others; one that is not answered lets others do it who are, but for one message when it tries
again. The messages of an account are shared evenly among those that poll it, by how often each is
read; where there are many, those that are read alone apart from those that one request may read
with others, for they cost more. What is common to an account, or to all, is kept by one of them;
that is no work to speak of.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple
from zlib import crc32

from smsmon.known import Condition, account_part
from smsmon.store.shared import Rank, Work

FEW = 2
"""Processes that poll an account, of those that need not: more would be in each other's way."""
SLACK = 0.04
"""The part of its share by which a process may have more or less, that nothing moves for little."""
SENSE = 0.9
"""Of what two processes differ by, the part up to which one message may go to even it out."""
LEAST = 1 / 3600
"""Reads a second that each message counts for at least: also one that is at rest."""
LEFT = 2.5
"""Seconds after which what nobody took is taken by whoever polls its account, over its share."""
MANY = 10
"""Messages that are read alone, for each process that shares them, from which on they are shared
apart."""
_ALONE = "/alone"
"""Behind an account: those of its messages."""
_ROUNDED = 1e-9


class Member(NamedTuple):
    """A process on the store, as all of them see it."""

    owner: str
    """Its random id."""
    rank: Rank
    joined: float
    well: frozenset[str] = frozenset()
    """The accounts that answer it, as far as it knows."""
    ill: frozenset[str] = frozenset()
    """The accounts that it has a key for, and that do not."""
    tries: frozenset[str] = frozenset()
    """Those of them that it is about to try again, with any message."""
    loads: Mapping[str, float] = MappingProxyType({})
    """Account → the reads a second that it had when it said so; apart, those of messages that are
    read alone."""

    def stands(self, account: str) -> tuple[bool, int, float, str]:
        """Its place in the order of those that could poll an account; the least comes first."""
        return account not in self.well, -self.rank, self.joined, self.owner


def member(
    owner: str,
    rank: Rank,
    joined: float,
    wanted: Mapping[str, Work],
    held: Collection[str] = (),
) -> Member:
    """This process, by what it could do, and has by now."""
    conditions = {each.account: each.condition for each in wanted.values() if each.account}
    well, tries, stopped = (
        frozenset(name for name, each in conditions.items() if each is condition)
        for condition in (Condition.OK, Condition.DOWN, Condition.STOPPED)
    )
    return Member(owner, rank, joined, well, tries | stopped, tries, loads_of(wanted, held))


def loads_of(wanted: Mapping[str, Work], held: Collection[str]) -> dict[str, float]:
    """Account → the reads a second of the messages of it that are held, as in ``Member.loads``."""
    loads: dict[str, float] = {}
    for name in held:
        work = wanted.get(name)
        if work is not None and not _common(name, work):
            group = work.account + _ALONE * work.alone
            loads[group] = loads.get(group, 0.0) + weight(work)
    return loads


def pollers(account: str, members: Iterable[Member]) -> list[Member]:
    """Who polls an account, the first of them first."""
    able = [each for each in members if each.rank > Rank.UNFIT and account in each.well | each.ill]
    able.sort(key=lambda each: each.stands(account))
    return [each for at, each in enumerate(able) if at < FEW or each.rank is Rank.ALWAYS]


def all_pollers(members: Collection[Member]) -> list[str]:
    """The owners of all that poll anything, those first that come first for any account."""
    accounts = sorted({account for each in members for account in each.well | each.ill})
    return [*dict.fromkeys(each.owner for name in accounts for each in pollers(name, members))]


class Share:
    """What one process has, and should have, of the work."""

    def __init__(
        self, me: Member, members: Collection[Member], wanted: Mapping[str, Work], now: float
    ) -> None:
        """``members`` are all, this one too; ``now`` is a steady time."""
        self._me = me
        self._now = now
        self._polled_by = {account: pollers(account, members) for account in me.well | me.ill}
        self._polls = any(map(self._does, self._polled_by))
        self._all = wanted
        self._wanted = {name: work for name, work in wanted.items() if self._is_ours(work)}
        alone = Counter(work.account for work in self._wanted.values() if work.alone)
        self._apart = {
            account for account, count in alone.items() if count >= MANY * self._sharing(account)
        }
        """The accounts of which messages that are read alone are shared apart."""
        self._level = {
            group: all / self._sharing(_account(group))
            for group, all in self._grouped(loads_of(self._wanted, self._wanted)).items()
        }
        """Account, or what is shared apart of it → the reads a second that are ours of it."""

    def _does(self, account: str) -> bool:
        return any(each.owner == self._me.owner for each in self._polled_by.get(account, ()))

    def _is_ours(self, work: Work) -> bool:
        """Whether it is for us to do, now or when others leave it."""
        if not work.account:
            return self._polls
        return self._does(work.account) and not self._left_to_others(work.account)

    def _left_to_others(self, account: str) -> bool:
        """True for an account that answers others, and not us."""
        answered = any(account in each.well for each in self._polled_by[account])
        return answered and account not in self._me.well

    def _grouped(self, loads: Mapping[str, float]) -> dict[str, float]:
        """Loads by what is shared apart."""
        grouped: dict[str, float] = {}
        for name, load in loads.items():
            group = name if _account(name) in self._apart else _account(name)
            grouped[group] = grouped.get(group, 0.0) + load
        return grouped

    def _sharing(self, account: str) -> int:
        return len(self._sharers(account))

    def _sharers(self, account: str) -> list[Member]:
        """Those that share its messages: who is answered, if anybody is."""
        polled_by = self._polled_by[account]
        return [each for each in polled_by if account in each.well] or polled_by

    # --- what follows from it -------------------------------------------------------------

    def excess(self, held: Collection[str], free: Collection[str] = ()) -> list[str]:
        """What of ``held`` is to be let go: what is not for us, and what is more than our part."""
        gone = [name for name in held if name not in self._wanted]
        for account in self._me.tries:
            if self._left_to_others(account):
                probes = self._messages(gone, account)
                gone = [name for name in gone if name not in probes[:1]]
        loads = loads_of(self._wanted, held)
        for group, has in self._grouped(loads).items():
            sharers = self._sharers(_account(group))
            others = [each for each in sharers if each.owner != self._me.owner]
            if others:
                rests = not self._messages(free, _account(group))
                gone += self._over(group, has, others, held, fine=rests)
        for account in dict.fromkeys(map(_account, loads)):
            sharers = self._sharers(account)
            waits = any(account in each.tries and account not in map(_account, each.loads)
                        for each in self._polled_by[account])  # fmt: skip
            if waits and self._me.owner == sharers[0].owner and not self._messages(free, account):
                gone += [name for name in self._messages(held, account) if name not in gone][:1]
        return gone

    def _over(
        self,
        group: str,
        has: float,
        others: Sequence[Member],
        held: Collection[str],
        *,
        fine: bool,
    ) -> list[str]:
        """The messages of one group that others are to have; ``fine``: none is on its way."""
        level, left = self._level[group], []
        loads = [self._grouped(each.loads).get(group, 0.0) for each in others]
        over = has - level
        if over > SLACK * level:
            # What each of the others lacks, as far as it is for us to give: others give as well.
            part = over / (over + sum(max(0.0, load - level) for load in loads))
            rooms = [max(0.0, level - load) * part for load in loads]
            for name in self._shuffled(held, group):
                rate, most = weight(self._wanted[name]), max(rooms)
                if rate <= min(over, most) + _ROUNDED:
                    left.append(name)
                    over -= rate
                    rooms[rooms.index(most)] -= rate
        under = level - min(loads)
        if left or not fine or has < max(loads) or over + under <= 2 * SLACK * level:
            return left
        # What is left to even out is less than a message for each: one goes, of the right weight.
        rates = {name: weight(self._wanted[name]) for name in self._shuffled(held, group)}
        most = min(2 * under, SENSE * (over + under))
        fit = [name for name, rate in rates.items() if rate <= most]
        return sorted(fit, key=lambda name: abs(rates[name] - (over + under) / 2))[:1]

    def lack(
        self, held: Collection[str], free: Mapping[str, float], given: Collection[str] = ()
    ) -> list[str]:
        """What to take of what is ``free``: each with the steady time at which it was seen first.

        All that is common, messages up to our part, and what nobody else took for long; what was
        ``given`` away by us is for others first.
        """
        taken = [
            name
            for name in free
            if (work := self._wanted.get(name)) is not None and _common(name, work)
        ]
        for account in self._me.tries:
            if self._left_to_others(account) and not self._messages(held, account):
                taken += self._messages(free, account)[:1]
        load = self._grouped(loads_of(self._wanted, held))
        for group, level in self._level.items():
            under = level - load.get(group, 0.0)
            for name in self._shuffled(free, group):
                rate = weight(self._wanted[name])
                wanted = rate <= 2 * under and name not in given
                if wanted or self._now - free[name] >= LEFT:
                    taken.append(name)
                    under -= rate
        return taken

    def begins(self, name: str, work: Work) -> bool:
        """Whether a message that comes newly is for us: all that share its account reckon alike."""
        if not self._is_ours(work):
            return False
        sharers = self._sharers(work.account)
        return sharers[crc32(name.encode()) % len(sharers)].owner == self._me.owner

    def _messages(self, names: Iterable[str], account: str) -> list[str]:
        works = ((name, self._all.get(name)) for name in names)
        return [
            name
            for name, work in works
            if work is not None and work.account == account and not _common(name, work)
        ]

    def _shuffled(self, names: Iterable[str], group: str) -> Sequence[str]:
        """Those of a group that are for us, in an order that is this process's own."""
        salt, account = crc32(self._me.owner.encode()), _account(group)
        apart = account in self._apart
        ours = [
            name
            for name in self._messages(names, account)
            if (work := self._wanted.get(name)) is not None
            and (not apart or work.alone is (group != account))
        ]
        return sorted(ours, key=lambda name: crc32(name.encode(), salt))


def _account(group: str) -> str:
    return group.removesuffix(_ALONE)


def weight(work: Work) -> float:
    """How much a message counts for."""
    return max(work.rate, LEAST)


def _common(name: str, work: Work) -> bool:
    """True for what is no message."""
    return not work.account or name == account_part(work.account)
