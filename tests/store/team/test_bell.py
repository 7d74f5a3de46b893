"""The bell of a team's database, on a real one: heard at once, not too often, and trusted only
where it comes back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from smsmon.store.errors import Unreachable
from smsmon.store.shared import NOTHING_NEW, News
from smsmon.store.team import bell as bells
from smsmon.store.team.bell import APART, EVERYTHING, LOOK_EVERY, LOOK_UNRUNG, Bell
from smsmon.store.team.reach import Reach
from tests.support.clock import VirtualClock
from tests.support.postgres import Pooler, shared
from tests.support.waiting import PATIENCE


class Ears:
    """A bell that listens, and a connection that works beside it."""

    def __init__(self, url: str, monotonic: Callable[[], float] | None = None) -> None:
        self.url = url
        self.reach = Reach()
        given = {} if monotonic is None else {"monotonic": monotonic}
        self.bell = Bell(self._connect, self.reach, **given)
        self.work = psycopg.connect(url, autocommit=True)
        self._rung = threading.Condition()
        self.times = 0
        self.bell.listen(self._hear)

    def _connect(self, **parameters: Any) -> psycopg.Connection[Any]:
        try:
            return psycopg.connect(self.url, autocommit=True, **parameters)
        except psycopg.OperationalError as error:
            raise Unreachable(self.url, str(error), "Wait.") from None

    def _hear(self) -> None:
        with self._rung:
            self.times += 1
            self._rung.notify_all()

    def execute(self, query: str, parameters: Any) -> object:
        return self.work.execute(query.replace("?", "%s").encode(), parameters)

    def ring(self, news: News) -> None:
        left = self.bell.ring(self.execute, self.work.info.backend_pid, news)
        self.bell.owe(left)

    def until(self, done: Callable[[], object], what: str) -> None:
        with self._rung:
            assert self._rung.wait_for(done, PATIENCE), what

    def until_rung(self) -> News:
        """What there is news of, once there is."""
        found = NOTHING_NEW

        def rung() -> News:
            nonlocal found
            found |= self.bell.take()
            return found

        self.until(rung, "it is rung")
        return found

    def begun(self) -> None:
        """Listen, until it is known that the bell works, with nothing left to look at."""
        self.bell.begin()
        self.until(lambda: self.times, "it listens")
        while not self.bell.works:
            self.bell.test(self.execute)
            with self._rung:
                self._rung.wait(0.005)
        self.bell.take()

    def close(self) -> None:
        self.bell.close()
        self.work.close()


@contextmanager
def ears(url: str, *monotonic: Callable[[], float]) -> Iterator[Ears]:
    made = Ears(url, *monotonic)
    try:
        yield made
    finally:
        made.close()


def test_others_hear_of_what_there_is_news(database: str) -> None:
    with ears(database) as one, ears(database) as other:
        one.begun()
        other.begun()
        times = one.times
        one.ring(News.ALERTS)
        assert other.until_rung() == News.ALERTS
        assert other.bell.take() == NOTHING_NEW
        other.ring(News.POLLS | News.WISHES)
        assert one.until_rung() == News.POLLS | News.WISHES
        assert one.times == times + 1, "what we wrote ourselves is known here"


def test_many_rings_are_few_and_the_last_one_is_heard(database: str) -> None:
    with ears(database) as one, ears(database) as other:
        one.begun()
        other.begun()
        times = other.times
        for _ in range(50):
            one.ring(News.POLLS)
        one.ring(News.WATCHLIST)
        heard = NOTHING_NEW
        while News.WATCHLIST not in heard:
            heard |= other.until_rung()
        assert heard == News.POLLS | News.WATCHLIST
        assert other.times - times < 50


def test_one_process_rings_no_more_than_ten_times_a_second() -> None:
    now = 0.0
    rung: list[float] = []
    bell = Bell(lambda **_: pytest.fail("nobody listens"), Reach(), lambda: now)
    bell._connected = True
    for step in range(100):
        now = step / 100
        bell.ring(lambda *_: rung.append(now), 1, News.POLLS)  # noqa: B023 - at once
    assert rung[0] == 0.0, "the first one at once"
    assert len(rung) <= 1.0 / APART


def test_whatever_else_is_said_on_its_channel_it_goes_on_to_hear(database: str) -> None:
    with ears(database) as one, ears(database) as other:
        one.begun()
        for said in ("", "news", "9" * 5000):
            other.execute("SELECT pg_notify(?, ?)", (bells.CHANNEL, said))
            assert one.until_rung() == EVERYTHING


def test_nobody_waits_for_a_bell_that_is_connecting() -> None:
    let_go, reach = threading.Event(), Reach()

    def connect(**_: Any) -> psycopg.Connection[Any]:
        let_go.wait(PATIENCE)
        raise Unreachable("there", "it is gone", "Wait.")

    bell = Bell(connect, reach)
    bell.begin()

    def wake() -> None:
        for _ in range(2_000):
            reach.failed(Unreachable("there", "it is gone", "Wait."))
            reach.worked()

    waking = threading.Thread(target=wake, daemon=True)
    waking.start()
    waking.join(PATIENCE / 4)
    waits = waking.is_alive()
    let_go.set()
    bell.close()
    assert not waits


def test_a_command_that_does_not_listen_rings_each_time(database: str) -> None:
    with ears(database) as command, ears(database) as console:
        console.begun()
        command.ring(News.WATCHLIST)
        command.ring(News.ALERTS)
        heard = NOTHING_NEW
        while heard != News.WATCHLIST | News.ALERTS:
            heard |= console.until_rung()


async def test_it_is_looked_now_and_then_whatever_is_rung(database: str) -> None:
    clock = VirtualClock()
    with ears(database, clock.monotonic) as one:
        one.begun()
        for seconds, news in ((0, False), (LOOK_EVERY - 1, False), (1, True), (1, False)):
            await clock.advance(seconds)
            assert one.bell.due is news
            assert one.bell.take() == (EVERYTHING if news else NOTHING_NEW)


def test_a_bell_whose_connection_was_cut_hears_again_and_has_all_looked_at(database: str) -> None:
    with ears(database) as one, ears(database) as other:
        one.begun()
        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"
        one.work.execute(cut.encode())
        assert one.until_rung() == EVERYTHING
        one.begun()
        other.ring(News.POLLS)
        while one.until_rung() != News.POLLS:
            pass


def test_behind_a_pooler_by_transactions_it_does_not_work(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bells, "BACK_WITHIN", 0.05)
    name = database.partition("?")[0].rpartition("/")[2]
    with Pooler(shared()) as pooler, ears(pooler.url(name)) as one:
        one.bell.begin()
        one.until(lambda: one.times, "it listens")
        times = one.times
        one.bell.test(one.execute)
        one.until(lambda: one.times > times, "it is given up")
        assert not one.bell.works
        one.bell.take()
        seen_at = one.bell._looked_at
        for later, due in ((LOOK_UNRUNG - 0.1, False), (LOOK_UNRUNG, True)):
            one.bell._steady = lambda later=later: seen_at + later  # type: ignore[misc]
            assert one.bell.due is due
