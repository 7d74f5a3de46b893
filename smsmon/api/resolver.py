"""Names into addresses, in threads of its own that nobody waits for.

The system's resolver can neither be interrupted nor be given a time limit: before a silent name
server it stands still for half a minute. In the event loop's pool such calls would hold up all
other work of threads, and the end of the program. Here each name is asked for once, however
many want it, by a daemon thread; there are ``THREADS`` of them at most.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

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
