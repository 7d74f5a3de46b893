"""What ``history.db`` keeps of alerts: the ``AlertStore`` of the local store."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from smsmon.store.local.reader import Reader
from smsmon.store.local.schema import writing
from smsmon.store.sql.alerts import CLAIM_LASTS, TableAlerts, nobody_polls
from smsmon.store.sql.database import Connection
from smsmon.store.sql.fence import Fence

T = TypeVar("T")


class LocalAlerts(TableAlerts):
    """The ``AlertStore`` at ``path``."""

    def __init__(self, path: Path, fence: Callable[[], Fence] = nobody_polls) -> None:
        claimant = f"{os.getpid()} {secrets.token_hex(8)}"
        super().__init__(_Database(path), claimant, _may_live, fence)


class _Database:
    """Opens the history at ``path`` for each piece of work."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def ask(self, question: Callable[[Connection], T]) -> T:
        with Reader(self._path) as reader:
            return reader.ask(question)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        with writing(self._path) as connection, connection.transaction():
            yield connection


def _may_live(_: Connection, claimant: str, age: float) -> bool:
    """False once the process that took something on has ended for sure, or had its time."""
    if age >= CLAIM_LASTS:
        return False
    pid = int(claimant.partition(" ")[0] or 0)
    if pid in (0, os.getpid()):  # one before us had our number
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # somebody else's
        return True
    return True
