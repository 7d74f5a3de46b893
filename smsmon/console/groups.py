"""The groups as the screen shows them: by what, how often anew, and what is behind each row."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import islice
from math import inf
from typing import TYPE_CHECKING

from textual.content import Content

from smsmon.alerts import About
from smsmon.clock import sleep
from smsmon.console.alert_standing import AlertRow, AlertsHere, Raised, raised
from smsmon.console.formats import Formats
from smsmon.console.group_rows import GroupRows, RowKey
from smsmon.console.line import part
from smsmon.console.listing import Scope
from smsmon.console.memory import Look
from smsmon.console.reasons import TROUBLED, Doubts, reason_of_group
from smsmon.console.signs import Tone, styled
from smsmon.console.tables.groups import GroupTableRows, group_columns, group_name, groups_pane
from smsmon.console.tables.panes import title
from smsmon.filters.messages import GROUP_FIELD
from smsmon.groups import Dimension, Figures, names_of
from smsmon.monitor.standing import standing
from smsmon.monitor.state import MessageState
from smsmon.times import counted, some

if TYPE_CHECKING:
    from smsmon.monitor.state import Watched
    from smsmon.session import Session

REPAINTS = 4
"""Repaints of the groups a second, at most."""
_STEP = 10.0
"""Seconds after which the windows of time have moved, and ages are told anew."""
_STEP_OF_MANY = 60.0
"""The same, of more rows than are looked at together."""
_SETTLING = 5.0
"""Seconds after groups are shown first in which rows still come: the cursor stays at the top."""
_AT_ONCE = 500
"""Groups that are looked at together: a key comes between."""
_ABOUT = {str(each): each for each in About}
"""What alerts are about, by the dimension of the groups that it is the same as."""


class GroupsShown:
    """The pane of the groups, and which messages are behind its rows."""

    def __init__(self, session: Session, formats: Formats, alerts: AlertsHere) -> None:
        self._session = session
        self._formats = formats
        self._alerts = alerts
        self.pane = groups_pane(formats)
        self.pane.looked = lambda look: replace(look, group_by=str(self.dimension or ""))
        self.dimension: Dimension | None = None
        """By what messages are put together; None: they are not."""
        self.rows: GroupRows | None = None
        self._seen = 0
        """The revision of the groups that the table shows."""
        self._settled_at = 0.0
        """The monotonic time from which rows that come leave the cursor where it is."""
        self._first: RowKey | None = None
        """The row at the top that the cursor was put on, until somebody moves it."""
        self._moment = 0
        """The last look at the clock, in steps."""
        self._waiting: dict[str, None] = {}
        """Groups that are to be looked at."""
        self._stirred = asyncio.Event()
        self._told_of: tuple[object, Content] = (None, Content())
        """What was told last of a row that is not fresh, and what it was told by."""
        self._known: tuple[object, Dimension | None] = (None, None)
        self._found: Mapping[str, Sequence[AlertRow]] = {}
        """What fires for messages by their groups, and from which alerts that was found."""

    # What is shown

    def use(self, dimension: Dimension | None) -> None:
        """Show the groups of another dimension; None: of none."""
        before, self.dimension = self.dimension, dimension
        if before is not None and before is not dimension:
            self._session.grouping.let_go(before)
        if dimension is None:
            self.rows = None
            return
        session, table = self._session, self.pane.table
        grouping, engine = session.grouping, session.engine
        self.rows = GroupRows(grouping, engine.board, dimension)
        rows = GroupTableRows(grouping, engine, dimension, self._formats, self._raised)
        table.set_source(rows, ())
        self.offer_columns()
        table.sort_by("group", reverse=dimension is Dimension.MINUTE)
        self._seen = 0
        self._settled_at, self._first = session.clock.monotonic() + _SETTLING, None
        grouping.brought_more = self.stir
        grouping.row(dimension, "")  # they are kept from now on
        self.refresh()

    def offer_columns(self) -> None:
        """Show the column of alerts where there are rules, and not where there are none."""
        if self.rows is None:
            return
        has_alerts = self._session.alerts.has_own_rules
        self.pane.table.offer(group_columns(self._formats, self._raised, has_alerts=has_alerts))

    def stir(self) -> None:
        """Something happened: show it soon."""
        if self.dimension is not None:
            self._stirred.set()

    async def run(self) -> None:
        """Show what is new, a few times a second at most, until cancelled."""
        while True:
            await self._stirred.wait()
            self._stirred.clear()
            self.refresh()
            await sleep(self._session.clock, 1 / REPAINTS)

    def refresh(self) -> None:
        """Show the groups as they are now."""
        if self.rows is None or self.dimension is None or self.pane.table.frozen:
            return
        grouping, table = self._session.grouping, self.pane.table
        revision = grouping.revision
        if self._seen != revision:
            self._waiting |= dict.fromkeys(grouping.changed(self.dimension, self._seen))
            self._seen = revision
        names = list(islice(self._waiting, _AT_ONCE))
        for name in names:
            del self._waiting[name]
        if self._waiting:
            self._stirred.set()
        came, left = self.rows.look_at(names)
        untouched = table.cursor_key == self._first
        table.change(came, left)
        if untouched and len(table.view) and self._session.clock.monotonic() < self._settled_at:
            self._first = table.view[0]
            table.move_to_key(self._first)
        table.touch(self.rows.keys_of(names), tint=False)
        self.entitle()

    def look_at_all(self) -> None:
        """Each row may look otherwise: show that soon."""
        if self.rows is not None:
            self._waiting |= dict.fromkeys(self.rows.names)
            self._stirred.set()

    def look_at_the_clock(self) -> None:
        """Time has passed: now and then windows have moved, and ages are others."""
        step = _STEP if self.pane.table.view.total <= _AT_ONCE else _STEP_OF_MANY
        moment = int(self._formats.now() // step)
        if moment != self._moment:
            self._moment = moment
            self.look_at_all()

    def entitle(self) -> None:
        """Say what the pane shows."""
        if self.rows is None or self.dimension is None:
            return
        view = self.pane.table.view
        alone = len(self.rows.alone)
        told = [title(f"Groups by {self.dimension} {view.total - alone:,}")]
        if alone:
            told.append(part(6, f"{counted(alone, 'message')} alone", f"{alone:,} alone"))
        if not self._session.grouping.whole:
            told.append(part(5, styled("the last hour is not all known yet", Tone.DIM)))
        self.pane.entitle([*told, *self.pane.facts(), part(2, styled("last hour", Tone.DIM))])

    # What is behind it

    def figures_of(self, keys: Iterable[RowKey]) -> list[Figures]:
        """The figures of these rows, but for those that are gone."""
        found = []
        for key in keys:
            with suppress(LookupError):
                found.append(self.pane.table.rows.row(key).figures)
        return found

    def ids_of(self, keys: Iterable[RowKey]) -> list[str]:
        """The messages that rows stand for, each once."""
        return [] if self.rows is None else self.rows.ids_of(keys)

    def scope_of(self, key: RowKey) -> Scope | None:
        """The messages that are shown when a row is opened: its own, or all that stand alone."""
        rows = self.rows
        if rows is None:
            return None
        if key.message:
            return Scope("messages that stand alone", lambda: rows.alone)
        members = partial(self._session.grouping.members, rows.dimension, key.name)
        term = f'{GROUP_FIELD.name}="{key.name or rows.dimension.nameless}"'
        return Scope(self.name_of(key), members, term)

    def looked_in(self, scope: Scope | None, look: Look) -> Look:
        """How messages are looked at, with the group that they are of."""
        if scope is not None and scope.term:
            look = replace(look, filter=f"{scope.term} {look.filter}".strip())
        grouped = self.dimension is not None and f"{GROUP_FIELD.name}=" in look.filter
        return replace(look, group_by=str(self.dimension)) if grouped else look

    @property
    def acted_on_told(self) -> str:
        """Whose messages an action is meant for: `` of tag otp``, `` of tag otp and 2 alone``."""
        keys = self.pane.table.acted_on
        groups = [self.name_of(key) for key in keys if not key.message]
        alone = f" and {len(keys) - len(groups):,} alone" * (len(groups) < len(keys))
        return f" of {some(groups, 3)}{alone}" if groups else ""

    def name_of(self, key: RowKey) -> str:
        """What a row is called, in a sentence: ``tag otp``."""
        if key.message or self.dimension is None:
            return f"message {key.name}"
        name = group_name(self.dimension, key.name, self._formats)
        return f"{self.dimension} {name}" if key.name else name

    def of_message(self, watched: Watched) -> tuple[str, ...]:
        """The names of the groups that a message is in; its tags, where there are no groups."""
        dimension = self.dimension or Dimension.TAG
        names = names_of(watched, dimension)
        return tuple(dict.fromkeys(
            each for name in names
            for each in (name or dimension.nameless, group_name(dimension, name, self._formats))
        ))  # fmt: skip

    def why_not_fresh(self, key: RowKey) -> Content:
        """What of a row is older than promised, and why; empty when nothing is."""
        grouping, formats = self._session.grouping, self._formats
        figures = None if self.dimension is None else grouping.row(self.dimension, key.name)
        if not key.message and not (figures and figures.troubled):
            return Content()
        step = formats.now() // _STEP
        asked = key, grouping.revision, step, formats.masked, formats.utc
        if self._told_of[0] != asked:
            found = self._doubts_of(ids := self.ids_of([key]))
            self._told_of = (asked, reason_of_group(found, len(ids), self._formats))
        return self._told_of[1]

    def _doubts_of(self, ids: Iterable[str]) -> Doubts | None:
        engine, now = self._session.engine, self._formats.now()
        board = engine.board
        found = [standing(engine, board[id], now) for id in ids if id in board]
        doubted = [each for each in found if each.state in TROUBLED]
        if not doubted:
            return None
        stale = [each for each in doubted if each.state is MessageState.STALE]
        worst = min(stale or doubted, key=lambda each: inf if each.since is None else each.since)
        never_read = sum(each.since is None for each in stale)
        return Doubts(len(stale), never_read, len(doubted) - len(stale), worst)

    def alerts_of(self, key: RowKey) -> Sequence[AlertRow]:
        """What fires for a row, the worst first; then what fires for messages of it."""
        if key.message:
            return self._alerts.of(About.MESSAGE, key.name)
        about = _ABOUT.get(str(self.dimension))
        own = () if about is None else self._alerts.of(about, key.name)
        return (*own, *self._within().get(key.name, ()))

    def _within(self) -> Mapping[str, Sequence[AlertRow]]:
        """What fires for messages, by the groups that they are in."""
        dimension, rows = self.dimension, self._alerts.rows
        if dimension is not None and (self._known[0] is not rows or self._known[1] != dimension):
            board = self._session.engine.board
            found: dict[str, list[AlertRow]] = {}
            for each in rows:
                subject = each.episode.subject if each.episode else None
                of_message = subject is not None and subject.about is About.MESSAGE
                watched = board.get(subject.name) if subject and of_message else None
                for name in names_of(watched, dimension) if watched else ():
                    found.setdefault(name, []).append(each)
            self._known, self._found = (rows, dimension), found
        return self._found

    def _raised(self, key: RowKey) -> Sequence[Raised]:
        return [*map(raised, self.alerts_of(key))]
