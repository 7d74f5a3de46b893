"""Rows that a filter asks, of many a portion at a time, so that no key waits for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any, Generic, Protocol, TypeVar

from smsmon.console.live_table import MappedRows, Rows
from smsmon.filters import Filter
from smsmon.filters.questions import Value

K = TypeVar("K", bound=Hashable)
R = TypeVar("R")
K_contra = TypeVar("K_contra", contravariant=True)
R_co = TypeVar("R_co", covariant=True)
Accepts = Callable[[Sequence[K]], Sequence[Any]]
"""Gives one truth value for each of the keys."""

AT_ONCE = 1_000
"""Rows that are looked at before a key is: some milliseconds."""


class FilteredRows(Rows[K_contra, R_co], Protocol[K_contra, R_co]):
    """Rows that can be asked which of them a filter lets through."""

    def accepted(self, keys: Sequence[K_contra], wanted: Filter) -> Sequence[Any]:
        """One truth value for each key."""

    def offered(self, keys: Sequence[K_contra], name: str) -> Iterable[Value]:
        """What these rows have in a field, to be offered while a filter is typed."""


class KeptRows(MappedRows[K, R]):
    """Rows that are told all at once, and then kept; each says what it has in a field."""

    def __init__(self) -> None:
        super().__init__({})

    @property
    def keys(self) -> list[K]:
        """In their order."""
        return list(self._rows)

    def value(self, row: R, name: str) -> Value:
        """What a row has in a field."""
        raise NotImplementedError

    def accepted(self, keys: Sequence[K], wanted: Filter) -> list[bool]:
        return [wanted.matches(partial(self.value, self._rows[key])) for key in keys]

    def offered(self, keys: Sequence[K], name: str) -> Iterable[Value]:
        return (self.value(self._rows[key], name) for key in keys if key in self._rows)


async def asked_before(accepts: Accepts[K], keys: Sequence[K]) -> tuple[Accepts[K], bool]:
    """``accepts``, which for ``keys`` was asked before, and so answers at once when first asked;
    and whether it accepts any of them."""
    answers: dict[K, Any] = {}
    for start in range(0, len(keys), AT_ONCE):
        portion = keys[start : start + AT_ONCE]
        answers.update(zip(portion, accepts(portion), strict=True))
        await asyncio.sleep(0)

    def accepted(wanted: Sequence[K]) -> Sequence[Any]:
        nonlocal answers
        known, answers = answers, {}  # rows change: it is asked anew the next time
        new = [key for key in wanted if key not in known]
        if len(new) == len(wanted):
            return accepts(wanted)
        known.update(zip(new, accepts(new), strict=True))
        return [known[key] for key in wanted]

    return accepted, any(answers.values())


class Rounds(Generic[K]):
    """Takes the rows in turn, a portion each time, and then all of them again."""

    def __init__(self) -> None:
        self._left: Iterator[K] = iter(())

    def next_portion(self, keys: Callable[[], Sequence[K]]) -> list[K]:
        """The next rows; ``keys`` gives all of them when a round begins."""
        portion = list(islice(self._left, AT_ONCE))
        if not portion:
            self._left = iter(keys())
            portion = list(islice(self._left, AT_ONCE))
        return portion
