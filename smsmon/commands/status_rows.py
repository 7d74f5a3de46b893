"""What ``smsmon status`` prints of what it read: tables, CSV, JSON."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from smsmon.commands.context import open_watchlist
from smsmon.commands.output import on_terminal, when
from smsmon.commands.table import Head, head_of, print_csv, print_rows
from smsmon.shapes import counts_json, fault_json, recipient_json, words_of_api, yes_no
from smsmon.times import utc

if TYPE_CHECKING:
    from smsmon.commands.reading import Reading
    from smsmon.locations import Locations
    from smsmon.recipients import Recipients
    from smsmon.settings import Settings


class Shown(NamedTuple):
    """One message, and those of its recipients that are listed."""

    reading: Reading
    recipients: Recipients

    @property
    def id(self) -> str:
        return self.reading.message_id


def whole(reading: Reading) -> Shown:
    from smsmon.recipients import Recipients

    return Shown(reading, reading.report.recipients if reading.report else Recipients())


def print_shown(
    shown: Sequence[Shown],
    settings: Settings,
    locations: Locations,
    told: Container[str],
    *,
    table: str | None,
    recipients: bool,
) -> None:
    """Print a table; of those that were ``told`` to be unreadable together, no row to a person."""
    private = settings.display.privacy
    if on_terminal() and not table:
        shown = [each for each in shown if each.reading.report or each.id not in told]
    header = _RECIPIENT_HEADER if recipients else _MESSAGE_HEADER
    rows = _recipient_rows(shown, private) if recipients else _message_rows(shown)
    if table:
        written = [header, *((*cells, utc(moment) or "") for cells, moment in rows)]
        print_csv(written, table)
        return
    in_utc = settings.display.utc
    told_rows = ((*cells, when(moment, in_utc=in_utc)) for cells, moment in rows)
    if not on_terminal():
        print_rows(header, told_rows)
    elif recipients:
        print_rows(_recipient_heads(), told_rows)
    else:
        labels = _labels(locations, settings)
        labelled = (
            (id, words_of_api(labels.get(id, ""), private), state, *map(_grouped, numbers), read)
            for id, state, *numbers, read in told_rows
        )
        print_rows(_message_heads(), labelled, hide_empty=True)


def _grouped(number: str) -> str:
    """``20000`` as people read it: ``20,000``."""
    return f"{int(number):,}" if number else ""


def shown_json(shown: Shown, private: bool) -> dict[str, Any]:
    reading = shown.reading
    return {
        "id": reading.message_id,
        "state": reading.state,
        "error": fault_json(reading.fault, private=private) if reading.fault else None,
        "fetched_at": utc(reading.report.fetched_at) if reading.report else None,
        "counts": counts_json(reading.counts) if reading.counts else None,
        "recipients": [recipient_json(each, private=private) for each in shown.recipients],
    }


_MESSAGE_HEADER = (
    "id", "state", "total", "delivered", "not_delivered", "waiting", "unknown", "stop",
    "fetched_at",
)  # fmt: skip
_RECIPIENT_HEADER = ("id", "phone", "status", "raw_status", "stop", "date")
_Row = tuple[tuple[str, ...], float | None]
"""A row's cells but the last, and the moment that stands there."""


def _message_heads() -> list[Head]:
    """What a person reads over the same columns, and over the label."""
    from smsmon.filters.messages import MESSAGES_BY_NAME

    worth = {"delivered": 81}  # no bar tells it here
    names = ("id", "label", "state", "recipients", "delivered", "failed", "waiting", "unknown",
             "stop", "read")  # fmt: skip
    return [head_of(MESSAGES_BY_NAME[name], worth.get(name)) for name in names]


def _recipient_heads() -> list[Head]:
    from smsmon.filters.messages import MESSAGES_BY_NAME
    from smsmon.filters.recipients import RECIPIENTS_BY_NAME

    names = ("phone", "status", "word", "stop", "date")
    fields = (RECIPIENTS_BY_NAME[name] for name in names)
    return [head_of(MESSAGES_BY_NAME["id"]), *map(head_of, fields)]


def _labels(locations: Locations, settings: Settings) -> Mapping[str, str]:
    """What the messages of the watchlist are called, if it can be read."""
    from smsmon.store.errors import StoreError

    try:
        return {entry.id: entry.label for entry in open_watchlist(locations, settings).load()}
    except StoreError:
        return {}


def _message_rows(shown: Iterable[Shown]) -> Iterator[_Row]:
    for reading, _ in shown:
        counts = counts_json(reading.counts) if reading.counts else {}
        numbers = (str(counts.get(name, "")) for name in _MESSAGE_HEADER[2:8])
        read_at = reading.report.fetched_at if reading.report else None
        yield (reading.message_id, reading.state, *numbers), read_at


def _recipient_rows(shown: Iterable[Shown], private: bool) -> Iterator[_Row]:
    for reading, recipients in shown:
        for each in recipients:
            told = recipient_json(each, private=private)
            cells = (told["phone"], told["status"], told["raw_status"], yes_no(each.stop))
            yield (reading.message_id, *cells), each.date
