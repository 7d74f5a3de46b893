"""What lies between the pollers and the database: it cuts connections, and can lead elsewhere."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from random import Random
from typing import Self

from tests.support.postgres import Server
from tests.support.waiting import PATIENCE

PORTION = 1 << 16


class Cutter:
    """Leads a port of loopback to a server's socket, in a thread of its own."""

    def __init__(self, server: Server, seed: int) -> None:
        self.share = 0.0
        """Of all connections that there are, how many are cut each second, in the middle of what
        they carry next; those that carry nothing for a second are cut then."""
        self.connections = self.cut = 0
        self.port = 0
        self._server = server
        self._random = Random(seed)
        self._loop = asyncio.new_event_loop()
        self._begun = threading.Event()
        self._thread = threading.Thread(target=self._run, name="cutter", daemon=True)
        self._open: dict[asyncio.StreamWriter, bool] = {}
        """The connections, each with whether it is to be cut."""

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._begun.wait(PATIENCE)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)

    def url(self, database: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}?connect_timeout=5"

    def lead_to(self, server: Server) -> None:
        """Lead all that comes from now on to another server, and cut what there is."""
        self._server = server
        self._loop.call_soon_threadsafe(self._cut_all)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        listener = self._loop.run_until_complete(asyncio.start_server(self._accept, "127.0.0.1", 0))
        self.port = listener.sockets[0].getsockname()[1]
        self._begun.set()
        cutting = self._loop.create_task(self._cut_some())
        self._loop.run_forever()
        listener.close()
        for task in (cutting, *asyncio.all_tasks(self._loop)):
            task.cancel()
        self._cut_all()
        self._loop.run_until_complete(asyncio.sleep(0.1))
        self._loop.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            socket = self._server.folder / ".s.PGSQL.5432"
            there, back = await asyncio.open_unix_connection(str(socket))
        except OSError:
            writer.transport.abort()
            return
        self._open[writer] = False
        try:
            await asyncio.wait(
                [asyncio.ensure_future(self._pump(reader, back, writer)),
                 asyncio.ensure_future(self._pump(there, writer, writer))],
                return_when=asyncio.FIRST_COMPLETED,
            )  # fmt: skip
        finally:
            del self._open[writer]
            for each in (writer, back):
                each.transport.abort()

    async def _cut_some(self) -> None:
        while True:
            await asyncio.sleep(1.0)
            for each, doomed in [*self._open.items()]:
                if doomed:
                    self._cut(each)
                self._open[each] = self._random.random() < self.share

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        which: asyncio.StreamWriter,
    ) -> None:
        """Carry what comes on; ``which`` connection it is of."""
        with suppress(OSError):
            while data := await reader.read(PORTION):
                if doomed := self._open.get(which):
                    data = data[: self._random.randrange(len(data) + 1)]
                writer.write(data)
                await writer.drain()
                if doomed:
                    self._cut(which)

    def _cut(self, writer: asyncio.StreamWriter) -> None:
        self.cut += not writer.transport.is_closing()
        writer.transport.abort()

    def _cut_all(self) -> None:
        for each in self._open:
            each.transport.abort()
