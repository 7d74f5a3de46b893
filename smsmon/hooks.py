"""Runs a command that an alert names: no shell, no key, bounded in time."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import Mapping, Sequence
from typing import Any

from smsmon.settings import Settings
from smsmon.settings.types import API_KEY_VARIABLE
from smsmon.text import safe

WITHIN = 30.0
"""Seconds a command may take."""
_READ = 4096
_SHOWN = 200
"""Characters of what it says that are passed on."""


def environment(settings: Settings, environ: Mapping[str, str]) -> dict[str, str]:
    """``environ`` without any variable that holds an API key."""
    keys = {API_KEY_VARIABLE}
    for profile in settings.profiles.values():
        if profile.key_source.kind == "env":
            keys.add(str(profile.key_source.value))
    return {name: value for name, value in environ.items() if name not in keys}


async def run_hook(
    command: Sequence[str],
    facts: Mapping[str, Any],
    environ: Mapping[str, str],
    within: float = WITHIN,
) -> str:
    """Run ``command`` with ``facts`` as JSON on its stdin; gives what went wrong, or nothing.

    The command and all it started are ended when it takes longer, or when this is cancelled.
    """
    name = safe(command[0], _SHOWN)
    starting = asyncio.create_task(_start(command, environ))
    try:
        process = await asyncio.shield(starting)
    except asyncio.CancelledError:
        with contextlib.suppress(OSError, ValueError):
            process = await starting  # it may run already
            await _end(process)
            _close(process)
        raise
    except (OSError, ValueError) as error:
        why = safe(getattr(error, "strerror", None) or type(error).__name__)
        return f"The alert command {name} could not be started ({why})."
    try:
        async with asyncio.timeout(within):
            said = await _converse(process, json.dumps(facts).encode() + b"\n")
            code = await process.wait()
    except TimeoutError:
        await _end(process)
        return f"The alert command {name} was ended: it took longer than {within:g} seconds."
    except asyncio.CancelledError:
        await _end(process)
        raise
    finally:
        _close(process)
    if code == 0:
        return ""
    words = safe(" ".join(said.decode(errors="replace").split()), _SHOWN)
    return f"The alert command {name} failed (exit code {code})" + (f": {words}" if words else ".")


async def _start(command: Sequence[str], environ: Mapping[str, str]) -> asyncio.subprocess.Process:
    """Start ``command`` as the first of a group of its own."""
    return await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env=dict(environ),
        start_new_session=True,
    )


async def _end(process: asyncio.subprocess.Process) -> None:
    """End the whole group, whose first may be gone while what it started is not."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


async def _converse(process: asyncio.subprocess.Process, facts: bytes) -> bytes:
    """Hand over the facts; gives the beginning of what it says on stderr."""
    assert process.stdin is not None  # noqa: S101 - both are pipes
    assert process.stderr is not None  # noqa: S101
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it need not read them
        process.stdin.write(facts)
        await process.stdin.drain()
    process.stdin.close()
    said = b""
    while got := await process.stderr.read(_READ):
        said = (said + got)[:_READ]
    return said


def _close(process: asyncio.subprocess.Process) -> None:
    """Let go of the pipes, whoever else still has them open."""
    transport = getattr(process, "_transport", None)
    if transport is not None:
        transport.close()
