"""Runs the program as a process of its own, as a shell would; see `tests.support.warm`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, NamedTuple

from tests.support import installed, warm
from tests.support.keeper import wait_until

TIMEOUT = 90.0
"""Seconds a command may take on a machine that is busy with other tests."""
PATH = "/usr/local/bin:/usr/bin:/bin"
_PROGRAM = (sys.executable, "-m", "smsmon")


class Done(NamedTuple):
    """What a command left."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its stdout, which must be one JSON value and nothing else."""
        return json.loads(self.out)


@dataclass(frozen=True, slots=True)
class Program:
    """smsmon in a folder of its own, without a terminal and with a small environment."""

    home: Path
    environ: Mapping[str, str] = field(default_factory=dict)

    def argv(self, *args: str) -> list[str]:
        """The command line."""
        return [*_PROGRAM, *args]

    def env(self, **extra: str | None) -> dict[str, str]:
        """The environment; a name given as None is taken out."""
        installed.require()
        whole = {
            "PATH": PATH,
            "LANG": "C.UTF-8",
            "SMSMON_HOME": str(self.home),
            "XDG_RUNTIME_DIR": str(self.home.parent),
            **self.environ,
            **extra,
        }
        return {name: value for name, value in whole.items() if value is not None}

    def run(self, *args: str, input: str | bytes = b"", **env: str | None) -> Done:
        """Run a command to its end. Output that is no UTF-8 fails the test."""
        given = input.encode() if isinstance(input, str) else input
        environ = self.env(**env)
        run = warm.run if warm.can_begin(environ) else started
        code, out, err = run(args, environ, given, TIMEOUT)
        result = Done(code, out.decode(), err.decode())
        assert "Traceback" not in result.err, result.err
        return result

    def watch_until(self, done: Callable[[str], object], *args: str) -> Done:
        """What ``watch`` prints and leaves, told to end once ``done`` of what it printed."""
        return printed(self.argv("watch", *args), self.env(), done)


def printed(
    argv: Sequence[str], env: Mapping[str, str], done: Callable[[str], object] | None = None
) -> Done:
    """What a program prints and leaves; one that lasts is told to end, once ``done`` of that."""
    with TemporaryFile() as out, TemporaryFile() as err:

        def so_far() -> list[str]:
            return [os.pread(each.fileno(), 2**24, 0).decode() for each in (out, err)]

        process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=env, cwd="/"
        )
        try:
            if done is not None:
                wait_until(lambda: done("".join(so_far())), f"what {argv} is to print", TIMEOUT)
                process.terminate()
            code = process.wait(TIMEOUT)
            return Done(code, *so_far())
        finally:
            process.kill()
            process.wait()


def started(
    args: Sequence[str], env: Mapping[str, str], input: bytes, timeout: float
) -> warm.Ended:
    """As `warm.run`, by a process that is started for it."""
    done = subprocess.run(
        [*_PROGRAM, *args],
        input=input,
        capture_output=True,
        timeout=timeout,
        env=env,
        cwd="/",
        check=False,
    )
    return warm.Ended(done.returncode, done.stdout, done.stderr)
