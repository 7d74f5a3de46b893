"""What reading a report costs, against the plainest way to do it: ``httpx`` and ``json.loads``.

On this process's processor time; the server runs in a process of its own. A read goes through the
same ``httpx``, and besides finds its end a second time, is digested, and is searched for the key:
that may cost half as much again. A batch is given row by row, each held against what was asked.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from typing import Any

import httpx

from smsmon.api.batches import in_order, read_batch
from smsmon.api.client import SmsPartner
from smsmon.api.decode import decode
from smsmon.batch import Outcome, Pair
from smsmon.clock import SystemClock
from smsmon.model import Report, Unchanged
from smsmon.secret import ApiKey
from tests.api.bodies import report, rows
from tests.benchmarks.apart import answering
from tests.benchmarks.pairs import Measure, Promise, cpu, in_turns, ratio

KEY = "0123456789abcdef0123456789abcdef01234567"
SMALL, LARGE = 500, 100_000
ROUNDS, READS = 15, 60
Read = Callable[[], Coroutine[Any, Any, object]]


def run() -> Iterator[Promise]:
    body = report(rows(LARGE))
    ours, theirs = in_turns(ROUNDS, cpu(lambda: decode(body, "111")), cpu(lambda: json.loads(body)))
    yield ratio("decode of 100,000 : json.loads (CPU)", ours, theirs, 0.5)
    pairs = [
        Pair(str(2270000 + place), row["phoneNumber"]) for place, row in enumerate(rows(SMALL))
    ]
    batch = json.dumps(answered(pairs), separators=(",", ":")).encode()
    ours, theirs = in_turns(
        ROUNDS, cpu(lambda: several_batches(batch, pairs)), cpu(lambda: several_loads(batch, pairs))
    )
    yield ratio(f"{READS} batches of 500 : json.loads and a dict (CPU)", ours, theirs, 5.0)
    with answering(SMALL) as base_url, asyncio.Runner() as runner:
        plain_get, plain_read, ours_read, client = readers(base_url)
        first = runner.run(client.bulk_status("111"))
        assert isinstance(first, Report)
        assert len(first.recipients) == SMALL

        async def unchanged() -> None:
            assert isinstance(await client.bulk_status("111", first.digest), Unchanged)

        def each(read: Read) -> Measure:
            return cpu(lambda: runner.run(several(read)))

        get, bare, read, same = in_turns(
            ROUNDS, each(plain_get), each(plain_read), each(ours_read), each(unchanged)
        )
        yield ratio(f"{READS} reads of 500 : GET + json.loads (CPU)", read, bare, 1.5)
        yield ratio(f"{READS} reads of 500, unchanged : GET (CPU)", same, get, 1.5)
        runner.run(client.aclose())
    with answering(LARGE) as base_url, asyncio.Runner() as runner:
        _, plain_read, ours_read, client = readers(base_url)
        ours, theirs = in_turns(
            ROUNDS,
            lambda: runner.run(longest_stop(ours_read)),
            lambda: runner.run(longest_stop(plain_read)),
        )
        yield ratio("longest stop of the event loop, 100,000 : GET + json.loads", ours, theirs, 0.5)
        runner.run(client.aclose())


def answered(pairs: Sequence[Pair]) -> dict[str, Any]:
    """The answer to a batch, as the reference shows it."""
    told = {"success": True, "code": 200}
    said = {"status": "Delivered", "date": "1517934416", "stopSms": "0", "isSpam": "0"}
    return told | {
        "StatutResponse_List": [
            told | {"phoneNumber": pair.phone, "messageId": int(pair.message_id)} | said
            for pair in pairs
        ]
    }


def several_batches(body: bytes, pairs: Sequence[Pair]) -> None:
    for _ in range(READS):
        rows = in_order(read_batch(body, pairs), pairs)
        assert all(row.outcome is Outcome.READ for row in rows)


def several_loads(body: bytes, pairs: Sequence[Pair]) -> None:
    for _ in range(READS):
        rows = json.loads(body)["StatutResponse_List"]
        found = {(str(row["messageId"]), row["phoneNumber"]): row for row in rows}
        assert all(found[pair]["status"] == "Delivered" for pair in pairs)


def readers(base_url: str) -> tuple[Read, Read, Read, SmsPartner]:
    """A bare GET, one whose body is read, and ours; the client that it goes through."""
    bare = httpx.AsyncClient()
    ours = SmsPartner(ApiKey.parse(KEY), clock=SystemClock(), base_url=base_url)

    async def plain_get() -> httpx.Response:
        return await bare.get(f"{base_url}/bulk-status", params={"apiKey": KEY, "messageId": "111"})

    async def plain_read() -> None:
        assert json.loads((await plain_get()).content)["success"]

    async def read() -> None:
        assert isinstance(await ours.bulk_status("111"), Report)

    return plain_get, plain_read, read, ours


async def several(read: Read) -> None:
    for _ in range(READS):
        await read()


async def longest_stop(read: Read) -> float:
    """Seconds for which nobody else is heard by the event loop, while it reads."""
    longest = 0.0
    reading = asyncio.ensure_future(read())
    while not reading.done():
        start = time.perf_counter()
        await asyncio.sleep(0)
        longest = max(longest, time.perf_counter() - start)
    await reading
    return longest
