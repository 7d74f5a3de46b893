"""smsmon on a simulated account: its files, its environment, its command line."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from smsmon.commands.demo import write_account
from smsmon.model import Entry
from smsmon.store.local.watchlist import Watchlist

PROGRAM = (sys.executable, "-m", "smsmon")


class Reachable(Protocol):
    """A simulated account."""

    @property
    def base_url(self) -> str: ...

    @property
    def key(self) -> str: ...


def furnish(home: Path, server: Reachable, ids: Iterable[str]) -> dict[str, str]:
    """Write settings, key and watchlist into ``home``; gives the environment to start in."""
    home.mkdir(parents=True, exist_ok=True)
    write_account(home, server.base_url, server.key)
    Watchlist(home / "watchlist.toml").add(Entry(id, f"Message {id}") for id in ids)
    return environment(home)


def environment(home: Path, **more: str) -> dict[str, str]:
    """A small environment with these files of smsmon's and a capable terminal."""
    root = Path(__file__).parents[2]
    return {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "SMSMON_HOME": str(home),
        "XDG_RUNTIME_DIR": str(home.parent),
        "PYTHONPATH": str(root),
        **more,
    }
