"""What the history costs, against bare ``sqlite3`` on the same tables, in one run.

Both sides of a ratio are measured in turns; recording on the CPU time of all threads, looking up
by the clock. Run alone with ``python -m tests.benchmarks.bench_history``; it takes a minute and
some 150 MB in the temporary folder.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
import sys
import tempfile
import time
from array import array
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from operator import methodcaller
from pathlib import Path
from statistics import median

from smsmon.model import Counts, Entry, Event, Fault, Transition
from smsmon.recipients import Phones, Recipients, Status
from smsmon.store.local import archive, queries
from smsmon.store.local.history import LocalHistory
from smsmon.store.local.reader import Reader
from smsmon.store.local.schema import open_for_writing, transaction
from smsmon.store.local.writer import HistoryWriter

RECIPIENTS = 500
"""In a message: the most that one send call takes."""
CHANGED = 5
MESSAGES = 2_000
"""In the large history: 1,000,000 recipients."""
NUMBERS = 250_000
"""Different phones among them: the same people are written to again and again."""
ROUNDS, REPORTS, LOOKUPS = 9, 100, 300
NOW = 1_795_348_800.0


@dataclass(frozen=True)
class Result:
    """One measured promise."""

    name: str
    value: float
    unit: str
    bound: float

    def __str__(self) -> str:
        verdict = "ok" if self.value <= self.bound else "MISSED"
        return (
            f"{self.name:<66} {self.value:9.2f} {self.unit:<11} (at most {self.bound:g}) {verdict}"
        )


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


def recording(folder: Path) -> list[Result]:
    """A 500-recipient report in which 5 changed: recorded, against writing the rows bare.

    Waiting for each commit is what no console does; there the bare writes, too, are handed to a
    thread one by one, as no event loop can make them.
    """
    dice = random.Random(1)
    phones = Phones([f"+{number}" for number in some_phones(RECIPIENTS, dice)])
    history, bare = folder / "recording.db", folder / "bare.db"
    open_for_writing(bare).close()
    with closing(
        sqlite3.connect(bare, isolation_level=None, check_same_thread=False)
    ) as connection:
        connection.execute("PRAGMA synchronous = NORMAL")
        rows = [
            (1, slot, int(phone[1:]), 1, 1, 0, int(NOW), int(NOW * 1000), 0, None)
            for slot, phone in enumerate(phones)
        ]
        with transaction(connection):
            connection.executemany(
                "INSERT INTO recipient VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)", rows
            )
        writer = HistoryWriter(history)
        writer.begin()
        every = polls("300", phones, 1 + 2 * ROUNDS * REPORTS, CHANGED)
        first = next(every)
        writer.record(first, first)
        writer.write_out()
        bare_times, apart_times, one_times, stream_times, handing = [], [], [], [], []
        revision = 1
        apart = ThreadPoolExecutor(1)
        for _ in range(ROUNDS):
            begun = time.process_time()
            for _ in range(REPORTS):
                revision += 1
                write_bare(connection, revision)
            bare_times.append((time.process_time() - begun) / REPORTS)
            begun = time.process_time()
            for _ in range(REPORTS):
                revision += 1
                apart.submit(write_bare, connection, revision).result()
            apart_times.append((time.process_time() - begun) / REPORTS)
            batch = [next(every) for _ in range(REPORTS)]
            begun = time.process_time()
            for poll in batch:
                writer.record(poll, poll)
                writer.write_out()
            one_times.append((time.process_time() - begun) / REPORTS)
            batch = [next(every) for _ in range(REPORTS)]
            begun, handed = time.process_time(), time.thread_time()
            for poll in batch:
                writer.record(poll, poll)
            handing.append((time.thread_time() - handed) / REPORTS)
            writer.write_out()
            stream_times.append((time.process_time() - begun) / REPORTS)
        apart.shutdown()
        writer.end()
    bare_time, apart_time, one = median(bare_times), median(apart_times), median(one_times)
    print(
        f"one report: bare {bare_time * 1e6:.0f} µs of CPU, in a thread {apart_time * 1e6:.0f};"
        f" ours {median(stream_times) * 1e6:.0f}, waiting for each commit {one * 1e6:.0f}"
        f" ({one / bare_time:.1f} × bare); on the event loop {median(handing) * 1e6:.0f}"
    )
    return [
        Result("recording reports as they come, to bare", median(stream_times) / bare_time, "×", 3),
        Result("waiting for each commit, to bare in a thread", one / apart_time, "×", 3),
    ]


def write_bare(connection: sqlite3.Connection, revision: int) -> None:
    """The rows of one report's changes: nothing compared, nothing checked."""
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
    connection.execute("COMMIT")


