"""The store of a team, on PostgreSQL: what all its consoles watch, record and answer together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING

from smsmon.store.errors import StoreError
from smsmon.store.team.allowance import TeamAllowance
from smsmon.store.team.reach import TeamClock, TheirTime

if TYPE_CHECKING:
    from smsmon.clock import Clock
    from smsmon.store import Where
    from smsmon.store.arrivals import Together
    from smsmon.store.base import Listener
    from smsmon.store.parts import PartialLease
    from smsmon.store.team.archive import TeamAlerts, TeamArchive
    from smsmon.store.team.care import TeamCare, TeamWhole
    from smsmon.store.team.database import Access, Database
    from smsmon.store.team.history import TeamHistory
    from smsmon.store.team.watchlist import TeamArrivals


def open_team(where: Where) -> TeamStore:
    """The store at the address in the settings; nothing is connected yet, and psycopg is not
    loaded. Whatever is asked of it raises ``StoreError`` for an address that makes no sense.
    """
    return TeamStore(partial(_access, where))


def _access(where: Where, time: TheirTime) -> Access:
    from smsmon.store import PLACE
    from smsmon.store.team.address import Address
    from smsmon.store.team.database import Access

    try:
        address = Address.parse(where.store)
    except ValueError as error:
        raise StoreError(PLACE, str(error).rstrip("."), "Look at the setting store.") from None
    return Access(address, where.store_password, time)


def open_care(where: Where) -> TeamCare:
    """The care for that store. Raises ``StoreError`` as `open_team` does."""
    from smsmon.store.team.care import TeamCare

    return TeamCare(open_team(where).access)


def open_whole(where: Where) -> TeamWhole:
    """All that is in that store. Raises ``StoreError`` as `open_team` does."""
    from smsmon.store.team.care import TeamWhole

    return TeamWhole(open_team(where))


class TeamStore:
    """The store in a database. Each part is imported when it is asked for.

    A running console has five connections: one that writes what polls bring, one to read, one by
    which it shares the work with others and sees what they record, one for all else that is
    written, and one that listens.
    """

    def __init__(self, access: Access | Callable[[TheirTime], Access]) -> None:
        """``access``, or what gives it when it is first needed."""
        self._given = access
        self._time = TheirTime() if callable(access) else access.time
        self._connections: dict[str, Database] = {}
        self._making = RLock()
        """Held while what is shared is made: several threads may be the first to need it."""
        self._lease: PartialLease | None = None
        """That of this process, once it asked for one."""

    @property
    def access(self) -> Access:
        """How the database is reached. Raises ``StoreError``."""
        with self._making:
            if callable(self._given):
                self._given = self._given(self._time)
            return self._given

    @property
    def files(self) -> Mapping[str, Path]:
        return {}

    @property
    def work(self) -> Database:
        """The connection for what is short: the watchlist, alerts, what was learnt, allowances."""
        return self._connection("work")

    @property
    def sharing(self) -> Database:
        """The connection of the thread that shares the work: no long answer to anything else
        holds it up until what is ours is another's."""
        return self._connection("sharing")

    def _connection(self, name: str) -> Database:
        from smsmon.store.team.database import Database

        with self._making:
            if name not in self._connections:
                self._connections[name] = Database(self.access)
            return self._connections[name]

    def watchlist(self, clock: Clock | None = None) -> Together:
        from smsmon.store.arrivals import Together
        from smsmon.store.team.watchlist import TeamWatchlist
        from smsmon.who import who

        return Together(TeamWatchlist(self.work), self.arrivals(clock), clock, who())

    def arrivals(self, clock: Clock | None = None) -> TeamArrivals:
        from smsmon.store.team.watchlist import TeamArrivals

        return TeamArrivals(self.work, clock)

    def archive(self, *, checked: bool = True) -> TeamArchive:
        from smsmon.store.team.archive import TeamArchive

        del checked  # the server looks after its files
        return TeamArchive(self.access)

    def alerts(self, clock: Clock | None = None) -> TeamAlerts:
        from smsmon.store.team.archive import TeamAlerts

        del clock  # whoever writes says when
        return TeamAlerts(self.work)

    def history(self, clock: Clock | None = None, listener: Listener | None = None) -> TeamHistory:
        from smsmon.store.team.history import TeamHistory

        return TeamHistory(self.work, self.sharing, lambda: self._lease, clock, listener)

    def clock(self, clock: Clock) -> TeamClock:
        return TeamClock(clock, self._time)

    def lease(self, clock: Clock, name: str, egress: str = "") -> PartialLease:
        from os import getpid
        from secrets import token_hex
        from socket import gethostname

        from smsmon.store.parts import PartialLease
        from smsmon.store.shared import Holder
        from smsmon.store.team.lease import TeamRows

        del clock  # it goes by the clock that goes on while the machine sleeps
        rows, host = TeamRows(self.sharing, egress), gethostname()
        holder = Holder(getpid(), name, host)
        lease = PartialLease(rows, token_hex(8), holder, lambda: self._time.steady())
        self._lease = lease
        return lease

    def allowance(self, egress: str, address: str) -> TeamAllowance:
        from secrets import token_hex

        return TeamAllowance(lambda: self.work, egress, address, token_hex(8))

    def learned(self) -> bytes:
        query = "SELECT content FROM learned"
        row = self.work.ask(lambda db: db.execute(query).fetchone())
        return row[0].encode() if row else b""

    def keep_learned(self, content: bytes) -> None:
        keep = (
            "INSERT INTO learned VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET"
            " content = excluded.content"
        )
        with self.work.writing() as connection:
            connection.execute(keep, (content.decode(),))

    def close(self) -> None:
        """Let go of what is shared; it is connected again when it is asked."""
        for each in self._connections.values():
            each.close()
