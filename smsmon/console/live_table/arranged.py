"""The rows of a table by key, sorted and filtered: kept in order at the cost of what changed.

Each row has a *place*. New rows get the places after all others; where a row went its place stays
behind, empty, until there are many of those. No Textual here.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from enum import Enum, auto
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

_RESORT_SHARE = 8
"""With more than one row in this many changed, sorting anew is cheaper than moving them."""
_GAPS_SHARE = 4
"""With more than one place in this many left behind, places are given anew."""


class _Gone(Enum):
    """Stands in the place of a row that went."""

    ROW = auto()


class ArrangedRows(Generic[K]):
    """Which rows there are, and which of them are shown in which order."""

    def __init__(self) -> None:
        self._keys: Sequence[K] = []
        """By place; ``_Gone.ROW`` where a row went."""
        self._places: dict[K, int] | None = {}
        """Key → place, in the order of the source; None: the keys are a range, each at its own."""
        self._values_of: ValuesOf[K] | None = None
        self._reverse = False
        self._values: Values | range = range(0)
        self._form = Form.OTHER
        self._order: Sequence[int] = range(0)
        """All places, sorted."""
        self._accepts: Accepts[K] | None = None
        self._mask = bytearray()
        """By place: 1 where the filter lets the row through; empty without a filter."""
        self._shown: Sequence[int] = self._order
        self.chosen = 0
        """How often all rows were filtered anew, not only some that came or changed."""
        self._held = False
        """What is shown is held in an order that is not that of the sort."""

    # What there is

    @property
    def keys(self) -> Sequence[K]:
        """Every row, shown or not, in the order of the source."""
        return self._keys if self._places is None else tuple(self._places)

    @property
    def total(self) -> int:
        """How many rows there are, shown or not."""
        return len(self._keys if self._places is None else self._places)

    def __len__(self) -> int:
        """How many rows are shown."""
        return len(self._shown)

    def __getitem__(self, index: int) -> K:
        return self._keys[self._shown[index]]

    @property
    def hidden(self) -> int:
        """How many rows the filter hides."""
        return self.total - len(self._shown)

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

    def __contains__(self, key: object) -> bool:
        return key in (self._keys if self._places is None else self._places)

    def index(self, key: K) -> int | None:
        """Where the row is shown; None when it is not."""
        place = self._place(key)
        if place is None or (self._mask and not self._mask[place]):
            return None
        if self._held:
            return self._shown.index(place)
        if isinstance(self._shown, range):
            return place
        return locate(self._shown, self._values, place, reverse=self._reverse)

    def _place(self, key: K) -> int | None:
        if self._places is not None:
            return self._places.get(key)
        keys = self._keys
        return keys.index(key) if key in keys else None  # a range: no searching

    # What changes them

    def take(self, keys: Sequence[K]) -> None:
        """Have ``keys`` as the rows from now on.

        A ``range`` of ints costs no memory; any other sequence is copied and indexed.
        """
        if isinstance(keys, range):
            self._keys, self._places = cast("Sequence[K]", keys), None
        else:
            places = dict(zip(keys, range(len(keys)), strict=True))
            if len(places) != len(keys):
                raise ValueError("a key stands for one row: there are duplicates")
            self._keys, self._places = list(keys), places
        self.arrange()

    def change(self, came: Sequence[K], left: Collection[K]) -> None:
        """Have ``came`` as well, as the last rows, and those that ``left`` no longer; none is in
        both."""
        gone = {key: place for key in left if (place := self._place(key)) is not None}
        new = [key for key in dict.fromkeys(came) if key not in self]
        many = (len(new) + len(gone)) * _RESORT_SHARE > self.total
        fresh = None if many or self._held or self._places is None else self._fresh(new)
        if fresh is None:
            self.take([*(key for key in self.keys if key not in gone), *new])
            return
        if gone:
            self._leave(gone)
        if new:
            self._come(new, fresh)

    def touch(self, keys: Iterable[K]) -> bool:
        """Move these rows where they belong by now; False when all stand there already."""
        if self._values_of is None and self._accepts is None:
            return False
        touched = {place: key for key in keys if (place := self._place(key)) is not None}
        places, changed = list(touched), list(touched.values())
        many = len(touched) * _RESORT_SHARE > self.total
        fresh = None if many else self._fresh(changed)
        if fresh is None:
            self.arrange()
            return True
        values, mask = self._values, self._mask or b"\1" * len(self._keys)
        moving = [
            (place, value, accept)
            for place, value, accept in zip(
                places, fresh or places, self._accepted(changed), strict=True
            )
            if values[place] != value or mask[place] != accept
        ]
        if moving:
            self._move(moving)
        return bool(moving)

    def sort_by(self, values_of: ValuesOf[K] | None, *, reverse: bool) -> None:
        """Order by these values; None is the order of the source, or the reverse of it."""
        self._values_of, self._reverse = values_of, reverse
        self.arrange()

    def choose(self, accepts: Accepts[K] | None) -> None:
        """Show only the rows accepted; None shows all."""
        self._accepts = accepts
        self._close_gaps()
        self._choose()

    def hold(self, shown: Iterable[K], known: Iterable[K]) -> None:
        """Show these rows in this order, and then those of the others that were not ``known``."""
        held = [place for key in shown if (place := self._place(key)) is not None]
        not_new = set(known)
        order = array("I", held)
        order.extend(place for place in self._shown if self._keys[place] not in not_new)
        self._shown, self._held = order, True
        if self._accepts is not None:
            self._mask = bytearray(len(self._keys))
            for place in order:
                self._mask[place] = 1

    def arrange(self) -> None:
        """Sort and filter anew."""
        self._close_gaps()
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

    # How it is done

    def _choose(self) -> None:
        self._held = False
        self.chosen += 1
        if self._accepts is None:
            self._mask = bytearray()
            self._shown = self._order
        else:
            self._mask = bytearray(map(bool, self._accepts(self._keys)))
            if len(self._mask) != len(self._keys):
                raise ValueError("filtering needs one answer for each key")
            self._shown = chosen_places(self._order, self._mask)

    def _fresh(self, keys: Sequence[K]) -> Sequence[Any] | None:
        """What these rows are sorted by now; empty where rows are not sorted; None where it does
        not compare with that of the others, and all must be sorted anew."""
        if self._values_of is None or not keys:
            return ()
        values = self._values_of(keys)
        form, fresh = comparable(values, reverse=self._reverse, like=self._form)
        return fresh if form is self._form else None

    def _accepted(self, keys: Sequence[K]) -> bytes:
        if self._accepts is None or not keys:
            return b"\1" * len(keys)
        return bytes(map(bool, self._accepts(keys)))

    def _leave(self, gone: Mapping[K, int]) -> None:
        order = self._less(self._order, gone.values())
        if self._accepts is None:
            self._shown = order
        else:
            shown = [place for place in gone.values() if self._mask[place]]
            self._shown = self._less(self._shown, shown)
        self._order = order
        keys, places = cast("list[Any]", self._keys), cast("dict[K, int]", self._places)
        for key, place in gone.items():
            keys[place] = _Gone.ROW
            del places[key]
        if (len(keys) - len(places)) * _GAPS_SHARE > len(keys):
            self._close_gaps()

    def _less(self, order: Sequence[int], places: Iterable[int]) -> array[int]:
        """``order`` without these places, all of which are in it."""
        reverse, values = self._reverse, self._values
        return without(order, sorted(locate(order, values, it, reverse=reverse) for it in places))

    def _come(self, new: Sequence[K], fresh: Sequence[Any]) -> None:
        keys, places = cast("list[K]", self._keys), cast("dict[K, int]", self._places)
        came = range(len(keys), len(keys) + len(new))
        keys.extend(new)
        places.update(zip(new, came, strict=True))
        values = self._values
        if isinstance(values, range):
            self._values = range(len(keys))
        elif isinstance(values, bytes):
            self._values = values + bytes(fresh)
        else:
            values.extend(fresh)
        filtered = self._accepts is not None
        if filtered:
            self._mask.extend(self._accepted(new))
        order = self._order
        if isinstance(order, range):
            self._order = range(len(keys))
        else:
            self._order = inserted(order, came, self._values, reverse=self._reverse)
        if filtered:
            accepted = [place for place in came if self._mask[place]]
            self._shown = inserted(self._shown, accepted, self._values, reverse=self._reverse)
        else:
            self._shown = self._order

    def _close_gaps(self) -> None:
        """Give all places anew, less those that were left behind."""
        if self._places is None or len(self._places) == len(self._keys):
            return
        kept = list(self._places.values())
        now = dict(zip(kept, range(len(kept)), strict=True))
        unfiltered = self._shown is self._order
        self._keys = list(self._places)
        self._places = dict(zip(self._keys, range(len(kept)), strict=True))
        values = self._values
        if isinstance(values, range):
            self._values = range(len(kept))
        elif isinstance(values, bytes):
            self._values = bytes(map(values.__getitem__, kept))
        elif isinstance(values, array):
            self._values = array("d", map(values.__getitem__, kept))
        else:
            self._values = list(map(values.__getitem__, kept))
        self._order = array("I", map(now.__getitem__, self._order))
        if self._mask:
            self._mask = bytearray(map(self._mask.__getitem__, kept))
        self._shown = self._order if unfiltered else array("I", map(now.__getitem__, self._shown))

    def _move(self, moving: Sequence[tuple[int, Any, int]]) -> None:
        """Give places their new values, and put them where those belong."""
        reverse, values = self._reverse, self._values
        filtered = self._accepts is not None
        sort_moves = [item for item in moving if values[item[0]] != item[1]]
        order = self._less(self._order, [place for place, _, _ in sort_moves])
        shown = [place for place, _, _ in moving if filtered and self._mask[place]]
        rest = self._less(self._shown, shown) if filtered else order
        if sort_moves and not isinstance(values, range):
            self._values = values = _with(values, sort_moves)
            self._order = inserted(order, [m[0] for m in sort_moves], values, reverse=reverse)
        if not filtered:
            self._shown = self._order
            return
        for place, _, accept in moving:
            self._mask[place] = accept
        arriving = [place for place, _, accept in moving if accept]
        self._shown = inserted(rest, arriving, values, reverse=reverse)


def _with(values: Values, moving: Iterable[tuple[int, Any, int]]) -> Values:
    column = bytearray(values) if isinstance(values, bytes) else values
    for place, value, _ in moving:
        column[place] = value
    return bytes(column) if isinstance(column, bytearray) else column
