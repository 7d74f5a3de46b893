"""Rows for ``smsmon export``, read from the history: one message in memory at a time.

They come in blocks, by column: what a message's recipients have in common is written once. What a
filter may ask of a row is computed only when it does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from math import inf
from operator import attrgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from smsmon.commands.fields import of_messages, of_recipients
from smsmon.commands.filtering import Choice, ValueOf
from smsmon.filters import Coded, Field, recipients
from smsmon.filters.fields import in_order
from smsmon.filters.messages import RECORDED
from smsmon.filters.questions import Value
from smsmon.filters.recipients import RECIPIENT_FIELDS, RECIPIENTS, RecipientField, Seen
from smsmon.known import Key, Summary
from smsmon.model import Event, EventKind, Transition
from smsmon.phones import region
from smsmon.shapes import Happening, event_json, fact_json, shape_of, transition_json
from smsmon.store.archive import Archive
from smsmon.times import utc

if TYPE_CHECKING:
    from smsmon.commands.knowledge import Knowledge

Record = dict[str, object]
Block = Mapping[str, Sequence[object]]
"""Some rows by their columns, at most ``ROWS``: name → what stands in it, row by row."""
ROWS = 2_000

RECIPIENT_COLUMNS = in_order(
    ("id", "label", "phone", "country", "status", "raw_status", "stop", "date", "first_seen",
     "changed_at", "absent", "reason", "profile", "absent_since"),
    recipients.RECIPIENT_COLUMNS,
)  # fmt: skip
CHANGE_COLUMNS = (
    "observed_at", "id", "phone", "before", "after", "raw_status", "stop", "date", "profile",
    "stop_before", "event", "detail",
)  # fmt: skip
_OF_RECIPIENTS = (EventKind.ABSENT, EventKind.LISTED_AGAIN)
"""The events that tell what a change of each recipient would; see `smsmon.shapes`."""
SUMMARY_COLUMNS = in_order(
    ("id", "label", "tags", "profile", "total", "delivered", "not_delivered", "waiting", "unknown",
     "stop", "delivery_rate", "first_read_at", "read_at", "last_change_at", "completed_at",
     "removed_at", "absent"),
    (each.recorded_as for each in RECORDED if each.recorded_as),
)  # fmt: skip
_OF_CHANGE: Mapping[str, Callable[[Transition], Value]] = {
    "phone": lambda it: it.phone,
    "status": lambda it: it.after.slug,
    "word": lambda it: it.raw_status,
    "country": lambda it: region(it.phone),
    "stop": lambda it: it.stop_after,
    "age": lambda it: it.at,
}
"""What can be asked of a change: its status, word and STOP are those after it."""
CHANGE_FIELDS = tuple(each for each in RECIPIENT_FIELDS if each.name in _OF_CHANGE)


def of_changes() -> tuple[Field, ...]:
    """What can be asked of a change and of its message."""
    return of_recipients(CHANGE_FIELDS)


@dataclass(frozen=True, slots=True)
class RowsWanted:
    """Which rows are wanted, and how."""

    keys: Sequence[Key]
    """The messages, each with the account it was read with."""
    choice: Choice
    knowledge: Knowledge
    """Of the messages, for what is asked of them."""
    private: bool = False
    """True: phone numbers are masked."""
    since: float = 0.0
    """Changes observed before are left out."""
    until: float = inf
    """And those observed then or later."""
    profile: str | None = None
    """Changes seen with other accounts are left out; None: none are."""


def _recipients(archive: Archive, asked: RowsWanted) -> Iterator[Block]:
    """Every recipient as last seen."""
    for remembered in archive.load(asked.keys):
        of_message = asked.knowledge.later(remembered.summary.key, remembered)
        slots = asked.choice.slots(remembered, asked.knowledge.now, of_message)
        summary = asked.knowledge.described(remembered.summary)
        whose = {"id": summary.id, "label": summary.label, "profile": summary.profile}
        told = {
            each.exported: _told(each, remembered, slots, asked.private)
            for each in RECIPIENTS
            if each.exported
        }
        for start in range(0, len(slots), ROWS):
            block = {name: column[start : start + ROWS] for name, column in told.items()}
            many = min(ROWS, len(slots) - start)
            yield {**{name: [fact] * many for name, fact in whose.items()}, **block}


def _told(field: RecipientField, seen: Seen, slots: Sequence[int], private: bool) -> list[object]:
    column, shape = field.column(seen), shape_of(field.kind, private=private)
    if isinstance(column, Coded):
        meanings = [*map(shape, column.meanings)]
        return [meanings[column.codes[slot]] for slot in slots]
    facts = column if len(slots) == len(column) else [column[slot] for slot in slots]
    shapes = {fact: shape(fact) for fact in {*facts}}  # most have what others have too
    return [*map(shapes.__getitem__, facts)]


def _in_blocks(
    rows: Callable[[Archive, RowsWanted], Iterator[Record]], columns: Sequence[str]
) -> Callable[[Archive, RowsWanted], Iterator[Block]]:
    def blocks(archive: Archive, asked: RowsWanted) -> Iterator[Block]:
        every = rows(archive, asked)
        while some := [*islice(every, ROWS)]:
            yield {name: [row[name] for row in some] for name in columns}

    return blocks


def records(block: Block) -> Iterator[Record]:
    """The rows of ``block``, one by one."""
    for row in zip(*block.values(), strict=True):
        yield dict(zip(block, row, strict=True))


def _changes(archive: Archive, asked: RowsWanted) -> Iterator[Record]:
    """Every change ever seen, and every time that some were left out of a report or back in one;
    message by message, each in the order of time.
    """
    known = {each.key: each for each in archive.summaries(asked.keys)} if asked.choice else {}

    def of(key: Key) -> ValueOf:
        return asked.knowledge.later(key, summary=known.get(key))

    keys = {key[0]: key for key in asked.keys if asked.choice.tags.matches(of(key))}
    for id, past in archive.timelines(keys, asked.since, asked.until):
        of_message = of(keys[id])
        listing = [each for each in past.events if each.kind in _OF_RECIPIENTS]
        happened: list[Happening] = [*past.transitions, *listing]
        for one in sorted(happened, key=attrgetter("at")):
            if asked.profile not in (None, one.profile):
                continue
            if asked.choice.filter.matches(
                partial(_value_of_change, one, asked.knowledge.now, of_message)
            ):
                yield _change_row(one, asked.private)


def _change_row(one: Happening, private: bool) -> Record:
    if isinstance(one, Event):
        shape = event_json(one, private=private)
        shape |= {"observed_at": shape["at"], "event": shape["kind"]}
    else:
        shape = transition_json(one, private=private)
    return {name: shape.get(name) for name in CHANGE_COLUMNS}


def _all_of(archive: Archive, keys: Sequence[Key]) -> Iterator[Summary]:
    """What is known of each of these; of one whose account was changed just now, nothing yet."""
    known = {each.key: each for each in archive.summaries(keys)}
    return (known.get(key) or Summary(*key) for key in keys)


def _summaries(archive: Archive, asked: RowsWanted) -> Iterator[Record]:
    """Every message as last seen, without its recipients; one never read has no counts."""
    for summary in map(asked.knowledge.described, _all_of(archive, asked.keys)):
        if asked.choice and not asked.choice.matches(
            asked.knowledge.later(summary.key, summary=summary)
        ):
            continue
        facts = {each.name: each.of(summary) for each in RECORDED}
        told = {each.recorded_as: fact_json(facts[each.name], each.kind) for each in RECORDED}
        told["removed_at"] = utc(summary.removed_at)
        yield {name: told[name] for name in SUMMARY_COLUMNS}


class ExportKind(NamedTuple):
    """One kind of rows that can be exported."""

    columns: Sequence[str]
    fields: Callable[[], Sequence[Field]]
    """What a filter may ask of a row."""
    blocks: Callable[[Archive, RowsWanted], Iterator[Block]]


KINDS: Mapping[str, ExportKind] = MappingProxyType(
    {
        "recipients": ExportKind(RECIPIENT_COLUMNS, of_recipients, _recipients),
        "changes": ExportKind(CHANGE_COLUMNS, of_changes, _in_blocks(_changes, CHANGE_COLUMNS)),
        "summary": ExportKind(
            SUMMARY_COLUMNS, of_messages, _in_blocks(_summaries, SUMMARY_COLUMNS)
        ),
    }
)


def _value_of_change(one: Happening, now: float, of_message: ValueOf, name: str) -> Value:
    if name not in _OF_CHANGE:
        return of_message(name)
    if name == "age":
        return now - one.at
    return None if isinstance(one, Event) else _OF_CHANGE[name](one)
