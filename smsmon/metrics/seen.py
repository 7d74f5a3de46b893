"""Everything that the metrics tell, at one moment: plain values, from what runs."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from smsmon.countries import ORDER, by_country
from smsmon.groups import Dimension, Figures
from smsmon.known import AccountState
from smsmon.metrics.tally import NO_COUNTRY, OTHER, Places, Tally
from smsmon.model import Counts
from smsmon.monitor.engine import Engine
from smsmon.monitor.standing import standing
from smsmon.monitor.state import MessageState, Watched
from smsmon.recipients import Recipients
from smsmon.sources.standing import Standing
from smsmon.store.past import BalanceSeen

if TYPE_CHECKING:
    from smsmon.grouping import Grouping

GROUPS = 50
"""How many groups of a kind are told."""
TOLD_BY = (Dimension.TAG, Dimension.SOURCE)
"""Of which there are few: labels and minutes are many."""


@dataclass(slots=True)
class OfAccount:
    """One account, and its messages."""

    state: AccountState | None = None
    """None: no such account is set up."""
    balance: BalanceSeen | None = None
    messages: Counter[MessageState] = field(default_factory=Counter)
    recipients: Counter[str] = field(default_factory=Counter)
    """By status."""
    stops: int = 0
    absent: int = 0
    """Recipients that the API no longer lists: they count as last seen."""
    last_read_at: float | None = None
    oldest_waiting: float | None = None
    """Since when the recipient waits that has been waiting longest."""

    @property
    def read(self) -> bool:
        """True when something is known of its recipients."""
        return self.last_read_at is not None


@dataclass(frozen=True, slots=True)
class Seen:
    """What there is to tell."""

    at: float
    started_at: float
    version: str
    well: bool
    polls: bool
    unreachable_since: float | None
    """Since when the store does not answer; None while it does."""
    requests: int
    allowed: int
    accounts: Mapping[str, OfAccount]
    tags: Mapping[str, Counter[str]]
    """Label → recipients by status."""
    countries: Mapping[str, Counter[str]]
    firing: Mapping[tuple[str, str], int]
    """Rule and severity → how many alerts of it fire; 0 for a rule of which none does."""
    unanswered: Mapping[str, int] | None
    """Severity → how many of them nobody answered; None: that is not recorded."""
    tally: Tally
    sources: Mapping[str, Standing] = field(default_factory=dict)
    """How it stands with what brings messages by itself, where it is read here."""
    groups: Mapping[tuple[str, str], Figures] = field(default_factory=dict)
    """By what they are put together, and label → the group."""


class Countries:
    """The countries of all recipients; what did not change is not looked at again."""

    def __init__(self) -> None:
        self._of: dict[str, tuple[Recipients, Mapping[str, Sequence[int]]]] = {}

    async def refresh(self, board: Iterable[Watched]) -> None:
        """Look at what changed, in a thread: a column of 100,000 takes some milliseconds."""
        there = {each.id: each.recipients for each in board}
        for gone in self._of.keys() - there.keys():
            del self._of[gone]
        changed = {
            message_id: recipients
            for message_id, recipients in there.items()
            if message_id not in self._of or self._of[message_id][0] is not recipients
        }
        if changed:
            self._of.update(await asyncio.to_thread(_counted, changed))

    def by_label(self, places: Places) -> dict[str, Counter[str]]:
        """Label → recipients by status."""
        sums: dict[str, list[int]] = {}
        for _, countries in self._of.values():
            for code, numbers in countries.items():
                into = sums.setdefault(code, [0] * len(ORDER))
                for place, number in enumerate(numbers):
                    into[place] += number
        found: dict[str, Counter[str]] = {}
        for code in sorted(sums, key=lambda each: (-sum(sums[each]), each)):
            by_status = found.setdefault(places.label(code or NO_COUNTRY), Counter())
            for status, number in zip(ORDER, sums[code], strict=True):
                by_status[status.slug] += number
        return found


class PlacedGroups:
    """The groups that have a label of their own: those to which most was sent, as long as they are
    there. What stands for several groups could tell no share of them."""

    def __init__(self) -> None:
        self._places = {dimension: Places(GROUPS) for dimension in TOLD_BY}

    def of(self, grouping: Grouping) -> dict[tuple[str, str], Figures]:
        """By what they are put together, and label → the group; what has no tag, or came from no
        source, is none. Nothing until the whole of the last hour is known."""
        found: dict[tuple[str, str], Figures] = {}
        kept = [(grouping.rows(dimension), dimension) for dimension in self._places]
        for rows, dimension in kept if grouping.whole else ():
            places = self._places[dimension]
            named = [each for each in rows.values() if each.name]
            named.sort(key=lambda each: (-each.sent, -each.counts.total, each.name))
            places.clear_for([each.name for each in named])
            for each in named:
                label = places.label(each.name)
                if label != OTHER:
                    found[str(dimension), label] = each
        return found


def _counted(
    columns: Mapping[str, Recipients],
) -> dict[str, tuple[Recipients, Mapping[str, Sequence[int]]]]:
    return {each: (column, by_country(column)) for each, column in columns.items()}


def accounts_of(
    engine: Engine, balances: Mapping[str, BalanceSeen], now: float
) -> dict[str, OfAccount]:
    """How each account and its messages stand."""
    accounts = {
        name: OfAccount(engine.account(name), balances.get(name)) for name in engine.profiles
    }
    sums: dict[str, list[int]] = {}
    for watched in engine.board:
        of = accounts.get(watched.profile)
        if of is None:
            of = accounts[watched.profile] = OfAccount()
        of.messages[standing(engine, watched, now).state] += 1
        if watched.read_at is None:
            continue  # nothing is known of it
        into = sums.setdefault(watched.profile, [0] * 6)
        for place, number in enumerate(_numbers(watched.counts)):
            into[place] += number
        of.last_read_at = max(of.last_read_at or 0.0, watched.read_at)
        oldest = watched.oldest_waiting
        if oldest is not None and (of.oldest_waiting is None or oldest < of.oldest_waiting):
            of.oldest_waiting = oldest
    for name, numbers in sums.items():
        *by_status, accounts[name].stops, accounts[name].absent = numbers
        accounts[name].recipients = _by_status(by_status)
    return accounts


def tags_of(board: Iterable[Watched], tally: Tally) -> dict[str, Counter[str]]:
    """Label → recipients by status, of the messages with that tag."""
    sums: dict[str, list[int]] = {}
    for watched in board:
        for tag in watched.tags if watched.read_at is not None else ():
            into = sums.setdefault(tag, [0, 0, 0, 0])
            for place, number in enumerate(_numbers(watched.counts)[:4]):
                into[place] += number
    tally.make_room({tag: sum(numbers) for tag, numbers in sums.items()})
    found: dict[str, Counter[str]] = {}
    for tag, numbers in sums.items():
        found.setdefault(tally.tags.label(tag), Counter()).update(_by_status(numbers))
    return found


def _numbers(counts: Counts) -> tuple[int, int, int, int, int, int]:
    it = counts
    return it.delivered, it.not_delivered, it.waiting, it.unknown, it.stop, it.absent


def _by_status(numbers: Iterable[int]) -> Counter[str]:
    return Counter({each.slug: number for each, number in zip(ORDER, numbers, strict=True)})
