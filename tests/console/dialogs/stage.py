"""One dialog alone on a screen, for its tests, and a board to put under it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from textual import events
from textual.app import App
from textual.pilot import Pilot
from textual.screen import Screen
from textual.worker import WorkerError

import smsmon.console
from smsmon.console.themes import DARK
from smsmon.model import Entry, Report
from smsmon.monitor.board import Board
from smsmon.recipients import Recipient, Recipients, Status
from tests.support.waiting import within

NARROW, SMALL, WIDE = (60, 15), (80, 24), (140, 40)
STYLES = Path(smsmon.console.__file__).parent / "smsmon.tcss"


class DialogApp(App[None]):
    """A dialog, and what it was dismissed with."""

    CSS_PATH = STYLES
    ENABLE_COMMAND_PALETTE = False

    def __init__(self) -> None:
        super().__init__()
        self.register_theme(DARK)
        self.theme = DARK.name
        self.answers: list[Any] = []

    @property
    def lines(self) -> list[str]:
        """The screen, line by line."""
        return [strip.text for strip in self.screen._compositor.render_strips()]

    @property
    def text(self) -> str:
        """All that is on the screen."""
        return "\n".join(self.lines)

    def line_with(self, text: str) -> str:
        """The first line that has ``text`` in it; empty when none has."""
        return next((line for line in self.lines if text in line), "")


@asynccontextmanager
async def asking(
    dialog: Screen[Any], size: tuple[int, int] = SMALL
) -> AsyncIterator[tuple[DialogApp, Pilot[None]]]:
    """The dialog, open."""
    app = DialogApp()
    async with app.run_test(size=size) as pilot:
        app.push_screen(dialog, app.answers.append)
        await calm(app, pilot)
        yield app, pilot


async def calm(app: DialogApp, pilot: Pilot[None]) -> None:
    """Wait until nothing is searched or laid out any more, and all of it is shown."""
    await pilot.pause()
    for worker in list(app.workers):
        with suppress(WorkerError):
            await within(app, worker.wait(), f"the worker of {worker.group} through")
    await pilot.pause()


async def type_text(app: DialogApp, pilot: Pilot[None], text: str) -> None:
    """Press the keys of ``text``, and wait for what comes of it."""
    for char in text:  # as fast as a packet brings them
        app.post_message(events.Key("space" if char == " " else char, char))
    await calm(app, pilot)


def recipient(phone: str, status: Status = Status.DELIVERED, **more: Any) -> Recipient:
    """A recipient as the API tells of it."""
    return Recipient(phone, status, status.name.replace("_", " ").capitalize(), **more)


def put(board: Board, entry: Entry, rows: Iterable[Recipient], at: float) -> None:
    """Have ``board`` watch a message, if it does not, and know ``rows`` of it since ``at``."""
    if entry.id not in board:
        board.watch(entry, at)
    columns = Recipients.of(rows)
    digest = repr(list(columns)).encode()
    board.apply(Report(entry.id, columns, digest, at, at), at)
