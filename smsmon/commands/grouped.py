"""Groups by what is recorded: nobody is asked. A console that starts now would show the same."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from smsmon.commands.context import find_locations, read_settings
from smsmon.commands.fields import of_groups, of_messages
from smsmon.commands.filtering import chosen
from smsmon.commands.ids import entries_from
from smsmon.commands.knowledge import Knowledge
from smsmon.commands.output import on_terminal, print_json, when
from smsmon.commands.stores import the_store
from smsmon.commands.table import head_of, print_csv, print_rows
from smsmon.countries import country_name
from smsmon.filters.fields import Drawn, Fact
from smsmon.filters.groups import GROUP_COLUMNS, GROUP_ROWS, GROUPS_BY_NAME, GroupField
from smsmon.grouping import as_left, left_since
from smsmon.groups import HOUR, Dimension, Figures, Groups
from smsmon.known import Condition, Summary
from smsmon.recipients import Status
from smsmon.shapes import group_json, words_of_api
from smsmon.times import duration, percent, utc

if TYPE_CHECKING:
    from smsmon.commands.filtering import Choice
    from smsmon.filters.questions import Value
    from smsmon.model import Entry
    from smsmon.monitor.state import Watched
    from smsmon.settings import Settings
    from smsmon.store.archive import Archive

_BY_RECIPIENTS = (Dimension.COUNTRY, Dimension.MINUTE)
"""What only the recipients of a message tell, or their dates."""


def recorded_groups(
    settings: Settings,
    entries: Sequence[Entry],
    archive: Archive,
    dimension: Dimension,
    *,
    messages: Choice | None = None,
    ids: Collection[str] = (),
    now: float | None = None,
) -> tuple[Groups, float]:
    """The groups of what is watched and of what left within the last hour, and as of when: ``now``,
    or this moment. Of those messages alone that ``messages`` lets through, and that are named by
    ``ids`` if any is.
    """
    known = Knowledge(settings, entries, archive, messages.fields if messages else frozenset(), now)
    groups, at = Groups(), known.now

    def is_wanted(row: Watched) -> bool:
        named = not ids or row.id in ids
        return named and (not messages or messages.matches(known.asked(row)))

    keys = known.keys()
    summaries = known.summaries(keys)

    def tells_more(summary: Summary) -> bool:
        """True where its recipients have to be at hand."""
        recent = (summary.first_read_at or 0.0) >= at - 2 * HOUR
        return bool(recent or summary.counts.waiting or dimension in _BY_RECIPIENTS)

    wanted = [each.key for each in summaries.values() if tells_more(each)]
    loaded = {each.summary.key: each for each in archive.load(wanted)}
    for key in keys:
        row = known.row(summaries.get(key) or Summary(*key), loaded.get(key))
        if is_wanted(row):
            groups.note(row, at)
    profiles = {profile for _, profile in keys}
    answering = (each for each in profiles if known.account(each).condition is Condition.OK)
    groups.hear_of_accounts(frozenset(answering))
    watched = {id for id, _ in keys}
    left = [key for key in left_since(at - HOUR, archive) if key[0] not in watched]
    for remembered in archive.load(left):
        row = as_left(remembered, at)
        if is_wanted(row):
            groups.recall(row, at)
    return groups, at


def chosen_groups(
    groups: Groups, dimension: Dimension, now: float, choice: Choice | None
) -> list[Figures]:
    """The groups that ``choice`` lets through; those first to which most was sent."""
    found = groups.rows(dimension, now).values()
    return sorted(
        (each for each in found if not choice or choice.filter.matches(value_of(each, now))),
        key=lambda each: (-each.sent, -each.counts.total, each.name),
    )


def value_of(figures: Figures, now: float) -> Callable[[str], Value]:
    """What gives the values of a group for a filter."""
    return partial(_value, figures, now)


def _value(figures: Figures, now: float, name: str) -> Value:
    return GROUPS_BY_NAME[name].value(figures, now)


class Asked(NamedTuple):
    """The groups that a command was asked for."""

    found: Sequence[Figures]
    dimension: Dimension
    at: float
    private: bool
    """True: numbers of phones are masked."""
    in_utc: bool
    """True: moments are told in UTC."""


def asked_groups(
    ids: Sequence[str], file: str | None, expression: str, tagged: Sequence[str], by: str
) -> Asked:
    """The groups of the messages named, or of the watchlist, that the options let through."""
    wanted, messages = chosen(expression, (), of_groups()), chosen("", tagged, of_messages())
    named = {entry.id for entry in entries_from(ids, file)}
    locations, dimension = find_locations(), Dimension(by)
    settings = read_settings(locations)
    store = the_store(locations, settings)
    entries = store.watchlist().load()
    with store.archive(checked=False) as archive:
        groups, at = recorded_groups(
            settings, entries, archive, dimension, messages=messages, ids=named
        )
    found = chosen_groups(groups, dimension, at, wanted)
    return Asked(found, dimension, at, settings.display.privacy, settings.display.utc)


def print_groups(asked: Asked, *, as_json: bool, table: str | None) -> None:
    """A table for a person, rows for a program, CSV or JSON."""
    found, private = asked.found, asked.private
    if as_json:
        told = [group_json(each, private=private) for each in found]
        print_json({"by": str(asked.dimension), "at": utc(asked.at), "groups": told})
        return
    if table or not on_terminal():
        rows = [_bare(each, private) for each in found]
        if table:
            print_csv([GROUP_COLUMNS, *rows], table)
        else:
            print_rows(GROUP_COLUMNS, rows)
        return
    shown = [each for each in GROUP_ROWS if each.shown and _is_read(each)]
    print_rows(
        [head_of(each) for each in shown],
        [
            [_told(each, each.of(row), asked.at, private) for each in shown]
            for row in (replace(each, name=_called(each, asked.in_utc)) for each in found)
        ],
        hide_empty=True,
        empty="No group matches.",
    )


def _called(row: Figures, in_utc: bool) -> str:
    """The name of a group as the console has it: of a country, or a minute by the clock."""
    if row.name and row.dimension is Dimension.MINUTE:
        return when(datetime.fromisoformat(row.name).timestamp(), in_utc=in_utc)
    return country_name(row.name) if row.dimension is Dimension.COUNTRY else row.name


def _is_read(field: GroupField) -> bool:
    """True for a column that a person is shown."""
    return field.shown is not None and not (field.shown.spare or field.shown.drawn is Drawn.SPARK)


def _bare(row: Figures, private: bool) -> list[str]:
    told = group_json(row, private=private)
    return ["" if told[name] is None else str(told[name]) for name in GROUP_COLUMNS]


def _told(field: GroupField, fact: Fact, now: float, private: bool) -> str:
    """A fact as a person reads it; nothing where nobody knows, or there is none."""
    drawn = field.shown.drawn if field.shown else None
    match drawn, fact:
        case _, None:
            return ""
        case Drawn.RATE, float() | int():
            return percent(fact)
        case Drawn.TOOK, float() | int():
            return duration(fact)
        case Drawn.AGE, float() | int():
            return duration(now - fact)
        case Drawn.NUMBER | Drawn.WARNING | Status(), int():
            return f"{fact:,}" if fact else ""
    return words_of_api(str(fact), private)
