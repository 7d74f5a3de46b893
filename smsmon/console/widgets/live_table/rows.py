"""Where a live table gets its rows from."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

K = TypeVar("K", bound=Hashable)
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
K_contra = TypeVar("K_contra", contravariant=True)


class Rows(Protocol[K_contra, R_co]):
    """Gives rows one by one to paint, and whole columns of values to sort by.

    Rows are asked for only when they are painted, so building one may cost a little.
    """

    def row(self, key: K_contra, /) -> R_co:
        """The row as it is now. ``key`` is one that was loaded.

        Raises LookupError when it is gone meanwhile: its line is blank until the table is told.
        """
        ...

    def values(self, column: str, keys: Sequence[K_contra], /) -> Sequence[Any] | None:
        """The values to sort ``column`` by, one for each key; None where a row has none.

        Give ``bytes`` (small numbers) or an ``array`` where there is one: 100,000 sort several
        times faster. None instead of a sequence: the column's ``sort_key`` is asked, row by row.
        """
        ...


class MappedRows(Generic[K, R]):
    """Rows that are values of a mapping; each column sorts by its ``sort_key``."""

    def __init__(self, rows: Mapping[K, R]) -> None:
        self._rows = rows

    def row(self, key: K, /) -> R:
        return self._rows[key]

    def values(self, _column: str, _keys: Sequence[K], /) -> None:
        """No columns here."""
        return


def each_or(
    give: Callable[[Sequence[K]], Sequence[Any]], missing: object
) -> Callable[[Sequence[K]], Sequence[Any]]:
    """``give``, but ``missing`` for the keys it raises LookupError for: rows just gone."""

    def given(keys: Sequence[K]) -> Sequence[Any]:
        try:
            return give(keys)
        except LookupError:
            return [one(key) for key in keys]

    def one(key: K) -> Any:
        try:
            return give([key])[0]
        except LookupError:
            return missing

    return given
