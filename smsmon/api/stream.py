"""The bytes httpcore writes and reads: what verifies the server, who failed at TLS, and whether
more came than the answer.

httpcore asks a connection that rests whether something can be read from it, and does not use it
then. It cannot see what came along with the end of an answer: that is in its own buffer already.
Here every byte passes, so a second reading of each answer, by h11 as well, tells where it ends.
What stands behind may be a whole second answer, which the next request would take for its own: a
report without an id would then be shown as another message's.
"""

from __future__ import annotations

import asyncio
import os
import re
import ssl
from collections.abc import Callable, Collection
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import h11
import httpcore

from smsmon import files
from smsmon.api.errors import NetworkTrouble, TimedOut
from smsmon.outgoing import may_still_go_out
from smsmon.secret import place_shown
from smsmon.text import safe

_TIMEOUT = re.compile(rb"(?:^|[,;\s])timeout\s*=\s*\"?([0-9]{1,6})", re.IGNORECASE)

_GET, _CONNECT = (
    h11.Request(method=method, target="/", headers=[("Host", "any")])
    for method in ("GET", "CONNECT")
)
"""What the second reading is told of a request: where an answer ends depends on it."""
_END = h11.EndOfMessage()

SOON = 1.0
"""Seconds in which httpcore may close itself what is not to be used again. A request that is
cancelled meanwhile has it forget to."""

Say = Callable[[str], None]
"""Takes what is being waited for, in words that follow "After 10 s"."""


@dataclass(frozen=True, slots=True)
class Party:
    """The other side, as sentences name it."""

    host: str
    port: int
    name: str
    unknown: str
    """The sentence for a name that no name server knows."""
    asked: str
    """What is waited for once it was asked something."""
    trust: Trust | None = None
    proxied: bool = False


@dataclass(slots=True)
class Attempt:
    """One sending of a request."""

    say: Say
    stream: Stream | None = None
    """What it went out on."""
    reused: bool = False
    """It had brought an answer before."""

    @property
    def in_vain(self) -> bool:
        """It went out on a connection used before, and brought no byte."""
        return self.reused and self.stream is not None and self.stream.silent


ATTEMPT: ContextVar[Attempt] = ContextVar("attempt")
"""The sending that a stream or a backend, which httpcore calls, is at work for."""


class Stream(httpcore.AsyncNetworkStream):
    """A connection to ``party``, kept at rest for ``keepalive`` seconds at most."""

    def __init__(
        self,
        inner: httpcore.AsyncNetworkStream,
        party: Party,
        keepalive: float,
        tls: tuple[ssl.SSLObject, ...] = (),
    ) -> None:
        self._inner = inner
        self._party = party
        self._keepalive = self._told = keepalive
        self._tls = tls
        self._answer: h11.Connection | None = None
        """The answer that is being read; None at rest."""
        self._used = False
        self._end: asyncio.TimerHandle | None = None
        self._closing: asyncio.Task[None] | None = None
        self.silent = True
        """No byte has come since the last request."""
        self.spent = False
        """Not to be used for another request."""

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = await self._inner.read(max_bytes, timeout)
        if data:
            self.silent = False
            # What fills a read to the brim may have left more behind in a buffer in between.
            self._follow(data, whole=len(data) < max_bytes)
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if not buffer:
            return
        if self._answer is None:
            self._stop_resting()
            self._answer = h11.Connection(h11.CLIENT)
            self._answer.send(_CONNECT if buffer.startswith(b"CONNECT ") else _GET)
            self._answer.send(_END)
            self.silent = True
            attempt = ATTEMPT.get()
            attempt.stream, attempt.reused = self, self._used
            if not may_still_go_out():
                raise TimedOut("This smsmon stood still for too long: the request was not sent.")
            attempt.say(self._party.asked)
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        self.spent = True
        self._stop_resting()
        await self._inner.aclose()

    async def start_tls(self, ssl_context: ssl.SSLContext, *_: Any, **__: Any) -> Stream:
        """Raises ``NetworkTrouble`` that names the party."""
        party = self._party
        ATTEMPT.get().say(f"TLS with {party.name} was not agreed on")
        try:
            inner = await self._inner.start_tls(ssl_context, party.host)
        except BaseException as error:
            await self.aclose()
            if not isinstance(error, httpcore.NetworkError):
                raise
            problem = _tls_problem(root_of(error), party)
        else:
            tls = (*self._tls, inner.get_extra_info("ssl_object"))
            return Stream(inner, party, self._keepalive, tls)
        raise NetworkTrouble(problem)

    def get_extra_info(self, info: str) -> Any:
        """As httpcore defines it; ``stream`` is this one, under whatever httpcore puts around."""
        if info == "stream":
            return self
        if info == "is_readable" and (self.spent or any(map(_speaks, self._tls))):
            return True
        return self._inner.get_extra_info(info)

    def leads_to(self, party: Party) -> Stream:
        """The same connection, which a proxy has led on to ``party``."""
        return Stream(self._inner, party, self._keepalive, self._tls)

    def forget(self) -> None:
        """Not use it again, if it is at rest; it is closed soon, should the pool not do that."""
        if self._answer is None:
            self.spent = True
            if self._used:
                self._stop_resting()
                self._end = asyncio.get_running_loop().call_later(SOON, self.let_go)

    def let_go(self) -> None:
        """Close it soon."""
        self._closing = asyncio.create_task(self.aclose())

    def _follow(self, data: bytes, *, whole: bool) -> None:
        answer = self._answer
        if answer is None:
            self.spent = True
            return
        try:
            answer.receive_data(data)
            while (event := answer.next_event()) is not h11.NEED_DATA and event is not h11.PAUSED:
                if isinstance(event, h11.Response):
                    self._heed(event)
                elif isinstance(event, h11.EndOfMessage):
                    self._answer, self._used = None, True
                    self._rest() if whole else self.forget()
        except h11.RemoteProtocolError:
            self.spent = True
        if answer.trailing_data[0]:
            self.spent = True

    def _heed(self, head: h11.Response) -> None:
        names = {name for name, _ in head.headers}
        if {b"content-length", b"transfer-encoding"} <= names:
            self.spent = True  # two ends told: a server that goes by the other sees another one
        self._told = self._keepalive
        for name, value in head.headers:
            if name == b"keep-alive" and (told := _TIMEOUT.search(value)):
                self._told = min(self._keepalive, float(told[1]))

    def _rest(self) -> None:
        if self._told > 0:
            self._end = asyncio.get_running_loop().call_later(self._told, self.let_go)
        else:
            self.spent = True

    def _stop_resting(self) -> None:
        if self._end is not None:
            self._end.cancel()


