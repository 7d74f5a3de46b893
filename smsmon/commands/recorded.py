"""Rows for ``smsmon export``, from the history: one message in memory at a time. Pure but for it.

What a filter may ask of a row is computed only when it does.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from types import MappingProxyType
from typing import NamedTuple

from smsmon.filters import Field, Filter
from smsmon.filters.fields import MESSAGE_FIELDS, RECIPIENT_FIELDS, recipient_column
from smsmon.model import Event, EventKind
from smsmon.phones import region
from smsmon.shapes import Happening, counts_json, event_json, known_json, transition_json, utc
from smsmon.store.local.queries import load, summaries_of, timeline
from smsmon.store.local.update import Key
from smsmon.store.remembered import Summary

Row = dict[str, object]

ALL = 2**31
"""More changes than one message can have."""

RECIPIENT_COLUMNS = (
    "id", "label", "phone", "country", "status", "raw_status", "stop", "date", "first_seen",
    "changed_at", "absent", "reason", "profile", "absent_since",
)  # fmt: skip
CHANGE_COLUMNS = (
    "observed_at", "id", "phone", "before", "after", "raw_status", "stop", "date", "profile",
    "stop_before", "event", "detail",
)  # fmt: skip
_OF_RECIPIENTS = (EventKind.ABSENT, EventKind.LISTED_AGAIN)
"""The events that tell what a change of each recipient would; see `smsmon.shapes`."""
SUMMARY_COLUMNS = (
    "id", "label", "tags", "profile", "total", "delivered", "not_delivered", "waiting", "unknown",
    "stop", "delivery_rate", "first_read_at", "read_at", "last_change_at", "completed_at",
    "removed_at", "absent",
)  # fmt: skip

_SUMMARY_FIELDS = frozenset(
    ("id", "label", "tag", "profile", "recipients", "delivered", "waiting", "failed", "unknown",
     "stop", "absent", "rate", "changed", "read")
)  # fmt: skip
SUMMARY_FIELDS: tuple[Field, ...] = tuple(
    each for each in MESSAGE_FIELDS if each.name in _SUMMARY_FIELDS
)
"""What the history can tell of a message; the rest only a running console knows."""
CHANGE_FIELDS: tuple[Field, ...] = tuple(
    each
    for each in RECIPIENT_FIELDS
    if each.name in ("phone", "status", "word", "country", "stop", "age")
)
"""What can be asked of a change: its status, word and STOP are those after it."""


@dataclass(frozen=True, slots=True)
class Request:
    """Which rows are wanted, and how."""

    keys: Sequence[Key]
    """The messages, each with the account it was read with."""
    filter: Filter
    now: float
    private: bool = False
    """True: phone numbers are masked."""
    since: float = 0.0
    """Changes observed before are left out."""
    profile: str | None = None
    """Changes seen with other accounts are left out; None: none are."""


def recipient_rows(connection: sqlite3.Connection, asked: Request) -> Iterator[Row]:
    """Every recipient as last seen."""
    for remembered in load(connection, asked.keys):
        recipients = remembered.recipients
        column_of = partial(recipient_column, remembered, asked.now)
        for slot, is_wanted in enumerate(asked.filter.mask(column_of, len(recipients))):
            if not is_wanted:
                continue
            yield {
                "id": remembered.summary.message_id,
                "label": remembered.summary.label,
                "profile": remembered.summary.profile,
                **known_json(
                    recipients[slot],
                    remembered.first_seen[slot],
                    remembered.changed_at[slot],
                    remembered.absent.get(slot),
                    private=asked.private,
                ),
            }


def change_rows(connection: sqlite3.Connection, asked: Request) -> Iterator[Row]:
    """Every change ever seen, and every time that some were left out of a report or back in one;
    message by message, each in the order of time.
    """
    for message_id, _ in asked.keys:
        past = timeline(connection, message_id, ALL)
        listing = [each for each in past.events if each.kind in _OF_RECIPIENTS]
        happened: list[Happening] = [*past.transitions, *listing]
        for one in sorted(happened, key=attrgetter("at")):
            if one.at < asked.since or asked.profile not in (None, one.profile):
                continue
            if asked.filter.matches(partial(_value_of_change, one, asked.now)):
                yield _change_row(one, asked.private)


def _change_row(one: Happening, private: bool) -> Row:
    if isinstance(one, Event):
        shape = event_json(one, private=private)
        shape |= {"observed_at": shape["at"], "event": shape["kind"]}
    else:
        shape = transition_json(one, private=private)
    return {name: shape.get(name) for name in CHANGE_COLUMNS}


def summary_rows(connection: sqlite3.Connection, asked: Request) -> Iterator[Row]:
    """Every message as last seen, without its recipients; one never read has no counts."""
    for summary in summaries_of(connection, asked.keys):
        if not asked.filter.matches(partial(_value, summary, asked.now)):
            continue
        yield {
            "id": summary.message_id,
            "label": summary.label,
            "tags": list(summary.tags),
            "profile": summary.profile,
            **_known(summary, counts_json(summary.counts)),
            **_known(summary, {"delivery_rate": summary.counts.delivery_rate}),
            "first_read_at": utc(summary.first_read_at),
            "read_at": utc(summary.read_at),
            "last_change_at": utc(summary.last_change_at),
            "completed_at": utc(summary.completed_at),
            "removed_at": utc(summary.removed_at),
            **_known(summary, {"absent": summary.counts.absent}),
        }


def _known(summary: Summary, figures: Mapping[str, object]) -> Row:
    """``figures``, each None for a message that was never read: it is not known to have none."""
    return {name: None if summary.read_at is None else each for name, each in figures.items()}


class Kind(NamedTuple):
    """One kind of rows that can be exported."""

    columns: Sequence[str]
    fields: Sequence[Field]
    """What a filter may ask of a row."""
    rows: Callable[[sqlite3.Connection, Request], Iterator[Row]]


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "recipients": Kind(RECIPIENT_COLUMNS, RECIPIENT_FIELDS, recipient_rows),
        "changes": Kind(CHANGE_COLUMNS, CHANGE_FIELDS, change_rows),
        "summary": Kind(SUMMARY_COLUMNS, SUMMARY_FIELDS, summary_rows),
    }
)


def _value_of_change(one: Happening, now: float, name: str) -> str | float | bool | None:
    if name == "age":
        return now - one.at
    if isinstance(one, Event):
        return None
    match name:
        case "phone":
            return one.phone
        case "status":
            return one.after.slug
        case "word":
            return one.raw_status
        case "country":
            return region(one.phone)
    return one.stop_after


def _value(it: Summary, now: float, name: str) -> str | tuple[str, ...] | float | None:
    counts = it.counts
    match name:
        case "id":
            return it.message_id
        case "label":
            return it.label
        case "tag":
            return it.tags
        case "profile":
            return it.profile
        case "recipients":
            return counts.total
        case "absent":
            return counts.absent
        case "failed":
            return counts.not_delivered
        case "rate":
            return counts.delivery_rate
        case "changed":
            return None if it.last_change_at is None else now - it.last_change_at
        case "read":
            return None if it.read_at is None else now - it.read_at
    return counts_json(counts)[name]
