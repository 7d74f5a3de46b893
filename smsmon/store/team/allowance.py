"""The requests budget of an egress address: a row, from which each process takes slices.

All that is told and taken is one statement on one row, so nobody holds a lock while it stands
still, and the moment is that of the database once the row is ours. What was granted counts until
its process says that it is over, or that it was not used; of a process that says nothing any
more, until none of it can reach the server, and a window longer.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from math import ceil, inf
from typing import TYPE_CHECKING, Any

from smsmon.store.shared import Allowance, Call, Terms, Told, Use

if TYPE_CHECKING:
    from smsmon.store.team.database import Database

TICK = 0.5
"""Seconds: what came back is counted in stretches of this length."""
LIVES = 5.0
"""Seconds after a call for which a part is kept for who needs it."""

CLOCK = "extract(epoch FROM clock_timestamp())"
"""Not ``now()``, which is when the statement began to wait for the row."""

_LOOK = """
SELECT greatest(at, cast(CLOCK() AS double precision)),
    at, landed, takers, held, told, strikes, eased_at, eased_to, well
FROM allowance WHERE egress = :egress AND address = :address
"""
_BEGIN = """
INSERT INTO allowance (egress, address) VALUES (:egress, :address)
ON CONFLICT (egress, address) DO NOTHING
"""
_TAKE = """
UPDATE allowance AS kept
SET (at, landed, takers, held, told, strikes, eased_at, eased_to, well) = (
    SELECT
        now,
        ARRAY[cells[1] + said.landed] || cells[2 : ],
        others.takers || jsonb_build_object(cast(:owner AS text), jsonb_build_object(
            'number', cast(:number AS bigint), 'seen', now, 'until', now + lasting,
            'out', said.out + granted, 'used', used, 'need', need,
            'granted', granted, 'share', greatest(part, allowed - claimed)
        )),
        heard.held, heard.told, heard.strikes, heard.eased_at, heard.eased_to, heard.well
    FROM (
        SELECT
            greatest(kept.at, cast(CLOCK() AS double precision)) AS now,
            cast(:out AS integer) AS out,
            cast(:landed AS integer) AS landed,
            cast(:used AS integer) AS used,
            cast(:need AS double precision) AS need,
            cast(:want AS integer) AS want,
            cast(:urgent AS integer) AS urgent,
            cast(:held AS double precision) AS held,
            cast(:told AS double precision) AS told,
            cast(:strikes AS double precision) AS strikes,
            cast(:eased_at AS double precision) AS eased_at,
            cast(:eased_to AS double precision) AS eased_to,
            cast(:well AS double precision) AS well,
            cast(:most AS double precision) AS most,
            cast(:lasting AS double precision) AS lasting,
            cast(:eased_for AS double precision) AS eased_for,
            cast(:headroom AS double precision) AS headroom,
            cast(:ticks AS integer) AS ticks,
            cast(:tick AS double precision) AS tick,
            cast(:lives AS double precision) AS lives
    ) AS said, LATERAL (
        SELECT
            greatest(kept.held, now + said.held) AS held,
            greatest(kept.told, now + said.told) AS told,
            CASE WHEN said.told IS NULL THEN kept.strikes ELSE said.strikes END AS strikes,
            greatest(kept.eased_at, now + said.eased_at) AS eased_at,
            CASE WHEN now + said.eased_at > kept.eased_at
                THEN said.eased_to ELSE kept.eased_to END AS eased_to,
            greatest(kept.well, now + said.well) AS well
    ) AS heard, LATERAL (
        SELECT least(most, greatest(
            1, floor(heard.eased_to + (now - heard.eased_at) / eased_for * most)
        )) AS allowed
    ) AS eased, LATERAL (
        SELECT (
            array_fill(0, ARRAY[cast(
                least(ticks, floor(now / tick) - floor(kept.at / tick)) AS integer
            )]) || kept.landed
        )[1 : ticks] AS cells
    ) AS ring, LATERAL (
        SELECT
            coalesce(jsonb_object_agg(key, value), '{}') AS takers,
            coalesce(sum(had), 0) AS out,
            array_agg(needed) FILTER (WHERE needed >= 1) AS needs,
            array_agg(had + cast(value ->> 'used' AS integer)) FILTER (WHERE needed >= 1) AS have
        FROM jsonb_each(kept.takers), LATERAL (
            SELECT
                cast(value ->> 'out' AS integer) AS had,
                CASE WHEN cast(value ->> 'seen' AS double precision) > now - lives
                    THEN cast(value ->> 'need' AS double precision) ELSE 0 END AS needed
        ) AS each_one
        WHERE key <> :owner AND cast(value ->> 'until' AS double precision) > now
    ) AS others, LATERAL (
        SELECT
            allowed / (1 + coalesce(cardinality(needs), 0)) AS part,
            said.out + said.landed + others.out
                + (SELECT coalesce(sum(cell), 0) FROM unnest(cells) AS cell) AS counted,
            said.out + used AS mine
    ) AS room, LATERAL (
        SELECT
            coalesce(sum(least(part, needed)), 0) AS claimed,
            coalesce(sum(greatest(0, ceil(least(part, needed)) - had)), 0) AS reserved
        FROM unnest(needs, have) AS rival (needed, had)
    ) AS rivals, LATERAL (
        SELECT cast(CASE WHEN heard.held > now THEN 0 ELSE greatest(0, least(
            want,
            CASE WHEN urgent = 1 OR mine < part * headroom
                THEN allowed ELSE greatest(1, floor(allowed * headroom)) END - counted,
            greatest(ceil(part) - mine, allowed - counted - reserved)
        )) END AS integer) AS granted
    ) AS slice
)
WHERE egress = :egress AND address = :address
    AND coalesce(cast(takers -> cast(:owner AS text) ->> 'number' AS bigint), 0) < :number
