"""The commands that alerts name: bounded in time, with all they start."""

from __future__ import annotations

import asyncio
import os
import select
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from smsmon.hooks import WITHIN, run_hook

PATIENCE = 30.0
"""Seconds that a process may take to start, or to be gone."""
HOLDING = 'exec 3>"$0"; {first}; sleep 600 & echo up >&3; {last}'
"""A shell and a child, both of which hold a pipe open for as long as they live."""

Hook = asyncio.Task[str]
Said = Callable[[], Awaitable[bytes]]


@asynccontextmanager
async def started(pipe: Path, first: str, last: str) -> AsyncIterator[tuple[Hook, Said]]:
    """An alert's command that has started, and so has its child; and what its pipe says next,
    which is nothing once nobody holds it any more."""
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    command = ("sh", "-c", HOLDING.format(first=first, last=last), str(pipe))

    async def said() -> bytes:
        ready, _, _ = await asyncio.to_thread(select.select, [reader], [], [], PATIENCE)
        assert ready, "the command or its child lives on"
        return os.read(reader, 100)

    hook = asyncio.create_task(run_hook(command, {"alerts": []}, dict(os.environ)))
    try:
        assert await said() == b"up\n"
        yield hook, said
    finally:
        os.close(reader)


@pytest.mark.parametrize("last", ["sleep 600", "exit 0"])
async def test_a_command_that_takes_too_long_is_ended_with_all_it_started(
    last: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    time = loop.time
    async with started(tmp_path / "pipe", "read facts", last) as (hook, said):
        monkeypatch.setattr(loop, "time", lambda: time() + WITHIN)
        assert "was ended: it took longer than 30 seconds" in await hook
        assert await said() == b""


@pytest.mark.parametrize("first", ["read facts", ":"])
async def test_nothing_of_a_command_outlives_the_program(first: str, tmp_path: Path) -> None:
    async with started(tmp_path / "pipe", first, "sleep 600") as (hook, said):
        hook.cancel()
        with pytest.raises(asyncio.CancelledError):
            await hook
        assert await said() == b""
