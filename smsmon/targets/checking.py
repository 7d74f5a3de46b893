"""What is wrong with who is told of alerts: names, circles, addresses. Runs and sends nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from smsmon.settings import Settings
from smsmon.settings.reading import Problem
from smsmon.settings.secrets import open_to_others
from smsmon.settings.telling import Target
from smsmon.settings.values import did_you_mean
from smsmon.text import safe


def wrong_targets(settings: Settings) -> Iterator[Problem]:
    """Targets that nobody has, escalations in a circle, addresses that cannot be had."""
    targets = settings.targets
    for rule, alert in settings.alerts.items():
        for name in dict.fromkeys(alert.targets or ()):
            if name not in targets:
                yield _no_target(("alerts", rule, "targets"), name, targets)
    for name, target in targets.items():
        at = ("targets", name, "escalate_to")
        if target.escalate_to is not None and target.escalate_to not in targets:
            yield _no_target(at, target.escalate_to, targets)
        circle = _circle(name, targets)
        if circle and name == min(circle):
            told = " → ".join([*circle, name])
            what = f"{'.'.join(at)}: it escalates in a circle: {told}. Each is told once."
            yield Problem(at, what, refused=False)
        yield from _wrong_address(name, target)


def _no_target(at: tuple[str, ...], name: str, known: Mapping[str, Target]) -> Problem:
    listed = f" Known: {', '.join(known)}." if known else " Add [targets.NAME] to config.toml."
    hint = did_you_mean(name, known) or listed
    what = f'{".".join(at)}: there is no target "{safe(name)}".{hint}'
    return Problem(at, what, refused=False)


def _circle(name: str, targets: Mapping[str, Target]) -> list[str]:
    """Who is told after whom from ``name`` on, when that leads back to it; else empty."""
    seen = [name]
    while (target := targets.get(seen[-1])) is not None and target.escalate_to is not None:
        if target.escalate_to == name:
            return seen
        if target.escalate_to in seen:
            break
        seen.append(target.escalate_to)
    return []


def _wrong_address(name: str, target: Target) -> Iterator[Problem]:
    source = target.url_source
    if source is None:
        return
    from smsmon.targets.apprise_target import INSTALL, is_installed  # few settings need them
    from smsmon.targets.secrecy import read_address

    at = ("targets", name, f"url_{source.kind}")
    if not is_installed():
        what = f"targets.{name}: apprise is missing, which tells it: {INSTALL}."
        yield Problem(at, what, refused=False)
    if source.kind == "command":
        return
    try:
        read_address(source, os.environ)
    except ValueError as error:
        what = f"targets.{name}: its address cannot be had. {error}"
        yield Problem(at, what, refused=False)
    if told := open_to_others(source, "address"):
        yield Problem(at, f"targets.{name}: {told}", refused=False)
