"""What accounts held: written where it is another than before, and asked for."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf

from smsmon.store.past import BalanceSeen
from smsmon.store.sql.columns import ms, ms_until
from smsmon.store.sql.database import Connection, Row

_HELD = "amount, currency, credits, credits_eco, credits_hlr, to_send"
_LAST = f"SELECT {_HELD} FROM balance WHERE profile = ? ORDER BY at DESC LIMIT 1"  # noqa: S608
_SEEN = f"""
    SELECT at, {_HELD} FROM balance WHERE profile = :profile AND at < :until AND at >= coalesce(
        (SELECT max(at) FROM balance WHERE profile = :profile AND at <= :since), :since
    ) ORDER BY at"""  # noqa: S608 - a constant
_RECORD = (
    f"INSERT INTO balance (profile, at, {_HELD}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
    " ON CONFLICT (profile, at) DO UPDATE SET amount = excluded.amount,"
    " currency = excluded.currency, credits = excluded.credits, credits_eco = excluded.credits_eco,"
    " credits_hlr = excluded.credits_hlr, to_send = excluded.to_send"
)
_LARGEST = 2**63 - 1


def record(connection: Connection, balances: Iterable[tuple[str, BalanceSeen]]) -> None:
    """Record what accounts hold, each with its account, where it is another than before."""
    for profile, seen in balances:
        held = _row(seen)
        if connection.execute(_LAST, (profile,)).fetchone() != held:
            connection.execute(_RECORD, (profile, ms(seen.at), *held))


def seen(
    connection: Connection, profile: str, since: float = 0.0, until: float = inf
) -> list[BalanceSeen]:
    """What an account held in that time, oldest first; what it held when it began comes first."""
    rows = connection.execute(
        _SEEN,
        {"profile": profile, "since": ms(since), "until": ms_until(until)},
    )
    return [BalanceSeen(at / 1000, *held) for at, *held in rows]


def drop(connection: Connection, limit: int) -> None:
    """Drop those up to ``limit``, but for what each account holds still."""
    connection.execute(
        "DELETE FROM balance WHERE at <= ? AND at < (SELECT max(at) FROM balance newer"
        " WHERE newer.profile = balance.profile)",
        (limit,),
    )


def _row(seen: BalanceSeen) -> Row:
    numbers = (
        None if number is None else max(-_LARGEST, min(number, _LARGEST))
        for number in (seen.credits, seen.credits_eco, seen.credits_hlr, seen.to_send)
    )
    return seen.amount, seen.currency, *numbers
