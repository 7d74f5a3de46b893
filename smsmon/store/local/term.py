"""Whether this process may record: alone, as the one that polls, or not at all."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from smsmon.store.local.stands import Superseded, begin_epoch


@dataclass(slots=True, eq=False)
class Term:
    """One stretch of time as the one that polls; what belongs to another term is not recorded."""

    ours: Callable[[], bool] | None = None
    """Tells whether the lease is ours still; None: there is no lease, and we poll alone."""
    lost: Callable[[], None] = lambda: None
    """Called in the writer's thread when another process polls by now."""
    epoch: int | None = None
    """Begun with the first recording, and anew in another database."""

    @property
    def must_begin(self) -> bool:
        """True until an epoch is begun, where there is a lease."""
        return self.ours is not None and self.epoch is None

    def begin(self, connection: sqlite3.Connection) -> int:
        """Begin the epoch to record in, within the caller's transaction.

        Raises ``Superseded`` when the lease is lost already.
        """
        # Within the transaction: who takes the lease after this look begins a later epoch.
        if self.ours is not None and not self.ours():
            raise Superseded
        return begin_epoch(connection)


FOLLOWING = None
"""In place of a term: another process records."""
