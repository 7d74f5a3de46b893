"""The versions of ``history.db``: every one that was ever written is read by this program; and a
phone comes back from it as it was.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsmon.alerts import About, Edge, Subject, Telling
from smsmon.model import EventKind
from smsmon.recipients import Status
from smsmon.store.errors import Busy, DiskFull, NotWritable, StoreError
from smsmon.store.local import LocalArrivals, schema
from smsmon.store.local.archive import LocalAlerts
from smsmon.store.local.migrations import MIGRATIONS, Script
from smsmon.store.local.reader import Reader
from smsmon.store.local.schema import SQLITE, open_for_writing
from smsmon.store.past import Unread
from smsmon.store.sql import happenings, queries
from smsmon.store.sql.fence import WholeFence
from tests.store.reports import START, Console, row, rows_of, sound

FIXTURES = sorted(Path(__file__).parent.glob("history_v*.sql"))
"""One real database of each version, dumped by the program that wrote it."""


def old(path: Path, fixture: Path) -> Path:
    """A database at ``path`` as an older program left it."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(fixture.read_text())
    return path


def version(path: Path) -> object:
    return rows_of(path, "PRAGMA user_version")[0][0]


def test_there_is_a_real_file_of_every_version() -> None:
    numbers = [int(re.findall(r"\d+", fixture.name)[0]) for fixture in FIXTURES]
    assert numbers == list(range(1, len(MIGRATIONS) + 1))


@pytest.mark.parametrize("fixture", FIXTURES, ids=lambda path: path.stem)
def test_every_version_is_read_and_written_on(tmp_path: Path, fixture: Path) -> None:
    path = old(tmp_path / "history.db", fixture)
    with Reader(path) as reader:
        (known,) = reader.ask(lambda db: list(queries.load(db, ["300"])))
        happened = reader.ask(lambda db: happenings.timeline(db, "300"))
        (down,) = reader.ask(lambda db: happenings.happened(db, START + 10)).events
        short = reader.ask(lambda db: happenings.in_short(db, START, START + 700))
    unread = {each.message_id: each.unread for each in short if each.unread}
    was_kept = fixture.stem >= "history_v4"
    assert unread.get("302") == ((Unread(START, START + 600),) if was_kept else None)
    assert (known.summary.label, known.summary.tags) == ("Black Friday", ("fr", "promo"))
    assert known.summary.removed_at == START + 20
    assert [each.phone for each in known.recipients] == [
        "+33600000001",
        "+33600000002",
        "0611",
        "+33600000004",
    ]
    assert [each.stop for each in known.recipients] == [True, False, None, False]
    assert list(known.first_seen) == [START, START, START, START + 7]
    assert list(known.changed_at) == [START + 7, 0, 0, 0]
    assert known.absent.keys() == {2}
    assert known.summary.counts.absent == 1
    assert [(each.before, each.after) for each in happened.transitions] == [
        (Status.WAITING, Status.DELIVERED),
        (None, Status.WAITING),
    ]
    assert [each.kind for each in happened.events] == [
        EventKind.FIRST_READ,
        EventKind.ABSENT,
        EventKind.STALE,
    ]
    assert (down.kind, down.detail) == (EventKind.ACCOUNT_DOWN, "no route")
    assert down.until == (START + 70 if fixture.stem >= "history_v3" else None)
    for each in LocalAlerts(path).episodes():
        assert (each.subject, each.label) == (
            Subject(About.MESSAGE, "300", "default"),
            "Black Friday",
        )
    arrivals = LocalArrivals(path).load()
    assert [each.id for each in arrivals] == (["8"] if fixture.stem >= "history_v6" else [])
    with Console(path) as console:
        console.watch("300", known)
        console.poll("300", [row(1), row(2, "Delivered"), row(4)], START + 60)
    assert version(path) == len(MIGRATIONS)
    assert rows_of(path, "SELECT count(*) FROM change") == [(4,)]
    assert sound(path)


def test_numbers_that_version_1_misspelled_are_spelled_as_reports_are_now(tmp_path: Path) -> None:
    path = old(tmp_path / "history.db", FIXTURES[0])
    was: dict[int | str, int | str] = {
        33690123456: 590690123456,
        33269123456: 262269123456,
        33639123456: 262639123456,
        33639980001: 33639980001,
        33698123456: 33698123456,
        33612345678: 33612345678,
        590690123456: 590690123456,
        "+33 (0)6 12 34 56 78": 33612345678,
        "+44 7911 123456": 447911123456,
        "3615": "3615",
        "": "",
    }
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM recipient")
        connection.executemany(
            "INSERT INTO recipient VALUES (1, ?, ?, 1, 1, 0, 0, 1, 0, NULL)", enumerate(was)
        )
    open_for_writing(path).close()
    now = rows_of(path, "SELECT phone FROM recipient ORDER BY slot")
    assert [phone for (phone,) in now] == list(was.values())


