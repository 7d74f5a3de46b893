"""The history of one machine, beside a running engine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from smsmon.clock import Clock
from smsmon.store.base import Listener
from smsmon.store.local.alerts import LocalAlerts
from smsmon.store.local.archive import LocalArchive
from smsmon.store.local.follower import LocalFollower
from smsmon.store.local.keeper import LocalKeeper
from smsmon.store.sql.fence import WholeFence
from smsmon.store.sql.history import TableHistory


class LocalHistory(TableHistory):
    """The ``HistoryStore`` at ``path``."""

    def __init__(
        self, path: Path, clock: Clock | None = None, listener: Listener | None = None
    ) -> None:
        super().__init__(LocalKeeper(path), LocalArchive(path), clock, listener)
        self.path = path
        self.alerts = LocalAlerts(path, self.fence)

    def lead(self, ours: Callable[[], bool], lost: Callable[[], None]) -> None:
        self.record_by(WholeFence(ours, lost))

    def follower(self) -> LocalFollower:
        return LocalFollower(self.path, self._revisions)
