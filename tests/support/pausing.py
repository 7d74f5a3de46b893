"""Messages paused and resumed as their entries say it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from smsmon.monitor.engine import Engine


def pause(engine: Engine, ids: Iterable[str], paused: bool = True) -> None:
    """Poll these no more, or again."""
    for id in ids:
        engine.amend(replace(engine.board[id].entry, paused=paused))
