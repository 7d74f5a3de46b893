"""What a panel of the overview is made of, and the words all panels use. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content

from smsmon.console import cells
from smsmon.console.lens import Lens
from smsmon.console.looks import Tone
from smsmon.console.overview.charts import Bars, Chart
from smsmon.console.overview.figures import Figures, TimeAxis
from smsmon.console.overview.tally import Tally
from smsmon.console.tones import styled
from smsmon.console.widgets.fitting import KEPT

_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of time that ends now, as the operator picks it."""

    name: str
    axis: TimeAxis
    step_name: str
    """What one column counts, after "per"."""
    tick: int
    """Seconds between two ticks of the axis."""


PERIODS = (
    Period("last hour", TimeAxis(60, 60), "minute", 600),
    Period("last 6 hours", TimeAxis(360, 60), "6 minutes", _HOUR),
    Period("last 48 hours", TimeAxis(_HOUR, 48), "hour", 6 * _HOUR),
)


@dataclass(frozen=True, slots=True)
class Requests:
    """What the engine tells of its budget."""

    used: int
    """In the last 60 seconds."""
    allowed: int
    """In any 60 seconds, at present."""
    stretch: float = 1.0
    """The factor by which intervals are stretched to keep to it."""


@dataclass(frozen=True, slots=True)
class Shown:
    """All that the panels are made of."""

    figures: Figures
    """Of what is looked at."""
    everything: Figures | None
    """Of all messages, to compare with, when one is looked at; else None."""
    message_id: str | None
    """The one message that is looked at; None: all."""
    period: Period
    tally: Tally
    requests: Requests
    now: float
    lens: Lens


@dataclass(frozen=True, slots=True)
class Panel:
    """One plot with what is said of it."""

    title: str
    legend: tuple[Content, ...]
    """Which mark means what; what matters most comes first."""
    finding: Content
    """A sentence or two, before the plot: what it shows."""
    drawing: Chart | Bars | None
    """None: there is nothing to draw yet; the finding says so."""


def key(glyph: str, tone: Tone, word: str) -> Content:
    """One entry of a legend."""
    return Content.assemble(styled(glyph, tone), styled(f" {word}", Tone.DIM))


def said(*sentences: Content | str) -> Content:
    """Sentences one after the other."""
    return Content(" ").join(
        [Content(each) if isinstance(each, str) else each for each in sentences]
    )


def took(seconds: int | None) -> str:
    """A duration in words; dates are whole seconds, so the least is one."""
    if seconds is None:
        return cells.took(None)
    return f"{max(1, seconds)} s" if seconds < 60 else cells.took(seconds)


def unbroken(seconds: int | None) -> str:
    """A duration in a sentence: never broken over two lines."""
    return took(seconds).replace(" ", KEPT)


def many(number: int, word: str) -> str:
    """``1 final report``, ``2 final reports``"""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def unseen(figures: Figures) -> Sequence[Content]:
    """What has to be said of messages of which nobody knows when they began."""
    if not figures.unseen:
        return ()
    if figures.messages == 1:
        return (styled("It was all final when first read.", Tone.DIM),)
    left_out = f"{many(figures.unseen, 'message')} left out: see ?."
    return (styled(left_out, Tone.DIM),)
