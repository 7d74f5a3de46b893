"""The overview in words and plots: figures in, panels out. Pure.

Each panel states its finding in a sentence before it shows it; the plot is for the eye.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.content import Content

from smsmon import times
from smsmon.console import cells
from smsmon.console.overview import charts
from smsmon.console.overview.charts import (
    BAD,
    COUNTED,
    GOOD,
    WAIT,
    Bar,
    Bars,
    Chart,
    Histogram,
    Mark,
    Trace,
)
from smsmon.console.overview.figures import BINS, POINTS, DeliveryCurve, Figures
from smsmon.console.overview.grouped import groups
from smsmon.console.overview.panel import Panel, PanelData, key, said, unbroken, unseen
from smsmon.console.signs import (
    CURVE_FAILED,
    CURVE_OTHER,
    FULL,
    FULL_NOT_DELIVERED,
    THIN,
    Tone,
    styled,
)
from smsmon.countries import country_name
from smsmon.times import counted

LEAST_JUDGED = 20
"""Final reports from which on the rate of a country says something."""


def reports(shown: PanelData) -> Panel:
    """Final reports over time, by the API's own dates."""
    flow, period = shown.figures.flow, shown.period
    sums = [good + bad for good, bad in zip(flow.delivered, flow.not_delivered, strict=True)]
    total, most = sum(sums), max(sums, default=0)
    if not total:
        nothing = Content(f"No final report in the {period.name}.")
        return Panel("Reports over time", (), nothing, None)
    busiest = shown.formats.minute(flow.start + sums.index(most) * flow.step)
    finding = Content.assemble(
        (counted(total, "final report"), "bold"),
        f" in the {period.name}, {cells.percent(sum(flow.delivered), total)} delivered;"
        f" the most per {period.step_name}: {most:,} at {busiest}.",
    )
    keys = (
        key(FULL, Tone.GOOD, "delivered"),
        key(FULL_NOT_DELIVERED, Tone.BAD, "not delivered"),
    )
    chart = _over_time(
        shown, f"reports per {period.step_name}", sums, Tone.GOOD, failed=flow.not_delivered
    )
    return Panel("Reports over time", keys, finding, chart)


def countries(shown: PanelData) -> Panel:
    """The recipients by country, and what became of them."""
    found = shown.figures.countries
    if not found:
        return Panel("By country", (), Content("No recipients known yet."), None)
    told = [country for country in found if country.region]
    if len(told) == 1:
        sentences = [f"All recipients whose country is told are in {country_name(told[0].region)}."]
    else:
        sentences = [f"Recipients in {len(told):,} countries."]
    judged = [country for country in told if country.final >= LEAST_JUDGED]
    if len(judged) > 1:
        best, *_, worst = sorted(judged, key=lambda each: -(each.delivery_rate or 0))
        sentences.append(
            f"Best {country_name(best.region)} {cells.rate(best.delivery_rate)},"
            f" worst {country_name(worst.region)} {cells.rate(worst.delivery_rate)}."
        )
    rows = tuple(
        Bar(
            country_name(country.region) if country.region else "no country told",
            country.recipients,
            country.delivery_rate,
            (country.delivered, country.rest, country.not_delivered),
        )
        for country in found
    )
    keys = (
        key(*GOOD, "delivered"),
        key(*WAIT, "not final"),
        key(*BAD, "not delivered"),
    )
    return Panel(
        "By country",
        keys,
        said(*sentences),
        Bars("country", "recipients", "rate", (GOOD, WAIT, BAD), rows, whole=True),
    )


