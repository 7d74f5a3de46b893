"""What others do to the history's files while it is written: noticed, said once, nothing lost."""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from smsmon.model import Entry
from smsmon.recipients import Recipient
from smsmon.store.errors import StoreError
from smsmon.store.local import history
from smsmon.store.local.archive import LocalArchive
from smsmon.store.local.files import Place, place_of
from smsmon.store.local.history import REPLACED, Held
from smsmon.store.local.reader import Reader
from smsmon.store.sql import queries, writer
from tests.store.reports import START, Console, changes, row, rows_of, sound

MESSAGES = [str(number) for number in range(300, 307)]
ROWS = 40


def journals(path: Path) -> list[Path]:
    return [path.with_name(path.name + end) for end in ("-wal", "-shm")]


def remove(*ends: str) -> Callable[[Path], None]:
    def act(path: Path) -> None:
        for end in ends:
            path.with_name(path.name + end).unlink()

    return act


def rename(path: Path) -> None:
    path.rename(path.with_name("old.db"))


def move_the_folder(path: Path) -> None:
    path.parent.rename(path.parent.with_name("moved"))


def bring_back_a_copy(path: Path) -> None:
    """Of the time before all of it, as from a backup."""
    other = path.with_name("backup.db")
    with Console(other) as console:
        console.watch("1")
        console.poll("1", [row(1)], START - 100)
    other.rename(path)


def write_over(path: Path) -> None:
    """With an older copy of itself, into the very file, when nothing is in the journal."""
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copyfile(path.with_name("copy.db"), path)


def cut(end: str, size: int = 0) -> Callable[[Path], None]:
    return lambda path: os.truncate(path.with_name(path.name + end), size)


DISTURBANCES = {
    "journal removed": remove("-wal"),
    "its index removed": remove("-shm"),
    "both journals removed": remove("-wal", "-shm"),
    "database removed": remove(""),
    "all removed": remove("", "-wal", "-shm"),
    "renamed": rename,
    "folder moved": move_the_folder,
    "replaced": bring_back_a_copy,
    "written over": write_over,
    "emptied": cut(""),
    "cut short": cut("", 8192),
    "journal emptied": cut("-wal"),
}


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "LOOK_EVERY", 0.02)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "smsmon" / "history.db"


class Heard(list[StoreError | None]):
    """What a listener was told, in another thread."""

    def __init__(self) -> None:
        super().__init__()
        self._something = threading.Event()

    def hear(self, error: StoreError | None) -> None:
        self.append(error)
        self._something.set()

    def wait(self) -> None:
        assert self._something.wait(30), "nothing was said"


