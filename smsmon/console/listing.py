"""The messages' table, kept as the board has its messages at the cost of what is new."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence, Set
from typing import Any, NamedTuple

from smsmon.console.live_table import LiveTable
from smsmon.model import Counts
from smsmon.monitor.board import Board


class Scope(NamedTuple):
    """Some of the messages, which a table is narrowed to."""

    name: str
    """What they are: ``tag otp``."""
    ids: Callable[[], Set[str]]
    """Those that belong to it now."""
    term: str = ""
    """What a filter asks for them."""


class MessageList:
    """The rows of a table of ``board``'s messages by id, and the counts of those it shows."""

    def __init__(self, board: Board, table: LiveTable[str, Any]) -> None:
        self._board = board
        self._table = table
        self._arranged = board.arranged
        self._scope: Scope | None = None
        self._counted: dict[str, Counts] = {}
        """The messages shown → their counts, as they are added up; none while nobody asks."""
        self._counts = Counts()
        self._chosen: int | None = None
        """Which look of the filter at all rows they are added up by."""

    @property
    def scope(self) -> Scope | None:
        """What the table is narrowed to, whatever its filter; None: to nothing. What it is narrowed
        to begins with the newest, unless it is sorted."""
        return self._scope

    @scope.setter
    def scope(self, scope: Scope | None) -> None:
        if scope != self._scope:
            self._scope = scope
            if self._table.sort[0] is None:
                self._table.sort_by(None, reverse=scope is not None)
            self.load()

    def load(self) -> None:
        """Have all rows anew, sorted and filtered by what is so now."""
        self._arranged = self._board.arranged
        wanted = self._board.messages if self._scope is None else self._scope.ids()
        self._table.load([id for id in self._board.messages if id in wanted])

    def follow(self, heard: Iterable[str]) -> None:
        """Take in what came and left; of these something was ``heard``."""
        board, view = self._board, self._table.view
        if self._scope is None:
            wanted: Collection[str] = board.messages
            came = self._came_last()
        else:
            wanted = self._scope.ids()
            came = sorted(id for id in heard if id in wanted and id not in view)
        left = {id for id in heard if id in view and id not in wanted}
        all_told = view.total + len(came) - len(left) == len(wanted)
        if not all_told or self._arranged != board.arranged:
            self.load()
        elif came or left:
            self._table.change(came, left)
            if self._chosen is not None:
                self._add_up((*came, *left))

    def _came_last(self) -> list[str]:
        came: list[str] = []
        for watched in reversed(self._board):
            if watched.id in self._table.view:
                break
            came.append(watched.id)
        return came[::-1]

    def touch(self, changed: Collection[str], read: Collection[str]) -> None:
        """Of these messages something changed; those that were only ``read`` look otherwise."""
        self._table.touch(read, tint=False)
        self._table.touch(changed)
        if self._chosen is not None:
            self._add_up((*changed, *read))

    def point_out_added(self, added: set[str]) -> None:
        """Point out what somebody added, here or elsewhere, and not what came by itself."""
        board, table = self._board, self._table
        by_people = {id for id in added if id in board and board[id].entry.arrival is None}
        if by_people := by_people - {table.cursor_key}:
            table.point_out(table.pointed_out | by_people)

    def show_added(self, new: Sequence[str], known: Sequence[str]) -> int:
        """Point out the messages that are ``new``, and stand on the first of them.

        Of none, on the first that was ``known``. Gives how many of these a filter hides.
        """
        self.scope = None
        self._table.point_out(new)
        return self.stand_on(new or known)

    def stand_on(self, ids: Sequence[str]) -> int:
        """Put the cursor on the first of these messages that is shown; gives how many are not.

        As many of the others as there is room for come in sight.
        If none is, it goes to the first when the filter is cleared.
        """
        table = self._table
        places = {id: table.view.index(id) for id in ids}
        shown = sorted((place, id) for id, place in places.items() if place is not None)
        if shown:
            table.wish_for(shown[0][1])
            table.show_down_to(shown[-1][1])
        elif ids:
            table.wish_for(ids[0])
        return len(ids) - len(shown)

    def shown_counts(self) -> Counts:
        """The recipients of the messages that are shown, all added up."""
        view = self._table.view
        if self._chosen != view.chosen:
            self._chosen, self._counts = view.chosen, Counts()
            self._counted.clear()
            self._add_up(view.shown_keys())
        return self._counts

    def forget_counts(self) -> None:
        """Nobody asks for them for now."""
        self._chosen = None
        self._counted.clear()

    def _add_up(self, ids: Iterable[str]) -> None:
        board, view = self._board, self._table.view
        before: list[Counts] = []
        after: list[Counts] = []
        for id in ids:
            if (known := self._counted.pop(id, None)) is not None:
                before.append(known)
            watched = board.get(id)
            if watched is not None and view.index(id) is not None:
                after.append(watched.counts)
                self._counted[id] = watched.counts
        self._counts = self._counts + Counts.sum(after) - Counts.sum(before)
