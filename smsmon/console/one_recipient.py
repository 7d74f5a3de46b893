"""One recipient in full: what became of him in this session, and before it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from textual.content import Content

from smsmon.clock import sleep
from smsmon.console.actions import Where
from smsmon.console.details import ALSO_IN, Elsewhere, elsewhere, recipient_text, whole_timeline
from smsmon.console.formats import Formats
from smsmon.console.tables.panes import TextPane
from smsmon.console.tables.rows import AT_ONCE
from smsmon.filters.recipients import recipient_row
from smsmon.model import Transition
from smsmon.monitor.state import Watched
from smsmon.store.errors import StoreError

if TYPE_CHECKING:
    from smsmon.session import Session
    from smsmon.store.past import Absence

    Past = tuple[tuple[str, int, float | None] | None, tuple[Transition, ...], tuple[Absence, ...]]

_RESTS = 0.2
"""Seconds without a move after which the cursor rests."""


class OneRecipient:
    """The pane of one recipient, and what the history knows of him."""

    def __init__(self, session: Session, formats: Formats, start: Callable[..., object]) -> None:
        """``start`` starts a worker of Textual, in a group."""
        self._session = session
        self._formats = formats
        self._start = start
        self.pane = TextPane(Where.RECIPIENT, id="recipient")
        self._shown: tuple[Watched, int] | None = None
        self._elsewhere: tuple[tuple[Watched, int] | None, Sequence[Elsewhere]] = (None, ())
        """Who was looked for last in other messages, and where he is."""
        self._past: Past = (None, (), ())
        """The recipient asked about last, its changes before this session, its absences."""

    def show(self, watched: Watched | None, slot: int | None, *, seen: bool) -> None:
        """Show one recipient of a message, as far as the pane is ``seen``; None: nobody."""
        self._shown = None if watched is None or slot is None else (watched, slot)
        if self._shown is None:
            self.pane.say(Content())
        elif seen:
            watched, slot = self._shown
            if len(self._session.engine.board) <= AT_ONCE:
                self._note_elsewhere(self._shown, reversed(self._session.engine.board))
            else:
                look = partial(self._look_elsewhere, self._shown)
                self._start(look, group="elsewhere", exclusive=True)
            self._describe(watched, slot)
            self._start(partial(self._recall, watched, slot), group="past", exclusive=True)

    def _note_elsewhere(self, whose: tuple[Watched, int], messages: Iterable[Watched]) -> None:
        watched, slot = whose
        phone = watched.recipients.phones[slot]
        self._elsewhere = (whose, elsewhere(messages, watched.id, phone))

    async def _look_elsewhere(self, whose: tuple[Watched, int]) -> None:
        """Look for him in many messages, once the cursor rests, and some at a time."""
        await sleep(self._session.clock, _RESTS)
        (watched, slot), board = whose, self._session.engine.board
        phone = watched.recipients.phones[slot]
        found: list[Elsewhere] = []
        messages = reversed(list(board))
        while (portion := list(islice(messages, AT_ONCE))) and len(found) < ALSO_IN:
            found += elsewhere(portion, watched.id, phone)
            await asyncio.sleep(0)
        told, self._elsewhere = self._elsewhere, (whose, found[:ALSO_IN])
        if self._shown == whose and (found or told[1]):
            self._describe(watched, slot)

    def _describe(self, watched: Watched, slot: int) -> None:
        board = self._session.engine.board
        row = recipient_row(watched, slot)
        whose_others, others = self._elsewhere
        if whose_others != (watched, slot):
            others = ()
        whose, past, absences = self._past
        if whose is None or whose[:2] != (watched.id, slot):
            past, absences = (), ()
        timeline = whole_timeline(past, board.transitions(watched.id, slot))
        self.pane.say(recipient_text(row, timeline, absences, others, self._formats))

    async def _recall(self, watched: Watched, slot: int) -> None:
        """Look up in the history what became of him before this session."""
        asked, whose = self._past[0], (watched.id, slot, watched.absent.get(slot))
        if asked == whose:
            return
        key = watched.id, watched.entry.profile
        try:
            if asked is not None and asked[:2] == whose[:2]:
                await self._session.history.flush()  # what it tells has just happened
            past, absences = await self._session.history.ask(
                lambda it: (it.recipient_changes(key, slot), it.absences(key, slot))
            )
        except StoreError:
            return  # said already, where the history's trouble is
        self._past = (whose, past, absences)
        watches = self._session.engine.board.get(watched.id) is watched
        if (past or absences) and watches and self._shown == (watched, slot):
            self._describe(watched, slot)
