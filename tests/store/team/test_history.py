"""A team's history: written by whoever's work it is, once, whatever becomes of the server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest

from smsmon.alerts import About, Episode, Severity, Subject
from smsmon.known import CHIEF, AccountState, Condition, Key, account_part
from smsmon.model import Entry, Event, EventKind
from smsmon.store.errors import Busy, StoreError, Unreachable
from smsmon.store.shared import News
from smsmon.store.team import TeamStore, reach
from smsmon.store.team.address import Address
from smsmon.store.team.bell import Execute
from smsmon.store.team.database import Access
from smsmon.store.team.history import TeamHistory
from smsmon.store.team.keeper import TeamKeeper
from tests.store.reports import START, RecordedBoard, row
from tests.support.keeper import wait_until
from tests.support.postgres import Server, make_store
from tests.support.waiting import PATIENCE

ACCOUNT = account_part("default")
STALE = Event(EventKind.STALE, START, "300")
FIRES = Episode(
    "late", Subject(About.MESSAGE, "300", "default"), Severity.CRITICAL, "x", START, START
)


@dataclass
class Work:
    """What a process believes to be its own."""

    owner: str = "me"
    epochs: dict[str, int] = field(default_factory=dict)

    def epoch(self, name: str) -> int:
        return self.epochs.get(name, 0)


class Recorder(RecordedBoard):
    """A process that records in a team's store."""

    def __init__(self, url: str, epochs: Mapping[str, int] | None = None) -> None:
        self.work: Any = None if epochs is None else Work(epochs=dict(epochs))
        self.store = TeamStore(Access(Address.parse(url)))
        self.outdated: list[Key] = []
        self.anew: list[str] = []
        self.heard: list[StoreError | None] = []
        self.lost: list[str] = []
        self.history = TeamHistory(
            self.store.work, self.store.sharing, lambda: self.work, None, self.heard.append
        )
        super().__init__(self.history.record)
        if self.work is not None:
            self.history.lead(lambda: True, lambda: self.lost.append("lost"))
        self.history.begin(lambda: self.anew.append("anew"), self.outdated.extend)

    def close(self) -> None:
        with suppress(StoreError):
            self.history.end()
        self.store.close()

    @property
    def raw(self) -> psycopg.Connection[tuple[object, ...]]:
        """What its writer is connected by."""
        keeper = self.history._keeper
        assert isinstance(keeper, TeamKeeper)
        assert keeper._connection is not None
        return keeper._connection.raw


@dataclass
class HistoryOwner:
    """Who hears what happened to the database."""

    told: list[object] = field(default_factory=list)

    def begin_anew(self) -> None:
        self.told.append("anew")

    def notify(self, error: StoreError) -> None:
        self.told.append(error)


@pytest.fixture
def process(team_store: str) -> Iterator[Callable[..., Recorder]]:
    """Begins processes, and ends them."""
    made: list[Recorder] = []

    def begin(epochs: Mapping[str, int] | None = None) -> Recorder:
        made.append(Recorder(team_store, epochs))
        return made[-1]

    yield begin
    for each in made:
        each.close()


def put(url: str, query: str, *values: object) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(query.encode(), values)


def found(url: str, query: str) -> list[object]:
    with psycopg.connect(url) as connection:
        return [each for (each,) in connection.execute(query.encode())]


def give(url: str, epochs: Mapping[str, int], owner: str = "me") -> None:
    """Have the database say whose parts of the work these are."""
    for name, epoch in epochs.items():
        put(
            url,
            "INSERT INTO message_lease VALUES (%s, %s, %s) ON CONFLICT"
            " (message_id) DO UPDATE SET owner = excluded.owner, epoch = excluded.epoch",
            name, owner, epoch,
        )  # fmt: skip


ALL = {"300": 3, "301": 5, ACCOUNT: 1, CHIEF: 2}
READ = "SELECT message_id FROM last_poll ORDER BY message_id"
KINDS = "SELECT kind FROM event WHERE kind IN ('stale', 'account up') ORDER BY id"


def record_all(one: Recorder, at: float, word: str = "Waiting") -> None:
    """Something of every part of the work."""
    for message_id in ("300", "301"):
        one.poll(message_id, [row(1, word)], at)
    one.history.record_accounts([AccountState("default", Condition.OK, since=at)])
    one.history.record_event(Event(EventKind.ACCOUNT_UP, at))
    one.history.record_event(STALE)
    one.history.watching([Entry("300", "autumn"), Entry("301")])


