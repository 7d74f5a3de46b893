"""What a team's store keeps of alerts: its ``AlertStore``."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable

from smsmon.store.shared import News
from smsmon.store.sql.alerts import TableAlerts, nobody_polls
from smsmon.store.sql.fence import Fence
from smsmon.store.team.database import Database, Telling


class TeamAlerts(TableAlerts):
    """The ``AlertStore`` in a team's database."""

    def __init__(self, database: Database, fence: Callable[[], Fence] = nobody_polls) -> None:
        claimant = f"{_here()} {secrets.token_hex(8)}"
        super().__init__(Telling(database, News.ALERTS), claimant, _may_live, fence)


def _may_live(claimant: str) -> bool:
    """Nobody sees from here whether a process of another host has ended: it has its time. But one
    before us that had our number has."""
    return claimant.partition(" ")[0] != _here()


def _here() -> str:
    return f"{os.getpid()}@{socket.gethostname()}"
