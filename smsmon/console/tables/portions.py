"""Looking at many rows a portion at a time, so that no key waits for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Iterator, Sequence
from itertools import islice
from typing import Any, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
Accepts = Callable[[Sequence[K]], Sequence[Any]]
"""Gives one truth value for each of the keys."""

AT_ONCE = 1_000
"""Rows that are looked at before a key is: some milliseconds."""


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
