"""How httpcore reaches the API: by name, connection and proxy. A failure says which one failed.

httpcore tells a failure of the proxy, of a name and of the API in the same exceptions. What it
connects with is ours to give, though, and knows whom it was asked for.

Names are looked up in threads of their own that nobody waits for. The system's resolver can
neither be interrupted nor be given a time limit: before a silent name server it stands still for
half a minute. In the event loop's pool such calls would hold up all other work of threads, and
the end of the program. Each name is asked for once, however many want it.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from concurrent.futures import Future
from contextlib import suppress
from itertools import chain, zip_longest
from typing import Any

import httpcore

from smsmon.api.address import Proxy
from smsmon.api.errors import NetworkTrouble, TimedOut
from smsmon.api.stream import ATTEMPT, Party, Stream, Trust, drop, root_of
from smsmon.model import ReadError
from smsmon.text import safe
from smsmon.times import capital

THREADS = 8
"""Names looked up at the same time. There are as many names as APIs and proxies: one or two."""

Address = tuple[socket.AddressFamily, tuple[Any, ...]]
"""A family, and what ``connect`` takes in it."""

_lock = threading.Lock()
_running: dict[tuple[str, int], Future[list[Address]]] = {}


def look_up(host: str, port: int) -> Future[list[Address]]:
    """The addresses of ``host``, best first, as a future that the lookup under way shares.

    It fails with ``OSError`` as ``socket.getaddrinfo`` does, or when too many lookups hang.
    """
    with _lock:
        found = _running.get((host, port))
        if found is not None:
            return found
        found = Future()
        if len(_running) >= THREADS:
            found.set_exception(socket.gaierror(socket.EAI_AGAIN, "Too many lookups hang"))
            return found
        _running[host, port] = found
    threading.Thread(target=_run, args=(host, port, found), name="lookup", daemon=True).start()
    return found


async def addresses(host: str, port: int) -> list[Address]:
    """The addresses of ``host``, best first. Cancelling it leaves the lookup to others."""
    loop = asyncio.get_running_loop()
    told = loop.create_future()

    def wake() -> None:
        if not told.done():
            told.set_result(None)

    def tell(_: Future[list[Address]]) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(wake)

    found = look_up(host, port)
    found.add_done_callback(tell)
    await told
    return found.result()


def _run(host: str, port: int, found: Future[list[Address]]) -> None:
    told: list[Address] = []
    problem: OSError | None = None
    try:
        for family, _, _, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            told.append((family, address))
    except OSError as error:
        problem = error
    except Exception as error:  # a label that is empty or too long, for one: UnicodeError
        problem = socket.gaierror(socket.EAI_NONAME, f"not a name ({type(error).__name__})")
    finally:
        with _lock:
            del _running[host, port]
    if problem or not told:
        found.set_exception(problem or socket.gaierror(socket.EAI_NONAME, "No address"))
    else:
        found.set_result(told)


STAGGER = 0.25
"""Seconds after which the next address of a name is tried beside the last (RFC 8305)."""
_QUIET = (("TCP_KEEPIDLE", 60), ("TCP_KEEPALIVE", 60), ("TCP_KEEPINTVL", 15), ("TCP_KEEPCNT", 4))
"""Seconds of silence before the system asks whether the other side is there, seconds between
two such questions, and how many go unanswered. Sixty keeps the line known to boxes in between
that forget what was quiet for some minutes; macOS has another name for the first."""
KEEP_ALIVE: list[httpcore.SOCKET_OPTION] = [
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    *(
        (socket.IPPROTO_TCP, getattr(socket, name), value)
        for name, value in _QUIET
        if hasattr(socket, name)
    ),
]
"""Has the system look after a connection while nothing is said."""


def way_to(
    host: str, port: int, *, trust: Trust | None, proxy: Proxy | None, hint: str, keepalive: float
) -> tuple[Party, httpcore.AsyncNetworkBackend]:
    """The API as sentences name it, and what connects to it.

    ``trust`` is None for plain HTTP, to this machine; ``hint`` is what to look at when the name
    is not known, besides network and DNS.
    """
    shown = safe(host)
    unknown = f"The name {shown} could not be resolved: check the network{hint} and DNS."
    name = f"{shown} through {proxy}" if proxy else shown
    api = Party(host, port, name, unknown, "there was no answer", trust, proxy is not None)
    return api, Tunnel(proxy, api, keepalive) if proxy else Direct(api, keepalive)


class Direct(httpcore.AsyncNetworkBackend):
    """Connects to one party, whatever it is asked for."""

    def __init__(self, party: Party, keepalive: float) -> None:
        self._party = party
        self._keepalive = keepalive
        self._sockets = httpcore.AnyIOBackend()

    async def connect_tcp(self, *_: Any, **__: Any) -> Stream:
        """Raises ``NetworkTrouble`` or ``TimedOut``."""
        party, say = self._party, ATTEMPT.get().say
        problem: ReadError
        say(f"{party.name} was not found by name: no name server answered")
        try:
            found = await addresses(party.host, party.port)
            say(f"{party.name} had not taken the connection")
            return Stream(await self._first_of(found), party, self._keepalive)
        except OSError:
            problem = NetworkTrouble(party.unknown)
        except (httpcore.NetworkError, httpcore.TimeoutException) as error:
            problem = _unreached(party.name, root_of(error))
        raise problem

    async def _first_of(self, found: list[Address]) -> httpcore.AsyncNetworkStream:
        """A connection to the first address that takes it, families in turns."""
        families = dict.fromkeys(family for family, _ in found)
        by_family = ([one for one in found if one[0] == family] for family in families)
        waiting = [one for one in chain(*zip_longest(*by_family)) if one]
        trying: set[asyncio.Task[httpcore.AsyncNetworkStream]] = set()
        problem: BaseException | None = None
        try:
            while waiting or trying:
                if waiting:
                    host, port, *_ = waiting.pop(0)[1]
                    dialing = self._sockets.connect_tcp(host, port, socket_options=KEEP_ALIVE)
                    trying.add(asyncio.create_task(dialing))
                done, _ = await asyncio.wait(
                    trying,
                    timeout=STAGGER if waiting else None,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                for task in done:
                    trying.remove(task)
                    if task.exception() is None:
                        return task.result()
                    problem = problem or task.exception()
        finally:
            await drop(trying)
        raise problem or httpcore.ConnectError("no address")


class Tunnel(httpcore.AsyncNetworkBackend):
    """Connects to the API by a proxy that tunnels.

    httpcore asks the proxy, over a connection of its own for each tunnel: its pool of proxies
    would keep a tunnel for ever in which TLS with the API failed, and be full of them one day.
    """

    def __init__(self, proxy: Proxy, api: Party, keepalive: float) -> None:
        self._proxy = proxy
        self._api = api
        self._party = Party(
            proxy.host,
            proxy.port,
            str(proxy),
            f"The name {safe(proxy.host)} of {proxy} could not be resolved: check the network,"
            f" DNS, and {proxy.source}.",
            f"{proxy} had not connected to {safe(api.host)}",
            api.trust,
        )
        self._direct = Direct(self._party, keepalive)

    async def connect_tcp(self, *_: Any, **__: Any) -> Stream:
        """Raises ``NetworkTrouble`` or ``TimedOut``."""
        proxy, api = self._proxy, self._api
        scheme = b"https" if proxy.tls else b"http"
        target = f"{f'[{api.host}]' if ':' in api.host else api.host}:{api.port}".encode()
        headers = [(b"Host", target)]
        if proxy.credentials:
            headers.append((b"Proxy-Authorization", proxy.credentials))
        url = httpcore.URL(scheme=scheme, host=proxy.host, port=proxy.port, target=target)
        connection = httpcore.AsyncHTTPConnection(
            origin=url.origin,
            ssl_context=api.trust.context if api.trust else None,
            network_backend=self._direct,
        )
        try:
            answer = await connection.handle_async_request(
                httpcore.Request(b"CONNECT", url, headers=headers)
            )
            stream: Stream = answer.extensions["network_stream"].get_extra_info("stream")
            problem = _refusal(proxy, answer.status, safe(api.host))
            if not problem and not stream.spent:
                return stream.leads_to(api)
            problem = problem or "said more than it was asked"
        except httpcore.ProtocolError:
            attempt = ATTEMPT.get()
            silent = attempt.stream is None or attempt.stream.silent
            problem = "did not answer in HTTP, so it is no HTTP proxy"
            problem = "closed the connection" if silent else problem
        except httpcore.NetworkError:
            problem = "reset the connection"
        except BaseException:
            await connection.aclose()
            raise
        await connection.aclose()
        raise NetworkTrouble(f"{capital(str(proxy))} {problem}.")


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


def _unreached(name: str, error: BaseException) -> ReadError:
    name = capital(name) if name.startswith("the ") else name
    if isinstance(error, ConnectionRefusedError):
        return NetworkTrouble(f"{name} refused the connection: nothing listens there.")
    if isinstance(error, TimeoutError):
        return TimedOut(f"{name} did not answer the attempt to connect.")
    why = error.strerror if isinstance(error, OSError) else None
    return NetworkTrouble(f"{name} could not be reached: {safe(why or 'no route')}.")
