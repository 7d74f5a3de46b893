"""What fires, what is news of it, and what is to be told: what began, ended, or is worse."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from types import MappingProxyType
from typing import TypeVar

from smsmon.alerts import About, Subject
from smsmon.monitor.alerts.agenda import Key
from smsmon.monitor.alerts.rules import Alert, Rule

K = TypeVar("K")


class Firing:
    """The rules that fire, by what they fire for."""

    def __init__(self) -> None:
        self._of_messages: dict[str, tuple[Rule, ...]] = {}
        self._of: dict[Key, tuple[Rule, ...]] = {}

    @property
    def of_messages(self) -> Mapping[str, tuple[Rule, ...]]:
        """Message id → the rules that fire for it, the most severe first; a live view."""
        return MappingProxyType(self._of_messages)

    @property
    def rules(self) -> Iterable[Rule]:
        """The rule of each alert that fires, whatever it is about."""
        return chain.from_iterable(self._of.values())

    def note(self, key: Key, rules: Iterable[Rule]) -> None:
        """These fire for it now, and no others."""
        firing = tuple(sorted(rules, key=lambda rule: -rule.severity))
        _put(self._of, key, firing)
        if key[0] is About.MESSAGE:
            _put(self._of_messages, key[1], firing)


def _put(kept: dict[K, tuple[Rule, ...]], key: K, firing: tuple[Rule, ...]) -> None:
    if firing:
        kept[key] = firing
    else:
        kept.pop(key, None)


class ToTell:
    """What nobody was told yet."""

    def __init__(self) -> None:
        self._turned: list[Alert] = []
        self._worse: dict[tuple[str, Subject], Alert] = {}

    def take(self) -> list[Alert]:
        """What began and ended since this was last asked, in its order."""
        turned, self._turned = self._turned, []
        return turned

    def worsened(self) -> list[Alert]:
        """What fires and is worse than it ever was, since this was last asked."""
        worse, self._worse = self._worse, {}
        return list(worse.values())

    def began(self, alert: Alert) -> None:
        self._turned.append(alert)

    def ended(self, alert: Alert) -> None:
        self._turned.append(alert)
        self._worse.pop((alert.rule.name, alert.subject), None)

    def is_worse(self, alert: Alert) -> None:
        self._worse[alert.rule.name, alert.subject] = alert


class News:
    """The subjects that were there at the start, of the program or of a rule, and are not known
    since: what holds for them is old."""

    def __init__(self) -> None:
        self._unmet: set[Key] = set()
        self._unmet_by: dict[str, set[Key]] = {}
        """A rule with a start of its own → as much, of that."""

    def begin(self, keys: Iterable[Key]) -> None:
        """These are there at the start of the program."""
        self._unmet.update(keys)

    def begin_with(self, rule: str, keys: set[Key]) -> None:
        """These are there at the start of a rule."""
        self._unmet_by[rule] = keys

    def keep(self, rules: Iterable[str]) -> None:
        """There are only these rules any more."""
        kept = set(rules)
        self._unmet_by = {name: met for name, met in self._unmet_by.items() if name in kept}

    def is_old(self, rule: str, key: Key) -> bool:
        """True when it is no news that a rule holds for this."""
        return key in self._unmet or key in self._unmet_by.get(rule, ())

    def met_by(self, rule: str, key: Key) -> None:
        """What holds for this is news from now on, for one rule."""
        self._unmet_by.get(rule, set()).discard(key)

    def met(self, key: Key) -> None:
        """What holds for this is news from now on."""
        self._unmet.discard(key)
        for name, unmet in list(self._unmet_by.items()):
            unmet.discard(key)
            if not unmet:
                del self._unmet_by[name]
