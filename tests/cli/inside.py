"""Runs commands in this process, as `smsmon` would: fast enough for thousands of them."""

from __future__ import annotations

import io
import math
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any
from unittest import mock

from smsmon import exit_codes, run
from smsmon.commands.door import Door
from tests.support.waiting import PATIENCE

ENDS = 2.0
"""Seconds within which a command ends that is told to stop."""


@dataclass(frozen=True, slots=True)
class Inside:
    """The program in a folder of its own, without a terminal."""

    home: Path
    environ: Mapping[str, str]

    def run(
        self,
        args: Sequence[str],
        env: Mapping[str, str] | None = None,
        *,
        given: bytes = b"",
        encoding: str = "utf-8",
        interrupt: float = 0.0,
        lasts: bool = False,
        until: Callable[[bytes], object] | None = None,
    ) -> tuple[int, bytes]:
        """The exit code, and all that was printed, stdout first.

        With ``interrupt`` the command is told to stop after so many seconds; one that ``lasts``
        not before it is at its work, nor before ``until`` of what was printed, as long as one can
        wait for that. It must end within `ENDS` then.
        """
        whole = {"SMSMON_HOME": str(self.home), **self.environ, **(env or {})}
        with TemporaryFile() as out, TemporaryFile() as err:
            streams: dict[str, Any] = {
                "stdin": io.TextIOWrapper(io.BytesIO(given), encoding=encoding),
                "stdout": Door(out.fileno(), encoding),
                "stderr": Door(err.fileno(), encoding),
            }

            def until_printed() -> object:
                return until is None or until(
                    b"".join(os.pread(each.fileno(), 2**24, 0) for each in (out, err))
                )

            with (
                mock.patch.multiple(sys, **streams, argv=["smsmon", *args]),
                mock.patch.dict(os.environ, whole, clear=True),
                mock.patch.multiple(run, no_core_files=mock.DEFAULT, open_doors=mock.DEFAULT),
                mock.patch("os._exit", side_effect=_leave),
                _interrupted(interrupt, until_printed, lasts=lasts) as told,
            ):
                code: Any = 0
                try:
                    run.main()
                except SystemExit as leaving:
                    code = leaving.code
                took = time.monotonic() - (told[0] if told else math.inf)
            assert took < ENDS, f"{args} took {took:.1f} s to end"
            for file in (out, err):
                file.seek(0)
            return int(code or 0), out.read() + err.read()

    def watch_until(self, until: Callable[[bytes], object], *args: str) -> bytes:
        """What ``watch`` prints, told to stop once ``until`` of it."""
        code, said = self.run(["watch", *args], interrupt=0.1, lasts=True, until=until)
        assert until(said), said
        assert code == exit_codes.INTERRUPTED, said
        return said


def _leave(code: int) -> None:
    """End the command; where another thread asks for that, the command is about to end anyway."""
    if threading.current_thread() is threading.main_thread():
        sys.exit(code)


@contextmanager
def _interrupted(
    after: float, until: Callable[[], object], *, lasts: bool
) -> Iterator[list[float]]:
    """Gives the moments at which it was told to stop."""
    told: list[float] = []
    deadline = time.monotonic() + PATIENCE
    # Whatever other tests of this process left there: the program hears with one of its own.
    deaf = signal.getsignal(signal.SIGINT)

    def interrupt(*_: object) -> None:
        signal.setitimer(signal.ITIMER_REAL, after)  # again, should it not be heard
        if (not lasts or signal.getsignal(signal.SIGINT) is not deaf) and (
            until() or time.monotonic() > deadline
        ):
            told.append(time.monotonic())
            os.kill(os.getpid(), signal.SIGINT)

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, after)
        yield told
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
