"""The line of small columns in the header: deliveries of the last minutes. Pure text."""

from __future__ import annotations

from smsmon.console import cells
from smsmon.console.overview.tally import Tally

SPARK_MINUTES = 16


def delivered_lately(tally: Tally, now: float, minutes: int = SPARK_MINUTES) -> str:
    """Deliveries seen in each of the last ``minutes`` minutes, one column wide each.

    The last column is the minute under way. Columns are as high as their share of the
    highest; no delivery is a blank. Empty while there was none at all, so that the header
    can leave it out.
    """
    counts = tally.delivered.last(minutes, now)
    return cells.sparkline(counts, minutes) if any(counts) else ""
