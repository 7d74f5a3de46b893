"""What is not known is exported as nothing, never as zero: by the console and by the command."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from contextlib import closing
from pathlib import Path

from smsmon.console import export
from smsmon.model import Entry
from smsmon.monitor.board import Board
from smsmon.monitor.standing import Standing
from smsmon.monitor.state import MessageState
from tests.cli.program import Program
from tests.store.reports import START, Console, report, row

FIGURES = ("delivered", "not_delivered", "waiting", "unknown", "stop", "delivery_rate")


def test_a_message_never_read_has_no_figures_on_the_console() -> None:
    board = Board()
    board.watch(Entry("300"), START)
    board.watch(Entry("301"), START)
    board.apply(report("301", [], START), START)
    never, empty = (
        export.message_record(board[each], Standing(MessageState.STALE)) for each in ("300", "301")
    )
    figures = (*FIGURES, "recipients")
    assert {never[name] for name in figures} == {None}
    assert {never[name] for name in ("read_at", "last_change_at")} == {None}
    assert {empty[name] for name in figures if name != "delivery_rate"} == {0}, "it was read"
    rows = list(csv.DictReader(io.StringIO(export.as_csv([never, empty]))))
    assert [rows[0][name] for name in figures] == [""] * len(figures)
    assert json.loads(export.as_json([never]))[0]["delivered"] is None
    assert "\t0" not in export.as_lines([never])


def test_a_message_never_read_has_no_figures_in_an_export(tmp_path: Path) -> None:
    program = Program(tmp_path)
    path = tmp_path / "history.db"
    with Console(path) as console:
        console.watch("300")
        console.poll("300", [row(1, "Not delivered")], START)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "INSERT INTO message (message_id, profile, label, tags, revision, total, delivered,"
            " not_delivered, waiting, unknown, stop, absent)"
            " VALUES ('301', 'default', '', '', 0, 0, 0, 0, 0, 0, 0, '')"
        )
        connection.commit()
    figures = (*FIGURES, "total")
    read, never = csv.DictReader(io.StringIO(program.run("export", "summary").out))
    assert [never[name] for name in figures] == [""] * len(figures)
    assert (read["total"], read["delivered"], read["delivery_rate"]) == ("1", "0", "0.0000")
    lines = program.run("export", "summary", "--format", "jsonl").out.splitlines()
    assert {json.loads(lines[1])[name] for name in figures} == {None}
