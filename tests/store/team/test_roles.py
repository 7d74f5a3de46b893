"""Each user of a team's store may do what it needs, and nothing else."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from typing import NamedTuple

import pytest

from smsmon.alerts import Silence, What
from smsmon.model import Arrival, Entry
from smsmon.store.errors import NotWritable
from smsmon.store.shared import Wish
from smsmon.store.team import TeamStore
from smsmon.store.team.address import Address
from smsmon.store.team.care import TeamCare, grants
from smsmon.store.team.database import Access
from tests.support.postgres import binaries, make_store

_ROLES = tuple(f"{role}_{os.getpid()}" for role in ("owner", "poller", "viewer"))


class Users(NamedTuple):
    owner: TeamStore
    poller: TeamStore
    viewer: TeamStore


@pytest.fixture
def users(database: str) -> Users:
    owner, poller, viewer = (database.replace("postgres@", f"{each}@", 1) for each in _ROLES)

    def give_rights() -> None:
        folder = binaries()
        assert folder is not None
        subprocess.run(
            [folder / "psql", "-qX", "-v", "ON_ERROR_STOP=1", database],
            input=grants(*_ROLES),
            text=True,
            check=True,
        )

    give_rights()
    make_store(owner)
    give_rights()
    return Users(*(TeamStore(Access(Address.parse(each))) for each in (owner, poller, viewer)))


def statement(query: str) -> Callable[[TeamStore], object]:
    def run(store: TeamStore) -> object:
        with store.work.writing() as connection:
            return connection.execute(query)

    return run


def prune(store: TeamStore) -> object:
    with store.archive() as archive:
        return archive.prune([], 1e9, 90)


def read(store: TeamStore) -> object:
    with store.archive() as archive:
        archive.happened(0)
        archive.find_number("612")
        return archive.in_short(0, 2e9), archive.info(), store.learned(), store.alerts().firing()


_MEMBER = (
    "INSERT INTO member VALUES ('me', 'console', 'host', 1, 0, 'host', 0, '{}',"
    " now(), now() + interval '1 hour')"
)
_CAME = Entry("7", arrival=Arrival("otp", 60.0))
_READS = [read, lambda store: store.watchlist().load(), lambda store: store.arrivals().load()]
_WRITES = [
    lambda store: store.watchlist().add([Entry("1")]),
    lambda store: store.watchlist().remove(["1"]),
    lambda store: store.arrivals().take([_CAME], "otp", "1"),
    lambda store: store.arrivals().leave(["7"]),
    lambda store: store.alerts().silence(Silence(What.RULE, "slow", 1.0, 2.0, "me")),
    lambda store: store.keep_learned(b"{}"),
    statement("INSERT INTO event (at, kind, profile, detail) VALUES (1, 'x', 'y', '')"),
    statement("INSERT INTO word (text) VALUES ('x')"),
    statement("INSERT INTO message_lease VALUES ('1', 'me', 1)"),
    statement("SELECT make_partitions(1700000000000, 1700000000000)"),
    prune,
]
_MAKES = [
    statement("UPDATE meta SET version = 9"),
    statement("DROP TABLE learned"),
    statement("ALTER TABLE message ADD COLUMN x integer"),
    statement("CREATE TABLE mine (id integer)"),
]


def test_each_may_do_what_it_needs_and_no_more(users: Users) -> None:
    for needed in (*_READS, *_WRITES, statement(_MEMBER)):
        needed(users.poller)
    for needed in (*_READS, statement("DELETE FROM member"), statement(_MEMBER)):
        needed(users.viewer)
    for refused, by in [
        *((each, users.viewer) for each in _WRITES),
        *((each, store) for each in _MAKES for store in (users.poller, users.viewer)),
    ]:
        with pytest.raises(NotWritable):
            refused(by)


def test_who_only_looks_starts_without_a_complaint(users: Users) -> None:
    with users.viewer.archive() as archive:
        assert archive.retire([], 1e9, 90).messages == 0


async def test_the_wishes_of_who_only_looks_are_dropped_without_a_complaint(users: Users) -> None:
    said: list[object] = []
    history = users.viewer.history(listener=said.append)
    history.follow()
    history.start()
    history.wish(Wish("me", 1.0, "focus", "1"))
    await history.flush()
    assert history.looks_only
    assert not said
    await history.close()


def test_what_a_user_may_is_seen(users: Users) -> None:
    looked = {role: TeamCare(store.access).look() for role, store in users._asdict().items()}
    assert {role: str(each.may) for role, each in looked.items()} == {each: each for each in looked}
    assert "to write message" in looked["viewer"].lacking
