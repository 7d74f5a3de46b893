"""What an account's own reports teach: how likely news is, by the age of its messages."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import expm1
from sys import maxsize

from msgspec import Struct

from smsmon.model import Transition
from smsmon.monitor.hazard import Curve, built_in_reports, built_in_stops
from smsmon.monitor.learning import LearnedCurve, Span
from smsmon.monitor.state import USUAL, Pace, Watched

SIZES = {"": 1, " of some": 60, " of many": maxsize}
"""Messages that learn from each other: how what they taught is named, and up to how many
recipients. What has no name is of one: most that is sent is."""

_MOST = list(SIZES.values())

MESSAGE_WEIGHT = 20
"""Recipients that a message counts as at most: those of one campaign share their fate."""

SURPRISE = 5
"""Recipients that must turn final between two answers before it can be a surprise …"""
SURPRISE_FACTOR = 5.0
"""… and how many times more that must be than the curve expected …"""
SURPRISE_AGE = 18.0
"""… and how old, in seconds, the message was: a young one says nothing by coming fast."""
HELD_AGE = 3600.0
"""Age, in seconds, from which a message of several without any report is likely to be held back."""

Learned = Mapping[str, Sequence[Sequence[float]]]
"""What was learnt, as plain numbers that can be written to a file and read back."""


class Past(Struct, frozen=True):
    """A message as it was before an answer; the columns are not needed."""

    read_at: float | None
    origin: float
    total: int
    waiting: int
    final: int
    stopped: int
    since: float | None = None
    """Since when all that happened to it is known: of one that came by itself, from its
    beginning; else from its first answer. None: since ``read_at``."""
    pace: Pace = USUAL

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
            watched.first_read_at if watched.entry.arrival is None else watched.origin,
            watched.pace,
        )


class _Curves:
    """The two curves of messages of about a size."""

    def __init__(self) -> None:
        self.reports = LearnedCurve(built_in_reports())
        self.stops = LearnedCurve(built_in_stops())


class Habits:
    """The curves of one account, corrected with each answer; messages of a size have theirs.

    A code to one phone and a campaign are sent on other ways, and at another pace. Only what
    happens while a message is watched teaches: how many recipients waited, for how long, and
    when those that changed did. What had happened before the first answer does so only where the
    message came by itself: what people add, they may add because of what happened.
    """

    def __init__(self, learned: Learned | None = None) -> None:
        self._sizes = {name: _Curves() for name in SIZES}
        self._by_size = list(self._sizes.values())
        self.load(learned or {})

    def load(self, learned: Learned) -> None:
        """Go on from what ``export`` gave; an older one had the same curves for all sizes."""
        for name, curves in self._sizes.items():
            for kind, curve in (("reports", curves.reports), ("stops", curves.stops)):
                curve.load(learned.get(f"{kind}{name}", learned.get(kind, ())))

    def curves(self, recipients: int) -> tuple[Curve, Curve]:
        """The hazards of a delivery report and of a STOP, of messages with so many recipients."""
        curves = self._of(recipients)
        return curves.reports, curves.stops

    def export(self) -> Learned:
        """What was learnt so far: ``Habits(that)`` goes on from there."""
        return {
            f"{kind}{name}": curve.export()
            for name, curves in self._sizes.items()
            for kind, curve in (("reports", curves.reports), ("stops", curves.stops))
        }

    def meet(
        self, began: float, read_at: float, recipients: int, dates: Sequence[float | None]
    ) -> None:
        """Learn from the first answer about a message that was known from its beginning.

        ``dates`` are those of the recipients that are final by then.
        """
        if not began < read_at or not recipients:
            return
        spans = _spans(dates, began, read_at, began)
        weight = _weight(recipients) if dates else _silent(recipients)
        if dates or recipients == 1 or read_at - began <= HELD_AGE:
            left = recipients - len(dates)
            self._of(recipients).reports.observe(0.0, read_at - began, left, spans, weight)

    def pace(self, past: Past, read_at: float, transitions: Sequence[Transition]) -> Pace:
        """The pace of a message by one more answer: the recipients of one share their fate.

        That of a single recipient is over with its report; of one that is silent nothing is known.
        """
        if past.read_at is None or past.total == 1 or not past.waiting or read_at <= past.read_at:
            return past.pace
        came = len(_finals(transitions))
        if not past.final and not came:
            return past.pace
        reports = self._of(past.total).reports
        hazard = reports.expected(past.read_at - past.origin, read_at - past.origin)
        return past.pace.after(came, -past.waiting * expm1(-hazard))

    def observe(
        self, past: Past, read_at: float, transitions: Sequence[Transition] = ()
    ) -> float | None:
        """Learn from one true answer that came at wall time ``read_at``.

        Gives the new origin of the message's age when the answer shows that it was held until
        now (by night, or until its planned hour): far more turned final than its age explains,
        and more than ever before. Late reports of a message that was long under way are no
        surprise, however many: it began when it began.
        """
        if past.read_at is None or not past.total or read_at <= past.read_at:
            return None
        finals = _finals(transitions)
        stops = [
            t for t in transitions if t.stop_after and not t.stop_before and t.before is not None
        ]
        start, end = past.read_at - past.origin, read_at - past.origin
        curves = self._of(past.total)
        if len(finals) >= SURPRISE and len(finals) > past.final and start > SURPRISE_AGE:
            expected = past.waiting * curves.reports.expected(start, end)
            if len(finals) > SURPRISE_FACTOR * expected:
                dates = [t.date for t in finals if t.date is not None and t.date >= past.read_at]
                return float(min(dates, default=past.read_at))
        weight = _weight(past.total)
        if not past.final and past.total > 1:
            # Until a report comes it is not known whether any is to be expected yet.
            silent = _silent(past.total)
            if not finals:
                if end <= HELD_AGE:
                    curves.reports.observe(start, end, past.waiting, {}, silent)
                return None
            began = (past.read_at if past.since is None else past.since) - past.origin
            if 0.0 <= began < start <= HELD_AGE:
                curves.reports.observe(began, start, past.waiting, {}, weight - silent)
        if past.waiting:
            left = past.waiting - len(finals)
            spans = _spans([t.date for t in finals], past.read_at, read_at, past.origin)
            curves.reports.observe(start, end, left, spans, weight)
        free = past.total - past.waiting - past.stopped
        if free > 0:
            left = max(0, free - len(stops))
            spans = _spans([t.date for t in stops], past.read_at, read_at, past.origin)
            curves.stops.observe(start, end, left, spans, weight)
        return None

    def _of(self, recipients: int) -> _Curves:
        return self._by_size[bisect_left(_MOST, recipients)]


def _finals(transitions: Sequence[Transition]) -> list[Transition]:
    """Those by which one that was known turned final."""
    return [t for t in transitions if t.after.final and t.before is not None and not t.before.final]


def _weight(recipients: int) -> float:
    """How much one recipient counts among so many."""
    return min(1.0, MESSAGE_WEIGHT / recipients)


def _silent(recipients: int) -> float:
    """How much one counts while none of them had a report: all together as one."""
    return 1.0 / recipients


def _spans(
    dates: Iterable[float | None], unseen_from: float, read_at: float, origin: float
) -> Counter[Span]:
    """How many of them happened between which ages: in the second of their date, if that lies in
    the time unseen; else anywhere in it.

    A STOP comes with the date of its delivery status, which lies before the time unseen.
    """
    unseen = (unseen_from - origin, read_at - origin)
    spans: Counter[Span] = Counter()
    for date, count in Counter(dates).items():
        if date is None or not unseen_from - 1 <= date <= read_at:
            spans[unseen] += count
        else:
            low, high = max(date, unseen_from), min(date + 1, read_at)
            spans[low - origin, high - origin] += count
    return spans
