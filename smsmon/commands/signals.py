"""How a command that must tidy up ends when it is told to."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator

from smsmon.commands import exits


@contextlib.contextmanager
def ended_by_signals() -> Iterator[None]:
    """End by an exception on SIGTERM and SIGHUP, so that what is temporary goes too.

    While the console runs its own handlers are in force.
    """

    def leave(*_: object) -> None:
        raise SystemExit(exits.TERMINATED)

    told = [n for n in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(n) is not signal.SIG_IGN]
    before = {number: signal.signal(number, leave) for number in told}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
