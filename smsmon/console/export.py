"""What is copied and exported of the tables: the rows shown, as records. Pure.

Moments are ISO 8601 in UTC. Numbers are masked where the screen masks them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from smsmon import phones, spreadsheet
from smsmon.console.lens import Lens
from smsmon.console.tables.journal import Line
from smsmon.console.tables.log import words
from smsmon.filters.messages import MESSAGES
from smsmon.filters.recipients import RecipientRow
from smsmon.monitor.standing import Standing
from smsmon.monitor.state import Watched
from smsmon.shapes import fact_json, in_order, known_json, utc

Record = Mapping[str, object]


def told(count: int, source: str, *, marked: bool, hidden: int) -> str:
    """What would be exported, in words: ``All 24 messages``."""
    if marked:
        return f"The {count:,} marked {source}"
    if hidden:
        return f"The {count:,} {source} shown; {hidden:,} are hidden by the filter"
    return f"All {count:,} {source}"


_MESSAGE_COLUMNS = in_order(
    ("id", "label", "tags", "state", "reason", "recipients", "delivered", "waiting",
     "not_delivered", "unknown", "stop", "delivery_rate", "read_at", "last_change_at", "absent"),
    (field.exported for field in MESSAGES if field.exported),
)  # fmt: skip


def message_record(row: Watched, stands: Standing) -> Record:
    """One message; the counts of one never read are None."""
    told = {
        field.exported: fact_json(field.fact(row, lambda: stands), field.kind) for field in MESSAGES
    }
    return {**{name: told[name] for name in _MESSAGE_COLUMNS}, "tags": " ".join(row.tags)}


def recipient_record(message_id: str, row: RecipientRow, lens: Lens) -> Record:
    """One recipient of one message."""
    return {"id": message_id, **known_json(row, private=lens.masked)}


def log_record(line: Line, lens: Lens) -> Record:
    """One line of the log."""
    return {
        "at": utc(line.at),
        "id": line.message_id,
        "phone": phones.as_shown(line.phone, private=lens.masked) if line.phone else "",
        "what": words(line, lens),
    }


def as_csv(records: Sequence[Record]) -> str:
    """With a header line; safe to open in a spreadsheet."""
    if not records:
        return ""
    rows: list[Iterable[str]] = [list(records[0])]
    rows += [[_word(value) for value in record.values()] for record in records]
    return "".join(f"{line}\r\n" for line in spreadsheet.lines(rows))


def as_json(records: Sequence[Record]) -> str:
    """A list of objects."""
    return json.dumps(list(records), ensure_ascii=False, indent=1) + "\n"


def as_lines(records: Sequence[Record]) -> str:
    """One line a record, its values set apart by tabs: what is pasted into a ticket."""
    return "".join("\t".join(map(_word, record.values())) + "\n" for record in records)


def _word(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.3f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
