"""The way to the API: its name, a proxy, a connection, TLS. Each failure names its party.

Built on asyncio itself, since a general HTTP library tells a failure of the proxy, of a name, of
TLS and of the API in the same exceptions, and does not say which of them it was busy with.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import Any

import h11

from smsmon.api.errors import NetworkTrouble, TimedOut
from smsmon.api.line import Line, keep_alive
from smsmon.api.proxy import Proxy
from smsmon.api.resolver import Address, addresses
from smsmon.api.trust import SETTING, Trust
from smsmon.model import ReadError
from smsmon.text import safe

STAGGER = 0.25
"""Seconds after which the next address of a name is tried beside the last (RFC 8305)."""

Say = Callable[[str], None]
"""Takes what is being waited for, in words that follow "After 10 s"."""


@dataclass(frozen=True, slots=True)
class Way:
    """How to reach the API."""

    host: str
    port: int
    trust: Trust | None
    """None for plain HTTP, to this machine."""
    proxy: Proxy | None = None
    hint: str = ""
    """What to look at when the host's name is not known, besides network and DNS."""

    def __str__(self) -> str:
        shown = safe(self.host)
        return f"{shown} through {self.proxy}" if self.proxy else shown

    async def connect(self, say: Say) -> Line:
        """A new line to the API. Raises ``NetworkTrouble`` or ``TimedOut``."""
        proxy, host = self.proxy, safe(self.host)
        party = str(proxy) if proxy else host
        first = (proxy.host, proxy.port) if proxy else (self.host, self.port)
        say(f"{party} was not found by name: no name server answered")
        try:
            found = await addresses(*first)
        except OSError:
            name = f"{safe(first[0])} of {party}" if proxy else host
            hint = f", DNS, and {proxy.source}" if proxy else f"{self.hint} and DNS"
            raise NetworkTrouble(
                f"The name {name} could not be resolved: check the network{hint}."
            ) from None
        say(f"{party} had not taken the connection")
        try:
            line = await _first_of(found)
        except OSError as error:
            raise _unreached(party, error) from None
        try:
            if proxy:
                await self._through(proxy, line, say)
            if self.trust:
                say(f"TLS with {self} was not agreed on")
                await _encrypt(line, self.trust, self.host, str(self), bool(proxy))
        except BaseException:
            line.close()
            raise
        return line

    async def _through(self, proxy: Proxy, line: Line, say: Say) -> None:
        """Have ``proxy`` connect ``line`` to the API."""
        if proxy.tls and self.trust:
            say(f"TLS with {proxy} was not agreed on")
            await _encrypt(line, self.trust, proxy.host, str(proxy), False)
        say(f"{proxy} had not connected to {safe(self.host)}")
        target = f"{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"
        headers = [("Host", target)]
        if proxy.credentials:
            headers.append(("Proxy-Authorization", proxy.credentials.decode("ascii")))
        http = h11.Connection(h11.CLIENT)
        line.write(http.send(h11.Request(method="CONNECT", target=target, headers=headers)) or b"")
        line.write(http.send(h11.EndOfMessage()) or b"")
        problem = ""
        try:
            while type(event := http.next_event()) is not h11.Response:
                if event is h11.NEED_DATA:
                    data = await line.read()
                    if not data:
                        problem = "closed the connection"
                        break
                    http.receive_data(data)
        except h11.RemoteProtocolError:
            problem = "did not answer in HTTP, so it is no HTTP proxy"
        except OSError:
            problem = "reset the connection"
        else:
            if isinstance(event, h11.Response):
                problem = _refusal(proxy, event.status_code, safe(self.host))
                if not problem and http.trailing_data[0]:
                    problem = "said more than it was asked"
        if problem:
            raise NetworkTrouble(f"{_capital(str(proxy))} {problem}.")


def _refusal(proxy: Proxy, status: int, host: str) -> str:
    """Why ``proxy`` did not connect, from its HTTP status; empty when it did."""
    if 200 <= status < 300:
        return ""
    told = f"did not connect to {host} (HTTP {status})"
    if status == 407 and proxy.credentials:
        return f"{told}: it does not take the user name and password in {proxy.source}"
    if status == 407:
        return f"{told}: it wants a user name and password, as http://user:password@host:port"
    if status in (502, 503, 504):
        return f"{told}: it works, but does not reach {host} itself"
    return told


async def _encrypt(line: Line, trust: Trust, host: str, party: str, proxied: bool) -> None:
    try:
        await line.encrypt(trust.context, host)
    except ssl.SSLCertVerificationError as error:
        reason = safe(error.verify_message or "not trusted")
        trusted = f" Trusted is only what {trust.source} names." if trust.source else ""
        if proxied and trust.source != SETTING:
            trusted += " If the proxy opens TLS, name its authority in network.ca_file."
        problem = (
            f"TLS: the certificate of {party} is not valid ({reason}): nothing was sent.{trusted}"
        )
    except ssl.SSLError as error:
        problem = f"TLS with {party} failed ({safe(error.reason or 'not TLS')})."
    except OSError:
        problem = f"TLS with {party} failed: the connection was closed."
    else:
        return
    raise NetworkTrouble(problem)


def _unreached(party: str, error: OSError) -> ReadError:
    party = _capital(party) if party.startswith("the ") else party
    if isinstance(error, ConnectionRefusedError):
        return NetworkTrouble(f"{party} refused the connection: nothing listens there.")
    if isinstance(error, TimeoutError):
        return TimedOut(f"{party} did not answer the attempt to connect.")
    return NetworkTrouble(f"{party} could not be reached: {safe(error.strerror or 'no route')}.")


async def _first_of(found: list[Address]) -> Line:
    """A line to the first address that takes the connection. Raises ``OSError``."""
    families = dict.fromkeys(family for family, _ in found)
    by_family = ([one for one in found if one[0] == family] for family in families)
    waiting = [one for one in chain(*zip_longest(*by_family)) if one]
    trying: set[asyncio.Task[Line]] = set()
    problem: OSError | None = None
    try:
        while waiting or trying:
            if waiting:
                trying.add(asyncio.create_task(_dial(*waiting.pop(0))))
            pause = STAGGER if waiting else None
            done, trying = await asyncio.wait(
                trying, timeout=pause, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                if task.exception() is None:
                    trying |= done - {task}
                    return task.result()
                error = task.exception()
                problem = problem or (error if isinstance(error, OSError) else None)
    finally:
        for task in trying:
            task.add_done_callback(_hang_up)
            task.cancel()
    raise problem or OSError("no address")


async def _dial(family: socket.AddressFamily, address: tuple[Any, ...]) -> Line:
    loop = asyncio.get_running_loop()
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        keep_alive(sock)
        await loop.sock_connect(sock, address)
        _, line = await loop.create_connection(Line, sock=sock)
    except BaseException:
        sock.close()
        raise
    return line


def _hang_up(task: asyncio.Task[Line]) -> None:
    """Close what an attempt that is not wanted any more has opened all the same."""
    with suppress(asyncio.CancelledError, Exception):
        task.result().close()


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
