"""Runs commands in this process, as `smsmon` would: fast enough for thousands of them."""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from smsmon import cli


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
    ) -> tuple[int, bytes]:
        """The exit code, and all that was printed, stdout first.

        With ``interrupt`` the command is told to stop after so many seconds; one that ``lasts``
        not before it is at its work.
        """
        out, err = io.BytesIO(), io.BytesIO()
        streams: dict[str, Any] = {
            "stdin": io.TextIOWrapper(io.BytesIO(given), encoding=encoding),
            "stdout": io.TextIOWrapper(out, encoding=encoding, errors="strict"),
            "stderr": io.TextIOWrapper(err, encoding=encoding, errors="backslashreplace"),
        }
        whole = {"SMSMON_HOME": str(self.home), **self.environ, **(env or {})}
        with (
            mock.patch.multiple(sys, **streams, argv=["smsmon", *args]),
            mock.patch.dict(os.environ, whole, clear=True),
            mock.patch.multiple(cli, no_core_files=mock.DEFAULT, _mend_streams=mend),
            _interrupted(interrupt, lasts=lasts),
        ):
            code: Any = 0
            try:
                cli.main()
            except SystemExit as leaving:
                code = leaving.code
        for stream in (streams["stdout"], streams["stderr"]):
            stream.flush()
        return int(code or 0), out.getvalue() + err.getvalue()


def mend() -> None:
    """As `smsmon.cli._mend_streams` does, and leave the descriptors of the tests alone."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


@contextmanager
def _interrupted(after: float, *, lasts: bool) -> Iterator[None]:
    def interrupt(*_: object) -> None:
        if lasts and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.setitimer(signal.ITIMER_REAL, after)  # no event loop yet
        else:
            os.kill(os.getpid(), signal.SIGINT)

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, after)
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
