"""What an export costs, beside the least that writes the same file: ``sqlite3`` and ``csv`` bare.

Both are whole processes, by the processor time that they take; and memory must not grow with the
rows.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from smsmon.store.local.schema import open_for_writing
from tests.benchmarks.pairs import Promise, in_turns, ratio
from tests.benchmarks.programs import spent
from tests.pty.console import PROGRAM, environment

RECIPIENTS = 500
SMALL, LARGE = 20, 2_000
"""Messages: 10,000 and 1,000,000 recipients."""
ROUNDS = 3
BARE = Path(__file__).with_name("bare_export.py")
BEGAN = 1_795_348_800
"""When the first message was sent; each is a minute after the one before it."""


def run() -> Iterator[Promise]:
    memory: dict[str, list[float]] = {"small": [], "large": []}
    with tempfile.TemporaryDirectory() as folder:
        small, large = (_filled(Path(folder), each) for each in (SMALL, LARGE))

        def ours(home: Path, most: list[float]) -> float:
            rows = str(home / "rows.csv")
            took, held = spent([*PROGRAM, "export", "recipients", "-o", rows], environment(home))
            most.append(held)
            return took

        def bare() -> float:
            argv = [sys.executable, str(BARE), str(large / "history.db"), str(large / "bare.csv")]
            return spent(argv, environment(large))[0]

        exported, plain, _ = in_turns(
            ROUNDS,
            lambda: ours(large, memory["large"]),
            bare,
            lambda: ours(small, memory["small"]),
        )
        if (large / "rows.csv").read_bytes() != (large / "bare.csv").read_bytes():
            raise OSError("the two did not write the same file")
    yield ratio("1,000,000 rows exported : sqlite3 and csv bare (CPU)", exported, plain, 2)
    few, many = max(memory["small"]), max(memory["large"])
    about = f"{many / 2**20:.0f} MiB : {few / 2**20:.0f} MiB"
    yield Promise("memory for 1,000,000 rows : for 10,000", many / few, 1.15, about=about)


def _filled(folder: Path, messages: int) -> Path:
    home = folder / str(messages)
    home.mkdir()
    fill(home / "history.db", messages)
    return home


def fill(path: Path, messages: int) -> None:
    """Messages of ``RECIPIENTS`` each, of which most came soon, some failed, and some wait."""
    connection = open_for_writing(path)
    with connection.transaction():
        for number, word in enumerate(("Waiting", "Delivered", "Not delivered"), start=1):
            connection.execute("INSERT INTO word (id, text) VALUES (?, ?)", (number, word))
        for message in range(1, messages + 1):
            sent = BEGAN + 60 * message
            connection.execute(
                "INSERT INTO message (id, message_id, profile, label, tags, total, delivered,"
                " read_at) VALUES (?, ?, 'default', ?, '', ?, ?, ?)",
                (message, str(message), f"Campaign {message}", RECIPIENTS, RECIPIENTS, sent * 1000),
            )
            connection.executemany(
                "INSERT INTO recipient VALUES (?, ?, ?, ?, ?, 0, ?, ?, ?, NULL, 0)",
                (_recipient(message, slot, sent) for slot in range(RECIPIENTS)),
            )
    connection.close()


def _recipient(message: int, slot: int, sent: int) -> tuple[int, ...]:
    status = 1 if slot % 20 == 0 else 3 if slot % 25 == 0 else 2
    changed = 0 if status == 1 else sent + slot % 97
    phone = 33_600_000_000 + message * RECIPIENTS + slot
    return message, slot, phone, status, status, changed or sent, sent * 1000, changed * 1000
