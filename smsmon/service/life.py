"""The life of a watch as a service: it says when it is ready, that all is well, and how it ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from smsmon.clock import Clock, sleep
from smsmon.sentences import counted
from smsmon.service.systemd import Systemd
from smsmon.service.told import Say, Told
from smsmon.service.vitals import Vitals

if TYPE_CHECKING:
    from smsmon.session import Session

STATUS_EVERY = 15.0
"""Seconds between two looks whether ``systemctl status`` still tells what is so."""

log = logging.getLogger(__name__)


class Service:
    """Looks after ``session`` for whoever watches this process, while `run` runs."""

    def __init__(
        self, session: Session, clock: Clock, environ: Mapping[str, str], say: Say
    ) -> None:
        self.systemd = Systemd(environ)
        self.vitals = Vitals(session, clock)
        self._session = session
        self._clock = clock
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

    async def _again(self, what: str, every: float, do: Callable[[], Awaitable[Any]]) -> None:
        """Do it again and again: a bug in it costs one turn, and stops nothing else."""
        while True:
            try:
                await do()
            except Exception:
                log.exception("%s failed; it goes on", what)
            await sleep(self._clock, every)

    async def _tell_alive(self) -> None:
        if not self.vitals.trouble:
            self.systemd.alive()

    async def _tell_status(self) -> None:
        trouble = self.vitals.trouble
        self._well.tell(f"No sign of life is given any more: {trouble}" if trouble else "")
        self.systemd.status(trouble or self._status())

    def _status(self) -> str:
        session = self._session
        messages = counted(len(session.engine.board), "message")
        who, firing = session.sharing.polling, len(session.alerts)
        if who.here:
            doing = f"Asks the API for {messages}"
        elif who.holder is not None:
            doing = f"Follows {who.holder}: {messages}"
        else:
            doing = f"Nobody asks the API: {messages}"
        return f"{doing}; {counted(firing, 'alert')} firing." if firing else f"{doing}."
