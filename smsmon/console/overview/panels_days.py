"""The panels about when and where: reports, countries, STOPs, requests. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from smsmon.console import cells
from smsmon.console.looks import Tone
from smsmon.console.overview import charts
from smsmon.console.overview.bars import BAD, GOOD, MARKED, WAIT, Bar, Bars
from smsmon.console.overview.charts import Chart, Columns
from smsmon.console.overview.panel import Panel, Shown, key, many, said
from smsmon.console.tones import styled
from smsmon.countries import country_name

LEAST_JUDGED = 20
"""Final reports from which on the rate of a country says something."""


def reports(shown: Shown) -> Panel:
    """Final reports over time, by the API's own dates."""
    flow, span = shown.figures.flow, shown.span
    sums = [good + bad for good, bad in zip(flow.delivered, flow.not_delivered, strict=True)]
    total, most = sum(sums), max(sums, default=0)
    if not total:
        nothing = Content(f"No final report in the {span.name}.")
        return Panel("Reports over time", (), nothing, None)
    busiest = shown.lens.minute(flow.start + sums.index(most) * flow.step)
    finding = Content.assemble(
        (many(total, "final report"), "bold"),
        f" in the {span.name}, {cells.percent(sum(flow.delivered), total)} delivered;"
        f" the most per {span.step_name}: {most:,} at {busiest}.",
    )
    keys = (
        key(charts.DELIVERED_GLYPH, Tone.GOOD, "delivered"),
        key(charts.NOT_DELIVERED_GLYPH, Tone.BAD, "not delivered"),
    )
    chart = _over_time(
        shown, f"reports per {span.step_name}", sums, Tone.GOOD, failed=flow.not_delivered
    )
    return Panel("Reports over time", keys, finding, chart)


def countries(shown: Shown) -> Panel:
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
        Bars("country", "recipients", "rate", (GOOD, WAIT, BAD), rows),
    )


def stops(shown: Shown) -> Panel:
    """STOPs as they were seen to come; where none was, the messages that have them."""
    figures, span = shown.figures, shown.span
    counts, ranking = figures.counts, figures.stops
    seen = [
        stop.at
        for stop in shown.tally.stops
        if shown.message_id is None or stop.message_id == shown.message_id
    ]
    share = cells.percent(counts.stop, counts.delivered)
    sentences = [
        Content.assemble((many(counts.stop, "STOP"), "bold"), f", {share} of the delivered."),
        styled(
            f"{len(seen):,} seen to come since {shown.lens.moment(shown.tally.since)}.", Tone.DIM
        ),
    ]
    counted = span.window.counted(((at, 1) for at in seen), shown.now)
    if any(counted):
        if figures.messages > 1 and ranking:
            id, label, number, _ = ranking[0]
            sentences.insert(
                1, Content(f"Most in {cells.cut(f'{id} {label}'.strip(), 28)}: {number:,}.")
            )
        chart = _over_time(shown, f"STOPs per {span.step_name}", counted, Tone.WARN)
        marks = (key("█", Tone.WARN, "STOPs, when seen"),)
        return Panel("STOPs over time", marks, said(*sentences), chart)
    if figures.messages < 2 or not ranking:
        return Panel("STOPs over time", (), said(*sentences), None)
    rows = tuple(
        Bar(f"{id} {label}".strip(), number, number / max(1, delivered), (number,))
        for id, label, number, delivered in ranking
    )
    keys = (key(*MARKED, "STOPs"), styled("rate: of the delivered", Tone.DIM))
    bars = Bars("message", "STOPs", "rate", (MARKED,), rows)
    return Panel("STOPs by message", keys, said(*sentences), bars)


def requests(shown: Shown) -> Panel:
    """Requests of each minute, against the budget; they are never told apart by message."""
    title, span, asked = "Requests and the budget", shown.span, shown.requests
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
    size = span.window.step // 60
    minutes = size * span.window.steps
    # The last step may not be over: its last minutes are still to come.
    end = span.window.start(shown.now) + minutes * 60 - 1
    by_minute = shown.tally.requests.last(minutes, end)
    # The busiest minute of each step: the budget is for a minute.
    busiest = [max(by_minute[at : at + size]) for at in range(0, minutes, size)]
    most = max(busiest)
    if not most:
        return Panel(title, (), said(*sentences), None)
    sentences.append(Content(f"At most {most:,} in a minute of the {span.name}."))
    near = most * 5 >= asked.allowed
    keys = [key("█", Tone.WAIT, "requests" if size == 1 else "requests, busiest minute")]
    if near:
        keys.append(key("─", Tone.DIM, "the budget"))
    chart = _over_time(
        shown,
        "requests per minute",
        busiest,
        Tone.WAIT,
        ceiling=asked.allowed if near else None,
    )
    return Panel(title, tuple(keys), said(*sentences), chart)


def _over_time(
    shown: Shown,
    what: str,
    counted: Sequence[int],
    tone: Tone,
    *,
    failed: Sequence[int] = (),
    ceiling: int | None = None,
) -> Chart:
    """Columns for the steps of the span, the failed part of each at its top."""
    window, lens = shown.span.window, shown.lens
    top = charts.round_top(max(*counted, ceiling or 0))
    return Chart(
        x_label="time, UTC" if lens.utc else "time",
        y_label=what,
        x_ticks=charts.time_ticks(
            window.start(shown.now), window.step * window.steps, shown.span.tick, lens.zone
        ),
        y_top=top,
        layers=(
            Columns(
                charts.even_edges(len(counted)),
                tuple(count / top for count in counted),
                tone,
                tuple(count / top for count in failed),
            ),
        ),
        ceiling=None if ceiling is None else ceiling / top,
    )
