"""Where alerts speak: commands, and by apprise chats, mail and pagers.

A target is told what ``wording.py`` made: plain text in which nothing is left that a terminal,
a chat or a mail would obey.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from smsmon.alerts import Edge, Episode, Severity
from smsmon.outgoing import may_still_go_out

if TYPE_CHECKING:
    from collections.abc import Mapping

    from smsmon.settings import Settings


def open_targets(settings: Settings, environ: Mapping[str, str]) -> Mapping[str, Target]:
    """All who can be told, by name. Nothing is read, or run, yet.

    The command of a rule is a target of its own, ``command:RULE``.
    """
    from smsmon.targets.apprise_target import AppriseTarget
    from smsmon.targets.command import CommandTarget

    found: dict[str, Target] = {}
    for name, each in settings.targets.items():
        if each.command is not None:
            found[name] = CommandTarget(name, each.command, settings, environ)
        elif (source := each.url_source) is not None:
            found[name] = AppriseTarget(name, source, settings, environ)
    for rule, alert in settings.alerts.items():
        if alert.command is not None:
            name = f"command:{rule}"
            found[name] = CommandTarget(name, alert.command, settings, environ)
    return found


@dataclass(frozen=True, slots=True)
class Notification:
    """What is told at once: one episode, or several that came together."""

    title: str
    lines: tuple[str, ...]
    severity: Severity
    """The gravest of its episodes."""
    edge: Edge
    episodes: tuple[Episode, ...]
    private: bool = False
    """Phone numbers are masked in its words, and are to be in what is told besides."""
    test: bool = False
    """Nothing happened: somebody wants to know whether it arrives."""
    again: bool = False
    """It was sent before, at least in part, and nobody knows whether it arrived."""


class Target(Protocol):
    """Somebody, or some program, that is told."""

    @property
    def name(self) -> str:
        """As the settings have it; ``command:RULE`` for the command of a rule."""

    async def tell(self, notification: Notification) -> None:
        """Tell it. Bounded in time; never blocks the loop; all that it started is ended when
        this is cancelled. Raises `NotTold`; `Outdated` where it is not ours to tell any more when
        it is about to go out."""


class NotTold(Exception):
    """It did not arrive: one sentence that says why, without any secret."""

    def __init__(self, sentence: str, *, in_doubt: bool = False) -> None:
        """``in_doubt``: it was sent and nobody answered in time, so that it may have arrived."""
        super().__init__(sentence)
        self.in_doubt = in_doubt


class Outdated(Exception):
    """Nothing was sent: we stood still meanwhile, and it may be another process's to tell."""


def must_be_ours() -> None:
    """Raise `Outdated` unless what this task is to tell may still go out."""
    if not may_still_go_out():
        raise Outdated
