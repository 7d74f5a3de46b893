"""All that is looked at before, and while, the console runs on settings.

The console and ``smsmon config check`` go by this one list, so neither finds what the other does
not. Textual is loaded only where a theme is named: it has most of them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from smsmon.accounts import wrong_accounts
from smsmon.console.actions import wrong_keymap
from smsmon.secret import has_password
from smsmon.service import wrong_watch
from smsmon.settings import Settings
from smsmon.settings.checking import wrong_columns, wrong_commands, wrong_views
from smsmon.settings.reading import Check, Problem, Reading
from smsmon.settings.secrets import open_to_others
from smsmon.settings.telling import Target
from smsmon.settings.values import did_you_mean
from smsmon.store.errors import StoreError
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
    from smsmon.targets import read_address
    from smsmon.targets.apprise_target import INSTALL, is_installed  # few settings need them

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


def wrong_theme(settings: Settings) -> Iterator[Problem]:
    """A theme that nobody knows."""
    wanted = settings.display.theme
    if wanted is None:
        return
    from smsmon.console.themes import AUTO, known_themes

    known = {AUTO, *known_themes()}
    if wanted not in known:
        hint = did_you_mean(wanted, known) or " The command palette (:) lists all."
        what = f'There is no theme "{safe(wanted)}": the usual one is worn.{hint}'
        yield Problem(("display", "theme"), what, refused=False)


def wrong_store(settings: Settings) -> Iterator[Problem]:
    """A team's store that cannot even be tried from here, or whose password is nowhere."""
    if not settings.store:
        return
    from smsmon.store import open_care

    try:
        open_care(settings)
    except StoreError as error:
        yield Problem(("store",), f"store: {error.reason}. {error.remedy}", refused=False)
    source = settings.store_password_source
    if source is not None and has_password(settings.store):
        what = f"store: the password in it is not used, but that of {source}: keep one."
        yield Problem(("store",), what, refused=False)
    if source is not None and source.kind != "command":
        at = f"store_password_{source.kind}"
        try:
            settings.store_password()
        except ValueError as error:
            yield Problem((at,), f"{at}: {error}", refused=False)
        if told := open_to_others(source, "password"):
            yield Problem((at,), f"{at}: {told}", refused=False)


REFUSING: tuple[Check, ...] = (wrong_keymap,)
"""Those whose problems keep the console from starting: they cost nothing."""
CHECKS: tuple[Check, ...] = (
    *REFUSING,
    wrong_store,
    wrong_theme,
    wrong_columns,
    wrong_views,
    wrong_commands,
    wrong_accounts,
    wrong_targets,
    wrong_watch,
)
"""One for each part of the settings. They may read files, and run nothing."""


def refused(reading: Reading) -> bool:
    """True when the console does not start, or go on, with these settings."""
    return any(problem.refused for problem in reading.checked(REFUSING))


def complaints(reading: Reading) -> tuple[str, ...]:
    """A sentence for everything that is wrong, with its place. Blocks on files."""
    return reading.told(reading.checked(CHECKS))
