"""What an export costs: memory must not grow with the rows. ``smsmon export`` as a process."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from smsmon.store.local.schema import open_for_writing
from tests.benchmarks.pairs import Promise
from tests.benchmarks.programs import spent
from tests.pty.console import PROGRAM, environment

RECIPIENTS = 500
SMALL, LARGE = 20, 2_000
"""Messages: 10,000 and 1,000,000 recipients."""


def run() -> Iterator[Promise]:
    with tempfile.TemporaryDirectory() as folder:
        small, large = (_export(Path(folder) / str(each), each) for each in (SMALL, LARGE))
    about = f"{large / 2**20:.0f} MiB : {small / 2**20:.0f} MiB"
    yield Promise("memory for 1,000,000 rows : for 10,000", large / small, 1.15, about=about)


def _export(home: Path, messages: int) -> float:
    """The most memory the process held, in bytes."""
    _fill(home / "history.db", messages)
    _, most = spent(
        [*PROGRAM, "export", "recipients", "-o", str(home / "rows.csv")], environment(home)
    )
    return most


def _fill(path: Path, messages: int) -> None:
    connection = open_for_writing(path)
    with connection.transaction():
        connection.execute("INSERT INTO word (id, text) VALUES (1, 'Delivered')")
        for message in range(1, messages + 1):
            connection.execute(
                "INSERT INTO message (id, message_id, profile, label, tags, total, delivered)"
                " VALUES (?, ?, 'default', 'Label', '', ?, ?)",
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