def stops(shown: PanelData) -> Panel:
    """STOPs as they were seen to come; where none was, the messages that have them."""
    figures, period = shown.figures, shown.period
    counts, ranking = figures.counts, figures.stops
    seen = [
        stop.at
        for stop in shown.activity.stops
        if shown.message_id is None or stop.message_id == shown.message_id
    ]
    share = cells.percent(counts.stop, counts.delivered)
    sentences = [
        Content.assemble((counted(counts.stop, "STOP"), "bold"), f", {share} of the delivered."),
        styled(
            f"{len(seen):,} seen to come since {shown.formats.moment(shown.activity.since)}.",
            Tone.DIM,
        ),
    ]
    per_step = period.axis.counted(((at, 1) for at in seen), shown.now)
    if any(per_step):
        if figures.messages > 1 and ranking:
            id, label, number, _ = ranking[0]
            sentences.insert(
                1, Content(f"Most in {cells.cut(f'{id} {label}'.strip(), 28)}: {number:,}.")
            )
        chart = _over_time(shown, f"STOPs per {period.step_name}", per_step, Tone.WARN)
        marks = (key(FULL, Tone.WARN, "STOPs, when seen"),)
        return Panel("STOPs over time", marks, said(*sentences), chart)
    if figures.messages < 2 or not ranking:
        return Panel("STOPs over time", (), said(*sentences), None)
    rows = tuple(
        Bar(f"{id} {label}".strip(), number, number / max(1, delivered), (number,))
        for id, label, number, delivered in ranking
    )
    keys = (key(*COUNTED, "STOPs"), styled("rate: of the delivered", Tone.DIM))
    bars = Bars("message", "STOPs", "rate", (COUNTED,), rows)
    return Panel("STOPs by message", keys, said(*sentences), bars)


def requests(shown: PanelData) -> Panel:
    """Requests of each minute, against the budget; they are never told apart by message."""
    title, period, asked = "Requests and the budget", shown.period, shown.requests
    share = cells.percent(asked.used, asked.allowed)
    sentences = [
        Content.assemble(
            (f"{asked.used:,} of {asked.allowed:,}", "bold"),
            f" requests used in the last minute, {share}.",
        )
    ]
    if asked.stretch > 1.05:
        text = f"Intervals are stretched ×{asked.stretch:.1f} to keep to it."
        sentences.append(styled(text, Tone.WARN))
    size = period.axis.step // 60
    minutes = size * period.axis.steps
    # The last step may not be over: its last minutes are still to come.
    end = period.axis.start(shown.now) + minutes * 60 - 1
    by_minute = shown.activity.requests.last(minutes, end)
    # The busiest minute of each step: the budget is for a minute.
    busiest = [max(by_minute[at : at + size]) for at in range(0, minutes, size)]
    most = max(busiest)
    if not most:
        return Panel(title, (), said(*sentences), None)
    sentences.append(Content(f"At most {most:,} in a minute of the {period.name}."))
    near = most * 5 >= asked.allowed
    keys = [key(FULL, Tone.WAIT, "requests" if size == 1 else "requests, busiest minute")]
    if near:
        keys.append(key(THIN, Tone.DIM, "the budget"))
    chart = _over_time(
        shown,
        "requests per minute",
        busiest,
        Tone.WAIT,
        ceiling=asked.allowed if near else None,
    )
    return Panel(title, tuple(keys), said(*sentences), chart)


def _over_time(
    shown: PanelData,
    what: str,
    per_step: Sequence[int],
    tone: Tone,
    *,
    failed: Sequence[int] = (),
    ceiling: int | None = None,
) -> Chart:
    """Columns for the steps of the period, the failed part of each at its top."""
    axis, formats = shown.period.axis, shown.formats
    top = charts.round_top(max(*per_step, ceiling or 0))
    return Chart(
        x_label="time, UTC" if formats.utc else "time",
        y_label=what,
        x_ticks=charts.time_ticks(
            axis.start(shown.now), axis.step * axis.steps, shown.period.tick, formats.zone
        ),
        y_top=top,
        layers=(
            Histogram(
                charts.even_edges(len(per_step)),
                tuple(count / top for count in per_step),
                tone,
                tuple(count / top for count in failed),
            ),
        ),
        ceiling=None if ceiling is None else ceiling / top,
    )


LEAST_DRAWN = 0.1
"""A share not delivered below this would lie flat on the axis: the sentence tells it better."""


def delivery_curve(shown: PanelData) -> Panel:
    """Which share of the recipients was delivered, so long after the message began."""
    title, curve = "Delivery curve", shown.figures.curve
    if not curve.recipients:
        return Panel(title, (), said(_rate(shown), *unseen(shown.figures)), None)
    layers = []
    keys = [key(THIN, Tone.GOOD, "delivered")]
    if shown.everything is not None and shown.everything.curve.recipients:
        points = _points(shown.everything.curve.delivered)
        layers.append(Trace(points, Tone.DIM, CURVE_OTHER))
        keys.append(key(CURVE_OTHER, Tone.DIM, "delivered, all messages"))
    if max(curve.not_delivered, default=0) >= LEAST_DRAWN:
        layers.append(Trace(_points(curve.not_delivered), Tone.BAD, CURVE_FAILED))
        keys.append(key(CURVE_FAILED, Tone.BAD, "not delivered"))
    layers.append(Trace(_points(curve.delivered), Tone.GOOD))
    chart = Chart(
        x_label="time since the message began",
        y_label="% of recipients",
        x_ticks=charts.DURATION_TICKS,
        y_top=100,
        y_unit="%",
        layers=tuple(layers),
    )
    return Panel(title, tuple(keys), _reached(curve), chart)


