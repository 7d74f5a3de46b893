"""Targets that are nobody: they keep what they are told, fail when they are to, or hang."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from smsmon.alerts import Edge
from smsmon.clock import Clock
from smsmon.settings import Settings
from smsmon.targets import Notification, NotTold, Target


@dataclass
class FakeTarget:
    """One of them; it outlives the processes that tell it."""

    name: str
    clock: Clock
    fails: bool = False
    hangs: bool = False
    told: list[tuple[float, Notification]] = field(default_factory=list)
    tried: int = 0

    async def tell(self, notification: Notification) -> None:
        self.tried += 1
        if self.hangs:
            await asyncio.Event().wait()
        if self.fails:
            raise NotTold(f"{self.name} is out of order.")
        self.told.append((self.clock.now(), notification))

    @property
    def heard(self) -> list[str]:
        """What it was told, an entry a message: ``fired 300, 301 over 302``."""
        return [said(notification) for _, notification in self.told]


def said(notification: Notification) -> str:
    """A message in short: the edge, and what it is about, what is over marked with a ``-``."""
    about = sorted(
        ("" if each.firing else "-") + each.subject.name for each in notification.episodes
    )
    over = notification.edge is Edge.OVER
    names = [each.removeprefix("-") for each in about] if over else about
    return f"{notification.edge} {' '.join(names)}"


class FakeTargets(dict[str, FakeTarget]):
    """All of them by name, and what opens them in place of the real ones."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def __missing__(self, name: str) -> FakeTarget:
        made = self[name] = FakeTarget(name, self._clock)
        return made

    def open(self, settings: Settings, environ: Mapping[str, str]) -> Mapping[str, Target]:
        commands = [f"command:{name}" for name, each in settings.alerts.items() if each.command]
        return {name: self[name] for name in (*settings.targets, *commands)}


Opener = Callable[[Settings, Mapping[str, str]], Mapping[str, Target]]
