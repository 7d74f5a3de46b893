"""What is news: what holds already when somebody first looks is none."""

from __future__ import annotations

from collections.abc import Iterable

from smsmon.monitor.alerts.agenda import Key


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