def _points(shares: Sequence[float]) -> tuple[tuple[float, float], ...]:
    return tuple(
        (charts.along_durations(at), share) for at, share in zip(POINTS, shares, strict=False)
    )


def _rate(shown: PanelData) -> Content:
    counts = shown.figures.counts
    if not counts.final:
        return Content(f"No final report yet, {counted(counts.waiting, 'recipient')} waiting.")
    rate = cells.percent(counts.delivered, counts.final)
    return Content.assemble(
        (rate, "bold"), f" of {counted(counts.final, 'final report')} delivered."
    )


def _reached(curve: DeliveryCurve) -> Content:
    """How soon recipients were delivered, of all: who waits, or never got it, counts too."""
    if curve.estimated:
        most = "90% not yet" if curve.most is None else f"90% within {_within(curve.most)}"
        return Content.assemble(
            (f"{curve.arrived:,}", "bold"),
            f" of {counted(curve.recipients, 'recipient')} are delivered by now. Estimate for all:"
            f" half within {_within(curve.half)}, {most}.",
        )
    if curve.half is None:
        reached = f"fewer than half were delivered in {unbroken(curve.age)}."
    elif curve.most is None:
        reached = f"half were delivered within {_within(curve.half)}, 90% are not yet."
    else:
        within = f"{_within(curve.half)}, 90% within {_within(curve.most)}"
        reached = f"half were delivered within {within}."
    return Content.assemble(
        "Of ",
        (counted(curve.recipients, "recipient"), "bold"),
        f", also those that wait, {reached}",
    )


def _within(seconds: int | None) -> str:
    """A duration at most; dates are whole seconds, so the least is one."""
    return unbroken(None if seconds is None else max(1, seconds))


def durations(shown: PanelData) -> Panel:
    """How the durations of final reports are spread, with median, 90th and 99th percentile."""
    title, found = "How long reports take", shown.figures.durations
    if not found.reports:
        nothing = "No report yet of a message that was seen to begin."
        return Panel(title, (), said(nothing, *unseen(shown.figures)), None)
    top = charts.round_top(100 * max(found.bins) / found.reports)
    # The last bin has no end: it lies beyond the axis.
    columns = Histogram(
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
        "Of ",
        (counted(found.reports, "final report"), "bold"),
        f" half came within {_within(found.median)},"
        f" 90% {_within(found.ninetieth)}, 99% {_within(found.ninety_ninth)}.",
    )
    left_out = _left_out(shown.figures)
    told = said(finding, styled(left_out, Tone.DIM)) if left_out else finding
    return Panel(title, (key(FULL, Tone.WAIT, "final reports"),), told, chart)


def _left_out(figures: Figures) -> str:
    """What no duration is known of: who waits, and messages that nobody saw begin."""
    waiting = figures.counts.total - figures.counts.final
    left_out = [f"{waiting:,} that wait"] if waiting else []
    left_out += [counted(figures.unseen, "message")] if figures.unseen else []
    see = " (see ?)" * bool(figures.unseen)
    return f"Left out: {', '.join(left_out)}{see}." * bool(left_out)


def _mark(word: str, seconds: int | None) -> Mark:
    return Mark(charts.along_durations(seconds or 0), f"{word} {times.duration(seconds)}")


_MAKERS: dict[str, Callable[[PanelData], Panel]] = {
    "Curve": delivery_curve,
    "Delays": durations,
    "Reports": reports,
    "Countries": countries,
    "Groups": groups,
    "STOPs": stops,
    "Budget": requests,
}
TABS = tuple(_MAKERS)
"""What the panels are called where there is little room, in their order."""


def panels(shown: PanelData) -> tuple[Panel, ...]:
    """Every panel, in the order of ``TABS``."""
    return tuple(make(shown) for make in _MAKERS.values())
