"""The life of a watch as a service: it says when it is ready, that all is well, and how it ends.

To systemd it speaks where that started us (``sd_notify(3)``), one datagram a word. Where nobody
listens, or the socket refuses, nothing happens.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, MutableMapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from smsmon.clock import Clock, sleep
from smsmon.locations import expanded
from smsmon.metrics.page import Page
from smsmon.metrics.served import HOST, MetricsFile, served
from smsmon.service import INSTALL, pings
from smsmon.service.health import Vitals
from smsmon.service.pings import PingUrl
from smsmon.text import safe
from smsmon.times import counted

if TYPE_CHECKING:
    from smsmon.locations import Locations
    from smsmon.session import Session
    from smsmon.settings import Settings

_STATUS_LIMIT = 200
_SHORTEST = 0.1
"""Seconds of the shortest watchdog that is heeded."""


VARIABLES = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")
"""They are meant for this process: what it starts itself is not to speak in its place."""


class Systemd:
    """Is told how it goes with this service: nobody, where ``NOTIFY_SOCKET`` names no socket."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        address = environ.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address[:1] == "@" else address
        self.watchdog = _watchdog(environ) if address else None
        """Seconds within which it wants to hear that all is well; None: it does not ask."""
        self._status = ""

    def ready(self) -> None:
        """What was to begin has begun; or was taken up anew (see `reloading`)."""
        self._tell("READY=1")

    def reloading(self) -> None:
        """The settings are taken over; `ready` tells the end of it."""
        moment = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._tell("RELOADING=1", f"MONOTONIC_USEC={moment}")

    def stopping(self) -> None:
        self._tell("STOPPING=1")

    def alive(self) -> None:
        """All is well: once within ``watchdog`` seconds."""
        self._tell("WATCHDOG=1")

    def status(self, sentence: str) -> None:
        """What ``systemctl status`` shows; told where it is another one."""
        if sentence != self._status:
            self._status = sentence
            self._tell(f"STATUS={safe(sentence, _STATUS_LIMIT)}")

    def _tell(self, *words: str) -> None:
        if self._address[:1] not in ("\0", "/"):  # none, or of a kind that we do not speak
            return
        with (
            suppress(OSError, ValueError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as way,
        ):
            way.setblocking(False)  # a full socket holds nothing up
            way.sendto("\n".join(words).encode(), self._address)


def _watchdog(environ: Mapping[str, str]) -> float | None:
    """What ``WATCHDOG_USEC`` asks of this process, in seconds."""
    told, whose = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID")
    if not (told.isascii() and told.isdecimal()) or whose not in (None, str(os.getpid())):
        return None
    seconds = int(told[:18]) / 1_000_000
    return seconds if seconds >= _SHORTEST else None


class Say(Protocol):
    """Takes a sentence for the log, and fields that tell what it is about."""

    def __call__(
        self, sentence: str, level: Literal["error", "warning", "info"], **fields: str
    ) -> None: ...


class Told:
    """One thing that may fail: told when it begins to, when it fails otherwise, and when it works
    again."""

    def __init__(self, say: Say, event: str, again: str) -> None:
        """``event`` is what it is called in a log that programs read; ``again`` is the sentence
        that tells that it works again."""
        self._say = say
        self._event = event
        self._again = again
        self._told = ""

    def tell(self, failure: str) -> None:
        """How it went this time: a sentence, or nothing when all went well."""
        before, self._told = self._told, failure
        if before == failure:
            return
        if failure:
            self._say(failure, "error", event=self._event)
        else:
            self._say(self._again, "info", event=self._event)


STATUS_EVERY = 15.0
"""Seconds between two looks whether ``systemctl status`` still tells what is so."""
PORT_AGAIN = 30.0
"""Seconds after which a port that was in use is tried again."""

log = logging.getLogger(__name__)


class Service:
    """Looks after ``session`` for whoever watches this process, while `run` runs."""

    def __init__(
        self,
        session: Session,
        clock: Clock,
        locations: Locations,
        environ: MutableMapping[str, str],
        say: Say,
    ) -> None:
        """``environ`` keeps nothing of what is meant for this process alone."""
        self.systemd = Systemd(environ)
        for name in VARIABLES:
            environ.pop(name, None)
        self.vitals = Vitals(session, clock)
        self._session = session
        self._clock = clock
        self._settings = session.accounts.settings
        self._page = Page(session, clock, lambda: not self.vitals.trouble)
        self._changed = asyncio.Event()
        self._locations = locations
        self._environ = environ
        self._say = say
        self._well = Told(say, "health", "All is well again.")

    async def run(self) -> None:
        """Tell that all is ready, and from then on that all is well while it is."""
        self.systemd.ready()
        async with asyncio.TaskGroup() as group:
            group.create_task(self.vitals.run())
            group.create_task(self._again("the status", STATUS_EVERY, self._tell_status))
            if self.systemd.watchdog is not None:
                half = self.systemd.watchdog / 2
                group.create_task(self._again("the watchdog", half, self._tell_alive))
            group.create_task(self._by_settings())

    def use(self, settings: Settings) -> None:
        """Go by other settings from now on."""
        before, self._settings = self._settings, settings
        if (before.watch, before.network) != (settings.watch, settings.network):
            self._changed.set()

    async def _by_settings(self) -> None:
        """Do what the settings ask for, until cancelled."""
        while True:
            self._changed.clear()
            async with asyncio.TaskGroup() as group:
                jobs = [group.create_task(each) for each in self._asked_for()]
                await self._changed.wait()
                for job in jobs:
                    job.cancel()

    def _asked_for(self) -> Iterator[Coroutine[Any, Any, None]]:
        settings, watch = self._settings, self._settings.watch
        if watch.ping_source is not None:
            ping = PingUrl(watch.ping_source, settings, self._environ).ping
            yield self._sign_of_life(ping, "The address is reached again.")
        if watch.ping_file is not None:
            touch = self._to_file(watch.ping_file, "watch.ping_file", pings.touch)
            yield self._sign_of_life(touch, f"{watch.ping_file} is touched again.")
        if watch.metrics_file is not None or watch.metrics_port is not None:
            if find_spec("prometheus_client") is None:
                self._say(f"There are no metrics: {INSTALL}.", "error", event="metrics")
                return
            if watch.metrics_file is not None:
                yield self._metrics_to_file(watch.metrics_file, watch.metrics_every)
            if watch.metrics_port is not None:
                yield self._metrics_to_port(watch.metrics_port)

    async def _sign_of_life(self, give: Callable[[], Awaitable[str]], again: str) -> None:
        told = Told(self._say, "ping", again)

        async def give_if_well() -> None:
            if not self.vitals.trouble:
                told.tell(await give())

        await self._again("a sign of life", self._settings.watch.ping_every, give_if_well)

    async def _metrics_to_file(self, named: str, every: float) -> None:
        told = Told(self._say, "metrics", f"The metrics are written to {named} again.")
        file = MetricsFile()

        async def write(path: Path) -> str:
            return await file.write(path, await self._page.text())

        do = self._to_file(named, "watch.metrics_file", write)

        async def write_and_tell() -> None:
            told.tell(await do())

        try:
            await self._again("writing the metrics", every, write_and_tell)
        finally:
            await self._to_file(named, "watch.metrics_file", file.remove)()

    async def _metrics_to_port(self, port: int) -> None:
        told = Told(self._say, "metrics", f"The metrics are served on port {port}.")
        while True:
            try:
                async with served(port, self._page.text):
                    told.tell("")
                    await sleep(self._clock, None)
            except OSError as error:
                # The event loop has words of its own for it, with what is said here anyway.
                why = os.strerror(error.errno) if error.errno else type(error).__name__
                told.tell(
                    f"The metrics cannot be served on port {port} of {HOST} ({why}): name another"
                    " one in watch.metrics_port."
                )
            await sleep(self._clock, PORT_AGAIN)

    def _to_file(
        self, named: str, setting: str, write: Callable[[Path], Awaitable[str]]
    ) -> Callable[[], Awaitable[str]]:
        """What writes a file that a setting names, and gives why it failed."""

        async def do() -> str:
            try:
                path = expanded(named)
            except ValueError as error:
                return f"{setting}: {error}"
            if self._locations.keeps(path):
                return f"{setting} names a file that smsmon lives on: name another one."
            return await write(path)

        return do

    async def _again(self, what: str, every: float, do: Callable[[], Awaitable[Any]]) -> None:
        """Do it again and again: a bug in it costs one turn, and stops nothing else."""
        while True:
            try:
                await do()
            except Exception:
                log.exception("%s", what)
            await sleep(self._clock, every)

    async def _tell_alive(self) -> None:
        if not self.vitals.stuck:
            self.systemd.alive()

    async def _tell_status(self) -> None:
        trouble = self.vitals.trouble
        self._well.tell(f"No sign of life is given any more: {trouble}" if trouble else "")
        self.systemd.status(trouble or self._status())

    def _status(self) -> str:
        session = self._session
        messages = counted(len(session.engine.board), "message")
        who, firing = session.sharing.polling, len(session.alerts.fired())
        if who.unreachable_since is not None:
            doing = f"The store does not answer: {messages}"
        elif who.here and who.ours is not None:
            doing = f"Asks the API for {who.ours:,} of {messages}"
        elif who.here:
            doing = f"Asks the API for {messages}"
        elif who.holder is not None:
            doing = f"Follows {who.holder}: {messages}"
        else:
            doing = f"Nobody asks the API: {messages}"
        return f"{doing}; {counted(firing, 'alert')} firing." if firing else f"{doing}."
