"""A whole store into another one, of whatever kind; nothing of the source is changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from hashlib import blake2b
from typing import Protocol

from smsmon.model import Entry
from smsmon.store.base import Store
from smsmon.store.care import Compared, Copied, Copying, Sum
from smsmon.store.entries import Operation, united
from smsmon.store.errors import StoreError
from smsmon.store.sql import portions
from smsmon.store.sql.database import Connection
from smsmon.store.sql.portions import TABLES, Mixed


class Listed(Protocol):
    """A watchlist, as far as it is copied."""

    def load(self) -> list[Entry]: ...

    def update(self, operation: Operation) -> list[Entry]: ...


class Whole(Protocol):
    """All that one store keeps, for a copy of it. Everything raises ``StoreError``."""

    @property
    def store(self) -> Store:
        """The store itself."""

    @property
    def where(self) -> str:
        """Where it is, as it may be shown."""

    def identity(self) -> str:
        """A name that no other store has."""

    def watchlist(self) -> Listed: ...

    def reading(self) -> AbstractContextManager[Connection]:
        """Its tables, as they are now."""

    def filling(self, span: tuple[int, int] | None) -> AbstractContextManager[Connection]:
        """Its tables, to be filled with what was recorded in that time; at the end it is ready for
        whoever records next.
        """

    def pollers(self) -> Sequence[str]:
        """Who polls messages of it just now, in words."""


def copy(source: Whole, target: Whole, told: Copying = lambda *_: None) -> Copied:
    """Fill ``target``, where nothing is, with all that ``source`` keeps; what is there then.

    One that was ended before goes on. Raises ``StoreError``, also for a target with something else
    in it, and where somebody polls meanwhile.
    """
    if source.identity() == target.identity():
        remedy = "Name another one to copy to."
        raise StoreError(source.where, "it would be copied into itself", remedy)
    for each in (source, target):
        if who := each.pollers():
            remedy = "End it first: what it records meanwhile would be lost, or mixed with this."
            raise StoreError(
                each.where, f"{', '.join(who)} {'poll' if who[1:] else 'polls'} there", remedy
            )
    entries = source.watchlist().load()
    there = target.watchlist()
    with source.reading() as read:
        span = portions.span(read)
        with target.filling(span) as write:
            try:
                if (listed := there.load()) and not _is_part(listed, entries):
                    raise Mixed("its watchlist has messages of its own")
                copied = portions.begin(write, source.identity(), source.where)
            except Mixed as mixed:
                remedy = "Nothing was changed. Copy into a store with nothing in it."
                raise StoreError(target.where, str(mixed), remedy) from None
            for last in range(_ROUNDS):
                portions.copy(read, write, copied, told)
                compared = [*_compared(read, write, told)]
                other = [each.part for each in compared if not each.alike]
                if not other:
                    break
                if last + 1 < _ROUNDS:  # somebody recorded there meanwhile, after all
                    portions.drop(write, copied, other)
            if learned := source.store.learned():
                target.store.keep_learned(learned)
            compared.append(Compared("learned", _of(learned), _of(target.store.learned())))
            # The list comes last: until then nobody has anything to poll there.
            there.update(lambda known: united([*known, *entries]))
            told("watchlist", len(entries))
            compared.append(Compared("watchlist", _sum(entries), _sum(there.load())))
            if all(each.alike for each in compared):
                portions.end(write)
    return Copied(source.where, target.where, compared)


_ROUNDS = 3
"""Times that what differs at the end is copied."""


def _compared(source: Connection, target: Connection, told: Copying) -> Iterator[Compared]:
    for table in TABLES:
        told("comparing", 0)
        yield Compared(table.name, portions.sum_of(source, table), portions.sum_of(target, table))


def _is_part(listed: Sequence[Entry], entries: Sequence[Entry]) -> bool:
    known = {each.id: each for each in entries}
    return all(known.get(each.id) == each for each in listed)


def _of(content: bytes) -> Sum:
    return Sum(int(bool(content)), blake2b(content, digest_size=16).hexdigest())


def _sum(entries: Sequence[Entry]) -> Sum:
    digest = blake2b(digest_size=16)
    for each in entries:
        told = (each.id, each.label, each.tags, each.note, each.added_at, each.paused, each.profile,
                each.note_by, each.note_at, sorted(each.extra))  # fmt: skip
        digest.update(repr(told).encode("utf-8", "surrogatepass"))
    return Sum(len(entries), digest.hexdigest())
