"""The sources of a running smsmon: read from when the settings name one, unless it only looks."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from smsmon.accounts import Accounts
from smsmon.clock import Clock

if TYPE_CHECKING:
    from smsmon.locations import Locations
    from smsmon.sources.running import Sources
    from smsmon.sources.standing import Standing
    from smsmon.store.arrivals import ArrivalStore


class Incoming:
    """Reads the sources of the settings that ``accounts`` go by."""

    def __init__(
        self,
        accounts: Accounts,
        locations: Locations,
        clock: Clock,
        complain: Callable[[str], None],
        name: str,
        stdin: int | None,
    ) -> None:
        """``name`` is what this process is called; ``stdin`` is where a source may read standard
        input.
        """
        self._accounts = accounts
        self._locations = locations
        self._clock = clock
        self._complain = complain
        self._name = name
        self._stdin = stdin
        self._sources: Sources | None = None
        self._begun = asyncio.Event()
        self.turned: Callable[[], None] = lambda: None
        """Called when trouble with a source begins or ends."""

    def use(
        self,
        arrivals: Callable[[], ArrivalStore],
        took: Callable[[], None],
        allowed: Callable[[], bool],
    ) -> None:
        """Read what the settings name by now. ``arrivals`` keep it, ``took`` is called when there
        is something new; it is read while it is ``allowed``.
        """
        settings = self._accounts.settings
        if self._sources is None:
            if not settings.sources:
                return
            from smsmon.sources.running import Sources, Surroundings
            from smsmon.targets import environment

            self._sources = Sources(
                Surroundings(
                    arrivals,
                    self._locations.sources,
                    self._clock,
                    self._complain,
                    took,
                    allowed,
                    lambda: environment(self._accounts.settings, os.environ),
                    self._name,
                    lambda: self.turned(),
                    self._stdin,
                )
            )
            self._begun.set()
        self._sources.use(settings.sources)

    async def run(self) -> None:
        """Read, from when there is something to read, until cancelled."""
        await self._begun.wait()
        if self._sources is not None:
            await self._sources.run()

    async def close(self) -> None:
        """Read no more: commands are ended, and all is let go."""
        if self._sources is not None:
            await self._sources.close()

    @property
    def silent(self) -> tuple[str, ...]:
        """The names of those from which nothing comes, for some trouble."""
        return () if self._sources is None else tuple(self._sources.troubles)

    @property
    def standings(self) -> Mapping[str, Standing]:
        """How it stands with those that are read here."""
        return {} if self._sources is None else self._sources.standings
