"""The panels about how fast reports come: the delivery curve and the durations. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from smsmon.console import cells
from smsmon.console.looks import Tone
from smsmon.console.overview import charts
from smsmon.console.overview.charts import Chart, Columns, Curve, Mark
from smsmon.console.overview.figures import BINS, POINTS
from smsmon.console.overview.figures import Curve as Shares
from smsmon.console.overview.panel import Panel, Shown, key, many, said, took, unbroken, unseen

LEAST_DRAWN = 0.1
"""A share not delivered below this would lie flat on the axis: the sentence tells it better."""


def delivery_curve(shown: Shown) -> Panel:
    """Which share of the recipients was delivered, so long after the message began."""
    title, curve = "Delivery curve", shown.figures.curve
    if not curve.recipients:
        return Panel(title, (), said(_rate(shown), *unseen(shown.figures)), None)
    layers = []
    keys = [key("─", Tone.GOOD, "delivered")]
    if shown.everything is not None and shown.everything.curve.recipients:
        points = _points(shown.everything.curve.delivered)
        layers.append(Curve(points, Tone.DIM, charts.OTHER_GLYPH))
        keys.append(key(charts.OTHER_GLYPH, Tone.DIM, "delivered, all messages"))
    if max(curve.not_delivered, default=0) >= LEAST_DRAWN:
        layers.append(Curve(_points(curve.not_delivered), Tone.BAD, charts.FAILED_GLYPH))
        keys.append(key(charts.FAILED_GLYPH, Tone.BAD, "not delivered"))
    layers.append(Curve(_points(curve.delivered), Tone.GOOD))
    chart = Chart(
        x_label="time since the message began",
        y_label="% of recipients",
        x_ticks=charts.DURATION_TICKS,
        y_top=100,
        y_unit="%",
        layers=tuple(layers),
    )
    return Panel(title, tuple(keys), said(_rate(shown), _reached(curve)), chart)


def _points(shares: Sequence[float]) -> tuple[tuple[float, float], ...]:
    return tuple(
        (charts.along_durations(at), share) for at, share in zip(POINTS, shares, strict=False)
    )


def _rate(shown: Shown) -> Content:
    counts = shown.figures.counts
    if not counts.final:
        return Content(f"No final report yet, {many(counts.waiting, 'recipient')} waiting.")
    rate = cells.percent(counts.delivered, counts.final)
    return Content.assemble((rate, "bold"), f" of {many(counts.final, 'final report')} delivered.")


def _reached(curve: Shares) -> str:
    if curve.half is None:
        return f"Less than half of the recipients within {unbroken(curve.age)}."
    if curve.most is None:
        return f"Half of the recipients within {unbroken(curve.half)}, not 90% of them yet."
    return f"Half of the recipients within {unbroken(curve.half)}, 90% in {unbroken(curve.most)}."


def durations(shown: Shown) -> Panel:
    """How the durations of final reports are spread, with median, 90th and 99th percentile."""
    title, found = "How long reports take", shown.figures.durations
    if not found.reports:
        nothing = "No report yet of a message that was seen to begin."
        return Panel(title, (), said(nothing, *unseen(shown.figures)), None)
    top = charts.round_top(100 * max(found.bins) / found.reports)
    # The last bin has no end: it lies beyond the axis.
    columns = Columns(
        tuple(charts.along_durations(edge) for edge in BINS),
        tuple(100 * count / found.reports / top for count in found.bins[:-1]),
        Tone.WAIT,
    )
    chart = Chart(
        x_label="time until the final report",
        y_label="% of reports",
        x_ticks=charts.DURATION_TICKS,
        y_top=top,
        y_unit="%",
        layers=(columns,),
        marks=(
            _mark("median", found.median),
            _mark("90%", found.ninetieth),
            _mark("99%", found.ninety_ninth),
        ),
    )
    finding = Content.assemble(
        f"Half of {many(found.reports, 'final report')} came within ",
        (unbroken(found.median), "bold"),
        f", 90% in {unbroken(found.ninetieth)}, 99% in {unbroken(found.ninety_ninth)}.",
    )
    return Panel(
        title, (key("█", Tone.WAIT, "final reports"),), said(finding, *unseen(shown.figures)), chart
    )


def _mark(word: str, seconds: int | None) -> Mark:
    return Mark(charts.along_durations(seconds or 0), f"{word} {took(seconds)}")