RETURNING at, at, landed, takers, held, told, strikes, eased_at, eased_to, well
"""
"""No ``WITH``: where the row was changed while the statement waited for it, all of this is
reckoned again with what it is now, but for what stands in a ``WITH``."""


class TeamAllowance(Allowance):
    """The allowance of ``address`` for all that leave by ``egress``, as one process has it.

    ``owner`` is the random id of the process. Each statement is committed by itself.
    """

    def __init__(
        self,
        database: Callable[[], Database],
        egress: str,
        address: str,
        owner: str,
        *,
        clock: str = CLOCK,
    ) -> None:
        """``database`` gives the connection, when it is first needed; ``clock`` is the SQL of the
        moment."""
        self._database = database
        self._row = {"egress": egress, "address": address}
        self._owner = owner
        self._look = _LOOK.replace("CLOCK()", clock)
        self._take = _TAKE.replace("CLOCK()", clock)

    def take(self, call: Call, terms: Terms) -> Use:
        told = {
            "held": call.told.held,
            "told": call.told.at,
            "eased_at": call.told.eased_at,
            "well": call.told.well,
        }
        said = {
            **self._row,
            **{name: None if moment == -inf else moment for name, moment in told.items()},
            "owner": self._owner,
            "number": call.number,
            "out": call.out,
            "landed": call.landed,
            "used": call.used,
            "need": min(call.need, float(terms.limit)),
            "want": call.want,
            "urgent": int(call.urgent),
            "strikes": call.told.strikes,
            "eased_to": call.told.eased_to,
            "most": float(terms.limit),
            "lasting": terms.lasting + terms.window,
            "eased_for": terms.eased_for,
            "headroom": terms.headroom,
            "ticks": ceil(terms.window / TICK) + 1,
            "tick": TICK,
            "lives": LIVES,
        }
        with self._database().writing() as connection:
            row = connection.execute(self._take, said).fetchone()
            if row is None:
                connection.execute(_BEGIN, self._row)
                row = connection.execute(self._take, said).fetchone()
        return self.look(terms) if row is None else _use(row, self._owner, terms)

    def look(self, terms: Terms) -> Use:
        with self._database().writing() as connection:
            row = connection.execute(self._look, self._row).fetchone()
        return Use(0, Told()) if row is None else _use(row, "", terms)

    def close(self) -> None:
        """The connection is not ours alone."""


def _use(row: Sequence[Any], owner: str, terms: Terms) -> Use:
    """What a row says at its first moment, to the taker that it was written for."""
    now, at, landed, takers, held, told, strikes, eased_at, eased_to, well = row
    takers = json.loads(takers) if isinstance(takers, str) else takers
    passed = int(now // TICK - at // TICK)
    landed = landed[: max(0, ceil(terms.window / TICK) + 1 - passed)]
    out = sum(each["out"] for each in takers.values() if each["until"] > now)
    me: Mapping[str, Any] = takers.get(owner, {})
    told = Told(held - now, told - now, strikes, eased_at - now, eased_to, well - now)
    counted = sum(landed) + out
    room_in, over = 0.0, counted + 1 - terms.limit
    for age, count in zip(range(len(landed) - 1, -1, -1), reversed(landed), strict=True):
        if over <= 0:
            break
        over -= count
        room_in = (at // TICK - age + 1) * TICK + terms.window - now
    return Use(counted, told, me.get("granted", 0), me.get("share", 0.0), max(0.0, room_in))
