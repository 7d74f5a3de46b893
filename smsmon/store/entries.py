"""Entries of the watchlist: made safe, checked, merged; and what is done to a list of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from smsmon.clock import Clock, SystemClock
from smsmon.model import DEFAULT_PROFILE, MESSAGE_ID_DIGITS, Entry, is_message_id
from smsmon.text import REPLACEMENT, SENTENCE_LIMIT, safe, typed


@dataclass(frozen=True, slots=True)
class Problem:
    """One line that could not be understood."""

    line: int
    """From 1; 0 where no line is known."""
    text: str
    """The line, or what of it is at fault: safe to show."""
    why: str


@dataclass(frozen=True, slots=True)
class Added:
    """What ``add`` did."""

    new: tuple[Entry, ...]
    merged: tuple[Entry, ...]
    """Entries of messages that were watched before, as they are now."""


@dataclass(frozen=True, slots=True)
class Removed:
    """What ``remove`` took out, and from where: ``put_back`` undoes it."""

    entries: tuple[tuple[int, Entry], ...]

    @property
    def ids(self) -> tuple[str, ...]:
        """The message ids, in the order they stood."""
        return tuple(entry.id for _, entry in self.entries)


def why_not_an_id(text: str) -> str:
    """Why the API would take ``text`` for no message id; empty when it is one."""
    if is_message_id(text):
        return ""
    if not text:
        return "the id is empty"
    if text.isascii() and text.isdigit():
        return f"too long for an id: {len(text)} digits, at most {MESSAGE_ID_DIGITS}"
    odd = next(char for char in text if not (char.isascii() and char.isdigit()))
    if not odd.isprintable() or odd == REPLACEMENT:
        return "it holds a character that is no text (control or invisible): type the id instead"
    return f"an id has only the digits 0 to 9, and this has “{safe(odd)}”"


def cleaned(entry: Entry) -> Entry:
    """``entry`` with its texts safe to show and its moment a whole second, as the file keeps it."""
    return replace(
        entry,
        label=typed(_one_line(entry.label)),
        tags=clean_tags(entry.tags),
        note=typed(_one_line(entry.note), SENTENCE_LIMIT),
        added_at=float(int(entry.added_at)),
        profile=safe(_one_line(entry.profile)) or DEFAULT_PROFILE,
    )


def clean_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Each tag once, in the order given, safe to show; empty ones dropped."""
    return tuple(dict.fromkeys(typed(_one_line(tag)) for tag in tags if tag.strip()))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def merged(known: Entry, new: Entry) -> Entry:
    """One entry from two about the same message: what ``new`` says wins where it says something.

    Tags and unknown keys are united; the moment it was added, and whether it is paused, stay.
    """
    return replace(
        known,
        label=new.label or known.label,
        tags=tuple(dict.fromkeys((*known.tags, *new.tags))),
        note=new.note or known.note,
        added_at=known.added_at or new.added_at,
        profile=new.profile if new.profile != DEFAULT_PROFILE else known.profile,
        extra={**known.extra, **new.extra},
    )


def united(entries: Iterable[Entry]) -> Iterator[Entry]:
    """``entries`` with those of one message merged, each at the place of its first."""
    by_id: dict[str, Entry] = {}
    for entry in entries:
        known = by_id.get(entry.id)
        by_id[entry.id] = merged(known, entry) if known else entry
    yield from by_id.values()


Operation = Callable[[list[Entry]], Iterable[Entry]]


class EditedList(ABC):
    """The operations of a ``WatchlistStore``, whatever the list is kept in."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()

    @abstractmethod
    def update(self, operation: Operation) -> list[Entry]:
        """Replace the list by what ``operation`` makes of the one that is kept; gives the new one.

        ``operation`` may be called again with a newer list when somebody else got in between.
        """

    def add(self, entries: Iterable[Entry]) -> Added:
        now = float(int(self._clock.now()))
        wanted = [replace(entry, added_at=entry.added_at or now) for entry in map(cleaned, entries)]
        for entry in wanted:
            if why := why_not_an_id(entry.id):
                raise ValueError(why)
        before: set[str] = set()

        def operation(known: list[Entry]) -> Iterable[Entry]:
            before.clear()
            before.update(entry.id for entry in known)
            return united([*known, *wanted])

        now_known = {entry.id: entry for entry in self.update(operation)}
        ids = list(dict.fromkeys(entry.id for entry in wanted))
        return Added(
            new=tuple(now_known[each] for each in ids if each not in before),
            merged=tuple(now_known[each] for each in ids if each in before),
        )

    def remove(self, ids: Iterable[str]) -> Removed:
        wanted = set(ids)
        gone: list[tuple[int, Entry]] = []

        def operation(known: list[Entry]) -> Iterable[Entry]:
            gone[:] = [pair for pair in enumerate(known) if pair[1].id in wanted]
            return [entry for entry in known if entry.id not in wanted]

        self.update(operation)
        return Removed(tuple(gone))

    def put_back(self, removed: Removed) -> list[Entry]:
        def operation(known: list[Entry]) -> Iterable[Entry]:
            places = {entry.id: place for place, entry in enumerate(known)}
            for place, entry in removed.entries:
                if entry.id in places:
                    at = next(i for i, each in enumerate(known) if each.id == entry.id)
                    known[at] = merged(entry, known[at])
                else:
                    known.insert(place, entry)
            return known

        return self.update(operation)

    def amend(
        self,
        ids: Iterable[str],
        *,
        label: str | None = None,
        tags: Sequence[str] | None = None,
        note: str | None = None,
        paused: bool | None = None,
        profile: str | None = None,
    ) -> list[Entry]:
        wanted = set(ids)

        def amended(entry: Entry) -> Entry:
            return cleaned(
                replace(
                    entry,
                    label=entry.label if label is None else label,
                    tags=entry.tags if tags is None else clean_tags(tags),
                    note=entry.note if note is None else note,
                    paused=entry.paused if paused is None else paused,
                    profile=entry.profile if profile is None else profile,
                )
            )

        entries = self.update(
            lambda known: [amended(each) if each.id in wanted else each for each in known]
        )
        return [entry for entry in entries if entry.id in wanted]