def test_what_was_told_by_a_command_in_version_4_fires_still_and_is_not_told_again(
    tmp_path: Path,
) -> None:
    path = old(tmp_path / "history.db", FIXTURES[3])
    alerts = LocalAlerts(path, WholeFence)
    (one,) = alerts.firing()
    assert (one.rule, one.fired_at, one.tags) == ("late", START + 15, ("fr", "promo"))
    fired = Telling(one.number, "command:late", Edge.FIRED)
    over = fired._replace(edge=Edge.OVER)
    assert alerts.claim([fired, over], START + 20) == [False, True]


LATER: Sequence[Script] = (
    *MIGRATIONS,
    (
        "ALTER TABLE message ADD COLUMN cost TEXT NOT NULL DEFAULT ''",
        "UPDATE message SET cost = 'unknown'",
    ),
    ("CREATE INDEX message_by_profile ON message (profile)",),
)
"""Versions that do not exist, to show the way forward works: only one does so far."""


def test_a_made_up_later_version_is_reached_step_by_step(tmp_path: Path) -> None:
    path = old(tmp_path / "history.db", FIXTURES[-1])
    before = rows_of(path, "SELECT * FROM recipient")
    open_for_writing(path, LATER).close()
    assert version(path) == len(LATER)
    assert rows_of(path, "SELECT DISTINCT cost FROM message") == [("unknown",)]
    assert rows_of(path, "SELECT * FROM recipient") == before
    open_for_writing(path, LATER).close()
    assert sound(path)


def test_a_reader_of_an_older_file_migrates_it_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = old(tmp_path / "history.db", FIXTURES[-1])
    monkeypatch.setattr(schema, "MIGRATIONS", LATER)
    monkeypatch.setattr(schema.open_for_writing, "__defaults__", (LATER,))
    with Reader(path) as reader:
        assert ("300", "default") in reader.ask(queries.messages)
    assert version(path) == len(LATER)


@pytest.mark.parametrize("refusal", [NotWritable, DiskFull, Busy])
def test_an_older_file_that_cannot_be_written_is_read_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refusal: type[StoreError]
) -> None:
    path = old(tmp_path / "history.db", FIXTURES[0])

    def refuse(path: Path) -> sqlite3.Connection:
        raise refusal(path, "it cannot be written", "")

    with Reader(path) as reader:
        with monkeypatch.context() as patch:
            patch.setattr(schema, "open_for_writing", refuse)
            (known,) = reader.ask(lambda db: list(queries.load(db, ["300"])))
            assert len(known.recipients) == 4
        assert version(path) == 1
        (known,) = reader.ask(lambda db: list(queries.load(db, ["300"])))  # it can be by now
    assert len(known.recipients) == 4
    assert version(path) == len(MIGRATIONS)


def test_a_migration_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = old(tmp_path / "history.db", FIXTURES[-1])
    broken = (*LATER, ("DROP TABLE nowhere",))
    with pytest.raises(StoreError, match="no such table"):
        open_for_writing(path, broken)
    assert version(path) == len(MIGRATIONS)
    with pytest.raises(sqlite3.OperationalError):
        rows_of(path, "SELECT cost FROM message")


def test_opening_again_migrates_nothing(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    open_for_writing(path).close()
    before = path.read_bytes()
    open_for_writing(path).close()
    assert path.read_bytes() == before


def test_a_path_with_odd_characters_is_fine(tmp_path: Path) -> None:
    path = tmp_path / "été ?#%41" / "history.db"
    open_for_writing(path).close()
    with Reader(path) as reader:
        assert reader.ask(queries.messages) == []


stored, phone_of = SQLITE.stored, SQLITE.phone_of


@given(st.one_of(st.from_regex(r"\+?[0-9]{0,18}", fullmatch=True), st.text()))
def test_a_phone_is_stored_without_loss(phone: str) -> None:
    assert phone_of(stored(phone)) == phone


def test_only_international_numbers_are_stored_as_numbers() -> None:
    assert stored("+33612345678") == 33612345678
    assert [stored(text) for text in ("0612", "+0612", "+", "+٣٣", "+" + "9" * 16)] == [
        "0612",
        "+0612",
        "+",
        "+٣٣",
        "+" + "9" * 16,
    ]
