"""The messages' table, kept as the board has its messages at the cost of what is new."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from smsmon.console.live_table import LiveTable
from smsmon.model import Counts
from smsmon.monitor.board import Board


class MessageList:
    """The rows of a table of ``board``'s messages by id, and the counts of those it shows."""

    def __init__(self, board: Board, table: LiveTable[str, Any]) -> None:
        self._board = board
        self._table = table
        self._arranged = board.arranged
        self._counted: dict[str, Counts] = {}
        """The messages shown → their counts, as they are added up; none while nobody asks."""
        self._counts = Counts()
        self._chosen: int | None = None
        """Which look of the filter at all rows they are added up by."""

    def load(self) -> None:
        """Have all rows anew, sorted and filtered by what is so now."""
        self._arranged = self._board.arranged
        self._table.load(list(self._board.messages))

    def follow(self, heard: Iterable[str]) -> None:
        """Take in what came and left; of those that left something was ``heard``."""
        board, view = self._board, self._table.view
        came: list[str] = []
        for watched in reversed(board):
            if watched.id in view:
                break
            came.append(watched.id)
        left = {id for id in heard if id in view and id not in board}
        all_told = view.total + len(came) - len(left) == len(board)
        if not all_told or self._arranged != board.arranged:
            self.load()
        elif came or left:
            self._table.change(came[::-1], left)
            if self._chosen is not None:
                self._add_up((*came, *left))

    def touch(self, changed: Collection[str], read: Collection[str]) -> None:
        """Of these messages something changed; those that were only ``read`` look otherwise."""
        self._table.touch(read, tint=False)
        self._table.touch(changed)
        if self._chosen is not None:
            self._add_up((*changed, *read))

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
