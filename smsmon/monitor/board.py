"""The live state of every watched message: takes reports in, tells what they changed.

Synchronous and free of I/O: a report is applied whole or, when its poll was cancelled, not at
all. All times are wall-clock seconds since the epoch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from types import MappingProxyType

from msgspec.structs import replace

from smsmon.clock import astray, late
from smsmon.known import Remembered, Summary
from smsmon.merging import merge
from smsmon.model import (
    Counts,
    Entry,
    Event,
    EventKind,
    Fault,
    FaultKind,
    Origin,
    Report,
    Transition,
)
from smsmon.monitor.changes import (
    RawAnswers,
    SeenTransitions,
    counted,
    event_of,
    listing,
    transitions_of,
)
from smsmon.monitor.source import Followed
from smsmon.monitor.state import Applied, MessageState, Watched, beginning

RESTORED_PROMISE = 15.0
"""Seconds that a state from the history counts as fresh: the program was not looking."""


class Board:
    """Every watched message by id, and the totals over them."""

    def __init__(self) -> None:
        self._messages: dict[str, Watched] = {}
        self.arranged = 0
        """How often the messages got another order than by one coming as the last, or leaving."""
        self._lacking: set[str] = set()
        self._totals = Counts()
        self._seen = SeenTransitions()
        self._raw = RawAnswers()

    # --- looking -------------------------------------------------------------------------

    @property
    def messages(self) -> Mapping[str, Watched]:
        """Id → message, in the order they were added; a live, read-only view."""
        return MappingProxyType(self._messages)

    def __len__(self) -> int:
        return len(self._messages)

    def __iter__(self) -> Iterator[Watched]:
        return iter(self._messages.values())

    def __reversed__(self) -> Iterator[Watched]:
        """The one that came last first."""
        return reversed(self._messages.values())

    def __contains__(self, message_id: object) -> bool:
        return message_id in self._messages

    def __getitem__(self, message_id: str) -> Watched:
        return self._messages[message_id]

    def get(self, message_id: str) -> Watched | None:
        """The message, or None when it is not watched."""
        return self._messages.get(message_id)

    def totals(self) -> Counts:
        """The counts over all messages; kept up to date, costs nothing to ask."""
        return self._totals

    @property
    def lacking(self) -> Set[str]:
        """The messages of which only the counts are known yet (``Watched.loaded``)."""
        return self._lacking

    def transitions(self, message_id: str, slot: int) -> tuple[Transition, ...]:
        """The changes of one recipient seen in this session, oldest first (bounded)."""
        return self._seen.of(message_id, slot)

    def raw(self, message_id: str) -> tuple[bytes, int] | None:
        """The beginning of the last answer and its full length; None if it was not kept."""
        return self._raw.of(message_id)

    def state_of(self, watched: Watched, now: float) -> MessageState:
        """What the message's row must say at wall time ``now``."""
        if watched.entry.paused:
            return MessageState.PAUSED
        if watched.fault is not None:
            if watched.fault.kind is FaultKind.NOT_FOUND:
                return MessageState.NOT_FOUND
            return MessageState.STALE
        if watched.read_at is None:
            return MessageState.NEW
        if watched.settled_at is not None:
            return MessageState.SETTLED
        if watched.overdue(now):
            return MessageState.STALE
        return MessageState.COMPLETE if watched.complete else MessageState.LIVE

    def reason_of(self, watched: Watched, now: float) -> str:
        """One safe sentence why the message is stale or not found; empty when it is neither."""
        if watched.fault is not None:
            return watched.fault.message
        if self.state_of(watched, now) is MessageState.STALE:
            return "not read for longer than planned"
        return ""

    # --- the watchlist -------------------------------------------------------------------

    def watch(self, entry: Entry, at: float) -> Event:
        """Watch a message from now on. Raises ValueError when it is watched already."""
        if entry.id in self._messages:
            raise ValueError(f"message {entry.id} is watched already")
        watched = Watched(entry)
        watched.origin = beginning(entry, at)
        self._messages[entry.id] = watched
        return event_of(EventKind.ADDED, watched, at)

    def restore(self, entry: Entry, remembered: Remembered, at: float) -> Watched:
        """Watch a message whose state is known from the history, with its recipients or without:
        then ``fill`` has to give them before any answer is taken in.

        The next report is compared with it: what changed meanwhile is told as changes. The
        state shows as stale by its age until then.
        """
        self.watch(entry, at)
        return self.remember(entry.id, remembered, at)

    def remember(self, message_id: str, remembered: Remembered, at: float) -> Watched:
        """As ``restore``, for a message that is watched by now."""
        watched = self._messages[message_id]
        self._remember(watched, remembered, at)
        watched.promise = RESTORED_PROMISE
        return watched

    def fill(self, message_id: str, remembered: Remembered | None, at: float) -> None:
        """Give a message that lacks them its recipients, as the history has them; None: it has
        none any more, so that the message is as if it was never read.

        What became of its polls meanwhile stays. Raises KeyError when it is not watched.
        """
        watched = self._messages[message_id]
        if watched.loaded:
            return
        read_at, asked_at = watched.read_at or 0.0, watched.asked_at
        self._remember(watched, remembered or Remembered(Summary(message_id)), at)
        if remembered is None:
            watched.last_change_at = watched.completed_at = watched.settled_at = None
        elif (watched.read_at or 0.0) < read_at:
            watched.read_at, watched.asked_at = read_at, asked_at
        self._recount(watched)

    def follow(self, followed: Followed, at: float) -> Applied:
        """Take over what another process found out. Raises KeyError when it is not watched.

        It tells what that one told, with the moments at which it was seen there.
        """
        watched = self._messages[followed.message_id]
        first = False
        if followed.remembered is not None:
            first = not watched.counts.total
            self._remember(watched, followed.remembered, at)
            self._seen.add(followed.transitions)
            self._raw.forget(watched.id)  # the answer that told this is not here
        if followed.last_poll is not None:
            watched.note_last_poll(followed.last_poll)
        return Applied(
            watched.id,
            followed.at,
            watched.asked_at or followed.at,
            first=first,
            transitions=followed.transitions,
            events=followed.events,
            origin=Origin.RECORDED,
        )

    def arrange(self, ids: Iterable[str]) -> None:
        """Keep the messages in the order of ``ids``; those it leaves out come last."""
        kept = self._messages
        ordered = dict.fromkeys([id for id in ids if id in kept]) | dict.fromkeys(kept)
        if list(ordered) != list(kept):
            messages = {id: kept[id] for id in ordered}
            kept.clear()
            kept.update(messages)
            self.arranged += 1

    def forget(self, message_id: str, at: float) -> Event:
        """Stop watching a message. Raises KeyError when it is not watched."""
        watched = self._messages.pop(message_id)
        self._totals -= watched.counts
        self._lacking.discard(message_id)
        self._seen.forget(message_id)
        self._raw.forget(message_id)
        return event_of(EventKind.REMOVED, watched, at)

    def amend(self, entry: Entry, at: float) -> Event | None:
        """Take a changed description over. An event tells when its pause began or ended.

        Raises KeyError when the message is not watched.
        """
        watched = self._messages[entry.id]
        before, watched.entry = watched.entry, entry
        if before.paused == entry.paused:
            return None
        return event_of(EventKind.PAUSED if entry.paused else EventKind.RESUMED, watched, at)

    # --- answers -------------------------------------------------------------------------

    def apply(self, report: Report, at: float) -> Applied:
        """Take a report in. Raises KeyError when its message is not watched.

        The first report that lists recipients is a baseline: it tells no transitions. One that was
        asked for before the last one changes nothing (``Applied.late``), nor does any while the
        message lacks its recipients. One that is not whole tells only of those it lists, and
        nothing before there was a whole one; the message does not count as read by it.
        """
        watched = self._messages[report.message_id]
        asked_at, origin = report.asked_at, report.origin
        early = not report.whole and watched.read_at is None
        if early or not watched.loaded or late(watched.asked_at, asked_at, at):
            return Applied(watched.id, at, asked_at, late=True, origin=origin)
        if report.raw:
            self._raw.keep(watched.id, report.raw)
        if watched.digest == report.digest and watched.read_at is not None and report.whole:
            return self.unchanged(watched.id, at, asked_at, report.served_at, origin)
        baseline = not len(watched.recipients)
        first_ever = watched.first_read_at is None
        merged = merge(watched.recipients, report.recipients, watched.layout, watched.absent)
        transitions = () if baseline else tuple(transitions_of(watched, merged, at))
        if not report.whole:
            absent = merged.absent & watched.absent.keys()
            merged = replace(merged, absent=absent, layout=watched.layout)
        events = self._read(watched, at, asked_at) if report.whole else []
        events.extend(listing(watched, merged, at))
        watched.take(merged, at)
        self._recount(watched)
        watched.digest = (report.digest or None) if report.whole else None
        watched.date_origin(at)
        if baseline:
            watched.last_change_at = watched.dated_change(at)
        elif transitions:
            watched.last_change_at = at
        if first_ever:
            events.append(event_of(EventKind.FIRST_READ, watched, at, counted(watched.counts)))
        events.extend(self._ends(watched, at, report.served_at))
        self._seen.add(transitions)
        return Applied(
            watched.id,
            at,
            asked_at,
            first=baseline,
            transitions=transitions,
            events=tuple(events),
            served_at=report.served_at,
            origin=origin,
        )

    def unchanged(
        self,
        message_id: str,
        at: float,
        asked_at: float | None = None,
        served_at: float | None = None,
        origin: Origin = Origin.POLLED,
    ) -> Applied:
        """The API gave the known answer again. Raises KeyError when it is not watched.

        ``asked_at`` is when it was asked for; None: in the same moment. ``served_at`` and
        ``origin`` are as in a report.
        """
        watched = self._messages[message_id]
        asked = at if asked_at is None else asked_at
        if not watched.loaded or late(watched.asked_at, asked, at):
            return Applied(message_id, at, asked, late=True, origin=origin)
        events = (*self._read(watched, at, asked), *self._ends(watched, at, served_at))
        return Applied(message_id, at, asked, events=events, served_at=served_at, origin=origin)

    def fail(
        self, message_id: str, fault: Fault, at: float, asked_at: float | None = None
    ) -> Applied:
        """A poll gave no report: no status changes, the message turns stale or not found.

        An event tells it once for each kind of trouble, not once a poll. A poll that left before
        the last true answer was asked for says nothing about it (``Applied.late``). Raises
        KeyError when the message is not watched.
        """
        watched = self._messages[message_id]
        asked = at if asked_at is None else asked_at
        if late(watched.asked_at, asked, at):
            return Applied(message_id, at, asked, late=True)
        before = watched.fault
        watched.fault = fault
        if before is None:
            watched.fault_since = at
        if before is not None and before.kind is fault.kind:
            return Applied(message_id, at, asked)
        missing = fault.kind is FaultKind.NOT_FOUND
        kind = EventKind.NOT_FOUND if missing else EventKind.STALE
        return Applied(message_id, at, asked, events=(event_of(kind, watched, at, fault.message),))

    def unsettle(self, watched: Watched, at: float) -> bool:
        """Take back that a message settled when the clock that said so was set back since.

        True when it was taken back: it has to be polled again.
        """
        if watched.settled_at is None or watched.has_settled(watched.settled_at, at):
            return False
        watched.settled_at = None
        return True

    # --- inside --------------------------------------------------------------------------

    def _read(self, watched: Watched, at: float, asked_at: float) -> list[Event]:
        """Note a true answer; the event tells the end of a trouble."""
        events = []
        if watched.fault is not None:
            missing = watched.fault.kind is FaultKind.NOT_FOUND
            events.append(
                event_of(EventKind.FOUND if missing else EventKind.RECOVERED, watched, at)
            )
        watched.fault = watched.fault_since = None
        watched.read_at, watched.asked_at = at, asked_at
        if watched.first_read_at is None:
            watched.first_read_at = at
        return events

    def _remember(self, watched: Watched, remembered: Remembered, at: float) -> None:
        watched.remember(remembered, at)
        known = remembered.summary
        if known.read_at is None:
            return
        self._recount(watched, None if len(watched.recipients) else known.counts)
        watched.last_change_at = known.last_change_at or watched.dated_change(known.read_at)
        watched.completed_at = None
        if watched.complete:
            watched.completed_at = known.completed_at or watched.last_change_at
        watched.settled_at = known.settled_at
        self.unsettle(watched, at)

    def _recount(self, watched: Watched, counts: Counts | None = None) -> None:
        if counts is None:
            counts = Counts.of(watched.recipients, len(watched.absent))
        self._totals = self._totals - watched.counts + counts
        watched.counts = counts
        watched.revision += 1
        (self._lacking.discard if watched.loaded else self._lacking.add)(watched.id)
        if not self._lacking:
            self._lacking.clear()  # an empty set keeps the memory of the most that it ever held

    def _ends(self, watched: Watched, at: float, served_at: float | None) -> list[Event]:
        """Note that all is final, that it is no longer, or that it has been for 48 hours."""
        events = []
        if watched.complete and watched.completed_at is None:
            watched.completed_at = watched.last_change_at or at
            events.append(event_of(EventKind.COMPLETED, watched, at, counted(watched.counts)))
        elif not watched.complete and watched.completed_at is not None:
            watched.completed_at = None
            events.append(event_of(EventKind.REOPENED, watched, at, counted(watched.counts)))
        self.unsettle(watched, at)
        if watched.settled_at is None and watched.has_settled(at, at) and not astray(at, served_at):
            watched.settled_at = at
            events.append(event_of(EventKind.SETTLED, watched, at, "48 hours without a change"))
        return events
