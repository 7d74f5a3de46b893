"""The panel of groups: to how many it was sent within the last hour, and how soon it arrived."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from smsmon.console import cells
from smsmon.console.overview.charts import BAD, GOOD, WAIT, Bar, Bars
from smsmon.console.overview.panel import Panel, PanelData, key, said, unbroken
from smsmon.groups import Dimension, Figures
from smsmon.text import painted
from smsmon.times import counted

if TYPE_CHECKING:
    from smsmon.grouping import Grouping

BY = (Dimension.TAG, Dimension.SOURCE, Dimension.LABEL)
"""By what messages are put together here: the first that tells some of them apart."""
LEAST = 10
"""Deliveries from which on it says something how soon they came."""

_NOT_WHOLE = "The last hour is not all known yet."


def groups_now(grouping: Grouping) -> Sequence[Figures]:
    """The groups to which something was sent within the last hour, the largest first."""
    found: list[Figures] = []
    for dimension in BY:
        found = [each for each in grouping.rows(dimension).values() if each.sent]
        if any(each.name for each in found):
            break
    return sorted(found, key=lambda each: (-each.sent, each.name))


def groups(shown: PanelData) -> Panel:
    """The groups of the last hour, whatever message or range is looked at."""
    found = shown.groups
    unsure = () if shown.groups_whole else (Content(_NOT_WHOLE),)
    if not found:
        nothing = Content("Nothing was sent within the last hour.")
        return Panel("Groups", (), said(*(unsure or (nothing,))), None)
    by = found[0].dimension
    sentences = [  # one message may be in several: they add up to nothing
        Content.assemble(
            (counted(len(found), "group"), "bold"),
            f" with messages of the last hour, most to {_name(found[0])}: {found[0].sent:,}.",
        )
    ]
    judged = [each for each in found if each.p90 is not None and each.delivered >= LEAST]
    if judged:
        slowest = max(judged, key=lambda each: each.p90 or 0.0)
        sentences.append(Content(f"Slowest {_name(slowest)}: 90% in {unbroken(slowest.p90)}."))
    waiting = [each for each in found if each.waiting_since is not None]
    if waiting:
        oldest = min(waiting, key=lambda each: each.waiting_since or 0.0)
        since = unbroken(shown.now - (oldest.waiting_since or shown.now))
        sentences.append(Content(f"The oldest has waited for {since}, in {_name(oldest)}."))
    rows = tuple(
        Bar(
            _name(each),
            each.sent,
            each.within[1].share,
            (each.delivered, each.sent - each.delivered - each.failed, each.failed),
        )
        for each in found
    )
    keys = (
        key(*GOOD, "delivered"),
        key(*WAIT, "not final"),
        key(*BAD, "not delivered"),
    )
    bars = Bars(str(by), "sent 1 h", "≤1 min", (GOOD, WAIT, BAD), rows)
    return Panel(f"Groups by {by}", keys, said(*unsure, *sentences), bars)


def _name(group: Figures) -> str:
    return cells.cut(painted(group.title), 28)
