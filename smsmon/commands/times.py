"""Moments as commands print them. Every one comes in as seconds since the epoch, UTC."""

from __future__ import annotations

from datetime import UTC, datetime

from smsmon.commands.output import on_terminal
from smsmon.shapes import utc


def when(moment: float | None, *, in_utc: bool = False) -> str:
    """For a table: local time (or UTC) on a terminal, ``…Z`` in a pipe; empty for None."""
    if not on_terminal():
        return utc(moment) or ""
    if moment is None or utc(moment) is None:
        return ""
    at = datetime.fromtimestamp(int(moment), UTC)
    return f"{at if in_utc else at.astimezone():%Y-%m-%d %H:%M:%S}" + ("Z" if in_utc else "")
