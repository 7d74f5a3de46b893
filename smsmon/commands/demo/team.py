"""The demo of a team: a PostgreSQL, two that poll, and a console that shows what they find."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from smsmon.commands.demo import keeper, postgres
from smsmon.commands.output import fail, progress
from smsmon.leaving import ToldToStop
from smsmon.store import open_care
from smsmon.store.errors import StoreError

_STARTS_WITHIN = 30.0
"""Seconds that are waited for PostgreSQL."""
_ENDS_WITHIN = 30.0
"""Seconds that are waited for everything to be gone."""


class Kept:
    """Programs in a folder, which end with us whatever way we end."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, argv: Sequence[str], end_by: int, env: dict[str, str], **whose: Any) -> int:
        """Run a program beside us; gives its number. ``end_by`` is the signal that ends it."""
        told, said = self._process.stdin, self._process.stdout
        assert told is not None  # noqa: S101 - both are pipes
        assert said is not None  # noqa: S101
        wanted = {"argv": [*argv], "end_by": end_by, "env": env, "whose": whose}
        told.write(json.dumps(wanted) + "\n")
        told.flush()
        number = said.readline()
        if not number:
            fail(f"{Path(argv[0]).name} could not be started.")
        return int(number)


@contextmanager
def keeping() -> Iterator[tuple[Kept, Path]]:
    """Who runs programs, and a folder for them: both are gone at the end."""
    # A server that runs as nobody has to come by, where we are root.
    place = "/tmp" if postgres.whose() else None  # noqa: S108
    folder = Path(tempfile.mkdtemp(prefix="smsmon-demo-", dir=place)).resolve()
    process = subprocess.Popen(  # noqa: S603 - Python itself
        [sys.executable, "-I", keeper.__file__, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd="/",
        start_new_session=True,  # ctrl+c is not meant for it
    )
    try:
        yield Kept(process), folder
    except ToldToStop:
        raise  # at once: the keeper sees that nobody speaks to it any more
    finally:
        process.stdin and process.stdin.close()
    progress("Ending the demo…")
    process.wait(_ENDS_WITHIN)


@dataclass(frozen=True, slots=True)
class _At:
    store: str

    def store_password(self, *, anew: bool = False) -> None:
        del anew


def run(seed: int, speed: float) -> int:
    """Run the demo to its end; gives the exit code."""
    from smsmon.commands.context import read_settings, reader
    from smsmon.commands.demo import (
        ALERTS,
        codes_as_one_row,
        read_from_the_beginning,
        reads,
        shop,
        write_account,
    )
    from smsmon.console.app import run_console
    from smsmon.locations import Locations
    from smsmon.simulator.scenario import demo_entries, demo_world
    from smsmon.simulator.thread import ServerThread
    from smsmon.store import open_store

    postgres.programs()  # a failure at once where there are none
    open_care(_At("postgresql:///postgres"))  # or where psycopg is missing
    world = demo_world(seed=seed, speed=speed)
    with (
        keeping() as (kept, folder),
        ServerThread(world) as server,
        shop(world, log := folder / "shop.log"),
    ):
        address = start(kept, folder)
        open_care(_At(address)).make()
        home = folder / "console"
        homes = [folder / name for name in ("poller-1", "poller-2")]
        for each in (home, *homes):
            role = "auto" if each is home else "always"
            source = reads(log) if each is homes[0] else ""
            more = f'[polling]\nrole = "{role}"\n{ALERTS}{source}'
            write_account(each, server.base_url, server.key, more, store=address)
        # An export in the temporary folder would be gone before it was looked at.
        locations = replace(Locations.under(home), exports=Path.cwd())
        # An empty environment: a key that is set for real work must not reach the demo.
        settings = read_settings(locations, environ={})
        store = open_store(locations, settings)
        store.watchlist().add(demo_entries(world.clock.now()))
        reading = read_settings(Locations.under(homes[0]), environ={})
        read_from_the_beginning("shop", reading, store)
        codes_as_one_row(locations)
        progress("Starting two that poll…")
        for each in homes:
            watch(kept, each)
        return run_console(settings, locations, reader(locations, environ={}))


def start(kept: Kept, folder: Path) -> str:
    """Start a PostgreSQL in ``folder`` with a store in it; gives its address."""
    progress("Starting a temporary PostgreSQL…")
    where = Path(tempfile.mkdtemp(prefix="pg-", dir=folder))
    argv = postgres.begin(where)
    kept.run(argv, signal.SIGINT, postgres.environment(), **postgres.whose())
    address = postgres.address_of(where)
    until = time.monotonic() + _STARTS_WITHIN
    while True:
        try:
            open_care(_At(address)).version()
        except StoreError:
            if time.monotonic() > until:
                fail("The temporary PostgreSQL does not answer.")
            time.sleep(0.05)
        else:
            return address


def watch(kept: Kept, home: Path) -> int:
    """Have a process poll for all, by the settings in ``home``."""
    env = postgres.environment() | {"SMSMON_HOME": str(home)}
    return kept.run([sys.executable, "-m", "smsmon", "watch"], signal.SIGTERM, env)
