"""What the console runs on: the clients of its accounts, the engine, the watchlist.

Opening it, which loads the HTTP client, waits for the first paint.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from smsmon.assemble import AccountProblem, open_client
from smsmon.clock import Clock
from smsmon.console.watching import Watching
from smsmon.model import Balance, Fault, FaultKind, ReadError, Report, Unchanged
from smsmon.monitor.account import Condition
from smsmon.monitor.engine import Engine
from smsmon.monitor.schedule import Limits
from smsmon.store.watchlist import Watchlist

if TYPE_CHECKING:
    from smsmon.locations import Locations
    from smsmon.settings import Settings


@dataclass(frozen=True)
class Unusable:
    """The source of an account that is not set up: says so at every request."""

    problem: str

    async def bulk_status(self, message_id: str, known: bytes | None = None) -> Report | Unchanged:
        del message_id, known
        raise ReadError(Fault(FaultKind.AUTH, self.problem))


OpenClient = Callable[[str, "Settings", Clock], "Client"]


class Client(Protocol):
    """What the console asks of an account: the API's client, or a stand-in."""

    async def bulk_status(
        self, message_id: str, known: bytes | None = None
    ) -> Report | Unchanged: ...

    async def me(self) -> Balance: ...

    async def aclose(self) -> None: ...


class Station:
    """The engine and the watchlist at once; the clients when it is opened."""

    def __init__(
        self,
        settings: Settings,
        locations: Locations,
        clock: Clock,
        open_client: OpenClient = open_client,
    ) -> None:
        self._settings = settings
        self._open_client = open_client
        self._clock = clock
        self._clients: dict[str, Client] = {}
        polling = settings.polling
        self.engine = Engine(
            {name: Unusable("Starting.") for name in settings.profiles},
            clock,
            limits=Limits(
                min_interval=polling.min_interval,
                max_interval=polling.max_interval,
                per_minute=polling.budget,
                concurrency=polling.concurrency,
            ),
        )
        self.watchlist = Watchlist(locations.watchlist, clock)
        self.watching = Watching(self.engine, self.watchlist)

    async def open(self) -> None:
        """Connect the accounts; one that is not set up says so when it is asked."""
        for name in self._settings.profiles:
            await self._connect(name)

    async def balance(self, profile: str) -> Balance | None:
        """What the account holds; None when it is not set up. Raises ``ReadError``."""
        client = self._clients.get(profile)
        return None if client is None else await client.me()

    async def retry(self) -> None:
        """Try every account that is not well again, with its key read anew."""
        for name in self._settings.profiles:
            if self.engine.account(name).condition is not Condition.OK:
                await self._connect(name)

    async def close(self) -> None:
        """Close every connection."""
        while self._clients:
            _, client = self._clients.popitem()
            await client.aclose()

    async def _connect(self, name: str) -> None:
        before = self._clients.pop(name, None)
        try:
            # Reads a key file or runs a key command, and loads the HTTP client: not on the loop.
            client = await asyncio.to_thread(self._open_client, name, self._settings, self._clock)
        except AccountProblem as problem:
            self.engine.set_source(name, Unusable(str(problem)))
        else:
            self._clients[name] = client
            self.engine.set_source(name, client)
        if before is not None:
            await before.aclose()
