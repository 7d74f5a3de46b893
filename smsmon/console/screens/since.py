"""What happened since the operator last looked: from the history, so nothing is missed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from itertools import groupby
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen

from smsmon.console.journal import Journal, event_line, transition_lines
from smsmon.console.journal import Line as JournalLine
from smsmon.console.lens import Lens
from smsmon.console.looks import Tone
from smsmon.console.tones import styled
from smsmon.console.views.log import LogRows, log_columns
from smsmon.console.widgets.line import Line
from smsmon.console.widgets.table_pane import ConsoleTable
from smsmon.store.errors import StoreError
from smsmon.store.remembered import Happened

LIMIT = 10_000
"""Changes read at most: more are no reading for a person."""


class SinceScreen(ModalScreen[None]):
    """The log of an absence, oldest first."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,i", "dismiss", show=False)]
    DEFAULT_CSS = """
    SinceScreen #since { width: 96%; max-width: 120; height: 90%; }
    SinceScreen #since-told { margin: 0 0 1 0; }
    """

    def __init__(
        self, moment: float, lens: Lens, ask: Callable[[float, int], Awaitable[Happened]]
    ) -> None:
        """``ask(moment, limit)`` tells what happened from ``moment`` on."""
        super().__init__()
        self._moment = moment
        self._lens = lens
        self._ask = ask
        self._told = Line(id="since-told")
        self._table: ConsoleTable[int, JournalLine] = ConsoleTable(
            log_columns(lens), empty="Looking …", tint_seconds=0
        )

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog", id="since") as dialog:
            dialog.border_title = "Since you last looked"
            yield self._told
            yield self._table
            yield Line(styled("esc  close     ↑ ↓  move     s  sort", Tone.DIM), classes="keys")

    def on_mount(self) -> None:
        self._table.focus()
        self._look()

    @work(group="since", exit_on_error=False)
    async def _look(self) -> None:
        try:
            happened = await self._ask(self._moment, LIMIT)
        except StoreError as error:
            self._told.say(styled(str(error), Tone.BAD))
            self._table.empty = "The history cannot be read."
            return
        journal = Journal(LIMIT)
        journal.note(lines(happened))
        self._table.empty = "Nothing happened."
        self._table.set_source(LogRows(journal, self._lens), journal.numbers)
        self._told.say(Content(summary(happened, self._lens.timestamp(self._moment))))


def lines(happened: Happened) -> list[JournalLine]:
    """The log of it, oldest first; what one report changed stands together."""
    told = [event_line(event) for event in happened.events]
    ordered = sorted(happened.transitions, key=lambda each: (each.observed_at, each.message_id))
    for _, changes in groupby(ordered, key=lambda each: (each.observed_at, each.message_id)):
        told += transition_lines(changes)
    return sorted(told, key=lambda line: line.at)


def summary(happened: Happened, since: str) -> str:
    """One sentence: how much happened, in how many messages."""
    changes, messages = (
        len(happened.transitions),
        len({each.message_id for each in happened.transitions}),
    )
    least = "at least " if happened.more else ""
    if not changes and not happened.events:
        return f"Nothing happened since {since}."
    plural = "" if messages == 1 else "s"
    recipients = f"{least}{changes:,} recipients changed in {messages:,} message{plural}"
    return f"Since {since}: {recipients}, {len(happened.events):,} events."
