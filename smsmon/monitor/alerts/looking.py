"""How the rules stand with everything they are about: who is looked at, when, and what is told.

What is looked at is what something happened to, and what time alone may have changed: the cost
does not grow with the watchlist, and where nothing happens it is nothing. A poll that brought
nothing new is nothing that happened.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from math import inf
from sys import getsizeof

from smsmon.alerts import About, Subject
from smsmon.filters.subjects import MONEY
from smsmon.model import Event, Final
from smsmon.monitor.alerts.accounts import BALANCE_GOOD, Accounts, Money
from smsmon.monitor.alerts.agenda import PORTION, Agenda, Key
from smsmon.monitor.alerts.cases import (
    Case,
    Firing,
    Kind,
    News,
    Phase,
    Sight,
    ToTell,
    Watching,
    go_on,
    stand_still,
)
from smsmon.monitor.alerts.groups import GROUPED, OPEN, WAITING, Groups, GroupsOf
from smsmon.monitor.alerts.messages import Messages, MessageSight
from smsmon.monitor.alerts.rules import Alert, Rule
from smsmon.monitor.alerts.windows import Windows, finals_of
from smsmon.monitor.state import Applied

FOLLOWED_WITHIN = 60.0
"""Seconds within which all that another process found out is known here too, seldom looks and a
few of them that fail included."""
_TOLD_BY_EACH_POLL = frozenset(("read", "reason"))
"""The fields of messages that a poll may change although it brings nothing new."""


class Alerts:
    """How the rules stand with all that ``monitor`` has, which is watched since ``now``."""

    def __init__(
        self,
        rules: Sequence[Rule],
        monitor: Watching,
        now: float,
        night_holds: Collection[str] = (),
        balance_good: float = BALANCE_GOOD,
    ) -> None:
        """``night_holds`` are the accounts whose messages are held back at night; a balance counts
        as known for ``balance_good`` seconds.
        """
        self._monitor = monitor
        self._messages = Messages(monitor, now)
        self._accounts = Accounts(monitor, now, self._messages.stale_of, balance_good)
        self._messages.turned = lambda profile: self._touch(About.ACCOUNT, [profile])
        self._groups = Groups(monitor, now)
        self._kinds: dict[About, Kind] = {
            About.MESSAGE: self._messages,
            About.ACCOUNT: self._accounts,
            **{about: GroupsOf(self._groups, about) for about in GROUPED},
        }
        self._cases: dict[Key, dict[str, Case]] = {}
        self._news = News()
        self._unsure: set[Key] = set()
        """What was not known, at least to one rule, at the last look: each poll may change that."""
        self._agenda = Agenda()
        self.to_tell = ToTell()
        """What nobody was told yet."""
        self._firing = Firing()
        self._take_over(rules, night_holds, now)

    # Looking

    @property
    def firing(self) -> Mapping[str, tuple[Rule, ...]]:
        """Message id → the rules that fire for it, the most severe first; a live view."""
        return self._firing.of_messages

    @property
    def rules_firing(self) -> Iterable[Rule]:
        """The rule of each alert that fires, whatever it is about."""
        return self._firing.rules

    @property
    def next_look(self) -> float:
        """When time alone may change something next; inf when it cannot."""
        return self._agenda.next_look

    def fired(self) -> dict[tuple[str, Subject], Alert]:
        """What fires now, by (name of the rule, subject)."""
        return {
            (name, case.subject): case.told(self._rules[name])
            for cases in self._cases.values()
            for name, case in cases.items()
            if case.fires and not case.resumed
        }

    # Being told

    def use(
        self, rules: Sequence[Rule], now: float, night_holds: Collection[str] | None = None
    ) -> None:
        """Go by these rules from now on.

        An alert that fires goes on under a changed rule of its name, for as long as that holds;
        what was pending begins anew if the condition is another. What holds already for a new
        condition is no news. An alert whose rule is gone, or is about something else, is over.
        """
        before, after = self._rules, {rule.name: rule for rule in rules}
        anew = {
            name
            for name, rule in after.items()
            if name not in before or rule.asks_else(before[name])
        }
        for key, cases in self._cases.items():
            for name in list(cases):
                if name not in after:
                    self._end(cases, name, now, "its rule was removed")
                elif after[name].about is not key[0]:
                    self._end(cases, name, now, "its rule is about something else")
                elif name in anew and not cases[name].fires:
                    del cases[name]
        held = self._messages.night_holds if night_holds is None else night_holds
        self._take_over(rules, held, now)
        self._news.keep(after)
        for name in anew:
            self._begin_with(after[name])
        self._touch_all()

    def meet(self, ids: Iterable[str]) -> Iterator[None]:
        """These messages are there at the start: what holds already, for them and all else, is no
        news, unless it did not when somebody read them shortly before. A portion at a time."""
        left, rules, messages = iter(ids), self._asks[About.MESSAGE], self._messages
        held = {rule.name: set[Key]() for rule in rules}
        while some := [(About.MESSAGE, id) for id in islice(left, PORTION)]:
            self._agenda.touch(some)
            known = {key for key in some if messages.known_before(key[1])}
            self._news.begin({*some} - known)
            for rule in rules:
                held[rule.name].update(k for k in known if messages.held_before(k[1], rule))
            yield
        for rule in self._rules.values():
            if rule in rules:
                self._news.begin_with(rule.name, held[rule.name])
            else:
                self._begin_with(rule)

    def resume(self, fired: Iterable[tuple[str, Subject, float]], now: float) -> None:
        """Go on with what fired before, here or elsewhere: the name of the rule, the subject, when.

        Where it still holds that is told as old. Where it does not, it is soon over, once what is
        known here is of later than it fired: another process may have known more.
        """
        for name, subject, at in fired:
            rule, key = self._rules.get(name), subject[:2]
            cases = self._cases.setdefault(key, {})
            if rule is not None and rule.about is subject.about and name not in cases:
                began = self._messages.started
                cases[name] = Case(
                    Phase.FIRING, now, began, True, subject, resumed=True, fired_at=at
                )
                self._agenda.touch([key])

    def hear(self, news: Applied | Event) -> None:
        """Something happened, or a message was asked for and nothing did."""
        if isinstance(news, Event) and news.message_id is None:
            self.touch_profile(news.profile)
            return
        id = news.message_id or ""
        key = (About.MESSAGE, id)
        if isinstance(news, Event) or news.changed or key in self._unsure or self._asks_each_poll:
            self._agenda.touch([key])
        watched = self._monitor.board.get(id)
        if watched is None:
            return
        profile = watched.entry.profile
        if profile in self._monitor.profiles and self._accounts.changed(profile):
            self._touch(About.ACCOUNT, [profile])
            self._touch_groups()
        if self._grouped and isinstance(news, Applied) and (news.transitions or news.first):
            self.add_finals(finals_of(news, watched))

    @property
    def money_wanted(self) -> float | None:
        """How many seconds back rules ask what accounts had; None: none asks for money."""
        asking = [rule for rule in self._asks[About.ACCOUNT] if rule.fields & MONEY]
        spent = [rule.window for rule in asking if "spent" in rule.fields]
        return max(spent, default=0.0) if asking else None

    def recall_balances(self, profile: str, past: Iterable[Money]) -> None:
        """An account had these before; what is known of later stays."""
        self._accounts.recall_balances(profile, past)
        self._touch(About.ACCOUNT, [profile])

    def add_finals(self, finals: Iterable[Final]) -> None:
        """These became final now."""
        self._agenda.touch(self._groups.add(finals))

    def note_balance(self, profile: str, money: Money) -> None:
        """An account was asked what it has."""
        self._accounts.note_balance(profile, money)
        self._touch(About.ACCOUNT, [profile])

    @property
    def past_wanted(self) -> tuple[float, float] | None:
        """Since when, and until when, rules ask what became final, and do not know it yet; None
        when they know. Give it to ``seed``."""
        reach = 0.0 if self._groups.seeded else self._groups.empty().longest
        return (self._groups.since - reach, self._groups.since) if reach else None

    def empty_windows(self) -> Windows:
        """What to add the past to; that may be done in a thread."""
        return self._groups.empty()

    def seed(self, past: Windows, until: float) -> bool:
        """What became final up to ``until``; False when by now something else is wanted."""
        if self.past_wanted is None or self._groups.since != until:
            return False
        self._groups.seed(past)
        for about in GROUPED:
            for rule in self._asks[about]:
                if not rule.fields <= WAITING:
                    self._begin_with(rule)
        self._agenda.touch(key for key in self._cases if key[0] in GROUPED)
        return True

    def touch(self, ids: Iterable[str]) -> None:
        """Something happened to these messages, or they are gone."""
        self._touch(About.MESSAGE, ids)

    def touch_profile(self, profile: str) -> None:
        """Something happened to an account, and so to all of its messages."""
        self.touch(each.id for each in self._monitor.board if each.entry.profile == profile)
        self._touch(About.ACCOUNT, [profile])
        self._touch_groups()

    def shift(self, seconds: float) -> None:
        """The wall clock was set by so many seconds: what is being measured goes on as before."""
        for cases in self._cases.values():
            for case in cases.values():
                case.since += seconds
        self._messages.started += min(seconds, 0.0)  # what is read from now on is read since
        self._accounts.shift(seconds)
        self._groups.shift(seconds)
        self._agenda.clear_plans()
        self._touch_all()

    def step(self, now: float) -> bool:
        """Look at what was touched or is due, a portion of it; True when there is more."""
        for key in self._agenda.take(now):
            seen = self._kinds[key[0]].look(key[1], now)
            if seen is None:
                self._forget(key, now)
            else:
                self._look(key, seen, now)
        if getsizeof(self._unsure) > 10_000 + 500 * len(self._unsure):
            self._unsure = set(self._unsure)  # it keeps the memory of the most that it ever held
        return bool(self._agenda)

    # Inside

    def _take_over(self, rules: Sequence[Rule], night_holds: Collection[str], now: float) -> None:
        self._rules = {rule.name: rule for rule in rules}
        self._asks: dict[About, list[Rule]] = {about: [] for about in About}
        for rule in rules:
            self._asks[rule.about].append(rule)
        of_messages = self._asks[About.MESSAGE]
        of_stale = any(
            name.startswith("stale") for rule in self._asks[About.ACCOUNT] for name in rule.fields
        )
        of_waiting = [r for about in GROUPED for r in self._asks[about] if r.fields & OPEN]
        self._messages.asks_state = (
            of_stale or bool(of_waiting) or any(rule.about_reading for rule in of_messages)
        )
        self._grouped = any(self._asks[about] for about in GROUPED)
        self._messages.noted = self._note_member if self._grouped else None
        self._groups.use(rules, night_holds, now)
        self._messages.night_holds = night_holds
        self._asks_each_poll = any(
            not rule.fields.isdisjoint(_TOLD_BY_EACH_POLL) for rule in of_messages
        )

    def _begin_with(self, rule: Rule) -> None:
        """What holds for this rule already is no news."""
        keys = {(rule.about, name) for name in self._kinds[rule.about].names()}
        self._news.begin_with(rule.name, keys)
        self._agenda.touch(keys)

    def _touch(self, about: About, names: Iterable[str]) -> None:
        if about is About.MESSAGE or self._asks[about]:
            self._agenda.touch((about, name) for name in names)

    def _touch_groups(self) -> None:
        if self._grouped:
            for about in GROUPED:
                self._touch(about, self._kinds[about].names())
            self._agenda.touch(key for key in self._cases if key[0] in GROUPED)

    def _note_member(self, name: str, seen: MessageSight | None) -> None:
        groups = self._groups.members.note(name, seen)
        self._agenda.touch(key for key in groups if self._asks[key[0]])

    def _touch_all(self) -> None:
        for about, kind in self._kinds.items():
            self._touch(about, kind.names())
        self._agenda.touch(self._cases)

    def _look(self, key: Key, seen: Sight, now: float) -> None:
        cases = self._cases.setdefault(key, {})
        self._end_others(cases, seen.subject, now)
        due, sure = seen.due, seen.fresh
        for rule in self._asks[key[0]]:
            case = cases.get(rule.name)
            if not seen.known(rule):
                sure = False
                if stand_still(case) is None:
                    cases.pop(rule.name, None)
                continue
            if why := seen.why_over(rule):
                self._end(cases, rule.name, now, why)
                continue
            due = min(due, self._go_on(key, case, rule, seen, now), seen.turn(rule))
            if key[0] is not About.MESSAGE:
                self._news.met_by(rule.name, key)
        (self._unsure.discard if sure else self._unsure.add)(key)
        if seen.fresh and key[0] is About.MESSAGE:
            self._news.met(key)
        if not cases:
            del self._cases[key]
        self._note_firing(key)
        self._agenda.plan(key, due)

    def _go_on(self, key: Key, case: Case | None, rule: Rule, seen: Sight, now: float) -> float:
        """Let the case of a rule go on; gives when time alone brings it further."""
        value_of = partial(seen.value, rule)
        holds = rule.condition.matches(value_of)
        ends = not holds and (rule.until is None or rule.until.matches(value_of))
        if any(each.given_up for each in rule.patterns):
            return inf  # nobody knows any more: it stays as it was
        old = self._news.is_old(rule.name, key)
        if ends and case is not None and case.resumed and seen.as_of < case.fired_at:
            believed = case.since + FOLLOWED_WITHIN
            if now < believed:
                return believed
        step = go_on(
            case,
            rule,
            now,
            holds=holds,
            ends=ends,
            begin=lambda: Case(
                Phase.PENDING, now, now, old, seen.subject, seen.label, tuple(seen.tags)
            ),
            runs=seen.runs(rule),
        )
        case = step.case
        if case is None:
            self._cases[key].pop(rule.name, None)
        else:
            self._cases[key][rule.name] = case
        worse = case is not None and case.fires and case.note(rule, seen)
        if case is not None and step.fires:
            self.to_tell.began(case.told(rule))
        elif case is not None and worse:
            self.to_tell.is_worse(case.told(rule))
        if step.over is not None:
            self.to_tell.ended(step.over.over(rule, now))
        return step.due

    def _end_others(self, cases: dict[str, Case], subject: Subject | None, now: float) -> None:
        """End what was of another subject of that name: the message of another account."""
        for name in [name for name, case in cases.items() if case.subject != subject]:
            self._end(cases, name, now, "no longer watched")

    def _end(self, cases: dict[str, Case], name: str, now: float, why: str) -> None:
        case = cases.pop(name, None)
        if case is not None and case.fires:
            self.to_tell.ended(case.over(self._rules[name], now, why))

    def _forget(self, key: Key, now: float) -> None:
        cases = self._cases.pop(key, {})
        self._end_others(cases, None, now)
        self._news.met(key)
        self._unsure.discard(key)
        self._note_firing(key)
        self._agenda.plan(key, inf)

    def _note_firing(self, key: Key) -> None:
        cases = self._cases.get(key, {})
        self._firing.note(key, (self._rules[name] for name, case in cases.items() if case.fires))
