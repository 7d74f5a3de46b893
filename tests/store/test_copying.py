"""A whole store in another one: all of it, whatever ends the copy, and nothing mixed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
import pytest

from smsmon.clock import SystemClock
from smsmon.commands.store.words import advice, is_well
from smsmon.model import Arrival, Entry
from smsmon.store.care import Copied
from smsmon.store.errors import StoreError
from smsmon.store.local import LocalStore
from smsmon.store.local.archive import LocalWhole
from smsmon.store.sql import portions
from smsmon.store.sql.copying import Whole, copy
from smsmon.store.sql.portions import TABLES
from smsmon.store.team import open_care, open_whole
from tests.support.postgres import databases

FULL = Path(__file__).parent / "local" / "history_v6.sql"
LISTED = (
    Entry("300", "Black Friday", ("fr", "promo"), "a note", 5.0, True, "other"),
    Entry("0301", "Été 🎉", extra={"colour": "red"}),
    Entry("302", note="signed", note_by="anna@ops1", note_at=1_795_348_800.0),
)


@dataclass
class At:
    """A store without a password."""

    store: str

    def store_password(self, *, anew: bool = False) -> None:
        del anew


Target = Callable[[], Whole]
OPEN = (
    "SELECT query FROM pg_stat_activity"
    " WHERE datname = current_database() AND state ~ 'in transaction'"
)


class Ended(Exception):
    """Stands for what ends a process."""


def local(folder: Path) -> LocalWhole:
    return LocalWhole(LocalStore(folder / "watchlist.toml", folder / "history.db"))


@pytest.fixture
def source(tmp_path: Path) -> LocalWhole:
    """A store with something in each of its tables."""
    folder = tmp_path / "source"
    folder.mkdir()
    with closing(sqlite3.connect(folder / "history.db")) as connection:
        connection.executescript(FULL.read_text())
        connection.execute("INSERT INTO absence VALUES (1, 0, 5, 9)")
        connection.execute("INSERT INTO last_poll VALUES ('300','default',7,1,2,3,4,5,NULL,'',6)")
        connection.execute("INSERT INTO account VALUES ('default','ok',NULL,'',1,2,3,1)")
        connection.execute("UPDATE clock SET agreed_at = 77")
        connection.execute("UPDATE recipient SET phone = 'Perhaps' WHERE slot = 2")
        connection.commit()
    whole = local(folder)
    whole.watchlist().update(lambda _: LISTED)
    whole.store.keep_learned(b'{"default": {}}')
    return whole


def team() -> Target:
    where = At(databases.empty())
    open_care(where).make()
    return lambda: open_whole(where)


@pytest.fixture(params=["local", "team"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Target:
    if request.param == "team":
        return team()
    return lambda: local(tmp_path / "target")


def contents(whole: Whole) -> list[object]:
    """Everything in it."""
    with whole.reading() as connection:
        rows = [(each.name, portions.sum_of(connection, each)) for each in TABLES]
        agreed = connection.execute("SELECT agreed_at FROM clock").fetchone()
    listed = [(each, each.note_by, each.note_at) for each in whole.watchlist().load()]
    return [*rows, agreed, *listed, whole.store.learned()]


def parts(copied: Copied) -> dict[str, int]:
    assert copied.same
    return {each.part: each.target.rows for each in copied.parts}


def test_all_of_it_is_there_and_back_again(
    source: LocalWhole, target: Target, tmp_path: Path
) -> None:
    before = contents(source)
    found = parts(copy(source, target()))
    assert all(found.values()), "every part had something"
    assert contents(target()) == before
    assert contents(source) == before
    back = local(tmp_path / "back")
    copy(target(), back)
    assert contents(back) == before


def test_what_comes_next_stands_behind_what_was_copied(source: LocalWhole, target: Target) -> None:
    copy(source, target())
    arrivals = target().store.arrivals(SystemClock())
    assert [each.id for each in arrivals.load()] == ["8"]
    assert arrivals.position("otp") == "90"
    came = Entry("9", arrival=Arrival("otp", 60.0))
    assert arrivals.take([came, replace(came, id="7")]) == 1
    found = arrivals.newer()
    assert found is not None
    assert not found.moved
    assert [each.id for each in arrivals.known] == ["8", "9"]


def test_no_transaction_waits_for_the_other_store_and_the_server_knows_what_came(
    source: LocalWhole, tmp_path: Path
) -> None:
    where = At(databases.empty())
    open_care(where).make()
    waiting: list[object] = []

    with psycopg.connect(where.store, autocommit=True) as looks:

        def look(*_: object) -> None:
            waiting.extend(looks.execute(OPEN))

        copy(source, open_whole(where), look)
        query = "SELECT reltuples FROM pg_class WHERE oid = 'recipient'::regclass"
        ((known,),) = looks.execute(query)
        ((there,),) = looks.execute("SELECT count(*) FROM recipient")
        copy(open_whole(where), local(tmp_path / "back"), look)
    assert not waiting, "a server ends it after some seconds"
    assert known == there > 0


def test_whatever_ends_it_it_goes_on_where_it_was(
    source: LocalWhole, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(portions, "PORTION", 2)
    told: list[tuple[str, int]] = []

    def ends_at(last: int) -> Callable[[str, int], None]:
        left = iter(range(last))

        def tell(part: str, rows: int) -> None:
            told.append((part, rows))
            if next(left, None) is None:
                raise Ended

        return tell

    for _ in range(14):  # each time after two portions more
        with pytest.raises(Ended):
            copy(source, target(), ends_at(1))
    found = copy(source, target())
    assert contents(target()) == contents(source)
    assert parts(found)["recipient"] == sum(rows for part, rows in told if part == "recipient")


def test_one_that_has_not_ended_is_told(source: LocalWhole) -> None:
    where = At(databases.empty())
    care = open_care(where)
    care.make()
    with pytest.raises(Ended):
        copy(source, open_whole(where), _raise)
    looked = care.look()
    assert looked.copied_from == source.where
    assert not is_well(looked)
    assert any("run it again" in each for each in advice(looked))
    copy(source, open_whole(where))
    assert care.look().copied_from == ""


def test_nothing_is_mixed(
    source: LocalWhole, target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy(source, target())
    before = contents(target())
    with pytest.raises(StoreError, match="there is something in it already"):
        copy(source, target())
    assert contents(target()) == before
    begun = local(tmp_path / "begun")
    with pytest.raises(Ended):
        copy(source, begun, _raise)
    with pytest.raises(StoreError, match=r"a copy of another store, .* has begun"):
        copy(target(), begun)
    with monkeypatch.context() as patched:
        patched.setattr("socket.gethostname", lambda: "other")  # it has a file of that name too
        with pytest.raises(StoreError, match="a copy of another store"):
            copy(source, begun)
    listed = local(tmp_path / "listed")
    listed.watchlist().add([Entry("9")])
    with pytest.raises(StoreError, match="messages of its own"):
        copy(source, listed)


def test_what_changes_meanwhile_is_copied_again(source: LocalWhole, target: Target) -> None:
    changed = iter([True])

    def tell(part: str, _: int) -> None:
        if part == "message" and next(changed, False):
            with closing(sqlite3.connect(source.where)) as connection:
                connection.execute("INSERT INTO word VALUES (99, 'late')")
                connection.execute("UPDATE message SET label = 'late' WHERE id = 1")
                connection.commit()

    copy(source, target(), tell)
    assert contents(target()) == contents(source)


def test_nobody_may_poll_meanwhile(source: LocalWhole, target: Target, tmp_path: Path) -> None:
    folder = tmp_path / "source"
    store = LocalStore(folder / "watchlist.toml", folder / "history.db")
    lease = store.lease(SystemClock(), "watch")
    assert lease.claim(["300"])
    with pytest.raises(StoreError, match=r"watch \d+ polls there"):
        copy(source, target())
    lease.release()
    copy(source, target())


def _raise(*_: object) -> None:
    raise Ended