def _speaks(tls: ssl.SSLObject) -> bool:
    """True if something came that nobody read, or the end. Asked at rest only: it takes a byte."""
    try:
        tls.read(1)
    except ssl.SSLWantReadError:
        return False
    except (ssl.SSLError, ValueError):
        pass
    return True


def root_of(error: BaseException) -> BaseException:
    """What ``error`` came from first."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def _tls_problem(error: BaseException, party: Party) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        reason = safe(error.verify_message or "not trusted")
        source = party.trust.source if party.trust else ""
        hint = f" Trusted is only what {source} names." if source else ""
        if party.proxied and source != SETTING:
            hint += " If the proxy opens TLS, name its authority in network.ca_file."
        return (
            f"TLS: the certificate of {party.name} is not valid ({reason}): nothing was sent.{hint}"
        )
    if isinstance(error, ssl.SSLError):
        return f"TLS with {party.name} failed ({safe(error.reason or 'not TLS')})."
    return f"TLS with {party.name} failed: the connection was closed."


class _Closable(Protocol):
    async def aclose(self) -> None: ...


_Opened = TypeVar("_Opened", bound=_Closable)


async def drop(tasks: Collection[asyncio.Task[_Opened]]) -> None:
    """End ``tasks``, and close what they have opened all the same."""
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)
    for task in tasks:
        if not task.cancelled() and task.exception() is None:
            await task.result().aclose()


SETTING = "network.ca_file"


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom TLS believes."""

    context: ssl.SSLContext
    source: str = ""
    """The setting or variable that names the authorities; empty for the usual ones."""


def trust(ca_file: Path | None) -> Trust:
    """What verifies the server, and a proxy that speaks TLS.

    ``ca_file`` alone if given, else what SSL_CERT_FILE or SSL_CERT_DIR name, else certifi's.
    Raises ``ValueError`` when that cannot be used.
    """
    source, file, folder = "", None, None
    what = "file of CAs that SSL_CERT_FILE or SSL_CERT_DIR names"
    if ca_file is not None:
        source, file = SETTING, str(ca_file)
        what = f"CA file {safe(place_shown(file), 200)}"
    elif file := os.environ.get("SSL_CERT_FILE"):
        source = "SSL_CERT_FILE"
    elif folder := os.environ.get("SSL_CERT_DIR"):
        source = "SSL_CERT_DIR"
    else:
        import certifi  # loaded here: a base URL on loopback needs none

        file = certifi.where()
    try:
        if file:
            files.must_be_file(file)
        context = ssl.create_default_context(cafile=file, capath=folder)
    except ssl.SSLError:
        reason = "it holds no certificates"
    except OSError as error:
        reason = error.strerror or type(error).__name__
    except ValueError:
        reason = "its name is no path"
    else:
        context.set_alpn_protocols(["http/1.1"])
        return Trust(context, source)
    raise ValueError(f"The {what} cannot be used: {reason}.")
