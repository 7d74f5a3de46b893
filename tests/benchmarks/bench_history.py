"""What the history costs, against bare ``sqlite3`` on the same tables.

Recording on the processor time of all threads, looking up by the clock.
It takes a minute and some 150 MB in the temporary folder.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
import tempfile
import time
from array import array
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from itertools import count, islice, tee
from operator import methodcaller
from pathlib import Path

from smsmon.model import Counts, Entry, Event, Fault, Transition
from smsmon.recipients import Phones, Recipients, Status
from smsmon.store.local import archive
from smsmon.store.local.history import LocalHistory
from smsmon.store.local.reader import Reader
from smsmon.store.local.schema import open_for_writing
from smsmon.store.sql.archive import find_number
from tests.benchmarks.pairs import Promise, cpu, in_turns, ratio, wall

RECIPIENTS = 500
"""In a message: the most that one send call takes."""
CHANGED = 5
MESSAGES = 2_000
"""In the large history: 1,000,000 recipients."""
NUMBERS = 250_000
"""Different phones among them: the same people are written to again and again."""
ROUNDS, REPORTS, LOOKUPS, SCANS = 9, 100, 300, 5
NOW = 1_795_348_800.0


@dataclass(frozen=True)
class Polled:
    """A message after one poll, as the monitor hands it over."""

    message_id: str
    at: float
    entry: Entry
    recipients: Recipients
    first_seen: array[float]
    changed_at: array[float]
    counts: Counts
    digest: bytes
    asked_at: float
    read_at: float
    last_change_at: float
    first_read_at: float = NOW
    completed_at: float | None = None
    absent: Mapping[int, float] = field(default_factory=dict)
    late: bool = False
    served_at: float | None = None
    transitions: tuple[Transition, ...] = ()
    events: tuple[Event, ...] = ()
    promise: float | None = 60.0
    next_due: float | None = None
    settled_at: float | None = None
    fault: Fault | None = None
    fault_since: float | None = None

    @property
    def id(self) -> str:
        return self.message_id


def polls(message_id: str, phones: Phones, count: int, changed: int) -> Iterator[Polled]:
    """``count`` reports of one message; each has ``changed`` other recipients turn."""
    size = len(phones)
    statuses = bytearray([Status.WAITING]) * size
    dates = array("q", [int(NOW)]) * size
    seen, never = array("d", [NOW]) * size, array("d", [0.0]) * size
    for number in range(count):
        at = NOW + 10 * number
        if number:
            for slot in range((number - 1) * changed, number * changed):
                turned = statuses[slot % size] == Status.WAITING
                statuses[slot % size] = Status.DELIVERED if turned else Status.WAITING
                dates[slot % size] = int(at)
        recipients = Recipients(
            phones=phones,
            statuses=bytes(statuses),
            words=array("B", statuses),
            vocabulary=("?", "Waiting", "Delivered"),
            stops=bytes(size),
            dates=dates[:],
        )
        yield Polled(
            message_id=message_id,
            at=at,
            entry=Entry(message_id),
            recipients=recipients,
            first_seen=seen,
            changed_at=never,
            counts=Counts.of(recipients),
            digest=number.to_bytes(16, "big"),
            asked_at=at,
            read_at=at,
            last_change_at=at,
        )


def some_phones(count: int, dice: random.Random) -> list[int]:
    """Numbers out of ``NUMBERS`` French mobile ones."""
    return [33_600_000_000 + 397 * dice.randrange(NUMBERS) for _ in range(count)]


def recording(folder: Path) -> Iterator[Promise]:
    """A 500-recipient report in which 5 changed: recorded, against writing the rows bare.

    Waiting for each commit is what no console does; there the bare writes, too, are handed to a
    thread one by one, as no event loop can make them.
    """
    dice = random.Random(1)
    phones = Phones([f"+{number}" for number in some_phones(RECIPIENTS, dice)])
    history, bare = folder / "recording.db", folder / "bare.db"
    open_for_writing(bare).close()
    with (
        closing(sqlite3.connect(bare, isolation_level=None, check_same_thread=False)) as connection,
        ThreadPoolExecutor(1) as apart,
    ):
        connection.execute("PRAGMA synchronous = NORMAL")
        rows = [
            (1, slot, int(phone[1:]), 1, 1, 0, int(NOW), int(NOW * 1000), 0, None)
            for slot, phone in enumerate(phones)
        ]
        connection.execute("BEGIN")
        connection.execute(
            "INSERT INTO message (id, message_id, profile, label, tags)"
            " VALUES (1, '300', 'default', '', '')"
        )
        connection.executemany(
            "INSERT INTO recipient VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)", rows
        )
        connection.execute("COMMIT")
        writer = LocalHistory(history)
        writer.begin()
        every = polls("300", phones, 1 + 2 * (ROUNDS + 1) * REPORTS, CHANGED)
        revisions = count(2)

        def record(poll: Polled) -> None:
            writer.record(poll, poll)

        def stream() -> float:
            polled = [*islice(every, REPORTS)]  # in smsmon the board has them already
            began = time.process_time()
            for poll in polled:
                record(poll)
            writer.write_out()
            return (time.process_time() - began) / REPORTS

        def each_written() -> float:
            polled = [*islice(every, REPORTS)]
            began = time.process_time()
            for poll in polled:
                record(poll)
                writer.write_out()
            return (time.process_time() - began) / REPORTS

        record(next(every))
        writer.write_out()
        streamed, written, one_by_one, handed_on = in_turns(
            ROUNDS,
            stream,
            cpu(lambda: write_bare(connection, next(revisions)), REPORTS),
            each_written,
            cpu(lambda: apart.submit(write_bare, connection, next(revisions)).result(), REPORTS),
        )
        writer.end()
    yield ratio("recording reports as they come : bare (CPU)", streamed, written, 1.2)
    yield ratio("waiting for each commit : bare in a thread (CPU)", one_by_one, handed_on, 6)


def write_bare(connection: sqlite3.Connection, revision: int) -> None:
    """What one report changes in the tables: nothing compared, nothing checked."""
    at = int(NOW * 1000) + revision * 10_000
    slots = [slot % RECIPIENTS for slot in range(revision * CHANGED, (revision + 1) * CHANGED)]
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany(
        "UPDATE recipient SET status = ?, word = ?, stop = ?, date = ?, reason = ?,"
        " changed_at = ? WHERE message = ? AND slot = ?",
        [(2, 2, 0, at // 1000, None, at, 1, slot) for slot in slots],
    )
    connection.executemany(
        "INSERT INTO change VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [(1, slot, revision, at, 1, 2, 2, 0, 0, at // 1000, at // 1000) for slot in slots],
    )
    connection.execute(
        "UPDATE message SET revision = ?, digest = ?, read_at = ?, asked_at = ?,"
        " last_change_at = ?, total = ?, delivered = ?, waiting = ? WHERE id = 1",
        (revision, b"digest", at, at, at, RECIPIENTS, revision, revision),
    )
    connection.execute("UPDATE lease SET sequence = ?", (revision,))
    connection.execute(
        "INSERT OR REPLACE INTO last_poll (message_id, profile, sequence, read_at, asked_at,"
        " promise, reason) VALUES ('300', 'default', ?, ?, ?, 60000, '')",
        (revision, at, at),
    )
    connection.execute("COMMIT")


def fill(path: Path, messages: int, reports: int) -> list[int]:
    """Record so many messages with our own writer; the phones of their recipients.

    With each report after the first, which has all waiting, another half is delivered.
    """
    dice = random.Random(2)
    numbers = some_phones(messages * RECIPIENTS, dice)
    writer = LocalHistory(path)
    writer.begin()
    for message in range(messages):
        own = numbers[message * RECIPIENTS : (message + 1) * RECIPIENTS]
        phones = Phones([f"+{number}" for number in own])
        for poll in polls(str(message), phones, reports, RECIPIENTS // 2):
            writer.record(poll, poll)
        if message % 20 == 0:
            writer.write_out(60)
    writer.end(60)
    return numbers


SAME_ANSWER = (
    "SELECT m.message_id, m.label, m.read_at, r.message, r.slot, r.phone, r.status, w.text,"
    " r.stop, r.date, r.first_seen, r.changed_at, r.reason FROM recipient r"
    " JOIN message m ON m.id = r.message JOIN word w ON w.id = r.word WHERE r.phone = ?"
)
ITS_CHANGES = (
    "SELECT c.before, c.after, w.text, c.stop_before, c.stop_after, c.date, c.observed_at"
    " FROM change c JOIN word w ON w.id = c.word WHERE c.message = ? AND c.slot = ?"
)


def looking_up(path: Path, numbers: Sequence[int]) -> Iterator[Promise]:
    """One phone number among a million recipients, against bare queries with the same answer."""
    dice = random.Random(3)
    with (
        closing(sqlite3.connect(path, check_same_thread=False)) as connection,
        Reader(path) as reader,
        asyncio.Runner() as runner,
    ):
        history = LocalHistory(path)
        drawn = iter(dice.choices(numbers, k=8 * LOOKUPS))
        # Each is looked up by both ways, one after the other: whoever is second finds it read.
        same, again = tee(dice.choices(numbers, k=LOOKUPS + 1))

        def bare(number: int) -> None:
            for row in connection.execute(SAME_ANSWER, (number,)).fetchall():
                connection.execute(ITS_CHANGES, (row[3], row[4])).fetchall()

        async def bare_apart() -> None:
            await asyncio.to_thread(bare, next(drawn))

        async def apart() -> None:
            await history.ask(methodcaller("find_number", f"+{next(drawn)}"))

        def ours(text: str) -> None:
            reader.ask(lambda database: find_number(database, text))

        def scan(pattern: str) -> None:
            connection.execute("SELECT * FROM recipient WHERE phone LIKE ?", (pattern,)).fetchall()

        found, plain, found_apart, plain_apart = in_turns(
            LOOKUPS,
            wall(lambda: ours(f"+{next(same)}")),
            wall(lambda: bare(next(again))),
            wall(lambda: runner.run(apart())),
            wall(lambda: runner.run(bare_apart())),
        )
        yield ratio("one number among 1,000,000 recipients : bare queries", found, plain, 2)
        yield ratio("the same, from the event loop : in a thread", found_apart, plain_apart, 2)
        national, fragment, scanned = in_turns(
            SCANS,
            wall(lambda: ours(f"0{next(drawn) % 10**9}")),
            wall(lambda: ours(str(next(drawn))[-6:])),
            wall(lambda: scan(f"%{next(drawn) % 10**6:06}%")),
        )
        yield ratio("the same, in national spelling : bare LIKE", national, scanned, 0.1)
        yield ratio("a fragment of a number : bare LIKE", fragment, scanned)
        runner.run(history.close())


def loading(path: Path) -> Iterator[Promise]:
    """A start with 1,000 messages and 500,000 recipients: how long, and what the loop feels."""
    ids = [str(message) for message in range(1_000)]
    keys = [(id, "default") for id in ids]
    places = ",".join("?" * len(ids))
    of_ids = f"WHERE message IN (SELECT id FROM message WHERE message_id IN ({places}))"
    with (
        closing(sqlite3.connect(path)) as connection,
        asyncio.Runner() as runner,
    ):
        history = LocalHistory(path)

        def bare_summaries() -> None:
            connection.execute(
                f"SELECT * FROM message WHERE message_id IN ({places})", ids
            ).fetchall()

        def bare_recipients() -> None:
            connection.execute(f"SELECT * FROM recipient {of_ids}", ids).fetchall()

        ours, theirs = in_turns(
            SCANS,
            wall(lambda: runner.run(history.ask(methodcaller("summaries", keys)))),
            wall(bare_summaries),
        )
        yield ratio("1,000 summaries, for the first paint : bare queries", ours, theirs, 4)
        ours, theirs = in_turns(
            SCANS, lambda: runner.run(longest_wait(history, ids)), wall(bare_recipients)
        )
        yield ratio("event loop held up while all loads : bare, on the loop", ours, theirs, 0.1)
        runner.run(history.close())


async def longest_wait(history: LocalHistory, ids: Sequence[str]) -> float:
    """Seconds for which nobody else is heard by the event loop, while everything is loaded."""
    longest = 0.0
    stop = asyncio.Event()

    async def feel() -> None:
        nonlocal longest
        while not stop.is_set():
            tick = time.perf_counter()
            await asyncio.sleep(0.001)
            longest = max(longest, time.perf_counter() - tick - 0.001)

    feeling = asyncio.create_task(feel())
    loaded = 0
    async for portion in history.load(ids):
        loaded += sum(len(each.recipients) for each in portion)
    stop.set()
    await feeling
    assert loaded == len(ids) * RECIPIENTS
    return longest


def run() -> Iterator[Promise]:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        yield from recording(folder)
        large = folder / "large.db"
        numbers = fill(large, MESSAGES, reports=3)
        size = archive.size(large) / len(numbers)
        yield Promise("on disk, each recipient changed once", size, 150, "bytes")
        yield from looking_up(large, numbers)
        yield from loading(large)
