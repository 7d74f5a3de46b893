"""The history as the console and the commands use it."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from pathlib import Path

import pytest

from smsmon.known import Remembered, Summary
from smsmon.model import Entry
from smsmon.store.errors import StoreError
from smsmon.store.local import archive
from smsmon.store.local.archive import LocalArchive
from smsmon.store.local.history import LocalHistory
from smsmon.store.local.migrations import MIGRATIONS
from smsmon.store.sql.database import Connection
from smsmon.store.sql.history import LOADED_AT_ONCE
from tests.store.reports import START, Console, info, row

DAY = 86_400.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.db"


async def load(history: LocalHistory, *ids: str) -> list[Remembered]:
    return [each async for portion in history.load(ids) for each in portion]


async def summary(history: LocalHistory) -> Summary:
    return (await history.ask(lambda it: it.summaries([("300", "default")])))[0]


async def test_loading_comes_in_portions_in_the_order_asked(path: Path) -> None:
    ids = [str(n) for n in range(300, 306)]
    with Console(path) as console:
        for message_id in ids:
            console.watch(message_id)
            rows = [row(n) for n in range(LOADED_AT_ONCE // 2)]
            console.poll(message_id, rows, START)
    history = LocalHistory(path)
    portions = [portion async for portion in history.load([*reversed(ids), "999"])]
    await history.close()
    assert [[each.summary.message_id for each in portion] for portion in portions] == [
        ["305", "304"],
        ["303", "302"],
        ["301", "300"],
    ]


async def test_a_cancelled_search_is_interrupted_and_the_next_one_answers(path: Path) -> None:
    history = LocalHistory(path)
    begun = threading.Event()

    def endless(connection: Connection) -> None:
        begun.set()
        connection.execute(
            "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT sum(x) FROM n"
        ).fetchone()

    search = asyncio.create_task(history.ask(lambda _: history._archive.ask(endless)))
    assert await asyncio.to_thread(begun.wait, 10)
    search.cancel()
    with pytest.raises(asyncio.CancelledError):
        await search
    assert (await history.ask(lambda it: it.find_number("+33600000001"))).sightings == ()
    await history.close()


async def test_questions_do_not_wait_for_the_writer(path: Path) -> None:
    with Console(path) as console:
        console.watch("300")
        console.poll("300", [row(1)], START)
    history = LocalHistory(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    other.execute("DELETE FROM recipient")
    assert len((await history.ask(lambda it: it.find_number("+33600000001"))).sightings) == 1
    other.execute("ROLLBACK")
    other.close()
    await history.close()


async def test_a_broken_question_is_a_typed_error(path: Path) -> None:
    def nonsense(connection: Connection) -> None:
        connection.execute("SELECT * FROM nowhere")

    history = LocalHistory(path)
    with pytest.raises(StoreError, match="no such table"):
        await history.ask(lambda _: history._archive.ask(nonsense))
    await history.close()


def test_a_history_that_was_never_started_closes_and_makes_no_file(path: Path) -> None:
    asyncio.run(_open_and_close(path))
    assert not path.exists()


async def _open_and_close(path: Path) -> None:
    await LocalHistory(path).close()


def test_vacuum_gives_the_room_back(path: Path) -> None:
    with Console(path) as console:
        console.watch("300")
        console.poll("300", [row(n) for n in range(5_000)], START)
    LocalArchive(path).prune([], START, 90)
    LocalArchive(path).prune([], START + 100 * DAY, 90)
    before, after = LocalArchive(path).vacuum()
    assert after < before / 3
    assert after == archive.size(path)


def test_info_counts_what_is_there(path: Path) -> None:
    with Console(path) as console:
        for message_id in ("300", "301"):
            console.watch(message_id)
            console.poll(message_id, [row(1), row(2)], START)
        console.poll("300", [row(1, "Delivered"), row(2)], START + 1)
        console.writer.watching([Entry("300")])
    found = info(path)
    assert (found.messages, found.removed, found.recipients, found.changes) == (2, 1, 4, 1)
    assert (found.events, found.oldest, found.version) == (2, START, len(MIGRATIONS))
    assert found.bytes >= path.stat().st_size


def test_info_of_no_history_is_all_zero(path: Path) -> None:
    found = info(path)
    assert (found.bytes, found.messages, found.oldest) == (0, 0, None)
    with LocalArchive(path) as archive:
        assert archive.messages() == []
        assert archive.find_number("+33600000003").sightings == ()
    assert not path.exists()


def test_an_empty_file_is_asked_again_once_its_writer_has_filled_it(path: Path) -> None:
    with Console(path) as console:
        console.watch("300")
        console.poll("300", [row(1)], START)
    late = path.with_name("late.db")
    late.touch()
    with LocalArchive(late) as archive:
        assert archive.messages() == []
        late.write_bytes(path.read_bytes())
        assert archive.messages()
