"""All that is looked at before, and while, the console runs on settings.

The console and ``smsmon config check`` go by this one list, so neither finds what the other does
not. Textual is loaded only where a theme is named: it has most of them.
"""

from __future__ import annotations

from collections.abc import Iterator

from smsmon.accounts import wrong_accounts
from smsmon.console.actions import wrong_keymap
from smsmon.keylike import has_password
from smsmon.service.checks import wrong_watch
from smsmon.settings import Settings
from smsmon.settings.checking import wrong_columns, wrong_commands, wrong_views
from smsmon.settings.reading import Check, Problem, Reading
from smsmon.settings.secrets import open_to_others
from smsmon.settings.values import did_you_mean
from smsmon.store.errors import StoreError
from smsmon.targets.checking import wrong_targets
from smsmon.text import safe


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