def fill(path: Path) -> list[int]:
    """Record the large history with our own writer, each recipient changed once; its phones.

    Three reports a message: all waiting, half of them delivered, all delivered.
    """
    dice = random.Random(2)
    numbers = some_phones(MESSAGES * RECIPIENTS, dice)
    writer = HistoryWriter(path)
    writer.begin()
    for message in range(MESSAGES):
        own = numbers[message * RECIPIENTS : (message + 1) * RECIPIENTS]
        phones = Phones([f"+{number}" for number in own])
        for poll in polls(str(message), phones, 3, RECIPIENTS // 2):
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


def looking_up(path: Path, numbers: Sequence[int]) -> list[Result]:
    """One phone number among a million recipients, against bare queries with the same answer."""
    dice = random.Random(3)
    ours: list[float] = []
    bare: list[float] = []
    least: list[float] = []
    with closing(sqlite3.connect(path)) as connection, Reader(path) as reader:
        for number in dice.sample(numbers, LOOKUPS):
            begun = time.perf_counter()
            rows = connection.execute(SAME_ANSWER, (number,)).fetchall()
            for row in rows:
                connection.execute(ITS_CHANGES, (row[3], row[4])).fetchall()
            bare.append(time.perf_counter() - begun)
            begun = time.perf_counter()
            connection.execute("SELECT * FROM recipient WHERE phone = ?", (number,)).fetchall()
            least.append(time.perf_counter() - begun)
            text = f"+{number}"
            begun = time.perf_counter()
            found = reader.ask(lambda db, text=text: queries.find_number(db, text))  # type: ignore[misc]
            ours.append(time.perf_counter() - begun)
            assert len(found.sightings) == len(rows)
        fragment, national = [], []
        for number in dice.sample(numbers, 5):
            begun = time.perf_counter()
            reader.ask(lambda db, text=str(number)[-6:]: queries.find_number(db, text))  # type: ignore[misc]
            fragment.append(time.perf_counter() - begun)
            begun = time.perf_counter()
            reader.ask(lambda db, text=f"0{number % 10**9}": queries.find_number(db, text))  # type: ignore[misc]
            national.append(time.perf_counter() - begun)
    there_and_back = asyncio.run(asking(path, [f"+{n}" for n in dice.sample(numbers, LOOKUPS)]))
    print(
        f"one number: bare {median(bare) * 1e6:.0f} µs (its rows alone {median(least) * 1e6:.0f}),"
        f" ours {median(ours) * 1e6:.0f} µs, from the event loop {there_and_back * 1e6:.0f} µs;"
        f" a fragment {median(fragment) * 1e3:.0f} ms"
    )
    return [
        Result("one number among 1,000,000 recipients", median(ours) * 1e3, "ms", 10),
        Result("the same, from the event loop", there_and_back * 1e3, "ms", 10),
        Result("the same, in national spelling", median(national) * 1e3, "ms", 10),
        Result("one number, to bare queries for the same", median(ours) / median(bare), "×", 2),
    ]  # fmt: skip


async def asking(path: Path, texts: Sequence[str]) -> float:
    """Seconds that asking the history for a number takes."""
    history = LocalHistory(path)
    times = []
    for text in texts:
        begun = time.perf_counter()
        await history.ask(methodcaller("find_number", text))
        times.append(time.perf_counter() - begun)
    await history.close()
    return median(times)


async def loading(path: Path) -> list[Result]:
    """A start with 1,000 messages and 500,000 recipients: how long, and what the loop feels."""
    history = LocalHistory(path)
    ids = [str(message) for message in range(1_000)]
    begun = time.perf_counter()
    summaries = await history.ask(lambda it: it.summaries([(each, "default") for each in ids]))
    summed = time.perf_counter() - begun
    assert len(summaries) == len(ids)
    worst = 0.0
    stop = asyncio.Event()

    async def feel() -> None:
        nonlocal worst
        while not stop.is_set():
            tick = time.perf_counter()
            await asyncio.sleep(0.001)
            worst = max(worst, time.perf_counter() - tick - 0.001)

    feeling = asyncio.create_task(feel())
    begun = time.perf_counter()
    loaded, first = 0, 0.0
    async for portion in history.load(ids):
        first = first or time.perf_counter() - begun
        loaded += sum(len(each.recipients) for each in portion)
    whole = time.perf_counter() - begun
    stop.set()
    await feeling
    await history.close()
    assert loaded == 1_000 * RECIPIENTS
    print(
        f"start: 1,000 summaries {summed * 1e3:.0f} ms, first portion {first * 1e3:.0f} ms,"
        f" all 500,000 recipients {whole * 1e3:.0f} ms off the loop"
    )
    return [
        Result("1,000 summaries, for the first paint", summed * 1e3, "ms", 50),
        Result("the event loop's longest wait while all of it loads", worst * 1e3, "ms", 50),
    ]  # fmt: skip


def run() -> list[Result]:
    """Every promise about the history, measured."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        results = recording(folder)
        large = folder / "large.db"
        begun = time.perf_counter()
        numbers = fill(large)
        filled = time.perf_counter() - begun
        size = archive.size(large) / len(numbers)
        print(f"1,000,000 recipients, each changed once, recorded in {filled:.0f} s")
        results.append(Result("on disk, each recipient changed once", size, "B/recipient", 150))
        results += looking_up(large, numbers)
        results += asyncio.run(loading(large))
        return results


def main() -> int:
    results = run()
    print(*results, sep="\n")
    return 0 if all(result.value <= result.bound for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
