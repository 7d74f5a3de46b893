"""Entries of the watchlist: made safe, checked, merged; and what is done to a list of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

from smsmon.clock import Clock, SystemClock
from smsmon.model import DEFAULT_PROFILE, MESSAGE_ID_DIGITS, Entry, is_message_id
from smsmon.text import REPLACEMENT, SENTENCE_LIMIT, safe, typed

if TYPE_CHECKING:
    from smsmon.tags import TagChange


@dataclass(frozen=True, slots=True)
class Problem:
    """One line that could not be understood."""

    line: int
    """From 1; 0 where no line is known."""
    text: str
    """The line, or what of it is at fault: safe to show."""
    why: str


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one message on the list."""

    id: str
    place: int
    """Where it stands on the list; where it stood, when it was taken off."""
    before: Entry | None
    """None: it was put on the list."""
    after: Entry | None
    """None: it was taken off. The same as before when nothing of it changed."""


@dataclass(frozen=True, slots=True)
class Done:
    """What an operation did to the messages it was meant for; `taken_back` undoes it.

    Those that were not on the list, and are not now, do not stand here.
    """

    changes: tuple[Change, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        """The messages it was done to."""
        return tuple(each.id for each in self.changes)

    @property
    def new(self) -> tuple[Entry, ...]:
        """What was put on the list."""
        return tuple(
            each.after for each in self.changes if each.after is not None and each.before is None
        )

    @property
    def kept(self) -> tuple[Entry, ...]:
        """What was on the list before, and still is, as it is now."""
        return tuple(each.after for each in self.changes if each.before and each.after)

    @property
    def changed(self) -> tuple[Change, ...]:
        """Only what is not as it was before."""
        return tuple(each for each in self.changes if each.before != each.after)


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What became of taking an operation back."""

    ids: tuple[str, ...]
    """The messages that are as they were before it, in what it had changed."""
    left: tuple[str, ...]
    """Those left as they are, wholly or in part: somebody else has changed them meanwhile."""


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
    """``entry`` with its texts safe to show; its moment is a whole second, as the file keeps it,
    unless it came by itself."""
    return replace(
        entry,
        label=typed(_one_line(entry.label)),
        tags=clean_tags(entry.tags),
        note=typed(_one_line(entry.note), SENTENCE_LIMIT),
        added_at=entry.added_at if entry.arrival else float(int(entry.added_at)),
        note_by=safe(_one_line(entry.note_by)),
        note_at=float(int(entry.note_at)),
        profile=safe(_one_line(entry.profile)) or DEFAULT_PROFILE,
    )


def clean_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Each tag once, in the order given, safe to show; empty ones dropped."""
    return tuple(dict.fromkeys(typed(_one_line(tag)) for tag in tags if tag.strip()))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def merged(known: Entry, new: Entry) -> Entry:
    """One entry from two about the same message: what ``new`` says wins where it says something.

    Tags and unknown keys are united; the moment it was added, and whether it is paused, stay. It
    came by itself only where both did.
    """
    noted = new if new.note and new.note != known.note else known
    return replace(
        known,
        label=new.label or known.label,
        tags=tuple(dict.fromkeys((*known.tags, *new.tags))),
        note=new.note or known.note,
        added_at=known.added_at or new.added_at,
        profile=new.profile if new.profile != DEFAULT_PROFILE else known.profile,
        extra={**known.extra, **new.extra},
        note_by=noted.note_by,
        note_at=noted.note_at,
        arrival=new.arrival and known.arrival,
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

    told = False

    def __init__(self, clock: Clock | None = None, who: str = "") -> None:
        """``who`` writes here; empty where a list does not keep who wrote a note."""
        self._clock = clock or SystemClock()
        self._who = who

    @abstractmethod
    def update(self, operation: Operation) -> list[Entry]:
        """Replace the list by what ``operation`` makes of the one that is kept; gives the new one.

        ``operation`` may be called again with a newer list when somebody else got in between.
        """

    def add(self, entries: Iterable[Entry]) -> Done:
        now = float(int(self._clock.now()))
        wanted = [
            replace(entry if entry.note_by else self._signed(entry), added_at=entry.added_at or now)
            for entry in map(cleaned, entries)
        ]
        for entry in wanted:
            if why := why_not_an_id(entry.id):
                raise ValueError(why)
        return self._do(lambda known: united([*known, *wanted]), [entry.id for entry in wanted])

    def remove(self, ids: Iterable[str]) -> Done:
        wanted = list(ids)
        gone = set(wanted)
        return self._do(lambda known: [each for each in known if each.id not in gone], wanted)

    def amend(
        self,
        ids: Iterable[str],
        *,
        label: str | None = None,
        tags: TagChange | None = None,
        note: str | None = None,
        paused: bool | None = None,
        profile: str | None = None,
    ) -> Done:
        wanted = list(ids)
        meant = set(wanted)

        def amended(entry: Entry) -> Entry:
            changed = cleaned(
                replace(
                    entry,
                    label=entry.label if label is None else label,
                    tags=entry.tags if tags is None else clean_tags(tags.of(entry.tags)),
                    note=entry.note if note is None else note,
                    paused=entry.paused if paused is None else paused,
                    profile=entry.profile if profile is None else profile,
                )
            )
            return changed if changed.note == entry.note else self._signed(changed)

        return self._do(
            lambda known: [amended(each) if each.id in meant else each for each in known], wanted
        )

    def take_back(self, done: Done) -> TakenBack:
        result = TakenBack((), ())

        def operation(known: list[Entry]) -> list[Entry]:
            nonlocal result
            entries, result = taken_back(known, done)
            return entries

        self.update(operation)
        return result

    def _signed(self, entry: Entry) -> Entry:
        """``entry`` with its note as written here and now."""
        signed = bool(entry.note and self._who)
        return replace(
            entry,
            note_by=self._who if signed else "",
            note_at=float(int(self._clock.now())) if signed else 0.0,
        )

    def _do(self, operation: Operation, ids: Iterable[str]) -> Done:
        """Carry out ``operation``; gives what it did to ``ids``."""
        before: list[Entry] = []

        def noted(known: list[Entry]) -> Iterable[Entry]:
            before[:] = known
            return operation(known)

        return between(before, self.update(noted), ids)


def between(before: Sequence[Entry], after: Sequence[Entry], ids: Iterable[str]) -> Done:
    """What became of ``ids`` between two states of the list, in the order they stand there."""
    was = {entry.id: (place, entry) for place, entry in enumerate(before)}
    now = {entry.id: (place, entry) for place, entry in enumerate(after)}
    changes = []
    for id in dict.fromkeys(ids):
        old, new = was.get(id), now.get(id)
        if at := new or old:
            changes.append(Change(id, at[0], old and old[1], new and new[1]))
    return Done(tuple(sorted(changes, key=lambda each: each.place)))


_FIELDS = tuple(each.name for each in fields(Entry) if each.name != "id")


def taken_back(known: Sequence[Entry], done: Done) -> tuple[list[Entry], TakenBack]:
    """The list ``known`` as it was before ``done``, as far as nobody else has been at it since.

    What was put on the list leaves it, if it is still as it was put there. What was taken off
    stands where it stood; if it was added again meanwhile, what was said then goes first. Of what
    was changed, the fields that still hold what was written get back what they held before.
    """
    now = {entry.id: entry for entry in known}
    back: list[str] = []
    left: list[str] = []
    off: set[str] = set()
    returning: list[tuple[int, Entry]] = []
    for change in done.changed:
        before, after = change.before, change.after
        id = change.id
        present = now.get(id)
        if before is None:
            if present == after:
                off.add(id)
            whole = present == after
        elif after is None:
            whole = present is None
            if present is None:
                returning.append((change.place, before))
            else:
                now[id] = merged(before, present)
        elif present is None:
            whole = False
        else:
            whole = all(
                getattr(present, name) == getattr(after, name)
                for name in _FIELDS
                if getattr(before, name) != getattr(after, name)
            )
            was = restored(present, before, after)
            # What is not wholly as it came is not what came by itself.
            now[id] = was if was == before else replace(was, arrival=present.arrival)
        (back if whole else left).append(id)
    entries = [now[entry.id] for entry in known if entry.id not in off]
    for place, entry in returning:
        entries.insert(place, entry)
    return entries, TakenBack(tuple(back), tuple(left))


def restored(now: Entry, before: Entry, after: Entry) -> Entry:
    """``now`` with what an edit from ``before`` to ``after`` changed as it was, where it holds."""
    return replace(
        now,
        **{
            name: getattr(before, name)
            for name in _FIELDS
            if getattr(before, name) != getattr(after, name) == getattr(now, name)
        },
    )
