"""What was done and can be taken back, the last first: to the watchlist, marks, alerts, views.

The one home of undoing: whoever does something notes a step, which knows how to take itself back
and what to say then.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from smsmon.console.live_table import LiveTable, Marking
from smsmon.times import capital, counted

if TYPE_CHECKING:
    from smsmon.console.memory import View, Views
    from smsmon.store.entries import Done, TakenBack
    from smsmon.watching import Watching

DEPTH = 50
"""Steps kept."""
_MOST_ROWS = 500_000
"""Rows in all steps together: marking 100,000 rows and clearing them goes on without end."""
AnyTable = LiveTable[Any, Any]
S = TypeVar("S", bound="Step")


class Step(Protocol):
    """One thing that was done."""

    @property
    def table(self) -> AnyTable | None:
        """Where alone it can be taken back; None: anywhere."""

    @property
    def rows(self) -> int:
        """How many rows it remembers."""

    @property
    def lasting(self) -> bool:
        """False once what it was done to is no more."""

    @property
    def take_back(self) -> Callable[[], Awaitable[str]]:
        """Undoes it; gives what is to be said. Raises ``StoreError``, and then it stands."""


class Steps:
    """The steps that can be taken back. Marks give way first: they are soon made again."""

    def __init__(self) -> None:
        self._steps: list[Step] = []

    def note(self, step: Step) -> None:
        """``step`` was done just now."""
        self._steps.append(step)
        while len(self._steps) > DEPTH or sum(each.rows for each in self._steps) > _MOST_ROWS:
            marks = (each for each in self._steps if each.table is not None)
            self._steps.remove(next(marks, self._steps[0]))

    def note_marks(self, table: AnyTable, marking: Marking[Any]) -> None:
        """Rows of ``table`` were marked just now, or no longer."""
        self.note(MarkStep(table, marking))

    def last(self, table: AnyTable | None) -> Step | None:
        """What was done last, as far as it concerns somebody who stands in ``table``."""
        self._steps = [each for each in self._steps if each.lasting]
        concerned = (each for each in reversed(self._steps) if each.table in (None, table))
        return next(concerned, None)

    def last_of(self, kind: type[S]) -> S | None:
        """What was done last of one kind."""
        return next((each for each in reversed(self._steps) if isinstance(each, kind)), None)

    def drop(self, step: Step) -> None:
        """``step`` is taken back."""
        if step in self._steps:
            self._steps.remove(step)


@dataclass(frozen=True, slots=True, eq=False)
class ListStep:
    """An operation on the watchlist."""

    watching: Watching
    done: Done
    what: str
    """What is taken back: ``tags of 53 messages``."""
    shown: Callable[[TakenBack], None]
    """Called when it is taken back, with what came of it."""
    table: None = None
    lasting: bool = True

    @property
    def rows(self) -> int:
        return len(self.done.changes)

    async def take_back(self) -> str:
        taken = await self.watching.take_back(self.done)
        self.shown(taken)
        return taken_back_text(self.what, taken)


@dataclass(frozen=True, slots=True, eq=False)
class MarkStep:
    """Rows of one table that were marked, or no longer, by one key."""

    table: AnyTable
    marking: Marking[Any]

    @property
    def rows(self) -> int:
        return len(self.marking.keys)

    @property
    def lasting(self) -> bool:
        return self.marking.source is self.table.rows

    async def take_back(self) -> str:
        self.table.take_back(self.marking)
        rows = counted(self.rows, "row")
        return f"Took back: {'marking' if self.marking.on else 'clearing the mark of'} {rows}."


@dataclass(frozen=True, slots=True, eq=False)
class ViewStep:
    """What was done to named views."""

    views: Views
    before: Mapping[str, View | None]
    """What their names stood for."""
    what: str
    """What is taken back: ``view late deleted``."""
    table: None = None
    lasting: bool = True

    @property
    def rows(self) -> int:
        return len(self.before)

    async def take_back(self) -> str:
        self.views.restore(self.before)
        return f"Took back: {self.what}."


@dataclass(frozen=True, slots=True, eq=False)
class AnswerStep:
    """An answer to alerts, which knows how to undo itself."""

    take_back: Callable[[], Awaitable[str]]
    """Gives what is to be said. Raises ``StoreError``, and then it stands."""
    rows: int
    table: None = None
    lasting: bool = True


def taken_back_text(what: str, taken: TakenBack) -> str:
    """What was taken back, and what was left alone."""
    left = len(taken.left)
    if not left:
        return f"Took back: {what}."
    if not taken.ids:
        return f"Nothing is taken back of: {what}. All was changed elsewhere since."
    stay = "stays as it is" if left == 1 else "stay as they are"
    return f"Took back: {what}. {capital(named(taken.left))} {stay}: changed elsewhere since."


_SAID = {"label": "label", "tags": "tags", "note": "note", "profile": "account"}


def edited(done: Done) -> str:
    """What an edit changed: ``label and tags of 3 messages``."""
    names = [
        said
        for name, said in _SAID.items()
        if any(getattr(each.before, name) != getattr(each.after, name) for each in done.changed)
    ]
    listed = " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))
    return f"{listed} of {named([each.id for each in done.changed])}"


def named(ids: Sequence[str]) -> str:
    """``message 2270142``, or how many."""
    return f"message {ids[0]}" if len(ids) == 1 else counted(len(ids), "message")