@pytest.mark.parametrize("gone", [*ALL, "nothing"])
def test_only_what_is_ours_is_written_and_all_of_it(
    process: Callable[..., Recorder], team_store: str, gone: str
) -> None:
    """One part of the work went to another process, which we do not know yet."""
    give(team_store, ALL)
    one = process(ALL)
    for message_id in ("300", "301"):
        one.watch(message_id)
    if gone in ALL:
        give(team_store, {gone: ALL[gone] + 1}, "other")
    record_all(one, START)
    one.history.write_out()
    assert found(team_store, READ) == [each for each in ("300", "301") if each != gone]
    kinds = [("account up", ACCOUNT), ("stale", CHIEF)]
    assert found(team_store, KINDS) == [kind for kind, part in kinds if part != gone]
    assert found(team_store, "SELECT profile FROM account") == ["default"] * (gone != ACCOUNT)
    labelled = found(team_store, "SELECT label FROM message WHERE label != ''")
    assert labelled == ["autumn"] * (gone not in (CHIEF, "300"))
    assert one.outdated == [(each, "default") for each in ("300", "301") if each == gone]
    assert one.lost == ["lost"] * (gone in ALL)


def test_what_was_heard_before_it_went_and_came_back_is_not_written(
    process: Callable[..., Recorder], team_store: str
) -> None:
    give(team_store, {"300": 1})
    one = process({"300": 1})
    one.watch("300")
    one.history.write_out()
    with psycopg.connect(team_store) as other:
        other.execute("LOCK TABLE message_lease")  # the writer waits for this
        one.poll("300", [row(1)], START)
        assert one.work is not None
        one.work.epochs["300"] = 3
        other.execute("UPDATE message_lease SET epoch = 3")
    one.history.write_out()
    assert found(team_store, READ) == []
    assert (one.outdated, one.lost) == ([("300", "default")], [])
    one.poll("300", [row(1)], START + 1)
    one.history.write_out()
    assert found(team_store, READ) == ["300"]


def test_a_part_cannot_be_taken_while_what_was_heard_of_it_is_written(
    process: Callable[..., Recorder], team_store: str
) -> None:
    give(team_store, {"300": 1})
    one = process({"300": 1})
    one.watch("300")
    taken: list[int] = []

    def take() -> None:
        with psycopg.connect(team_store) as other:
            query = "SELECT 1 FROM message_lease WHERE message_id = '300' FOR UPDATE SKIP LOCKED"
            taken.append(len(other.execute(query).fetchall()))

    keeper = one.history._keeper
    last = keeper.last

    def look(news: News, *, once: bool) -> None:
        take()
        last(news, once=once)

    keeper.last = look  # type: ignore[method-assign]
    one.poll("300", [row(1)], START)
    one.history.write_out()
    take()
    assert taken == [0, 1]


def test_alerts_are_fired_by_the_chief_alone(
    process: Callable[..., Recorder], team_store: str
) -> None:
    give(team_store, {CHIEF: 2})
    chief, other = process({CHIEF: 2}), process({"300": 1})
    assert [bool(each) for each in chief.history.alerts.fire([FIRES])] == [True]
    assert other.history.alerts.fire([FIRES]) == [0]
    give(team_store, {CHIEF: 3}, "other")
    assert chief.history.alerts.end([]) == []
    assert chief.history.alerts.fire([FIRES]) == [0]


@pytest.mark.parametrize("arrives", [True, False])
def test_what_seemed_to_fail_is_told_once(
    process: Callable[..., Recorder], team_store: str, arrives: bool
) -> None:
    """The connection is cut just before or just after the server commits."""
    one = process()
    one.history.write_out()
    raw = one.raw
    execute = raw.execute

    def cut(query: bytes, *more: Any) -> object:
        if query != b"COMMIT":
            return execute(query, *more)
        if arrives:
            execute(query)
        raw.close()
        raise psycopg.OperationalError("the connection was cut")

    raw.execute = cut  # type: ignore[assignment]
    one.history.record_event(STALE)
    with suppress(StoreError):
        one.history.write_out()
    one.history.write_out()
    assert found(team_store, KINDS) == ["stale"]
    assert one.history.trouble is None


def test_what_may_still_arrive_is_waited_for(team_store: str) -> None:
    """The server is still about to commit what the connection was cut at."""
    owner = HistoryOwner()
    access = Access(Address.parse(team_store))
    with closing(TeamKeeper(access)) as keeper, psycopg.connect(team_store) as slow:
        keeper.connected(owner)
        broken = keeper._connection
        assert broken is not None
        row = slow.execute("SELECT pg_current_xact_id()::text").fetchone()
        assert row is not None
        keeper._pending = broken, row[0]
        broken.close()
        for _ in range(2):
            with pytest.raises(Busy) as busy:
                keeper.arrived(owner)
            keeper.failed(busy.value)
        slow.commit()
        assert keeper.arrived(owner)
        assert not keeper.arrived(owner)
    assert owner.told == []


