"""Speaks to systemd, where it started us: ``sd_notify(3)``, without a library.

One datagram a word. Where nobody listens, or the socket refuses, nothing happens.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping
from contextlib import suppress

from smsmon.text import safe

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
