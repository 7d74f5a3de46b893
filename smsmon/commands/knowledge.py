"""What is known of messages without asking the API: the watchlist's and the history's word.

It is what a console would know that starts now, so a filter finds the same here and there. Of a
message that is watched no longer, what only a console can tell (its state, say) is not known.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property, partial
from typing import TYPE_CHECKING, TypeVar

from smsmon.alerts import About, Episode, State, state_of
from smsmon.commands.stores import open_alerts, who_polls
from smsmon.filters.messages import ALERT_FIELD, MESSAGES_BY_NAME, OfStanding
from smsmon.known import AccountState, Condition, Key, LastPoll, Remembered, Summary
from smsmon.model import Counts, Entry, FaultKind
from smsmon.monitor.board import Board
from smsmon.monitor.standing import Standing, message_value, standing
from smsmon.monitor.state import MessageState, Watched

if TYPE_CHECKING:
    from smsmon.commands.filtering import Choice, ValueOf
    from smsmon.filters.questions import Value
    from smsmon.locations import Locations
    from smsmon.model import Fault, Report
    from smsmon.monitor.alerts import Rule
    from smsmon.settings import Settings
    from smsmon.store.archive import Archive
    from smsmon.store.past import InShort, Sighting
    from smsmon.store.shared import Holder

Row = TypeVar("Row", "Sighting", "InShort")

OF_THE_LIST = frozenset(("id", "label", "tag", "note", "profile", "source", "age"))
"""The fields that the watchlist tells of what is on it."""
_FRESH = (MessageState.LIVE, MessageState.COMPLETE, MessageState.SETTLED)
_OF_RECIPIENTS = frozenset(("oldest",))
"""The fields that are known only with all recipients at hand."""


def listed(settings: Settings, entries: Iterable[Entry]) -> dict[Key, Entry]:
    """What people say of messages now: the history learns it from whoever polls, maybe later."""
    mine = (replace(each, profile=settings.profile_of(each.profile)) for each in entries)
    return {(each.id, each.profile): each for each in mine}


def as_listed(rows: Iterable[Row], entries: Mapping[Key, Entry]) -> list[Row]:
    """What is told of messages, with their labels of now where they are on the list."""
    own = ((each, entries.get((each.message_id or "", each.profile))) for each in rows)
    return [replace(row, label=entry.label) if entry else row for row, entry in own]


class Knowledge:
    """What is known of messages at one moment; a `Monitor` of them."""

    def __init__(
        self,
        settings: Settings,
        entries: Iterable[Entry],
        archive: Archive | None,
        fields: frozenset[str],
        now: float | None = None,
    ) -> None:
        """``fields``: what will be asked; ``archive`` may be None where the watchlist tells that.

        ``now`` is the wall time; None: this moment.
        """
        self.now = time.time() if now is None else now
        self.board = Board()
        self.trouble_below = settings.display.trouble_share
        self._settings = settings
        self._entries = listed(settings, entries)
        self._archive = archive
        self._fields = fields
        self._heard: dict[str, AccountState] = {}
        """What was heard of accounts since: they were asked."""

    def keys(self) -> list[Key]:
        """The messages of the watchlist, each with its account."""
        return [*self._entries]

    def belonging(self, ids: Sequence[str] | None = None) -> list[Key]:
        """The messages that the history knows of ``ids``, or all, each with the account it belongs
        to now: the list says which before whoever polls has recorded it.
        """
        mine = {key[0]: key for key in self._entries}
        known = () if self._archive is None else self._archive.messages(ids)
        return [mine.get(key[0], key) for key in known]

    def described(self, summary: Summary) -> Summary:
        """With label and tags as the list has them now, where the message is on it."""
        entry = self._entries.get(summary.key)
        return summary if entry is None else replace(summary, label=entry.label, tags=entry.tags)

    def account(self, profile: str) -> AccountState:
        """How it stands with an account, as it was heard now, or whoever polls has recorded it."""
        heard = self._heard.get(profile) or self._accounts.get(profile)
        return heard or AccountState(profile)

    @property
    def read_at(self) -> float | None:
        """When anything was read last, as whoever polls has recorded it; None: nothing ever was."""
        return max((each.read_at for each in self._polls.values() if each.read_at), default=None)

    def chosen(self, keys: Iterable[Key], choice: Choice) -> Iterator[Watched]:
        """Those of ``keys`` that ``choice`` lets through, in their order."""
        for row in self.of(keys):
            if choice.matches(self.asked(row)):
                yield row

    def of(self, keys: Iterable[Key]) -> Iterator[Watched]:
        """What is known of each of these; of what was never read, what the watchlist says."""
        wanted = [*keys]
        known = self.summaries(wanted)
        for key in wanted:
            yield self.row(known.get(key) or Summary(*key))

    def summaries(self, keys: Sequence[Key]) -> Mapping[Key, Summary]:
        """What is known of these without their recipients.

        How it stands with polls is asked before: what is read between the two would seem to be
        read, and of nobody.
        """
        _ = self._polls
        found = () if self._archive is None else self._archive.summaries(keys)
        return {each.key: each for each in found}

    def fresh(self, keys: Iterable[Key]) -> Iterator[Watched]:
        """Those of these that are read often enough as it is, with all their recipients."""
        rows = ((row, standing(self, row, self.now).state) for row in self.of(keys))
        wanted = [(row.id, row.profile) for row, state in rows if state in _FRESH]
        for each in () if self._archive is None else self._archive.load(wanted):
            yield self.row(each.summary, each)

    def row(self, summary: Summary, remembered: Remembered | None = None) -> Watched:
        """One message; ``remembered`` where its recipients are at hand already."""
        key = summary.key
        if remembered is None and self._with_recipients:
            remembered = self._remembered(key)
        row = Board().restore(self._entry(summary), remembered or Remembered(summary), self.now)
        if (last := self._polls.get(key)) is not None:
            row.note_last_poll(last)
        return row

    def later(
        self, key: Key, remembered: Remembered | None = None, summary: Summary | None = None
    ) -> ValueOf:
        """What gives the values of one message, which is looked up when it is first asked."""
        known = remembered.summary if remembered else summary

        @cache
        def row() -> Watched:
            return next(self.of([key])) if known is None else self.row(known, remembered)

        return lambda name: self.value(row(), name)

    def after(self, key: Key, report: Report | None, fault: Fault | None) -> Watched:
        """One message once it was asked for: what is known of it, and what came of that."""
        remembered = self._remembered(key) or Remembered(Summary(*key))
        board = Board()
        row = board.restore(self._entry(remembered.summary), remembered, self.now)
        if report is not None:
            board.apply(report, report.fetched_at)
            self._heard[row.profile] = AccountState(row.profile)
        if fault is not None:
            board.fail(row.id, fault, self.now)
            if fault.kind is FaultKind.AUTH:
                refused = AccountState(row.profile, Condition.STOPPED, fault, since=self.now)
                self._heard[row.profile] = refused
        return row

    def value(self, row: Watched, name: str) -> Value:
        """What a filter asks of a message, by the name of the field; None: nobody knows."""
        watched = (row.id, row.profile) in self._entries
        if name == ALERT_FIELD.name:
            holding = (each.name for each in self._rules if each.condition.matches(self.asked(row)))
            return tuple(holding) if watched else ()
        if not watched and isinstance(MESSAGES_BY_NAME[name], OfStanding):
            return None
        return message_value(self, row, self.now, name)

    def asked(self, row: Watched) -> ValueOf:
        """What gives the values of one message."""
        return partial(self.value, row)

    def _remembered(self, key: Key) -> Remembered | None:
        """One message with its recipients, as it was recorded last."""
        return None if self._archive is None else next(iter(self._archive.load([key])), None)

    def _entry(self, summary: Summary) -> Entry:
        known = self._entries.get(summary.key)
        return known or Entry(summary.id, summary.label, summary.tags, profile=summary.profile)

    @cached_property
    def _rules(self) -> tuple[Rule, ...]:
        from smsmon.rules import rules_of

        return tuple(r for r in rules_of(self._settings) if r.about is About.MESSAGE)

    @cached_property
    def _with_recipients(self) -> bool:
        asked = self._fields
        if ALERT_FIELD.name in asked:
            asked = asked.union(*(each.condition.fields for each in self._rules))
        return not asked.isdisjoint(_OF_RECIPIENTS)

    @cached_property
    def _polls(self) -> Mapping[Key, LastPoll]:
        return {} if self._archive is None else self._archive.polls()

    @cached_property
    def _accounts(self) -> Mapping[str, AccountState]:
        found = () if self._archive is None else self._archive.accounts()
        return {each.profile: each for each in found}


_POLLED = (MessageState.LIVE, MessageState.COMPLETE, MessageState.STALE)
"""The states of messages that are read again and again."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """How it stands with messages, their accounts and alerts at one moment."""

    now: float
    rows: Sequence[tuple[Watched, Standing]]
    accounts: Sequence[AccountState]
    """Those that these messages are read with."""
    alerts: Sequence[Episode]
    """What fires and nobody answered, the worst first."""
    answered: int
    """How many alerts fire, and are acknowledged or silenced."""
    holder: Holder | None
    """Who polls; None: nobody does."""
    read_at: float | None
    """When anything was read last; None: nothing ever was."""

    @property
    def counts(self) -> Counts:
        """Of all these messages, as they were last read."""
        return sum((row.counts for row, _ in self.rows), Counts())

    def of_state(self, state: MessageState) -> list[tuple[Watched, Standing]]:
        """The messages that are in this state."""
        return [each for each in self.rows if each[1].state is state]

    @property
    def unread(self) -> float | None:
        """For how many seconds nothing was read though it should have been, since nobody polls or
        whoever polls gets nothing; 0 where all is well, None: nothing was ever read.
        """
        polled = [each.state for _, each in self.rows if each.state in _POLLED]
        in_vain = bool(polled) and all(state is MessageState.STALE for state in polled)
        if self.holder is not None and not in_vain:
            return 0.0
        return None if self.read_at is None else max(0.0, self.now - self.read_at)

    @property
    def troubled_accounts(self) -> list[AccountState]:
        """The accounts that are down or refused."""
        return [each for each in self.accounts if each.condition is not Condition.OK]


def outlook(
    known: Knowledge,
    rows: Iterable[Watched],
    locations: Locations,
    settings: Settings,
    of_these: Collection[str] | None = None,
) -> Outlook:
    """How it stands with these messages. ``of_these``: only alerts about one of these subjects;
    None: all.
    """
    stood = [(row, standing(known, row, known.now)) for row in rows]
    store = open_alerts(locations, settings)
    silences = store.silences(known.now)
    firing = [each for each in store.firing() if of_these is None or str(each.subject) in of_these]
    states = [state_of(each, silences, known.now) for each in firing]
    unanswered = [each for each, state in zip(firing, states, strict=True) if state is State.FIRING]
    return Outlook(
        known.now,
        stood,
        [known.account(each) for each in dict.fromkeys(row.profile for row, _ in stood)],
        sorted(unanswered, key=lambda each: (-each.severity, each.fired_at)),
        len(firing) - len(unanswered),
        who_polls(locations, settings),
        known.read_at,
    )


def subjects_of(rows: Iterable[Watched], tags: Iterable[str]) -> set[str]:
    """What alerts are about that belong to these messages: each, its account, and ``tags``."""
    found = {f"{About.TAG}:{tag}" for tag in tags}
    for row in rows:
        found |= {row.id, f"{About.ACCOUNT}:{row.profile}"}
    return found
