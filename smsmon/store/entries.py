"""Entries of the watchlist from outside: made safe, checked, merged. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

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
