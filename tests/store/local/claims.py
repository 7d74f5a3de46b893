"""Another process that tells alerts, for ``test_alerts``.

    python -m tests.store.local.claims HISTORY claim|begin NUMBER...

Says ``ready``, waits for a line, takes on to tell each alert, and says which it was given.
``begin`` stops within the transaction, before it is kept. Then it lives until it is killed.
"""

from __future__ import annotations

import sys
from pathlib import Path

from smsmon.alerts import Edge, Telling
from smsmon.store.local.archive import LocalAlerts
from smsmon.store.sql.fence import WholeFence
from tests.store.reports import START


def say(*words: object) -> None:
    print(*words, flush=True)


def main(path: str, how: str, *numbers: str) -> None:
    alerts = LocalAlerts(Path(path), WholeFence)
    tellings = [Telling(int(number), "chat", Edge.FIRED) for number in numbers]
    say("ready")
    sys.stdin.readline()
    if how == "begin":
        with alerts._writing() as connection:
            say(*[number for number, each in zip(numbers, tellings, strict=True)
                  if alerts._claim(connection, each, START)])  # fmt: skip
            sys.stdin.readline()
    granted = alerts.claim(tellings, START)
    say(*[number for number, ours in zip(numbers, granted, strict=True) if ours])
    sys.stdin.readline()


if __name__ == "__main__":
    main(*sys.argv[1:])
