"""How many recipients have which status: of all messages, of those shown, of one. Pure."""

from __future__ import annotations

from typing import NamedTuple

from textual.content import Content

from smsmon.console import cells
from smsmon.console.details import recipients_count
from smsmon.console.line import GAP, Part, fitted, part
from smsmon.console.signs import GONE, Tone, status_sign, styled
from smsmon.filters.recipients import took_column
from smsmon.model import Counts
from smsmon.monitor.state import Watched
from smsmon.recipients import Status
from smsmon.times import duration

_LATELY_FROM = 138
"""Columns from which deliveries per minute have room; two less than the screen's."""
FEW_ENOUGH = 20_000
"""Recipients up to which the delays are reckoned at once: it takes about 10 ms."""


def totals(
    counts: Counts, width: int, *, of_filtered: bool = False, lately: str = "", plain: bool = False
) -> Content:
    """The second line: the recipients of all messages, or of those the filter shows.

    ``plain``: no number is told without its word.
    ``lately``: deliveries of the last minutes as small columns, for the right end of a wide line.
    """
    if lately and width >= _LATELY_FROM:
        seen = Content.assemble(styled("delivered/min ", Tone.DIM), styled(lately, Tone.GOOD))
        room = width - seen.cell_length
        left = totals(counts, room - len(GAP), of_filtered=of_filtered)
        return Content.assemble(left, " " * (room - left.cell_length), seen)
    what = f"{'filtered ' * of_filtered}recipient{'s' * (counts.total != 1)}"
    number = Content.styled(f"{counts.total:,}", "bold")
    parts = [part(10, Content.assemble(number, " ", styled(what, Tone.DIM)), number)]
    for worth, status in ((8, Status.DELIVERED), (7, Status.WAITING), (9, Status.NOT_DELIVERED)):
        parts.append(part(worth, *_total(counts, status, plain=plain)))
    if counts.unknown:
        parts.append(part(5, *_total(counts, Status.UNKNOWN, plain=plain)))
    if counts.absent:
        gone = f"{counts.absent:,}" if plain else f"{GONE} {counts.absent:,}"
        forms = (f"{gone} no longer listed", f"{gone} not listed", *([] if plain else [gone]))
        parts.append(part(9, *(styled(form, Tone.WARN) for form in forms)))
    parts.append(part(6, Content.assemble(styled("STOP ", Tone.DIM), f"{counts.stop:,}")))
    rate = (cells.rate(counts.delivery_rate), "bold")
    named = [styled(f"{name} ", Tone.DIM) for name in ("delivery rate", "rate")]
    parts.append(part(6, *(Content.assemble(name, rate) for name in named)))
    return fitted(parts, width)


def _total(counts: Counts, status: Status, *, plain: bool = False) -> list[Content]:
    sign = status_sign(status)
    number = int(getattr(counts, status.slug))
    share = cells.percent(number, counts.total)
    if plain:
        said = f"{number:,} {sign.word.lower()}"
        return [Content(f"{said} {share}"), Content(said)]
    seen = styled(f"{sign.glyph} {number:,}", sign.tone if number else Tone.DIM)
    return [
        Content.assemble(seen, styled(f" {sign.word.lower()} {share}", Tone.DIM)),
        Content.assemble(seen, styled(f" {share}", Tone.DIM)),
        seen,
    ]


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
