"""One recipient in full: what became of him in this session, and before it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from textual.content import Content

from smsmon.console.actions import Where
from smsmon.console.details import elsewhere, recipient_text, whole_timeline
from smsmon.console.formats import Formats
from smsmon.console.tables.panes import TextPane
from smsmon.filters.recipients import recipient_row
from smsmon.model import Transition
from smsmon.monitor.state import Watched
from smsmon.store.errors import StoreError
from smsmon.store.past import Absence

if TYPE_CHECKING:
    from smsmon.session import Session

_Past = tuple[tuple[str, int, float | None] | None, tuple[Transition, ...], tuple[Absence, ...]]


class OneRecipient:
    """The pane of one recipient, and what the history knows of him."""

    def __init__(self, session: Session, formats: Formats, start: Callable[..., object]) -> None:
        """``start`` starts a worker of Textual, in a group."""
        self._session = session
        self._formats = formats
        self._start = start
        self.pane = TextPane(Where.RECIPIENT, id="recipient")
        self._shown: tuple[Watched, int] | None = None
        self._past: _Past = (None, (), ())
        """The recipient asked about last, its changes before this session, its absences."""

    def show(self, watched: Watched | None, slot: int | None, *, seen: bool) -> None:
        """Show one recipient of a message, as far as the pane is ``seen``; None: nobody."""
        self._shown = None if watched is None or slot is None else (watched, slot)
        if self._shown is None:
            self.pane.say(Content())
        elif seen:
            self._describe(*self._shown)
            self._start(partial(self._recall, *self._shown), group="past", exclusive=True)

    def _describe(self, watched: Watched, slot: int) -> None:
        board = self._session.engine.board
        row = recipient_row(watched, slot)
        others = elsewhere(board, watched.id, row.recipient.phone)
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
