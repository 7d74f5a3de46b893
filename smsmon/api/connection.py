"""HTTP/1.1 over one line: a request out, a head and a body in, and whether to go on after it.

A line is used again only if every byte that came belonged to the answer. What stands behind the
end that the head announced may be a whole second answer, which the next request would take for
its own: a report without an id would then be shown as another message's.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import h11

from smsmon.api.errors import NetworkTrouble
from smsmon.api.line import Line

_HEAD_LIMIT = 100 * 1024
"""Bytes that the head of an answer may have."""
_TIMEOUT = re.compile(rb"(?:^|[,;\s])timeout\s*=\s*\"?([0-9]{1,6})", re.IGNORECASE)


class Connection:
    """One line and the HTTP on it. ``party`` names the other side in sentences."""

    def __init__(self, line: Line, party: str, keepalive: float) -> None:
        self.line = line
        self._party = party
        self._keepalive = keepalive
        self._told = keepalive
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_HEAD_LIMIT)
        self._doubtful = False
        """The head says two things about where the body ends."""

    def send(self, request: h11.Request) -> None:
        """Send ``request``, which has no body."""
        http = self._http
        self.line.write((http.send(request) or b"") + (http.send(h11.EndOfMessage()) or b""))

    async def head(self) -> h11.Response:
        """The head of the answer. Raises ``NetworkTrouble``."""
        while not isinstance(event := await self._event(), h11.Response):
            if not isinstance(event, h11.InformationalResponse):
                raise self._broken()
        names = [name for name, _ in event.headers]
        self._doubtful = b"transfer-encoding" in names and b"content-length" in names
        for name, value in event.headers:
            if name == b"keep-alive" and (told := _TIMEOUT.search(value)):
                self._told = min(self._keepalive, float(told[1]))
        return event

    async def body(self) -> AsyncIterator[bytes]:
        """The pieces of the body, to its end. Raises ``NetworkTrouble``."""
        while isinstance(event := await self._event(), h11.Data):
            yield bytes(event.data)

    def rest(self) -> None:
        """Keep the line for another request, if all is well; close it if not."""
        http = self._http
        whole = http.our_state is h11.DONE and http.their_state is h11.DONE
        if whole and not http.trailing_data[0] and not self._doubtful and self._told > 0:
            http.start_next_cycle()
            self.line.rest(self._told)
            self._told = self._keepalive
        else:
            self.line.close()

    async def _event(self) -> object:
        problem = ""
        try:
            while (event := self._http.next_event()) is h11.NEED_DATA:
                self._http.receive_data(await self.line.read())
        except h11.RemoteProtocolError:
            problem = "closed the connection, or broke HTTP, before its answer was complete"
        except OSError:
            problem = "reset the connection"
        if problem:
            raise NetworkTrouble(f"{self._party} {problem}.")
        if event is h11.PAUSED or isinstance(event, h11.ConnectionClosed):
            raise self._broken()
        return event

    def _broken(self) -> NetworkTrouble:
        return NetworkTrouble(
            f"{self._party} closed the connection, or broke HTTP, before its answer was complete."
        )
