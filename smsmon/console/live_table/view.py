"""What a live table shows and where its cursor stands: order, filter, cursor and marks.

No Textual here. The promise: whatever happens to the rows, the cursor and the marks stay on
their *keys*; when the cursor's row is gone from view, it moves to the nearest row that
survived (the one below where two are equally near).
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

from smsmon.console.live_table.arranged import Accepts, ArrangedRows, ValuesOf

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True, eq=False)
class Marking(Generic[K]):
    """Rows that were marked, or no longer, by hand and at once."""

    keys: tuple[K, ...]
    on: bool
    began: K | None
    """The row that was marked last before: where a range would have begun."""
    source: object
    """Where the table had its rows from."""


class RowView(ArrangedRows[K]):
    """The rows of one table as they are to be shown."""

    def __init__(self) -> None:
        super().__init__()
        self._cursor: K | None = None
        self._cursor_index = -1
        self._wanted: K | None = None
        self._marks: set[K] = set()
        self._frozen = False
        self._disordered = False

    # Cursor

    @property
    def cursor(self) -> K | None:
        """The key the cursor is on; None when no row is shown."""
        return self._cursor

    @property
    def cursor_index(self) -> int:
        """Where the cursor's row is shown; -1 when no row is."""
        return self._cursor_index

    def move_to(self, index: int) -> None:
        """Put the cursor on the row shown at ``index``, or at the end nearest to it."""
        if len(self):
            self._cursor_index = max(0, min(index, len(self) - 1))
            self._cursor = self._wanted = self[self._cursor_index]

    def move_to_key(self, key: K) -> bool:
        """Put the cursor on ``key``; False, and no move, when it is not shown."""
        index = self.index(key)
        if index is None:
            return False
        self.move_to(index)
        return True

    def wish_for(self, key: K) -> None:
        """Have the cursor on ``key`` when a filter that hides it does so no longer."""
        if key in self:
            self._wanted = key

    # Marks

    @property
    def marks(self) -> Set[K]:
        """The marked keys, those the filter hides included."""
        return self._marks

    def mark(self, keys: Iterable[K], on: bool = True) -> None:
        """Mark (or unmark) ``keys``; those that are no row are left alone."""
        if on:
            self._marks.update(key for key in keys if key in self)
        else:
            self._marks.difference_update(keys)

    # What changes the rows

    def load(self, keys: Sequence[K]) -> None:
        """Take ``keys`` as the rows from now on. Marks and cursor stay on those that survive.

        A ``range`` of ints costs no memory; any other sequence is copied and indexed.
        """
        with self._following():
            if self._frozen:  # what was shown stays in its order, and new rows come after it
                shown, known = self.shown_keys(), self.keys
                self.take(keys)
                self.hold(shown, known)
                self._disordered = True
            else:
                self.take(keys)

    def change(self, came: Sequence[K], left: Collection[K] = ()) -> None:
        """As ``load`` of all that there are then, but it costs by what came and left."""
        if self._frozen:
            kept = [key for key in self.keys if key not in left]
            self.load(list(dict.fromkeys((*kept, *came))))
            return
        with self._following():
            super().change(came, left)

    def touch(self, keys: Iterable[K]) -> bool:
        """Take note that these rows changed: they move, come or go as sort and filter want."""
        if self._frozen:
            self._disordered = True
            return False
        with self._following():
            return super().touch(keys)

    def sort_by(self, values_of: ValuesOf[K] | None, *, reverse: bool = False) -> None:
        """Order by these values; None is the order of the source, or the reverse of it."""
        with self._following():
            super().sort_by(values_of, reverse=reverse)

    def set_filter(self, accepts: Accepts[K] | None) -> None:
        """Show only the rows accepted; None shows all."""
        with self._following(back=True):
            self.choose(accepts)

    @property
    def frozen(self) -> bool:
        """While True, a touched row neither moves nor leaves: it is easier to read."""
        return self._frozen

    @frozen.setter
    def frozen(self, frozen: bool) -> None:
        self._frozen = frozen
        if not frozen and self._disordered:
            self._disordered = False
            with self._following():
                self.arrange()

    # How it is done

    @contextmanager
    def _following(self, *, back: bool = False) -> Iterator[None]:
        """Find the cursor's row again after what is done, or the nearest survivor.

        ``back``: a row that the cursor was driven from by a filter gets it back if shown again.
        """
        old_keys, old_shown = self._keys, self._shown
        yield
        if self._marks:
            self._marks = {key for key in self._marks if key in self}
        if self._wanted is not None and self._wanted not in self:
            self._wanted = None
        for key in (self._wanted, self._cursor) if back else (self._cursor,):
            index = None if key is None else self.index(key)
            if index is not None:
                self._cursor, self._cursor_index = key, index
                if self._wanted is None:
                    self._wanted = key
                return
        old_index = self._cursor_index
        if old_index >= 0 and len(self):
            for index in _outwards(old_index, len(old_shown)):
                new_index = self.index(old_keys[old_shown[index]])
                if new_index is not None:
                    self._land(new_index)
                    return
        self._land(min(max(old_index, 0), len(self) - 1))

    def _land(self, index: int) -> None:
        self._cursor_index = index
        self._cursor = self[index] if index >= 0 else None
        if self._wanted is None:
            self._wanted = self._cursor


def _outwards(index: int, length: int) -> Iterable[int]:
    """Indexes by their distance from ``index``, the one below first; not ``index`` itself."""
    for distance in range(1, max(index + 1, length - index)):
        if index + distance < length:
            yield index + distance
        if index - distance >= 0:
            yield index - distance
