"""How long deliveries took, asked of the history."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Sequence
from math import inf

from smsmon import phones
from smsmon.recipients import EARLIEST_DATE
from smsmon.store.past import DeliveryTimes, Grouping
from smsmon.store.sql.columns import ms, ms_until
from smsmon.store.sql.database import Connection, Row
from smsmon.store.sql.queries import rows_of

# A recipient was under way from the API's date of its waiting, or from when we first saw it
# wait, whichever is earlier; it was delivered at the API's date or, where that makes no sense,
# when we saw it. A date is a whole second: it may seem to lie up to one before the moment.
_DELIVERED = """
    SELECT message, slot, phone, CASE
        WHEN date * 1000 + 1000 > start AND date * 1000 <= observed_at + 3600000
        THEN date * 1000 - start ELSE observed_at - start END
    FROM (
        SELECT c.message, c.slot, c.revision, r.phone, c.date, c.observed_at, CASE
            WHEN c.before = 1 AND c.date_before >= :earliest
                AND c.date_before * 1000 < r.first_seen
            THEN c.date_before * 1000 ELSE r.first_seen END AS start
        FROM change c JOIN recipient r ON r.message = c.message AND r.slot = c.slot
        WHERE c.after = 2 AND c.before IN (0, 1) AND c.observed_at >= :since
            AND c.observed_at < :until
    ) delivered ORDER BY message, slot, revision"""


def delivery_times(
    connection: Connection,
    by: Grouping,
    ids: Sequence[str] | None = None,
    since: float = 0.0,
    until: float = inf,
) -> list[DeliveryTimes]:
    """How long deliveries took; the most measured first."""
    rows = {row[0]: row for row in rows_of(connection, ids)}
    durations: defaultdict[str, array[float]] = defaultdict(lambda: array("d"))
    last, phone_of = (0, 0), connection.dialect.phone_of
    parameters = {"earliest": EARLIEST_DATE, "since": ms(since), "until": ms_until(until)}
    for message, slot, phone, took in connection.stream(_DELIVERED, parameters):
        if (message, slot) != last and message in rows:
            for key in _keys(by, rows[message], phone_of(phone)):
                durations[key].append(max(0, took) / 1000)
        last = (message, slot)
    found = [
        DeliveryTimes(key, len(all), *(_quantile(all, share) for share in (0.5, 0.9, 0.99)))
        for key, all in zip(durations, map(sorted, durations.values()), strict=True)
    ]
    return sorted(found, key=lambda each: (-each.measured, each.key))


def _keys(by: Grouping, message: Row, phone: str) -> Sequence[str]:
    match by:
        case "message":
            return (message[1],)
        case "tag":
            return tuple(message[4].split("\n"))
        case "country":
            return (phones.region(phone),)


def _quantile(ordered: Sequence[float], share: float) -> float:
    """The value below which ``share`` of them lie, between two neighbours in proportion."""
    at = share * (len(ordered) - 1)
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (at - low)
