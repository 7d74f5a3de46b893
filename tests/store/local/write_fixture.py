"""Writes ``history_v<n>.sql``, a database as this version leaves it: once for each version.

.venv/bin/python -m tests.store.local.write_fixture
"""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from smsmon.alerts import (
    About,
    Acknowledgement,
    Edge,
    Episode,
    Severity,
    Silence,
    Subject,
    Telling,
    What,
    Worst,
)
from smsmon.model import Arrival, Balance, Entry, Event, EventKind, Fault, FaultKind
from smsmon.store.local import LocalArrivals
from smsmon.store.local.archive import LocalAlerts
from smsmon.store.local.migrations import MIGRATIONS
from smsmon.store.local.schema import APPLICATION_ID
from smsmon.store.sql.fence import WholeFence
from tests.store.reports import START, Console, row
from tests.support.clock import VirtualClock


def write(folder: Path) -> Path:
    """The dump of a small history that has something in every table."""
    with tempfile.TemporaryDirectory() as made:
        path = Path(made, "history.db")
        with Console(path) as console:
            console.watch("300", label="Black Friday", tags=("fr", "promo"))
            first = [row(1), row(2), row("0611", "Perhaps", None, None)]
            console.poll("300", first, START)
            later = [row(1, "Delivered", True, int(START) + 5), row(2), row(4)]
            console.poll("300", later, START + 7)
            console.poll("300", later, START + 8)
            fault = Fault(FaultKind.TIMEOUT, "no answer within 10 s")
            console.writer.record(console.board.fail("300", fault, START + 9), console.board["300"])
            console.writer.record_event(
                Event(EventKind.ACCOUNT_DOWN, START + 10, None, "default", "no route", START + 70)
            )
            held = Balance("joe", "120.50", "EUR", 2_410, None, 7, 0, START + 11)
            console.writer.record_balance("default", held)
            console.watch("302")
            console.board["302"].promise = 5.0
            for at in (START, START + 600):
                console.poll("302", [row(5)], at)
                console.writer.write_out()
            console.writer._clock = VirtualClock(START + 20)
            console.writer.watching([Entry("301")])
        alerts = LocalAlerts(path, WholeFence)
        subject = Subject(About.MESSAGE, "300", "default")
        (number,) = alerts.fire(
            [Episode("late", subject, Severity.WARNING, "oldest>60s", START + 8, START + 9,
                     "Black Friday", ("fr", "promo"), "for 60 s", Worst(60.0, START + 9, "60 s"))]
        )  # fmt: skip
        alerts.acknowledge([number], Acknowledgement("anna@ops1", START + 10, "seen"))
        alerts.silence(Silence(What.TAG, "promo", START + 11, START + 99, "anna@ops1", "a test"))
        fired = Telling(number, "chat", Edge.FIRED)
        alerts.claim([fired, fired._replace(edge=Edge.OVER)], START + 9)
        alerts.done([fired], START + 9)
        arrivals = LocalArrivals(path, VirtualClock(START + 12))
        came = Arrival("otp", 3600.0, "+33600000009", START + 11.5)
        arrivals.take(
            [Entry(str(id), "a code", ("otp",), arrival=came) for id in (7, 8)], "otp", "90"
        )
        arrivals.leave(["7"])
        with closing(sqlite3.connect(path)) as connection:
            dump = "\n".join(connection.iterdump())
    pragmas = f"PRAGMA application_id = {APPLICATION_ID};\nPRAGMA user_version = {len(MIGRATIONS)};"
    target = folder / f"history_v{len(MIGRATIONS)}.sql"
    target.write_text(f"{pragmas}\n{dump}\n")
    return target


if __name__ == "__main__":
    print(write(Path(__file__).parent))
