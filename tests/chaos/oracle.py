"""Knows the truth, and what ought to be told: checks the engine against both at every poll."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from smsmon.model import Counts, EventKind, FaultKind, Origin
from smsmon.monitor.board import Board
from smsmon.monitor.state import Applied, MessageState, Watched
from smsmon.recipients import Status, status_of
from smsmon.simulator.wire import Spelling
from smsmon.simulator.world import Truth, World

TROUBLE_EVENTS = frozenset(
    {EventKind.STALE, EventKind.NOT_FOUND, EventKind.RECOVERED, EventKind.FOUND}
)
_UNDATED = frozenset({"zero", "null", "empty", "missing"})

Shown = tuple[str, Status, bool | None, int | None]
"""A recipient as the screen has it: phone, status, STOP, the API's date."""


@dataclass(slots=True)
class _Known:
    """What the oracle remembers of one message under watch."""

    watched: Watched
    trouble: FaultKind | None = None
    """How its last poll ended; None: well."""
    expected: tuple[EventKind, ...] = ()
    """What the engine must tell of the poll that has just ended."""
    revision: int = 0


class Oracle:
    """Compares what is displayed with what was true, and what is told with what happened."""

    def __init__(self, world: World, board: Board) -> None:
        self._world = world
        self._board = board
        self._known: dict[str, _Known] = {}
        self.outcomes: Counter[str] = Counter()
        """How polls ended: ``ok`` or the kind of the fault."""
        self.compared = 0
        """Recipients compared with the truth."""
        self.failing: set[str] = set()
        """Messages whose polls failed since somebody emptied this set."""
        self.deceived = False
        """The API may say that a recipient waits still, which nobody can see in one answer."""
        self.false: set[str] = set()
        """Messages of which less is shown than was so."""
        self._batched: dict[str, float] = {}
        """Message → when a batch last told of it."""

    # --- what happened -------------------------------------------------------------------

    def ended(self, watched: Watched, trouble: FaultKind | None) -> None:
        """A poll of ``watched`` has ended; the engine hears of it next."""
        self.outcomes[trouble or "ok"] += 1
        known = self._known.get(watched.id)
        if known is None or known.watched is not watched:
            if self._board.get(watched.id) is not watched:
                return  # let go meanwhile: nothing must be told of it
            known = self._known[watched.id] = _Known(watched)
        before, known.trouble = known.trouble, trouble
        known.expected = tuple(_expected(before, trouble))
        known.revision = watched.revision
        if trouble is not None:
            self.failing.add(watched.id)

    def hear(self, applied: Applied) -> None:
        """The engine tells of the poll: a change of trouble once, of a failed one nothing else."""
        self._judge(applied)
        if applied.origin is Origin.BATCH:
            if not applied.late:
                self._batched[applied.message_id] = applied.at
            return
        known = self._known[applied.message_id]
        watched = self._board[applied.message_id]
        assert known.watched is watched
        told = [event for event in applied.events if event.kind in TROUBLE_EVENTS]
        assert [event.kind for event in told] == [*known.expected], applied
        assert all(event.detail for event in told if event.kind is EventKind.STALE)
        if known.trouble is not None:
            assert not applied.transitions
            assert watched.revision == known.revision, "a failed poll changed what is known"
            assert watched.fault is not None
            assert watched.fault.kind is known.trouble

    def _judge(self, applied: Applied) -> None:
        """Every change told was so at that moment."""
        for change in applied.transitions:
            truth = self.truth(applied.message_id, change.observed_at)[change.slot]
            stop = change.stop_after if truth[2] is not None else None
            told = change.phone, change.after, stop, change.date
            assert told == truth, f"{change} is false: {truth}"

    def forget(self, message_id: str) -> None:
        """The message is watched no longer."""
        self._known.pop(message_id, None)
        self._batched.pop(message_id, None)
        self.false.discard(message_id)

    # --- what is shown -------------------------------------------------------------------

    def compare(self, watched: Watched) -> None:
        """Every status displayed was true when the message was last read, or when a batch last
        told of the recipient."""
        if watched.read_at is None:
            assert not len(watched.recipients)
            return
        shown: list[Shown] = [
            (each.phone, each.status, each.stop, each.date) for each in watched.recipients
        ]
        at = {watched.read_at, self._batched.get(watched.id, watched.read_at)}
        true = [self.truth(watched.id, each) for each in at]
        if any(len(shown) != len(each) for each in true) or not all(
            one in those for one, *those in zip(shown, *true, strict=True)
        ):
            assert self.deceived or watched.id in self.false, f"message {watched.id} is false"
            assert all(
                one in those or not (one[1].final or one[2])
                for one, *those in zip(shown, *true, strict=True)
            ), f"message {watched.id} is said to be what it never was"
            self.false.add(watched.id)
        else:
            self.false.discard(watched.id)
        assert watched.counts == Counts.of(watched.recipients)
        self.compared += len(shown)

    def compare_all(self, state_of: Callable[[Watched], MessageState]) -> None:
        """The same for every message, the totals, and what a row says of itself."""
        total = Counts()
        for watched in self._board:
            self.compare(watched)
            total += watched.counts
            state = state_of(watched)
            if watched.fault is not None and not watched.entry.paused:
                assert state in (MessageState.STALE, MessageState.NOT_FOUND)
        assert self._board.totals() == total

    def truth(self, message_id: str, at: float) -> list[Shown]:
        """What the screen ought to show of a report of that moment."""
        message = self._world.messages[message_id]
        spelling = message.spelling or self._world.spelling
        return [_as_shown(row, spelling) for row in self._world.truth(message_id, at)]


def _as_shown(row: Truth, spelling: Spelling) -> Shown:
    stop = None if spelling.stop == "missing" else row.stop
    date = None if spelling.date in _UNDATED else row.date
    return row.phone, status_of(row.status), stop, date


def _expected(before: FaultKind | None, after: FaultKind | None) -> list[EventKind]:
    """What must be told when a message's polls go from one outcome to another."""
    if before is after:
        return []
    if after is None:
        return [EventKind.FOUND if before is FaultKind.NOT_FOUND else EventKind.RECOVERED]
    return [EventKind.NOT_FOUND if after is FaultKind.NOT_FOUND else EventKind.STALE]
