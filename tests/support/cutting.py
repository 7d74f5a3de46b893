"""A way to a server that breaks where a test wants it to: the worst moment is around a COMMIT."""

from __future__ import annotations

import contextlib
import socket
import tempfile
import threading
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Self

SOCKET = ".s.PGSQL.5432"


class Cut(Enum):
    """What becomes of a connection over which a COMMIT goes."""

    NOT = "it goes on"
    BEFORE = "it breaks before the server has it"
    AFTER = "it breaks once the server has it, and nobody hears what came of it"


class Way:
    """Stands between programs and the server whose socket is in ``server``."""

    def __init__(self, server: Path, cut: Callable[[], Cut] = lambda: Cut.NOT) -> None:
        """``cut`` is asked at each COMMIT, in a thread of its own."""
        self._folder = tempfile.TemporaryDirectory(prefix="smsmon-way-")
        self._server = server / SOCKET
        self._cut = cut
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(f"{self._folder.name}/{SOCKET}")
        self._listening.listen()
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, url: str) -> str:
        """The same database by this way."""
        return f"{url.partition('?')[0]}?host={self._folder.name}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.close()
        self.break_all()
        self._folder.cleanup()

    def break_all(self) -> None:
        """Break every connection there is."""
        _shut(*self._open)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(str(self._server))
                self._open += (client, server)
                asked = threading.Event()
                for carry in (self._forth, self._back):
                    arguments = client, server, asked
                    threading.Thread(target=carry, args=arguments, daemon=True).start()

    def _forth(self, client: socket.socket, server: socket.socket, last: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(65_536):
                cut = self._cut() if b"COMMIT\0" in data else Cut.NOT
                if cut is Cut.BEFORE:
                    break
                if cut is Cut.AFTER:
                    last.set()
                server.sendall(data)
        _shut(client, server)

    def _back(self, client: socket.socket, server: socket.socket, last: threading.Event) -> None:
        with contextlib.suppress(OSError):
            # What the server says after the last thing it was asked tells that it was done.
            while (data := server.recv(65_536)) and not last.is_set():
                client.sendall(data)
        _shut(client, server)


def _shut(*ends: socket.socket) -> None:
    for each in ends:
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()
