"""The transport under httpx, and the one place where the key meets a request.

The client above never has the key, in a URL or in a body, so nothing of it (its log, its
exceptions, their tracebacks) can show it. Here it joins a copy of the request, and no exception
of httpcore goes up.

A box in between may forget a connection that was quiet for some minutes, and tell nobody: what is
sent on it then vanishes. So a request on a connection that was used before, and that brings not
one byte, goes out once more on a new one, and whichever answers first counts. Asking twice does no
harm, since this program only reads, also by what it posts; it does count at the API, and
``may_repeat`` is asked first.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from weakref import WeakSet

import httpcore
import httpx

from smsmon.api.errors import NetworkTrouble
from smsmon.api.stream import ATTEMPT, Attempt, Party, Stream, drop
from smsmon.model import ReadError
from smsmon.secret import ApiKey

SAY = "say"
"""The extension of a request that takes what is being waited for."""


class KeyedTransport(httpx.AsyncBaseTransport):
    """Adds the key to a copy of every request.

    ``keepalive`` and ``patience`` are in seconds: how long an idle connection is kept at most,
    and how long one that was used before may bring nothing until the request is sent again.
    """

    def __init__(
        self,
        party: Party,
        backend: httpcore.AsyncNetworkBackend,
        key: ApiKey,
        *,
        connections: int,
        keepalive: float,
        patience: float,
    ) -> None:
        self.may_repeat: Callable[[], bool] = lambda: True
        """Asked before a request is sent a second time, which it counts; False forbids it."""
        self._party = party
        self._key = key
        self._least_patience = self._patience = patience
        self._streams: WeakSet[Stream] = WeakSet()
        self._dropping: asyncio.Task[None] | None = None
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=party.trust.context if party.trust else None,
            max_connections=2 * connections,  # each may have to be replaced while it still waits
            max_keepalive_connections=connections,
            keepalive_expiry=keepalive,
            network_backend=backend,
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Raises a ``ReadError``."""
        answer = await self._answer(request)
        return httpx.Response(
            answer.status,
            # None is ever sent back, so none is kept.
            headers=[pair for pair in answer.headers if pair[0].lower() != b"set-cookie"],
            stream=_Body(answer, self._party.name),
            extensions=answer.extensions,
        )

    async def aclose(self) -> None:
        try:
            await self._pool.aclose()
        finally:
            # Who is cancelled while the pool closes some has it forget those that are still open.
            for stream in list(self._streams):
                await stream.aclose()

    async def _answer(self, request: httpx.Request) -> httpcore.Response:
        first = Attempt(request.extensions[SAY])
        second: asyncio.Task[httpcore.Response] | None = None

        def doubt() -> None:
            nonlocal second
            if first.in_vain and self.may_repeat():
                second = asyncio.create_task(self._send_instead(request, first))

        timer = asyncio.get_running_loop().call_later(self._patience, doubt)
        try:
            answer = await self._send(request, first)
        except ReadError:
            timer.cancel()
            if second is None and not (first.in_vain and self.may_repeat()):
                raise
            # The server had closed it, or a box in between: that is no trouble of the API.
            second = second or asyncio.create_task(self._send_anew(request, first))
            answer, second = await second, None
            return answer
        else:
            if second is not None:
                # Slow, not dead: the next one is given longer before it is asked twice.
                self._patience = min(2 * self._patience, 8 * self._least_patience)
                # Not waited for: cancelled meanwhile, this would lose the answer.
                self._dropping, second = asyncio.create_task(drop([second])), None
            elif first.reused:
                self._patience = max(0.9 * self._patience, self._least_patience)
            return answer
        finally:
            timer.cancel()
            if second is not None:
                await drop([second])

    async def _send_instead(self, request: httpx.Request, first: Attempt) -> httpcore.Response:
        """Send ``request`` anew, and end the ``first`` attempt if that is answered before it."""
        try:
            answer = await self._send_anew(request, first)
        except ReadError as failure:
            first.say(f"there was no answer; on a new connection: {str(failure).rstrip('.')}")
            raise
        if first.in_vain and first.stream is not None:
            first.stream.let_go()
        return answer

    async def _send_anew(self, request: httpx.Request, first: Attempt) -> httpcore.Response:
        """Send ``request`` on a new connection: the others that rest may be dead as well."""
        for stream in self._streams:
            stream.forget()
        return await self._send(request, Attempt(first.say))

    async def _send(self, request: httpx.Request, attempt: Attempt) -> httpcore.Response:
        ATTEMPT.set(attempt)
        try:
            with _explained(self._party.name):
                return await self._pool.handle_async_request(self._keyed(request))
        finally:
            if attempt.stream is not None:
                self._streams.add(attempt.stream)

    def _keyed(self, request: httpx.Request) -> httpcore.Request:
        """A copy of ``request`` that has the key: in its query, or first in the JSON object that
        it posts. A key needs no escaping in either."""
        url, key = request.url, self._key.reveal().encode()
        target, headers, content = url.raw_path, request.headers.raw, b""
        if request.method == "POST":
            content = b'{"apiKey":"%b",%b' % (key, request.content[1:])
            headers = [pair for pair in headers if pair[0].lower() != b"content-length"]
            headers.append((b"Content-Length", b"%d" % len(content)))
        else:
            target += b"%bapiKey=%b" % (b"&" if url.query else b"?", key)
        return httpcore.Request(
            request.method,
            httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=target),
            headers=headers,
            content=content,
        )


class _Body(httpx.AsyncByteStream):
    """The body of an answer, as it comes."""

    def __init__(self, answer: httpcore.Response, name: str) -> None:
        self._answer = answer
        self._name = name

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _explained(self._name):
            async for piece in self._answer.aiter_stream():
                yield piece

    async def aclose(self) -> None:
        await self._answer.aclose()


@contextmanager
def _explained(name: str) -> Iterator[None]:
    """Have failures of httpcore tell that ``name`` failed. Raises ``NetworkTrouble``."""
    try:
        yield
    except httpcore.ProtocolError:
        problem = "closed the connection, or broke HTTP, before its answer was complete"
    except httpcore.NetworkError:
        problem = "reset the connection"
    else:
        return
    raise NetworkTrouble(f"{name} {problem}.")
