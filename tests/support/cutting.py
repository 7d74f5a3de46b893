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
        for each in list(self._open):
            _shut(each)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(str(self._server))
                self._open += (client, server)
                for take, give in ((client, server), (server, client)):
                    threading.Thread(target=self._carry, args=(take, give), daemon=True).start()

    def _carry(self, take: socket.socket, give: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := take.recv(65_536):
                cut = self._cut() if b"COMMIT\0" in data and data[:1] in b"QPB" else Cut.NOT
                if cut is Cut.AFTER:
                    give.sendall(data)
                    give.recv(1)  # the server has done it: its answer begins to come
                if cut is not Cut.NOT:
                    break
                give.sendall(data)
        for each in (take, give):
            _shut(each)


def _shut(each: socket.socket) -> None:
    with contextlib.suppress(OSError):
        each.shutdown(socket.SHUT_RDWR)
    each.close()
