"""What the settings name and nobody has: columns, programs. Looks at the disk, runs nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from smsmon.programs import why_not_started
from smsmon.secret import place_shown
from smsmon.settings.leaves import KeyPath
from smsmon.settings.reading import Problem
from smsmon.settings.types import Settings
from smsmon.settings.values import did_you_mean
from smsmon.text import SENTENCE_LIMIT, safe

if TYPE_CHECKING:
    from smsmon.filters import Field

ALERT_COLUMN = "alert"
"""The messages table's column of alerts: what it shows is no field of a message."""


def wrong_columns(settings: Settings) -> Iterator[Problem]:
    """Columns that no table has, or that are named twice."""
    display = settings.display
    wanted = {
        "message_columns": display.message_columns,
        "recipient_columns": display.recipient_columns,
    }
    for name, columns in wanted.items():
        if columns is None:
            continue
        at, known = ("display", name), _columns()[name]
        for column in dict.fromkeys(columns):
            if column not in known:
                yield _no_column(at, column, known)
            elif columns.count(column) > 1:
                what = f'display.{name} names "{safe(column)}" twice: once is enough.'
                yield Problem(at, what, refused=False)


def _no_column(at: KeyPath, column: str, known: Sequence[str]) -> Problem:
    hint = did_you_mean(column, known) or f" Known: {', '.join(known)}."
    what = f'{".".join(at)}: there is no column "{safe(column)}".{hint}'
    return Problem(at, what, refused=False)


def _columns() -> dict[str, list[str]]:
    from smsmon.filters.messages import MESSAGES
    from smsmon.filters.recipients import RECIPIENTS

    return {
        "message_columns": [*(m.shown.name for m in MESSAGES if m.shown), ALERT_COLUMN, "leaves"],
        "recipient_columns": [each.shown.name for each in RECIPIENTS if each.shown],
    }


def wrong_views(settings: Settings) -> Iterator[Problem]:
    """Views that ask for what no table has; smsmon goes on without them."""
    if not settings.views:
        return
    from smsmon.filters import FilterError, parse

    for name, view in settings.views.items():
        fields, known = _table(view.table)
        try:
            parse(view.filter or "", fields)
        except FilterError as error:
            place = f"(At character {error.start + 1}.)"
            what = f"views.{name}.filter: {error.sentence} {place}"
            yield Problem(("views", name, "filter"), what, refused=False)
        sorted_by = [view.sort.removeprefix("-")] if view.sort else []
        for key, columns in (("sort", sorted_by), ("columns", view.columns or [])):
            for column in dict.fromkeys(columns):
                if column not in known:
                    yield _no_column(("views", name, key), column, known)


def _table(name: str) -> tuple[Sequence[Field], list[str]]:
    """The fields of a table that a filter can ask, and the names of its columns."""
    from smsmon.filters.groups import GROUP_ROWS, GROUP_TABLE_FIELDS
    from smsmon.filters.messages import ALERT_FIELD, GROUP_FIELD, MESSAGE_FIELDS
    from smsmon.filters.recipients import RECIPIENT_FIELDS
    from smsmon.filters.subjects import LOG_COLUMNS, LOG_FIELDS

    if name == "groups":
        return GROUP_TABLE_FIELDS, ["alert", *(g.shown.name for g in GROUP_ROWS if g.shown)]
    if name == "log":
        return LOG_FIELDS, [*LOG_COLUMNS]
    if name == "recipients":
        return RECIPIENT_FIELDS, _columns()["recipient_columns"]
    return (*MESSAGE_FIELDS, ALERT_FIELD, GROUP_FIELD), _columns()["message_columns"]


def wrong_commands(settings: Settings) -> Iterator[Problem]:
    """Commands of alerts, of sources, of targets and of secrets that cannot be started."""
    for name, alert in settings.alerts.items():
        yield from _wrong_command(("alerts", name, "command"), alert.command)
    for name, profile in settings.profiles.items():
        if profile.key_source.kind == "command":
            at = ("profiles", name, "api_key_command")
            yield from _wrong_command(at, profile.api_key_command)
    for name, source in settings.sources.items():
        yield from _wrong_command(("sources", name, "command"), source.command)
    for name, target in settings.targets.items():
        yield from _wrong_command(("targets", name, "command"), target.command)
        yield from _wrong_command(("targets", name, "url_command"), target.url_command)


def _wrong_command(at: tuple[str, ...], command: Iterable[str] | None) -> Iterator[Problem]:
    first = next(iter(command or ()), None)
    if first is not None and (why := why_not_started(first)):
        program = safe(place_shown(first), SENTENCE_LIMIT)
        yield Problem(at, f"{'.'.join(at)}: {program} cannot be run: {why}.", False)
