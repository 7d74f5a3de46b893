"""Alerts whose command ran when they fired: so that it runs once a home, whoever polls."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path

from smsmon.store.local.schema import open_for_writing, speaking_of, transaction
from smsmon.store.shared import Episode, Turn


def told(connection: sqlite3.Connection) -> frozenset[Episode]:
    """The alerts that were told as firing, and not as over yet."""
    return frozenset(connection.execute("SELECT rule, message_id FROM told").fetchall())


def claim(path: Path, turns: Iterable[Turn], epoch: int | None, now: float) -> Sequence[bool]:
    """Claim these at wall time ``now``: for each, True when nobody told it before.

    All are False when another process polls by now; ``epoch`` None: there is no lease. Raises
    ``StoreError``.
    """
    wanted = list(turns)
    with (
        contextlib.closing(open_for_writing(path)) as connection,
        speaking_of(path),
        transaction(connection),
    ):
        (current,) = connection.execute("SELECT epoch FROM lease").fetchone()
        if epoch is not None and epoch != current:
            return [False] * len(wanted)
        return [_claim(connection, each, round(now * 1000)) for each in wanted]


def _claim(connection: sqlite3.Connection, turn: Turn, now: int) -> bool:
    episode = turn.rule, turn.message_id
    if turn.firing:
        cursor = connection.execute("INSERT OR IGNORE INTO told VALUES (?, ?, ?)", (*episode, now))
    else:
        cursor = connection.execute("DELETE FROM told WHERE rule = ? AND message_id = ?", episode)
    return cursor.rowcount > 0
