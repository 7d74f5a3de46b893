"""Runs the programs of a demo, and ends them when the demo ends, whatever way it does.

A program of its own, which needs nothing but Python: it is told what to run on its standard input,
a JSON object a line, and answers each with the number of the process. When nobody can tell it
anything any more, it ends them all, the last first, and removes their folder.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress

PATIENCE = 10.0
"""Seconds until a program that was told to end is killed."""


_ANSWERS = 1
"""Standard output."""


def keep(folder: str) -> None:
    """Do so until standard input ends."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # the demo's end is ours, and nothing else
    running: list[tuple[subprocess.Popen[bytes], int]] = []
    for line in sys.stdin:
        wanted = json.loads(line)
        process = subprocess.Popen(  # noqa: S603 - what the demo runs
            wanted["argv"],
            env=wanted["env"],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            **wanted["whose"],
        )
        running.append((process, wanted["end_by"]))
        with suppress(OSError):
            os.write(_ANSWERS, f"{process.pid}\n".encode())  # noqa: TID251 - nobody reads it but us
    for process, end_by in reversed(running):
        with suppress(OSError):
            process.send_signal(end_by)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    keep(sys.argv[1])
