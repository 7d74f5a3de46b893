"""Moments as commands print them. Every one comes in as seconds since the epoch, UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

from smsmon.commands.output import on_terminal


def utc(moment: float | None) -> str | None:
    """``2026-11-22T10:00:00Z``, or None: how JSON and CSV have it."""
    return None if moment is None else _utc(int(moment))


@lru_cache(4096)  # the recipients of a message share their moments
def _utc(second: int) -> str | None:
    try:
        return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%SZ}"
    except (ValueError, OverflowError, OSError):
        return None  # the API's date lies outside the calendar


def when(moment: float | None, *, in_utc: bool = False) -> str:
    """For a table: local time (or UTC) on a terminal, ``…Z`` in a pipe; empty for None."""
    if not on_terminal():
        return utc(moment) or ""
    if moment is None or utc(moment) is None:
        return ""
    at = datetime.fromtimestamp(int(moment), UTC)
    return f"{at if in_utc else at.astimezone():%Y-%m-%d %H:%M:%S}" + ("Z" if in_utc else "")