def test_what_is_only_read_again_rings_for_nobody(
    process: Callable[..., Recorder], team_store: str
) -> None:
    one = process()
    bell, rung = one.store.access.bell, list[News]()
    ring = bell.ring

    def noted(execute: Execute, backend: int, news: News) -> News:
        rung.append(news)
        return ring(execute, backend, news)

    bell.ring = noted  # type: ignore[method-assign]
    one.history.followed(True)
    one.watch("300")
    for at in range(4):
        one.poll("300", [row(1)], START + at)
        one.history.write_out()
    assert rung == [News.POLLS]
    assert found(team_store, "SELECT read_at FROM message") == [int(START + 3) * 1000]


def test_while_the_server_is_gone_all_waits_and_then_is_written(
    own_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PAUSE_FIRST", "PAUSE_LEAST"):
        monkeypatch.setattr(reach, name, 0.05)
    make_store(own_server.url())
    one = Recorder(own_server.url())
    one.watch("300")
    one.poll("300", [row(1)], START)
    one.history.write_out()
    own_server.stop("immediate")
    one.poll("300", [row(1, "Delivered")], START + 1)
    one.history.record_event(STALE)
    with pytest.raises(Unreachable):
        one.history.write_out()
    assert isinstance(one.history.trouble, Unreachable)
    own_server.start()
    wait_until(lambda: one.history.trouble is None, "it is written again", PATIENCE)
    one.history.write_out()
    changed = "SELECT after::int FROM change"
    assert (found(own_server.url(), changed), found(own_server.url(), KINDS)) == ([2], ["stale"])
    assert [each and each.reason != "" for each in one.heard] == [True, None]
    assert one.anew == []
    one.close()


def test_a_replica_that_takes_over_is_told_what_it_never_heard(own_server: Server) -> None:
    """The first server loses its power before the second one hears of the last that it wrote."""
    make_store(own_server.url())
    replica = own_server.replica()
    try:
        one = Recorder(f"postgresql://postgres@/postgres?host={own_server.folder},{replica.folder}")
        one.watch("300")
        one.poll("300", [row(1)], START)
        one.history.write_out()
        wait_until(lambda: found(replica.url(), READ), "the replica hears of it", PATIENCE)
        replica.stop()
        one.poll("300", [row(1, "Delivered")], START + 1)
        one.history.write_out()
        own_server.stop("immediate")
        replica.start()
        replica.promote()
        one.history.record_event(STALE)
        wait_until(lambda: _tried(one), "it is found", PATIENCE)
        assert one.anew == ["anew"]
        one.history.restate([one.board["300"]])
        one.history.write_out()
        assert found(replica.url(), "SELECT after::int FROM change") == [2]
        one.close()
    finally:
        replica.close()


def test_what_the_replica_heard_that_takes_over_is_told_once(own_server: Server) -> None:
    """Nobody hears of the COMMIT, and a server with another past cannot tell of it."""
    make_store(own_server.url())
    replica = own_server.replica()
    try:
        one = Recorder(f"postgresql://postgres@/postgres?host={own_server.folder},{replica.folder}")
        one.history.write_out()
        raw = one.raw
        execute = raw.execute

        def take_over(query: bytes, *more: Any) -> object:
            answer = execute(query, *more)
            if query == b"COMMIT":
                wait_until(lambda: found(replica.url(), KINDS), "the replica hears of it", PATIENCE)
                own_server.stop("immediate")
                replica.promote()
                raw.close()
                raise psycopg.OperationalError("the connection was cut")
            return answer

        raw.execute = take_over  # type: ignore[assignment]
        one.history.record_event(STALE)
        wait_until(lambda: _tried(one), "it is found", PATIENCE)
        assert one.anew == ["anew"]
        assert found(replica.url(), KINDS) == ["stale"]
        one.close()
    finally:
        replica.close()


def _tried(one: Recorder) -> bool:
    with suppress(StoreError):
        one.history.write_out()
    return one.history.trouble is None


async def test_a_question_that_nobody_waits_for_is_ended(team_store: str) -> None:
    store = TeamStore(Access(Address.parse(team_store)))
    history = store.history()
    sleeping = asyncio.create_task(
        history.ask(lambda _: history._archive.ask(lambda db: db.execute("SELECT pg_sleep(60)")))
    )
    running = "SELECT 1 FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)'"
    await asyncio.to_thread(wait_until, lambda: found(team_store, running), "it is asked", PATIENCE)
    sleeping.cancel()
    assert await history.ask(lambda archive: archive.messages()) == []
    await history.close()
