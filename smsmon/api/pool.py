"""The connections to the API, and the one place where the key meets a request.

A box in between may forget a connection that was quiet for some minutes, and tell nobody: what is
sent on it then vanishes. So a request on a connection that was used before, and that brings not
one byte, goes out once more on a new one, and whichever answers first counts. Asking twice does no
harm, since this program only reads; it does count at the API, and ``may_repeat`` is asked first.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import h11

from smsmon.api.connection import Connection
from smsmon.api.dialing import Say, Way
from smsmon.api.errors import NetworkTrouble
from smsmon.api.key import ApiKey
from smsmon.model import ReadError


class Pool:
    """At most ``connections`` requests at a time, each on a connection of its own.

    ``keepalive`` and ``patience`` are in seconds: how long an idle connection is kept at most,
    and how long one that was used before may bring nothing until the request is sent again.
    """

    def __init__(
        self,
        way: Way,
        key: ApiKey,
        headers: list[tuple[str, str]],
        *,
        connections: int,
        keepalive: float,
        patience: float,
    ) -> None:
        self.may_repeat: Callable[[], bool] = lambda: True
        """Asked before a request is sent a second time, which it counts; False forbids it."""
        self._way = way
        self._key = key
        self._headers = headers
        self._room = asyncio.Semaphore(connections)
        self._keepalive = keepalive
        self._least_patience = self._patience = patience
        self._idle: list[Connection] = []
        self._busy: set[Connection] = set()

    @asynccontextmanager
    async def get(self, target: str, say: Say) -> AsyncIterator[tuple[h11.Response, Connection]]:
        """Ask for ``target`` with the key: the head of the answer, and where its body comes from.

        Raises ``NetworkTrouble`` or ``TimedOut``.
        """
        if self._room.locked():
            say("the connections were still busy with other requests")
        async with self._room:
            connection = None
            try:
                connection, head = await self._ask(target, say)
                yield head, connection
            finally:
                if connection is not None:
                    self._busy.discard(connection)
                    connection.rest()
                    self._idle.append(connection)

    async def aclose(self) -> None:
        """Close every connection."""
        for connection in (*self._idle, *self._busy):
            connection.line.close()
        self._idle.clear()
        await asyncio.sleep(0)  # the event loop closes sockets in its next round

    async def _ask(self, target: str, say: Say) -> tuple[Connection, h11.Response]:
        old = self._rested()
        if old is None:
            return await self._ask_anew(target, say)
        try:
            say("there was no answer")
            old.send(self._request(target))
            if not await old.line.wait(self._patience) and self.may_repeat():
                return await self._race(old, target, say)
            try:
                head = await old.head()
            except NetworkTrouble:
                if not old.line.silent or not self.may_repeat():
                    raise
            else:
                self._patience = max(0.9 * self._patience, self._least_patience)
                return old, head
        except BaseException:
            self._drop(old)
            raise
        # The server had closed it, or a box in between had: that is no trouble of the API.
        self._drop(old)
        return await self._ask_anew(target, say)

    async def _race(
        self, old: Connection, target: str, say: Say
    ) -> tuple[Connection, h11.Response]:
        """The answer that comes first: from the connection that brings nothing, or a new one."""
        self._forget_the_idle()
        late = asyncio.create_task(old.line.wait())
        new = asyncio.create_task(self._ask_anew(target, say))
        try:
            await asyncio.wait((late, new), return_when=asyncio.FIRST_COMPLETED)
            if new.done() and isinstance(failure := new.exception(), ReadError):
                say(f"there was no answer; on a new connection: {str(failure).rstrip('.')}")
                await late
            if old.line.silent:
                found = await new
                self._drop(old)
                return found
            # Slow, not dead: the next one is given longer before it is asked twice.
            self._patience = min(2 * self._patience, 8 * self._least_patience)
            head = await old.head()
        except BaseException:
            self._abandon(new)
            raise
        finally:
            late.cancel()
        self._abandon(new)
        return old, head

    def _abandon(self, new: asyncio.Task[tuple[Connection, h11.Response]]) -> None:
        def drop(task: asyncio.Task[tuple[Connection, h11.Response]]) -> None:
            if not task.cancelled() and task.exception() is None:
                self._drop(task.result()[0])

        new.cancel()
        new.add_done_callback(drop)

    async def _ask_anew(self, target: str, say: Say) -> tuple[Connection, h11.Response]:
        line = await self._way.connect(say)
        connection = Connection(line, str(self._way), self._keepalive)
        self._busy.add(connection)
        try:
            say("there was no answer")
            connection.send(self._request(target))
            return connection, await connection.head()
        except BaseException:
            self._drop(connection)
            raise

    def _request(self, target: str) -> h11.Request:
        joint = "&" if "?" in target else "?"
        return h11.Request(
            method="GET",
            target=f"{target}{joint}apiKey={self._key.reveal()}",
            headers=self._headers,
        )

    def _rested(self) -> Connection | None:
        """The connection that was used last and may be used again."""
        while self._idle:
            connection = self._idle.pop()
            if connection.line.resume():
                self._busy.add(connection)
                return connection
        return None

    def _forget_the_idle(self) -> None:
        for connection in self._idle:
            connection.line.close()
        self._idle.clear()

    def _drop(self, connection: Connection) -> None:
        self._busy.discard(connection)
        connection.line.close()
