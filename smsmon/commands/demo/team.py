"""The demo of a team: a PostgreSQL, two that poll, and a console that shows what they find."""

from __future__ import annotations

import json
import os
import pwd
import shutil
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

from smsmon.commands.demo import keeper
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
    place = "/tmp" if whose() else None  # noqa: S108
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
    from smsmon.locations import Locations, here
    from smsmon.simulator.scenario import demo_entries, demo_world
    from smsmon.simulator.thread import ServerThread
    from smsmon.store import open_store

    programs()  # a failure at once where there are none
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
        locations = replace(Locations.under(home), exports=here())
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
    argv = begin_cluster(where)
    kept.run(argv, signal.SIGINT, environment(), **whose())
    address = address_of(where)
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
    env = environment() | {"SMSMON_HOME": str(home)}
    return kept.run([sys.executable, "-m", "smsmon", "watch"], signal.SIGTERM, env)


MISSING = (
    "`smsmon demo --team` starts a PostgreSQL, and there is none here (Debian and Ubuntu: `apt-get"
    " install postgresql`). `smsmon demo` needs none."
)
_PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin")
_PORT = "5432"
"""Part of the socket's name alone."""
_SETTINGS = {
    "listen_addresses": "",
    "port": _PORT,
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "16MB",
    "max_connections": "60",
    "logging_collector": "off",
}


def programs() -> Path:
    """The folder of the server's programs; a failure where none is installed."""
    return found_programs() or fail(MISSING)


def found_programs() -> Path | None:
    """The folder of the server's programs; None where none is installed."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    kept = [each for place in _PLACES for each in Path("/").glob(f"{place[1:]}/initdb")]
    return max(kept, key=lambda each: each.stat().st_mtime).parent if kept else None


def whose() -> dict[str, Any]:
    """Whom the server runs as, for ``subprocess``: it refuses to run as root."""
    if os.geteuid():
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def begin_cluster(folder: Path) -> list[str]:
    """Make a database cluster in the empty ``folder``; gives the command that serves it there."""
    served = programs()
    if them := whose():
        folder.parent.chmod(0o711)  # they have to come by
        os.chown(folder, them["user"], them["group"])
    try:
        subprocess.run(  # noqa: S603 - the system's own
            [served / "initdb", "-D", folder / "data", "-N", "-A", "trust", "-U", "smsmon",
             "-E", "UTF8", "--no-locale"],
            cwd=folder,
            env=environment(),
            capture_output=True,
            timeout=_STARTS_WITHIN,
            check=True,
            **them,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        fail(f"PostgreSQL could not be begun in {folder}: look at its disk, and at TMPDIR.")
    settings = (f"--{name}={value}" for name, value in _SETTINGS.items())
    return [str(served / "postgres"), "-D", str(folder / "data"), "-k", str(folder), *settings]


def environment() -> dict[str, str]:
    """What programs of a demo are told of ours: nothing that names a user's own things."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"}


def address_of(folder: Path) -> str:
    """The address of the database there."""
    return f"postgresql://smsmon@/postgres?host={folder}&port={_PORT}"
