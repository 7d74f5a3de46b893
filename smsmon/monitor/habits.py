"""What an account's own reports teach about when reports come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from smsmon.model import Transition
from smsmon.monitor.hazard import Curve, LearnedCurve, built_in_reports, built_in_stops
from smsmon.monitor.state import Watched

MESSAGE_WEIGHT = 20
"""Recipients that a message counts as at most: those of one campaign share their fate."""

SURPRISE = 5
"""Recipients that must turn final between two answers before it can be a surprise …"""
SURPRISE_FACTOR = 5.0
"""… and how many times more that must be than the curve expected."""

Learned = Mapping[str, Sequence[Sequence[float]]]
"""What was learnt, as plain numbers that can be written to a file and read back."""


@dataclass(frozen=True, slots=True)
class Past:
    """A message as it was before an answer; the columns are not needed."""

    read_at: float | None
    origin: float
    total: int
    waiting: int
    final: int
    stopped: int

    @classmethod
    def of(cls, watched: Watched) -> Past:
        counts = watched.counts
        return cls(
            watched.read_at,
            watched.origin,
            counts.total,
            counts.total - counts.final,
            counts.final,
            counts.stop,
        )


class Habits:
    """The two curves of one account, corrected with each answer.

    Only what happens between two answers teaches: how many recipients waited, for how long,
    and when those that changed did. What had happened before the first answer does not.
    """

    def __init__(self, learned: Learned | None = None) -> None:
        self.reports = LearnedCurve(built_in_reports())
        self.stops = LearnedCurve(built_in_stops())
        if learned is not None:
            self.reports.load(learned.get("reports", ()))
            self.stops.load(learned.get("stops", ()))

    @property
    def curves(self) -> tuple[Curve, Curve]:
        """The hazards of a delivery report and of a STOP."""
        return self.reports, self.stops

    def export(self) -> Learned:
        """What was learnt so far: ``Habits(that)`` goes on from there."""
        return {"reports": self.reports.export(), "stops": self.stops.export()}

    def observe(
        self, past: Past, read_at: float, transitions: Sequence[Transition] = ()
    ) -> float | None:
        """Learn from one true answer that came at wall time ``read_at``.

        Gives the new origin of the message's age when the answer shows that it was held until
        now (by night, or until its planned hour): far more turned final than its age explains.
        """
        if past.read_at is None or not past.total or read_at <= past.read_at:
            return None
        finals = [t for t in transitions if t.after.final and t.before and not t.before.final]
        stops = [t for t in transitions if t.stop_after and not t.stop_before and t.before]
        start, end = past.read_at - past.origin, read_at - past.origin
        if len(finals) >= SURPRISE:
            expected = past.waiting * self.reports.expected(start, end)
            if len(finals) > SURPRISE_FACTOR * expected and start > self.reports.edges[4]:
                dates = [t.date for t in finals if t.date is not None and t.date >= past.read_at]
                return float(min(dates, default=past.read_at))
        if not past.final and not finals and past.total > 1:
            return None  # likely not sent yet: its waiting says nothing about delivery
        weight = min(1.0, MESSAGE_WEIGHT / past.total)
        if past.waiting:
            left = past.waiting - len(finals)
            self.reports.observe(
                start, end, left, _ages(finals, past.read_at, read_at, past.origin), weight
            )
        free = past.total - past.waiting - past.stopped
        if free > 0:
            left = max(0, free - len(stops))
            self.stops.observe(
                start, end, left, _ages(stops, past.read_at, read_at, past.origin), weight
            )
        return None


def _ages(
    transitions: Sequence[Transition], unseen_from: float, read_at: float, origin: float
) -> list[float]:
    """At which age each of them happened: by its date, else in the middle of the time unseen.

    A STOP comes with the date of its delivery status, which lies before the time unseen: it
    falls back to the middle too.
    """
    middle = (unseen_from + read_at) / 2
    dates = [t.date if t.date is not None else middle for t in transitions]
    return [(date if unseen_from - 1 <= date <= read_at else middle) - origin for date in dates]
