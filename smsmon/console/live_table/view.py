"""What a live table shows and where its cursor stands: order, filter, cursor and marks.

No Textual here. The promise: whatever happens to the rows, the cursor and the marks stay on
their *keys*; when the cursor's row is gone from view, it moves to the nearest row that
survived (the one below where two are equally near).
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from smsmon.console.live_table.order import (
    Form,
    Values,
    chosen_places,
    comparable,
    inserted,
    locate,
    sorted_places,
    without,
)

K = TypeVar("K", bound=Hashable)

ValuesOf = Callable[[Sequence[K]], Sequence[Any]]
"""Gives one comparable value (or None: no value, sorts last) for each of the keys."""
Accepts = Callable[[Sequence[K]], Sequence[Any]]
"""Gives one truth value for each of the keys: shown or not."""


@dataclass(frozen=True, slots=True, eq=False)
class Marking(Generic[K]):
    """Rows that were marked, or no longer, by hand and at once."""

    keys: tuple[K, ...]
    on: bool
    began: K | None
    """The row that was marked last before: where a range would have begun."""
    source: object
    """Where the table had its rows from."""


_RESORT_SHARE = 8
"""With more than one row in this many changed, sorting anew is cheaper than moving them."""


class RowView(Generic[K]):
    """The rows of one table as they are to be shown."""

    def __init__(self) -> None:
        self._keys: Sequence[K] = ()
        self._places: Mapping[K, int] | None = {}
        self._values_of: ValuesOf[K] | None = None
        self._reverse = False
        self._values: Values | range = range(0)
        self._form = Form.OTHER
        self._order: Sequence[int] = range(0)
        self._accepts: Accepts[K] | None = None
        self._mask = bytearray()
        self._shown: Sequence[int] = self._order
        self._cursor: K | None = None
        self._cursor_index = -1
        self._wanted: K | None = None
        self._marks: set[K] = set()
        self._frozen = False
        self._disordered = False

    # What there is

    @property
    def keys(self) -> Sequence[K]:
        """Every row, shown or not, in the order of the source."""
        return self._keys

    def __len__(self) -> int:
        """How many rows are shown."""
        return len(self._shown)

    def __getitem__(self, index: int) -> K:
        return self._keys[self._shown[index]]

    @property
    def hidden(self) -> int:
        """How many rows the filter hides."""
        return len(self._keys) - len(self._shown)

    def shown_keys(self) -> list[K]:
        """The keys of all rows shown, in their order."""
        keys = self._keys
        return [keys[place] for place in self._shown]

    def window(self, start: int, stop: int) -> list[K]:
        """The keys shown from index ``start`` up to ``stop``, as far as there are any."""
        keys = self._keys
        return [keys[place] for place in self._shown[max(0, start) : max(0, stop)]]

    def between(self, start: int, stop: int) -> list[K]:
        """The keys shown between two indexes, both included, whichever comes first."""
        first, last = sorted((start, stop))
        return self.window(first, last + 1)

    def place(self, key: K) -> int | None:
        """The key's index in the source; None when there is no such row."""
        if self._places is not None:
            return self._places.get(key)
        keys = self._keys
        return keys.index(key) if key in keys else None  # a range: no searching

    def index(self, key: K) -> int | None:
        """Where the row is shown; None when it is not."""
        place = self.place(key)
        if place is None or not self._is_shown(place):
            return None
        if self._disordered:
            return self._shown.index(place)
        if isinstance(self._shown, range):
            return place
        return locate(self._shown, self._values, place, reverse=self._reverse)

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
        if len(self._shown):
            self._cursor_index = max(0, min(index, len(self._shown) - 1))
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
        if self.place(key) is not None:
            self._wanted = key

    # Marks

    @property
    def marks(self) -> Set[K]:
        """The marked keys, those the filter hides included."""
        return self._marks

    def mark(self, keys: Iterable[K], on: bool = True) -> None:
        """Mark (or unmark) ``keys``; those that are no row are left alone."""
        if on:
            self._marks.update(key for key in keys if self.place(key) is not None)
        else:
            self._marks.difference_update(keys)

    # What changes the rows

    def load(self, keys: Sequence[K]) -> None:
        """Take ``keys`` as the rows from now on. Marks and cursor stay on those that survive.

        A ``range`` of ints costs no memory; any other sequence is copied and indexed.
        """
        before = self._keys, self._shown
        if isinstance(keys, range):
            self._keys, self._places = cast("Sequence[K]", keys), None
        else:
            places = dict(zip(keys, range(len(keys)), strict=True))
            if len(places) != len(keys):
                raise ValueError("a key stands for one row: there are duplicates")
            self._keys, self._places = tuple(keys), places
        if self._marks:
            self._marks = {key for key in self._marks if self.place(key) is not None}
        if self._wanted is not None and self.place(self._wanted) is None:
            self._wanted = None
        self._arrange()
        if self._frozen:
            self._stay_put(*before)
        self._follow(*before)

    def touch(self, keys: Iterable[K]) -> None:
        """Take note that these rows changed: they move, come or go as sort and filter want."""
        if self._frozen or (self._values_of is None and self._accepts is None):
            self._disordered = self._disordered or self._frozen
            return
        place_of = self.place
        touched = {p: key for key in keys if (p := place_of(key)) is not None}
        if len(touched) * _RESORT_SHARE > len(self._keys):
            self._rearrange()
            return
        places, changed = list(touched), list(touched.values())
        fresh: Sequence[Any] = places
        if self._values_of is not None:
            form, fresh = comparable(self._values_of(changed), reverse=self._reverse)
            if form is not self._form:
                self._rearrange()
                return
        accepted = self._accepts(changed) if self._accepts is not None else [1] * len(changed)
        values, mask = self._values, self._mask or b"\1" * len(self._keys)
        moving = [
            (place, value, 1 if accept else 0)
            for place, value, accept in zip(places, fresh, accepted, strict=True)
            if values[place] != value or mask[place] != (1 if accept else 0)
        ]
        if moving:
            before = self._keys, self._shown
            self._move(moving)
            self._follow(*before)

    def sort_by(self, values_of: ValuesOf[K] | None, *, reverse: bool = False) -> None:
        """Order by these values; None is the order of the source."""
        self._values_of, self._reverse = values_of, reverse and values_of is not None
        self._rearrange()

    def set_filter(self, accepts: Accepts[K] | None) -> None:
        """Show only the rows accepted; None shows all."""
        self._accepts = accepts
        before = self._keys, self._shown
        self._choose()
        self._follow(*before, back=True)

    @property
    def frozen(self) -> bool:
        """While True, a touched row neither moves nor leaves: it is easier to read."""
        return self._frozen

    @frozen.setter
    def frozen(self, frozen: bool) -> None:
        self._frozen = frozen
        if not frozen and self._disordered:
            self._rearrange()

    # How it is done

    def _is_shown(self, place: int) -> bool:
        return self._accepts is None or bool(self._mask[place])

    def _rearrange(self) -> None:
        """Sort and filter anew."""
        before = self._keys, self._shown
        self._arrange()
        self._follow(*before)

    def _arrange(self) -> None:
        keys = self._keys
        if self._values_of is None:
            self._values = range(len(keys))
        else:
            values = self._values_of(keys)
            self._form, self._values = comparable(values, reverse=self._reverse)
            if len(self._values) != len(keys):
                raise ValueError("sorting needs one value for each key")
        self._order = sorted_places(self._values, reverse=self._reverse)
        self._choose()

    def _choose(self) -> None:
        self._disordered = False
        if self._accepts is None:
            self._mask = bytearray()
            self._shown = self._order
        else:
            self._mask = bytearray(map(bool, self._accepts(self._keys)))
            if len(self._mask) != len(self._keys):
                raise ValueError("filtering needs one answer for each key")
            self._shown = chosen_places(self._order, self._mask)

    def _move(self, moving: Sequence[tuple[int, Any, int]]) -> None:
        """Give places their new values, and put them where those belong."""
        reverse, values = self._reverse, self._values
        filtered = self._accepts is not None
        sort_moves = [item for item in moving if values[item[0]] != item[1]]
        old_order = sorted(
            locate(self._order, values, place, reverse=reverse) for place, _, _ in sort_moves
        )
        old_shown = sorted(
            locate(self._shown, values, place, reverse=reverse)
            for place, _, _ in moving
            if filtered and self._mask[place]
        )
        if sort_moves and not isinstance(values, range):
            self._values = values = _with(values, sort_moves)
            rest = without(self._order, old_order)
            self._order = inserted(rest, [m[0] for m in sort_moves], values, reverse=reverse)
        if not filtered:
            self._shown = self._order
            return
        for place, _, accept in moving:
            self._mask[place] = accept
        arriving = [place for place, _, accept in moving if accept]
        self._shown = inserted(without(self._shown, old_shown), arriving, values, reverse=reverse)

    def _stay_put(self, old_keys: Sequence[K], old_shown: Sequence[int]) -> None:
        """Frozen: what was shown stays in its order, and new rows come after it."""
        known = set(old_keys)
        survivors = [self.place(old_keys[place]) for place in old_shown]
        order = array("I", [place for place in survivors if place is not None])
        order.extend(place for place in self._shown if self._keys[place] not in known)
        self._shown, self._disordered = order, True
        if self._accepts is not None:
            self._mask = bytearray(len(self._keys))
            for place in order:
                self._mask[place] = 1

    def _follow(
        self, old_keys: Sequence[K], old_shown: Sequence[int], *, back: bool = False
    ) -> None:
        """Find the cursor's row again, or the nearest survivor.

        ``back``: a row that the cursor was driven from by a filter gets it back if shown again.
        """
        for key in (self._wanted, self._cursor) if back else (self._cursor,):
            index = None if key is None else self.index(key)
            if index is not None:
                self._cursor, self._cursor_index = key, index
                if self._wanted is None:
                    self._wanted = key
                return
        old_index = self._cursor_index
        if old_index >= 0 and len(self._shown):
            for index in _outwards(old_index, len(old_shown)):
                key = old_keys[old_shown[index]]
                new_index = self.index(key)
                if new_index is not None:
                    self._land(new_index)
                    return
        self._land(min(max(old_index, 0), len(self._shown) - 1))

    def _land(self, index: int) -> None:
        self._cursor_index = index
        self._cursor = self[index] if index >= 0 else None
        if self._wanted is None:
            self._wanted = self._cursor


def _with(values: Values, moving: Iterable[tuple[int, Any, int]]) -> Values:
    column = bytearray(values) if isinstance(values, bytes) else values
    for place, value, _ in moving:
        column[place] = value
    return bytes(column) if isinstance(column, bytearray) else column


def _outwards(index: int, length: int) -> Iterable[int]:
    """Indexes by their distance from ``index``, the one below first; not ``index`` itself."""
    for distance in range(1, max(index + 1, length - index)):
        if index + distance < length:
            yield index + distance
        if index - distance >= 0:
            yield index - distance
