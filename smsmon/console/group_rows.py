"""Which rows a table of groups has: the groups of a dimension, and the messages that stand alone.

A message that shares its tag or its label with no other stands alone; so do those without a tag, a
label or a source, as long as people added all of them. What was a group once stays one while
anything of it is left: no row turns into another by itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Set
from typing import TYPE_CHECKING, NamedTuple

from smsmon.groups import Dimension
from smsmon.monitor.board import Board

if TYPE_CHECKING:
    from smsmon.grouping import Grouping

_MAY_STAND_ALONE = frozenset((Dimension.TAG, Dimension.LABEL))
"""By these what has a name of its own may be a single message."""
_MAY_LACK_IT = _MAY_STAND_ALONE | {Dimension.SOURCE}
"""What people add lacks these, unless they gave it one."""


class RowKey(NamedTuple):
    """What a row stands for."""

    message: bool
    """A message, which stands alone; else a group."""
    name: str
    """The id of the message, or the name of the group."""


class GroupRows:
    """The rows by one dimension, kept by which groups changed."""

    def __init__(self, grouping: Grouping, board: Board, dimension: Dimension) -> None:
        self.dimension = dimension
        self._grouping = grouping
        self._board = board
        self._rows: dict[str, tuple[RowKey, ...]] = {}
        """The rows of each group: itself, or its messages."""
        self._shown: Counter[RowKey] = Counter()
        """Row → for how many groups it is there: a message may have several tags."""

    def __contains__(self, key: RowKey) -> bool:
        return key in self._shown

    @property
    def alone(self) -> Set[str]:
        """The messages that stand alone."""
        return {key.name for key in self._shown if key.message}

    @property
    def names(self) -> list[str]:
        """The names of all groups, rows or not."""
        return [*self._rows]

    def keys_of(self, names: Iterable[str]) -> list[RowKey]:
        """The rows of these groups."""
        return [key for name in names for key in self._rows.get(name, ())]

    def ids_of(self, keys: Iterable[RowKey]) -> list[str]:
        """The messages that these rows stand for, each once, in the order of the list."""
        found: set[str] = set()
        for key in keys:
            found |= {key.name} if key.message else self._grouping.members(self.dimension, key.name)
        return [id for id in self._board.messages if id in found]

    def look_at(self, names: Iterable[str]) -> tuple[list[RowKey], list[RowKey]]:
        """Find the rows of these groups anew; gives those that came, and those that left."""
        wanted = list(dict.fromkeys(names))
        before: dict[RowKey, bool] = {}
        new = [name for name in wanted if not self._is_row(name) and self._is_group(name)]
        for name in new:
            self._put(name, (RowKey(False, name),), before)
        # Whoever stood alone by another tag is in a group now.
        for name in dict.fromkeys((*wanted, *self._other_tags(new))):
            self._put(name, self._rows_of(name), before)
        came = [key for key, there in before.items() if not there and key in self]
        left = [key for key, there in before.items() if there and key not in self]
        return came, left

    def _is_row(self, name: str) -> bool:
        return RowKey(False, name) in self._shown

    def _is_group(self, name: str) -> bool:
        """True when it is to be a row that has none yet."""
        ids, board = self._grouping.members(self.dimension, name), self._board
        watched = [board[id] for id in ids if id in board]
        if not watched:
            return self._grouping.row(self.dimension, name) is not None
        if not name and self.dimension in _MAY_LACK_IT:
            return any(each.entry.arrival for each in watched)
        if len(watched) > 1 or self.dimension not in _MAY_STAND_ALONE:
            return True
        figures = self._grouping.row(self.dimension, name)
        # The others of it have left, where more was sent than to this one.
        return figures is not None and figures.sent > max(1, watched[0].counts.total)

    def _rows_of(self, name: str) -> tuple[RowKey, ...]:
        ids = self._grouping.members(self.dimension, name)
        if self._is_row(name):
            there = ids or self._grouping.row(self.dimension, name) is not None
            return (RowKey(False, name),) if there else ()
        return tuple(RowKey(True, id) for id in ids if not self._is_gathered(id))

    def _is_gathered(self, id: str) -> bool:
        """True when a message is in a group that is a row."""
        watched = self._board.get(id) if self.dimension is Dimension.TAG else None
        return watched is not None and any(map(self._is_row, watched.tags))

    def _other_tags(self, names: Iterable[str]) -> list[str]:
        if self.dimension is not Dimension.TAG or not self._rows:
            return []
        board, grouping = self._board, self._grouping
        members = (id for name in names for id in grouping.members(self.dimension, name))
        tags = (tag for id in members if id in board for tag in board[id].tags)
        return [tag for tag in tags if tag in self._rows]

    def _put(self, name: str, rows: tuple[RowKey, ...], before: dict[RowKey, bool]) -> None:
        """Have these rows for a group; what was there before goes into ``before``."""
        old = self._rows.get(name, ())
        if old == rows:
            return
        for key in {*old, *rows}:
            before.setdefault(key, key in self._shown)
        self._shown.subtract(old)
        self._shown.update(rows)
        for key in old:
            if not self._shown[key]:
                del self._shown[key]
        self._rows[name] = rows
        if not rows:
            del self._rows[name]
