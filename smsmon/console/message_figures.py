"""A message's own figures, for two lines of its pane: how many of which status, and how fast."""

from __future__ import annotations

from typing import NamedTuple

from textual.content import Content

from smsmon.console import cells
from smsmon.console.details import recipients_count
from smsmon.console.line import Part, part
from smsmon.console.signs import Tone, status_sign, styled
from smsmon.filters.recipients import took_column
from smsmon.model import Counts
from smsmon.monitor.state import Watched
from smsmon.recipients import Status
from smsmon.times import duration

FEW_ENOUGH = 20_000
"""Recipients up to which the delays are reckoned at once: it takes about 10 ms."""


class Delays(NamedTuple):
    """How long it took until delivered, as observed, in seconds."""

    half: float
    """Half of what is delivered took no longer."""
    most: float
    """Nine in ten took no longer."""


def delays(watched: Watched) -> Delays | None:
    """Of what was seen to be delivered; None while nothing was."""
    pairs = zip(took_column(watched), watched.recipients.statuses, strict=True)
    took = sorted(took for took, status in pairs if took is not None and status == Status.DELIVERED)
    if not took:
        return None
    return Delays(*(took[-(-len(took) * tenths // 10) - 1] for tenths in (5, 9)))


class MessageFigures:
    """The figures of the message that is looked at; delays are reckoned once for each change."""

    def __init__(self) -> None:
        self._of: tuple[Watched | None, int] = (None, 0)
        self._delays: Delays | None = None

    def lines(
        self, watched: Watched, *, inside: bool, plain: bool = False
    ) -> tuple[list[Part], list[Part]]:
        """The counts, and below them the rate and the delays.

        ``inside``: the operator is there, and waits for the delays of a large message too.
        ``plain``: no number is told without its word.
        """
        total = Part(11, recipients_count(watched).forms)
        if watched.read_at is None:
            return [total], []
        counts = watched.counts
        statuses = [Status.DELIVERED, Status.WAITING, Status.NOT_DELIVERED]
        if counts.unknown:
            statuses.append(Status.UNKNOWN)
        told = [total, *(_count(counts, each, plain=plain) for each in statuses)]
        told.append(part(9, f"STOP {counts.stop:,}"))
        rate = Content.assemble("rate ", (cells.rate(counts.delivery_rate), "bold"))
        below = [part(10, rate)]
        if (found := self._delays_of(watched, reckon=inside)) is not None:
            half, most = (f"within {duration(each)}" for each in found)
            below.append(part(5, f"delivered: half {half}, 90% {most}", f"half {half}, 90% {most}"))
        return told, below

    def _delays_of(self, watched: Watched, *, reckon: bool) -> Delays | None:
        if self._of[0] is not watched or self._of[1] != watched.revision:
            if not reckon and len(watched.recipients) > FEW_ENOUGH:
                return None
            self._of, self._delays = (watched, watched.revision), delays(watched)
        return self._delays


def _count(counts: Counts, status: Status, *, plain: bool) -> Part:
    sign, number = status_sign(status), int(getattr(counts, status.slug))
    told = f"{number:,} {sign.word.lower()}" if plain else f"{sign.glyph} {number:,}"
    return part(10, styled(told, sign.tone if number else Tone.DIM))
