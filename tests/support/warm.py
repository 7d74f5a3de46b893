"""Commands begun by a process that has loaded smsmon already: loading it is most of a short one.

What it forks is a process as any that is started, with its own pid, arguments, environment, folder,
streams and end. Only Python itself was set up before: see `can_begin`.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

_ENVIRON = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
_OF_PYTHON = ("LC_", "PYTHON", "LD_", "TZ", "LANGUAGE")
_AT_ONCE = 65_536


class Ended(NamedTuple):
    """What a program left."""

    code: int
    out: bytes
    err: bytes


def can_begin(env: Mapping[str, str]) -> bool:
    """False where Python would be set up otherwise by this environment."""
    return env.get("LANG") == _ENVIRON["LANG"] and not any(map(_is_of_python, env))


def _is_of_python(name: str) -> bool:
    return name.startswith(_OF_PYTHON)


def run(args: Sequence[str], env: Mapping[str, str], input: bytes, timeout: float) -> Ended:
    """``python -m smsmon`` with ``args``, in ``/``, to its end; it sees no variable but ``env``."""
    (stdin, to), (out, stdout), (err, stderr) = os.pipe(), os.pipe(), os.pipe()
    ours, theirs = socket.socketpair()
    socket.send_fds(_mother(), [b"."], [stdin, stdout, stderr, theirs.fileno()])
    for end in (stdin, stdout, stderr):
        os.close(end)
    theirs.close()
    ours.sendall(json.dumps([list(args), dict(env)]).encode() + b"\n")
    told, over = _conversation(to, (out, err, ours.detach()), input, timeout)
    pid, _, code = told[2].decode().partition(" ")
    if not over:
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)
        raise subprocess.TimeoutExpired(["smsmon", *args], timeout, told[0], told[1])
    return Ended(int(code), told[0], told[1])


def _conversation(
    to: int, sources: Sequence[int], input: bytes, timeout: float
) -> tuple[list[bytes], bool]:
    """Write ``input``, read each of ``sources`` to its end; whether that came in time."""
    told = {source: bytearray() for source in sources}
    deadline = time.monotonic() + timeout
    os.set_blocking(to, False)
    with selectors.DefaultSelector() as open_ends:
        open_ends.register(to, selectors.EVENT_WRITE)
        for source in sources:
            open_ends.register(source, selectors.EVENT_READ)
        while (left := [key.fd for key in open_ends.get_map().values()]) and (
            seconds := deadline - time.monotonic()
        ) > 0:
            for key, _ in open_ends.select(seconds):
                if key.fd == to:
                    with contextlib.suppress(BlockingIOError):
                        input = _written(to, input)
                    over = not input
                else:
                    got = os.read(key.fd, _AT_ONCE)
                    told[key.fd] += got
                    over = not got
                if over:
                    open_ends.unregister(key.fd)
                    os.close(key.fd)
        for end in left:
            os.close(end)
    return [bytes(each) for each in told.values()], not left


def _written(to: int, input: bytes) -> bytes:
    """What of ``input`` is still to be written; nothing where nobody reads it."""
    try:
        return input[os.write(to, input[:_AT_ONCE]) :] if input else input
    except BrokenPipeError:
        return b""


@cache
def _mother() -> socket.socket:
    """The way to the process that forks, which ends with this one."""
    ours, theirs = socket.socketpair()
    program = Path(__file__).with_name("mother.py")
    process = subprocess.Popen(
        [sys.executable, str(program), str(theirs.fileno())],
        stdin=subprocess.PIPE,  # its streams are set up as those of what it forks
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=_ENVIRON,
        cwd="/",
        pass_fds=[theirs.fileno()],
    )
    theirs.close()
    if not ours.recv(1):
        raise AssertionError(process.communicate()[1].decode())

    def end() -> None:
        ours.close()
        process.communicate()

    atexit.register(end)
    return ours
