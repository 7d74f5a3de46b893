"""What the operator asks of the console beyond its panes: dialogs, copies and exports."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual import work

from smsmon import files, outputs
from smsmon.console import export
from smsmon.console.actions import Where
from smsmon.console.doing import Doing
from smsmon.console.tables.journal import Line as JournalLine
from smsmon.console.tables.table_pane import TablePane
from smsmon.console.widgets.key_line import KeyLine
from smsmon.filters.recipients import recipient_row
from smsmon.monitor.standing import standing

if TYPE_CHECKING:
    from smsmon.store.past import Happened, NumberFound

CLIPBOARD_LIMIT = 50_000
"""Bytes sent to the terminal's clipboard at most: many terminals drop a longer sequence (the
usual bound is 74,994 bytes, base64 and all)."""

PATIENCE = 5.0
"""Seconds that an export waits for the reader of a pipe."""
_SINCE = "view.since"


class Asking(Doing, inherit_bindings=False):
    """Find, look behind, choose columns, edit, copy, export, overview."""

    at: Where

    def go(self, where: Where) -> None:
        """Stand in the pane ``where``."""
        raise NotImplementedError

    # Dialogs. Each is imported when it is first asked for: the first paint does not wait.

    def action_find(self) -> None:
        """Find a number in all messages."""
        from smsmon.console.dialogs.find import FindScreen
        from smsmon.console.tables.finding import Place

        def found(place: Place | None) -> None:
            if place is not None and place.slot is not None:
                self.jump(place.message_id, place.slot)

        def find(text: str, limit: int) -> Awaitable[NumberFound]:
            return self.station.history.ask(lambda archive: archive.find_number(text, limit))

        self.app.push_screen(FindScreen(self.station.engine.board, self.lens, find), found)

    def jump(self, message_id: str, slot: int) -> None:
        """Stand before one recipient of one message, whatever the filters hide."""
        for pane in (self.messages, self.recipients):
            pane.clear_filter()
        if self.messages.table.move_to_key(message_id):
            self.show_message(message_id)
            self.recipients.table.move_to_key(slot)
            self.show_recipient(slot)
            self.go(Where.RECIPIENT)

    def action_raw(self) -> None:
        """The open message's answer as it was received last."""
        from smsmon.console.dialogs import raw_view
        from smsmon.console.dialogs.raw import RawScreen

        ids = self.chosen_ids
        raw = self.station.engine.board.raw(ids[0]) if ids else None
        if raw is None:
            board = self.station.engine.board
            read = any(board[id].read_at for id in ids[:1] if id in board)
            self.say(raw_view.none_at_hand(self.station.polling, read=read))
            return
        body, length = raw
        self.app.push_screen(RawScreen(f"Answer for {ids[0]}", body, length, self.lens.masked))

    def action_columns(self) -> None:
        """Choose the columns of the table the operator stands in."""
        from smsmon.console.dialogs.columns import ColumnsScreen

        pane = self.table_pane
        if pane is None:
            return

        def chosen(names: list[str] | None) -> None:
            if names:
                pane.table.choose_columns(names)
                self.memory.keep(f"columns of {pane.id}", names)

        self.app.push_screen(ColumnsScreen(pane.table.columns, pane.table.chosen_columns), chosen)

    def action_edit(self) -> None:
        """Label, tags and note of the chosen messages."""
        from smsmon.console.dialogs.edit import Changes, EditScreen

        board = self.station.engine.board
        entries = [board[id].entry for id in self.chosen_ids if id in board]

        def changed(changes: Changes | None) -> None:
            if changes:
                self._amend([entry.id for entry in entries], dict(changes))

        if entries:
            self.app.push_screen(EditScreen(entries), changed)

    @work(group="watchlist", exit_on_error=False)
    async def _amend(self, ids: Sequence[str], changes: dict[str, Any]) -> None:
        if await self.kept(self.station.watching.amend(ids, **changes)) is not None:
            self.show_everything()

    def action_overview(self) -> None:
        """Plots over all messages, or over one."""
        from smsmon.console.overview.screen import OverviewScreen

        self.app.push_screen(
            OverviewScreen(
                self.station.engine,
                self.lens,
                self.tally,
                lambda: self.told,
                message_id=self.open_id,
            )
        )

    def action_since(self) -> None:
        """What happened since the operator last looked, or last night."""
        from smsmon.console.dialogs.since import SinceScreen

        self.query_one(KeyLine).urge(_SINCE, wanted=False)

        def ask(moment: float, limit: int) -> Awaitable[Happened]:
            return self.station.history.ask(lambda archive: archive.happened_since(moment, limit))

        self.app.push_screen(SinceScreen(self.attention.away_since, self.lens, ask), self._go_to)

    def _go_to(self, line: JournalLine | None) -> None:
        """Stand before what a line of the log is about, while it is watched."""
        watched = self.station.engine.board.get(line.message_id or "") if line else None
        if line is None or watched is None:
            return
        slot = watched.recipients.phones.find(line.phone) if line.phone else -1
        if slot >= 0:
            self.jump(watched.id, slot)
        else:
            self.messages.clear_filter()
            self.messages.table.move_to_key(watched.id)
            self.show_message(watched.id)
            self.go(Where.RECIPIENTS)

    def noticed(self) -> None:
        """The operator is there: a key or a click."""
        if self.attention.sign(self.lens.now()):
            self.query_one(KeyLine).urge(_SINCE)
            away = self.lens.moment(self.attention.away_since)
            self.say(f"You were away since {away.strip()}. i shows what happened meanwhile.")

    # Copies and exports

    @property
    def table_pane(self) -> TablePane[Any, Any] | None:
        """The table the operator stands in; None in the recipient's pane."""
        panes = (self.messages, self.recipients, self.log_pane)
        return next((pane for pane in panes if pane.where is self.at), None)

    def records(self, keys: Sequence[Any]) -> list[export.Record]:
        """Rows of the table the operator stands in, as they are exported."""
        engine, now = self.station.engine, self.lens.now()
        watched = self.open_message
        # A frozen table lists what is watched or kept no longer.
        match self.at:
            case Where.MESSAGES:
                rows = filter(None, map(engine.board.get, keys))
                return [export.message_record(row, standing(engine, row, now)) for row in rows]
            case Where.LOG:
                kept = self.journal.numbers
                lines = [self.journal[number] for number in keys if number in kept]
                return [export.log_record(line, self.lens) for line in lines]
            case _ if watched is not None:
                return [
                    export.recipient_record(watched.id, recipient_row(watched, slot), self.lens)
                    for slot in keys
                ]
            case _:
                return []

    def _chosen_keys(self) -> list[Any]:
        pane = self.table_pane
        if pane is not None:
            return list(pane.table.acted_on)
        return [] if self.open_slot is None else [self.open_slot]

    def action_copy(self) -> None:
        """Copy the id, the number, or those of the marked rows."""
        match self.at:
            case Where.MESSAGES:
                field, word = "id", "id"
            case Where.LOG:
                field, word = "what", "line"
            case _:
                field, word = "phone", "number"
        words = [str(record[field]) for record in self.records(self._chosen_keys())]
        self._copy("\n".join(words), self._counted(len(words), word))

    def action_copy_rows(self) -> None:
        """Copy the row, or the marked rows, set apart by tabs."""
        records = self.records(self._chosen_keys())
        self._copy(export.as_lines(records), self._counted(len(records), "row"))

    def _counted(self, count: int, word: str) -> str:
        """``4 numbers (masked)``"""
        masked = self.lens.masked and (word == "number" or self.at is not Where.MESSAGES)
        return f"{count:,} {word}{'' if count == 1 else 's'}{' (masked)' if masked else ''}"

    @property
    def _more_shown(self) -> str:
        """What to press for all rows that a filter shows, when only one of them was taken."""
        pane = self.table_pane
        if pane is None or pane.table.marks or not pane.filtered or len(pane.table.view) < 2:
            return ""
        return f" * marks all {len(pane.table.view):,} shown."

    @work(group="watchlist", exit_on_error=False)
    async def _copy(self, text: str, what: str) -> None:
        if not text:
            self.say("There is nothing here to copy.")
            return
        fits = len(text.encode()) <= CLIPBOARD_LIMIT
        if fits:
            self.app.copy_to_clipboard(text)
        problem = await asyncio.to_thread(_written, self.copied, text)
        if fits:
            place = problem or f"If it takes none, see {self.copied}"
            self.say(f"{what} copied to the terminal's clipboard.{self._more_shown} {place}")
        else:
            place = problem or f"They are in {self.copied}"
            self.say(f"{what} are too much for a terminal's clipboard. {place}", "warning")

    def action_export(self) -> None:
        """Write the marked rows, or those shown, to a file, CSV or JSON."""
        from smsmon.console.dialogs.save import SaveScreen

        pane = self.table_pane or self.recipients
        if pane is self.recipients and self.at is Where.RECIPIENT:
            self.go(Where.RECIPIENTS)
        table = pane.table
        keys = table.acted_on if table.marks else table.view.shown_keys()
        if not keys:
            self.say("There are no rows here to export.")
            return
        stamp = datetime.fromtimestamp(self.lens.now(), UTC).strftime("%Y%m%d-%H%M%S")
        suggested = self.exports / f"{pane.id}-{stamp}.csv"
        hidden = 0 if table.marks else table.view.hidden
        what = export.told(len(keys), self._source, marked=bool(table.marks), hidden=hidden)
        masked = self.lens.masked and self.at is not Where.MESSAGES

        def answered(path: Path | None) -> None:
            if path is not None:
                self._export(path, self.records(keys))

        try:
            files.make_folder(self.exports)
        except OSError:
            suggested = Path.cwd() / suggested.name
        self.app.push_screen(SaveScreen(suggested, what, masked=masked), answered)

    @property
    def _source(self) -> str:
        """What the rows of the table the operator stands in are."""
        match self.at:
            case Where.MESSAGES:
                return "messages"
            case Where.LOG:
                return "lines of the log"
            case _:
                return f"recipients of {self.open_id}"

    @work(group="watchlist", exit_on_error=False)
    async def _export(self, path: Path, records: list[export.Record]) -> None:
        form = export.as_json if path.suffix.lower() == ".json" else export.as_csv
        text = await asyncio.to_thread(form, records)
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
        return f"{path} was not written: {error.strerror or error}."
    return ""
