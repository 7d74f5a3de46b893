"""What a team's store keeps of alerts: its ``AlertStore``."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable

from smsmon.store.shared import News
from smsmon.store.sql.alerts import CLAIM_LASTS, TableAlerts, nobody_polls
from smsmon.store.sql.database import Connection
from smsmon.store.sql.fence import Fence
from smsmon.store.team.database import Database, Telling
from smsmon.store.team.keeper import RETRY_MOST

GONE_LASTS = 45.0
"""Seconds after which what a process took on that is not there any more counts as given up: were
the store alone out of its reach, it would be back by then, and note what it told."""
_THERE = (
    "SELECT count(*) FILTER (WHERE pid = :pid AND host = :host AND seen_until > clock_timestamp()),"
    " min(joined) > clock_timestamp() - :retry * interval '1 second' FROM member"
)


class TeamAlerts(TableAlerts):
    """The ``AlertStore`` in a team's database."""

    def __init__(self, database: Database, fence: Callable[[], Fence] = nobody_polls) -> None:
        claimant = f"{_here()} {secrets.token_hex(8)}"
        super().__init__(Telling(database, News.ALERTS), claimant, _may_live, fence)


def _may_live(db: Connection, claimant: str, age: float) -> bool:
    """By the table of who is there. One before us that had our number has ended. Where nobody has
    been there for long, the store was gone, and whoever took it on may be about to come back."""
    place = claimant.partition(" ")[0]
    if place == _here():
        return False
    pid, _, host = place.partition("@")
    there, all_new = db.execute(
        _THERE, {"pid": int(pid), "host": host, "retry": RETRY_MOST}
    ).fetchone()
    return bool(all_new) or age < (CLAIM_LASTS if there else GONE_LASTS)


def _here() -> str:
    return f"{os.getpid()}@{socket.gethostname()}"
