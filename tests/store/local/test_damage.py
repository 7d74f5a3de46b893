"""Damage in the middle of a history: found, said by who sees it, and mended where it can be."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from smsmon.commands.doctor import Health
from smsmon.commands.doctor.machine import stores
from smsmon.locations import Locations
from smsmon.model import Entry
from smsmon.store.errors import Damaged, StoreError
from smsmon.store.local.archive import LocalArchive
from smsmon.store.local.reader import Reader
from smsmon.store.sql import archive, happenings, queries
from tests.cli.program import Program
from tests.store.reports import START, Console, changes, info, phone, row, sound

PAGE = 4096
ROWS = 200
GONE = 40
"""The recipient that the index of numbers leads to no more."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A history with every kind of page in it: also some that are free."""
    path = tmp_path / "history.db"
    with Console(path) as console:
        for message_id in ("299", "300", "301"):
            console.watch(message_id)
            console.poll(message_id, [row(n) for n in range(ROWS)], START)
            console.poll(message_id, [row(n, "Delivered") for n in range(ROWS)], START + 1)
    LocalArchive(path).prune([Entry("300"), Entry("301")], START, 1)
    LocalArchive(path).prune([Entry("300"), Entry("301")], START + 200_000, 1)
    with closing(sqlite3.connect(path)) as connection:
        # That of the tests is as long as a report, and what overflows a page has no structure.
        connection.execute("UPDATE message SET digest = 'of 32 bytes'")
        connection.commit()
        connection.execute("PRAGMA journal_mode = DELETE")
        (free,) = connection.execute("PRAGMA freelist_count").fetchone()
        assert free > 3
    return path


def answers(path: Path) -> object:
    """What there is to know, by every way to it."""
    with Reader(path, checked=True) as reader:
        loaded = reader.ask(lambda it: list(queries.load(it, ["300", "301"])))
        return (
            [(each.summary, list(each.recipients)) for each in loaded],
            [
                reader.ask(partial(archive.find_number, text=phone(n)))
                for n in (0, ROWS // 2, ROWS - 1)
            ],
            reader.ask(lambda it: happenings.happened(it, 0.0)),
            reader.ask(lambda it: happenings.timeline(it, "301")),
        )


def put_out_of_step(path: Path) -> None:
    """Leave one recipient out of the index of numbers: every page is sound by itself."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        (kept,) = connection.execute(
            "SELECT sql FROM sqlite_master WHERE name = 'recipient_by_phone'"
        ).fetchone()
        hidden = kept + f" WHERE slot != {GONE}"
        renamed = "UPDATE sqlite_master SET sql = ? WHERE name = 'recipient_by_phone'"
        connection.execute(renamed, (hidden,))
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("REINDEX recipient_by_phone")
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(renamed, (kept,))


@pytest.mark.parametrize("how", ["zeros", "ones", "another page"])
def test_a_page_that_is_spoilt_is_found_or_does_no_harm(
    path: Path, tmp_path: Path, how: str
) -> None:
    content = path.read_bytes()
    before = answers(path)
    spoilt = tmp_path / "spoilt.db"
    found = 0
    pages = len(content) // PAGE
    for page in range(1, pages):
        other = content[(page % (pages - 1) + 1) * PAGE :][:PAGE]
        bad = {"zeros": bytes(PAGE), "ones": b"\xff" * PAGE, "another page": other}[how]
        spoilt.write_bytes(content[: page * PAGE] + bad + content[(page + 1) * PAGE :])
        try:
            info(spoilt)
            now = answers(spoilt)
        except Damaged:
            found += 1
        else:
            assert now == before
    assert found > pages / 3


def test_damage_is_a_bad_finding_of_the_doctor(path: Path) -> None:
    content = path.read_bytes()
    locations = Locations.under(path.parent)
    assert Health.BAD not in {each.health for each in stores(locations)}
    path.write_bytes(content[: 9 * PAGE] + bytes(PAGE) + content[10 * PAGE :])
    assert Health.BAD in {each.health for each in stores(locations)}
    path.write_bytes(content)
    put_out_of_step(path)
    assert Health.BAD in {each.health for each in stores(locations)}
    path.write_bytes(content)
    with closing(sqlite3.connect(path)) as other:
        other.execute("DROP TABLE word")
    assert Health.BAD in {each.health for each in stores(locations)}


@pytest.mark.parametrize("suffix", ["-wal", "-shm"])
def test_a_pipe_in_the_place_of_a_journal_is_named(path: Path, suffix: str) -> None:
    os.mkfifo(f"{path}{suffix}")
    with pytest.raises(StoreError, match=f"history.db{suffix}: it is a pipe"):
        LocalArchive(path).vacuum()


def test_an_index_that_is_out_of_step_gives_no_wrong_answer(path: Path) -> None:
    put_out_of_step(path)
    program = Program(path.parent)
    for words in (("find", phone(GONE)), ("find", phone(1)), ("export", "recipients"),
                  ("history", "changes"), ("history", "times"), ("history", "info")):  # fmt: skip
        done = program.run(*words)
        assert (done.code, done.out) == (2, "")
        assert "damaged" in done.err
        assert "set aside" not in done.err, "it is not, by this one"
    assert not list(path.parent.glob("*damaged*"))


def test_an_index_that_is_out_of_step_is_made_anew_and_nothing_lost(path: Path) -> None:
    before = changes(path)
    put_out_of_step(path)
    assert not sound(path)
    heard: list[StoreError | None] = []
    with Console(path, listener=heard.append) as console:
        console.writer.write_out()
        assert console.writer.trouble is None
    assert ["nothing is lost" in str(each) for each in heard] == [True]
    assert sound(path)
    assert changes(path) == before
    with Reader(path) as reader:
        assert len(reader.ask(lambda it: archive.find_number(it, phone(GONE))).sightings) == 2


def test_who_only_reads_says_what_is_true_and_changes_nothing(path: Path, tmp_path: Path) -> None:
    path.write_bytes(b"no database at all" * 1_000)
    before = {each.name for each in path.parent.iterdir()}
    for act in (info, lambda path: LocalArchive(path).vacuum()):
        with pytest.raises(Damaged, match="left as it is; the console or `smsmon watch`"):
            act(path)
    assert path.read_bytes() == b"no database at all" * 1_000
    assert {each.name for each in path.parent.iterdir()} == before
