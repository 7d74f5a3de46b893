"""What a user would otherwise have: a bare Textual app with a plain ``DataTable``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.widgets import DataTable, Footer, Header


def bare_app(rows: int) -> list[str]:
    """The command line that runs it with so many rows; ``Row 20.`` is painted last of all."""
    return [sys.executable, str(Path(__file__)), str(rows)]


class Bare(App[None]):
    """A clock, a table, the keys. ``u`` changes a row: ``1 of 500``, ``2 of 500``, …"""

    BINDINGS: ClassVar = [("q", "quit", "quit"), ("u", "update", "update")]
    updates = 0

    def compose(self) -> ComposeResult:
        yield Header(show_clock=True)
        yield DataTable[str](cursor_type="row")
        yield Footer()

    def on_mount(self) -> None:
        table = self.query_one(DataTable)
        for title in ("id", "label", "recipients", "delivered", "waiting", "state"):
            table.add_column(title, key=title)
        for row in range(1, int(sys.argv[1]) + 1):
            table.add_row(str(row), f"Row {row}.", "500", "480", "20", "live", key=str(row))

    def action_update(self) -> None:
        self.updates += 1
        self.query_one(DataTable).update_cell("5", "delivered", f"{self.updates} of 500")


if __name__ == "__main__":
    Bare().run()
