"""``status --watch``: the engine, until every message is final or the time is up."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import replace

from smsmon.accounts import Accounts, limits_of
from smsmon.clock import Clock
from smsmon.commands.output import progress, say
from smsmon.commands.reading import Reading, report_of
from smsmon.known import Condition
from smsmon.model import Counts, Entry, Event, Fault, FaultKind
from smsmon.monitor.account import nothing_before
from smsmon.monitor.engine import Engine
from smsmon.monitor.state import Applied, Watched
from smsmon.shapes import words_of_api

NOT_FOUND_PATIENCE = 180.0
"""Seconds that a message may take to appear at the API before it counts as not found."""


async def read_until_final(
    wanted: Sequence[tuple[str, str]],
    accounts: Accounts,
    clock: Clock,
    deadline: float | None,
) -> list[Reading]:
    """Poll ``wanted`` (message id, profile) until nothing more is to be expected.

    That is: every recipient is final, the account is refused, or the message stayed unknown for
    some minutes. ``deadline`` is in seconds; None waits as long as it takes.
    """
    settings = accounts.settings
    engine = Engine(accounts.sources, clock, limits=limits_of(settings), windows=accounts.windows)
    moved = asyncio.Event()
    last: dict[str, Counts] = {}

    def heard(news: Applied | Event) -> None:
        moved.set()
        if isinstance(news, Event) and news.until is not None:
            say(f"smsmon: {words_of_api(news.detail, settings.display.privacy)}")
        if isinstance(news, Applied) and news.changed:
            watched = engine.board[news.message_id]
            if watched.read_at is not None and last.get(watched.id) != watched.counts:
                last[watched.id] = watched.counts
                progress(_told(watched))

    engine.subscribe(heard)
    start = clock.monotonic()
    now = clock.now()
    entries = [Entry(each, profile=profile, added_at=now) for each, profile in wanted]
    engine.watch_all([(entry, None) for entry in entries], announce=False)
    engine.refresh(entry.id for entry in entries)
    polling = asyncio.create_task(engine.run())
    try:
        lost: dict[str, float] = {}
        while sum(_over(engine, each, lost, clock.monotonic()) for each, _ in wanted) < len(wanted):
            left = None if deadline is None else deadline - (clock.monotonic() - start)
            if left is not None and left <= 0:
                break
            # At least once a minute, for what ends by time alone.
            await clock.wait(moved, 60.0 if left is None else min(left, 60.0))
            moved.clear()
            if polling.done():
                polling.result()
    finally:
        polling.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await polling
    return [_reading(engine, each) for each, _ in wanted]


def _over(engine: Engine, message_id: str, lost: dict[str, float], now: float) -> bool:
    """True when waiting longer for this message makes no sense, at monotonic time ``now``.

    ``lost`` is kept from call to call: since when messages are not found.
    """
    watched = engine.board[message_id]
    if watched.fault is None and watched.complete:
        return True
    if engine.account(watched.entry.profile).condition is Condition.STOPPED:
        return True
    if watched.fault is None or watched.fault.kind is not FaultKind.NOT_FOUND:
        lost.pop(message_id, None)
        return False
    return now - lost.setdefault(message_id, now) >= NOT_FOUND_PATIENCE


def _reading(engine: Engine, message_id: str) -> Reading:
    watched = engine.board[message_id]
    report = report_of(watched)
    fault = watched.fault
    if fault is None and report is None:
        unanswered = Fault(FaultKind.TIMEOUT, "No answer came before the deadline.")
        account = engine.account(watched.entry.profile)
        fault = account.fault or unanswered
        if account.held_until is not None:
            why = f"{fault.message.rstrip('.')}. {nothing_before(account.held_until)}"
            fault = replace(fault, message=why)
    return Reading(message_id, report, fault)


def _told(watched: Watched) -> str:
    counts = watched.counts
    return (
        f"{watched.id}: {counts.delivered} of {counts.total} delivered,"
        f" {counts.not_delivered} not, {counts.waiting} waiting"
    )
