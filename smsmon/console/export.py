"""What is copied and exported of the tables: the rows shown, as records.

Moments are ISO 8601 in UTC. Numbers are masked where the screen masks them.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smsmon import files, outputs, phones, spreadsheet
from smsmon.console.actions import Where
from smsmon.console.formats import Formats
from smsmon.console.operations import Say
from smsmon.console.picture import Picture
from smsmon.console.tables.log import LogLine, words
from smsmon.filters.fields import in_order
from smsmon.filters.groups import GROUP_ROWS
from smsmon.filters.messages import MESSAGES, OfStanding
from smsmon.filters.recipients import RecipientRow, recipient_row
from smsmon.groups import Figures
from smsmon.locations import here
from smsmon.monitor.standing import Standing, standing
from smsmon.monitor.state import Watched
from smsmon.shapes import fact_json, known_json
from smsmon.times import counted, utc

if TYPE_CHECKING:
    from textual.app import App

    from smsmon.locations import Locations
    from smsmon.session import Session

CLIPBOARD_LIMIT = 50_000
"""Bytes sent to the terminal's clipboard at most: many terminals drop a longer sequence (the
usual bound is 74,994 bytes, base64 and all)."""
PATIENCE = 5.0
"""Seconds that an export waits for the reader of a pipe."""

Record = Mapping[str, object]


def told(rows: str, *, marked: bool, hidden: int) -> str:
    """What would be exported, in words: ``All: 24 messages``."""
    if marked:
        return f"Marked: {rows}"
    return f"Shown: {rows}; the filter hides {hidden:,}" if hidden else f"All: {rows}"


_MESSAGE_COLUMNS = in_order(
    ("id", "label", "tags", "state", "reason", "recipients", "delivered", "waiting",
     "not_delivered", "unknown", "stop", "delivery_rate", "read_at", "last_change_at", "absent"),
    (field.exported for field in MESSAGES if field.exported),
)  # fmt: skip


def message_record(row: Watched, stands: Standing) -> Record:
    """One message; the counts of one never read are None."""
    told = {
        field.exported: fact_json(
            field.of(stands if isinstance(field, OfStanding) else row), field.kind
        )
        for field in MESSAGES
    }
    return {**{name: told[name] for name in _MESSAGE_COLUMNS}, "tags": " ".join(row.tags)}


def group_record(figures: Figures) -> Record:
    """One group, or a message that stands alone."""
    return {
        each.exported: fact_json(each.of(figures), each.kind)
        for each in GROUP_ROWS
        if each.exported
    }


def recipient_record(message_id: str, row: RecipientRow, formats: Formats) -> Record:
    """One recipient of one message."""
    return {"id": message_id, **known_json(row, private=formats.masked)}


def log_record(line: LogLine, formats: Formats) -> Record:
    """One line of the log."""
    return {
        "at": utc(line.at),
        "id": line.message_id,
        "phone": phones.as_shown(line.phone, private=formats.masked) if line.phone else "",
        "what": words(line, formats),
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


@dataclass(frozen=True, slots=True)
class Exports:
    """Copies and exports of what the ``picture`` shows where the operator stands."""

    app: App[Any]
    session: Session
    formats: Formats
    picture: Picture
    locations: Locations
    say: Say
    start: Callable[..., object]
    """Starts a worker of Textual, in a group."""
    go: Callable[[Where], None]
    """Moves to a pane."""

    def records(self, keys: Sequence[Any]) -> list[Record]:
        """Rows of the table the operator stands in, as they are exported."""
        engine, now = self.session.engine, self.formats.now()
        watched, journal = self.picture.open_message, self.picture.journal
        # A table that is frozen, or behind a dialog, lists what is watched or kept no longer.
        match self.picture.at:
            case Where.MESSAGES:
                rows = filter(None, map(engine.board.get, keys))
                return [message_record(row, standing(engine, row, now)) for row in rows]
            case Where.GROUPS:
                return [*map(group_record, self.picture.groups.figures_of(keys))]
            case Where.LOG:
                lines = [journal[number] for number in keys if number in journal.numbers]
                return [log_record(line, self.formats) for line in lines]
            case _ if watched is not None:
                rows_of = partial(recipient_row, watched)
                return [recipient_record(watched.id, rows_of(slot), self.formats) for slot in keys]
            case _:
                return []

    def _chosen(self) -> list[Record]:
        pane, slot = self.picture.table_pane, self.picture.open_slot
        if pane is not None:
            return self.records(list(pane.table.acted_on))
        return self.records([] if slot is None else [slot])

    def copy(self) -> None:
        """Copy the id, the number, or those of the marked rows."""
        match self.picture.at:
            case Where.MESSAGES:
                field, word = "id", "id"
            case Where.GROUPS:
                field, word = "group", "name"
            case Where.LOG:
                field, word = "what", "line"
            case _:
                field, word = "phone", "number"
        words = [str(record[field]) for record in self._chosen()]
        self._copy("\n".join(words), self._counted(len(words), word))

    def copy_rows(self) -> None:
        """Copy the row, or the marked rows, set apart by tabs."""
        records = self._chosen()
        self._copy(as_lines(records), self._counted(len(records), "row"))

    def _counted(self, count: int, word: str) -> str:
        """``4 numbers (masked)``"""
        masked = " (masked)" if self._masked else ""
        return counted(count, word) + masked

    @property
    def _masked(self) -> bool:
        """True when numbers are masked, and the rows have some."""
        return self.formats.masked and self.picture.at not in Where.GROUPS | Where.MESSAGES

    @property
    def _more_shown(self) -> str:
        """What to press for all rows that a filter shows, when only one of them was taken."""
        pane = self.picture.table_pane
        if pane is None or pane.table.marks or not pane.filtered or len(pane.table.view) < 2:
            return ""
        return f" * marks all {len(pane.table.view):,} shown."

    def _copy(self, text: str, what: str) -> None:
        if text:
            self.start(partial(self._take, text, what), group="watchlist")
        else:
            self.say("There is nothing here to copy.")

    async def _take(self, text: str, what: str) -> None:
        fits = len(text.encode()) <= CLIPBOARD_LIMIT
        if fits:
            self.app.copy_to_clipboard(text)
        problem = await asyncio.to_thread(_written, self.locations.copied, text)
        if fits:
            place = problem or f"If it takes none, see {self.locations.copied}"
            self.say(f"{what} copied to the terminal's clipboard.{self._more_shown} {place}")
        else:
            place = problem or f"They are in {self.locations.copied}"
            self.say(f"{what} are too much for a terminal's clipboard. {place}", "warning")

    def export(self) -> None:
        """Write the marked rows, or those shown, to a file, CSV or JSON."""
        from smsmon.console.dialogs.save import SaveScreen

        if self.picture.at is Where.RECIPIENT:
            self.go(Where.RECIPIENTS)
        pane = self.picture.table_pane or self.picture.recipients
        table = pane.table
        keys = table.acted_on if table.marks else table.view.shown_keys()
        if not keys:
            self.say("There are no rows here to export.")
            return
        stamp = datetime.fromtimestamp(self.formats.now(), UTC).strftime("%Y%m%d-%H%M%S")
        suggested = self.locations.exports / f"{pane.id}-{stamp}.csv"
        hidden = 0 if table.marks else table.view.hidden
        what = told(self._named(keys), marked=bool(table.marks), hidden=hidden)

        def answered(path: Path | None) -> None:
            if path is not None:
                self.start(partial(self._write, path, self.records(keys)), group="watchlist")

        try:
            files.make_folder(self.locations.exports)
        except OSError:
            suggested = here() / suggested.name
        self.app.push_screen(SaveScreen(suggested, what, masked=self._masked), answered)

    def _named(self, keys: Sequence[Any]) -> str:
        """How many rows, and of what, in the table the operator stands in."""
        match self.picture.at:
            case Where.GROUPS:
                alone = sum(key.message for key in keys)
                parts = ("group", len(keys) - alone), ("message", alone)
                return " and ".join(counted(number, noun) for noun, number in parts if number)
            case Where.MESSAGES:
                return counted(len(keys), "message")
            case Where.LOG:
                return f"{counted(len(keys), 'line')} of the log"
            case _:
                return f"{counted(len(keys), 'recipient')} of {self.picture.open_id}"

    async def _write(self, path: Path, records: list[Record]) -> None:
        form = as_json if path.suffix.lower() == ".json" else as_csv
        text = await asyncio.to_thread(form, records)
        problem = f"{path} is a file of smsmon's own: choose another name."
        if not await asyncio.to_thread(self.locations.keeps, path):
            problem = await asyncio.to_thread(_written, path, text)
        if problem:
            self.say(problem, "error")
        else:
            self.say(f"{self._counted(len(records), 'row')} written to {path}")


def _written(path: Path, text: str) -> str:
    """Write a file, whole; gives what went wrong, or nothing."""
    if outputs.is_terminal(path):
        return f"{path} was not written: it is a terminal, and the console is on one."
    try:
        files.make_folder(path.parent)
        with outputs.written(path, PATIENCE) as file:
            file.write(text.encode())
    except OSError as error:
        return f"{path} was not written: {files.why(error)}."
    return ""
