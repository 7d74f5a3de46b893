"""What an export costs: memory must not grow with the rows. ``smsmon export`` as a process.

Run it with ``python -m tests.benchmarks.bench_export``.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

from smsmon.store.local.schema import open_for_writing, transaction

RECIPIENTS = 500
SMALL, LARGE = 20, 2_000
"""Messages: 10,000 and 1,000,000 recipients."""
GROWTH = 1.15
"""The goal: so many times the memory for a hundred times the rows, at most."""


def main() -> int:
    """Print the table; 1 if a goal is missed."""
    peaks: dict[int, float] = {}
    print("smsmon export recipients as CSV, to a file")
    with tempfile.TemporaryDirectory() as folder:
        for messages in (SMALL, LARGE):
            home = Path(folder) / str(messages)
            _fill(home / "history.db", messages)
            seconds, peaks[messages] = _export(home)
            rows = messages * RECIPIENTS
            print(
                f"  {rows:>9,} rows {seconds:6.1f} s  {seconds / rows * 1e6:5.1f} µs a row, start"
                f" included  {peaks[messages] / 2**20:5.0f} MiB at most"
            )
    growth = peaks[LARGE] / peaks[SMALL]
    print(f"  {growth:.2f} × the memory for 100 × the rows   goal {GROWTH} ×")
    return int(growth > GROWTH)


def _fill(path: Path, messages: int) -> None:
    connection = open_for_writing(path)
    with transaction(connection):
        connection.execute("INSERT INTO word (id, text) VALUES (1, 'Delivered')")
        for message in range(1, messages + 1):
            connection.execute(
                "INSERT INTO message VALUES"
                " (?, ?, 'default', 'Label', '', 1, NULL, 1, 1, 1, NULL, NULL,"
                " ?, ?, 0, 0, 0, 0, '')",
                (message, str(message), RECIPIENTS, RECIPIENTS),
            )
            connection.executemany(
                "INSERT INTO recipient VALUES (?, ?, ?, 2, 1, 0, 1517989111, 1, 2, NULL, 0)",
                (
                    (message, slot, 33600000000 + message * RECIPIENTS + slot)
                    for slot in range(RECIPIENTS)
                ),
            )
    connection.close()


def _export(home: Path) -> tuple[float, float]:
    """Seconds of wall time, and the most memory the process held, in bytes."""
    target = home / "recipients.csv"
    argv = ["-m", "smsmon", "export", "recipients", "-o", str(target)]
    environ = {"PATH": os.environ.get("PATH", ""), "SMSMON_HOME": str(home), "LANG": "C.UTF-8"}
    start = time.perf_counter()
    child = os.posix_spawn(sys.executable, [sys.executable, *argv], environ)
    _, status, usage = os.wait4(child, 0)
    if status:
        raise SystemExit(f"the export ended with {status}")
    target.unlink()
    return time.perf_counter() - start, usage.ru_maxrss * 1024.0


if __name__ == "__main__":
    sys.exit(main())