class Disturbed:
    """A console that has recorded seven messages, and of which one has news afterwards."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.heard = Heard()
        self.console = Console(path, listener=self.heard.hear, anew=self.anew)
        for number, message_id in enumerate(MESSAGES):
            self.console.watch(message_id)
            self.console.poll(message_id, [row(n) for n in range(ROWS)], START)
            if number == 2:
                self.console.writer.write_out()
                LocalArchive(path).vacuum()  # some is in the database, some in its journal
                shutil.copyfile(path, path.with_name("copy.db"))
        self.console.poll(MESSAGES[0], self.news(1), START + 1)
        self.console.writer.write_out()
        assert self.heard == []

    def anew(self) -> None:
        board = self.console.board
        self.console.writer.restate(board[message_id] for message_id in MESSAGES)

    def news(self, delivered: int) -> list[Recipient]:
        return [row(n, "Delivered" if n < delivered else "Waiting") for n in range(ROWS)]

    def told(self) -> list[str]:
        return [str(each) for each in self.heard if each is not None]


@pytest.fixture
def disturbed(path: Path) -> Iterator[Disturbed]:
    made = Disturbed(path)
    with made.console:
        yield made


def as_after_a_kill(path: Path, folder: Path) -> Path:
    """What is on the disk now: the index of the journal is of no use without its process."""
    folder.mkdir()
    for each in (path, journals(path)[0]):
        if each.exists():
            shutil.copy(each, folder / each.name)
    return folder / path.name


@pytest.mark.parametrize("what", DISTURBANCES)
@pytest.mark.parametrize("read", [False, True], ids=["alone", "while it is read"])
def test_it_is_said_once_and_all_that_is_known_is_there_after_a_kill(
    disturbed: Disturbed, path: Path, tmp_path: Path, what: str, read: bool
) -> None:
    reader = Reader(path)
    if read:
        reader.ask(queries.messages)
    with disturbed.console.writer._wake:  # between two looks
        DISTURBANCES[what](path)
    disturbed.heard.wait()
    disturbed.console.poll(MESSAGES[0], disturbed.news(2), START + 2)
    disturbed.console.writer.write_out()
    left = as_after_a_kill(path, tmp_path / "left")
    counts = "SELECT message_id, total, delivered FROM message WHERE message_id != '1' ORDER BY 1"
    assert rows_of(left, counts) == [
        (message_id, ROWS, 2 if message_id == MESSAGES[0] else 0) for message_id in MESSAGES
    ]
    assert rows_of(left, "SELECT count(*) FROM recipient WHERE status = 2") == [(2,)]
    assert sound(left)
    assert len(disturbed.told()) == 1, disturbed.told()
    assert "in use" in disturbed.told()[0] or "kept as" in disturbed.told()[0]
    # And whoever asks is told of the new one.
    assert (
        next(reader.each(lambda db: queries.load(db, MESSAGES[:1]))).summary.counts.delivered == 2
    )
    reader.close()


@pytest.mark.parametrize("what", ["journal removed", "its index removed", "both journals removed"])
def test_a_removed_journal_loses_no_change(
    disturbed: Disturbed, path: Path, tmp_path: Path, what: str
) -> None:
    with Reader(path) as reader:
        reader.ask(queries.messages)
        DISTURBANCES[what](path)
        disturbed.heard.wait()
        disturbed.console.writer.write_out()
    left = as_after_a_kill(path, tmp_path / "left")
    assert [each[5] for each in changes(left)] == [1.0]


def test_a_database_that_is_moved_away_is_whole_where_it_is(
    disturbed: Disturbed, path: Path, tmp_path: Path
) -> None:
    rename(path)
    disturbed.heard.wait()
    disturbed.console.writer.write_out()
    alone = shutil.copy(path.with_name("old.db"), tmp_path / "alone.db")
    assert rows_of(Path(alone), "SELECT count(*) FROM message") == [(len(MESSAGES),)]
    assert sound(Path(alone))


def test_what_other_processes_do_rightly_is_no_disturbance(
    disturbed: Disturbed, path: Path
) -> None:
    console = disturbed.console
    for number in range(3):
        LocalArchive(path).vacuum()
        console.poll(MESSAGES[1], disturbed.news(number), START + 3 + number)
        console.writer.write_out()
        with closing(sqlite3.connect(path)) as other:
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        LocalArchive(path).prune([Entry(each) for each in MESSAGES[: 7 - number]], START, 90)
        with Reader(path) as reader:
            reader.ask(queries.messages)
    console.writer.write_out()
    assert disturbed.told() == []


def test_an_answer_that_is_recorded_anew_adds_nothing(disturbed: Disturbed, path: Path) -> None:
    before = changes(path)
    disturbed.anew()
    disturbed.console.writer.write_out()
    assert changes(path) == before
    disturbed.console.poll(MESSAGES[0], disturbed.news(1), START + 4)
    disturbed.console.writer.write_out()
    assert changes(path) == before


def test_what_goes_between_two_looks_at_the_files_is_told_as_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database was still there at the look at it, its journal no more at the next one."""
    path, look = tmp_path / "history.db", place_of
    kept = Held(path)

    def just_before(of: Path) -> Place:
        there = look(of)
        for each in (path, *journals(path)):
            each.unlink()
        monkeypatch.setattr(history, "place_of", look)
        return there._replace(log=None, shared=None)

    monkeypatch.setattr(history, "place_of", just_before)
    assert kept.look() == REPLACED
    kept.close(REPLACED)
