"""Several sessions on one team's store, a real one: live everywhere, and gone for none for good."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from smsmon import session as sessions
from smsmon.accounts import Accounts
from smsmon.alerts import What
from smsmon.clock import SystemClock
from smsmon.locations import Locations
from smsmon.model import Entry
from smsmon.session import Session
from smsmon.settings import load_settings
from smsmon.store.team import bell, reach
from tests.support.postgres import Server, make_store
from tests.support.waiting import PATIENCE

_CONNECTIONS = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND application_name = 'smsmon'"
)


def made(home: Path, url: str, said: list[str]) -> Session:
    home.mkdir()
    (home / "config.toml").write_text(
        f'store = "{url}"\n[profiles.default]\napi_key_file = "{home / "key"}"\n'
        'base_url = "http://127.0.0.1:9"\n'
    )
    (home / "key").write_text("0" * 40)
    (home / "key").chmod(0o600)
    locations, clock = Locations.under(home), SystemClock()
    settings = load_settings(locations, {})
    accounts = Accounts(settings, clock, said.append)
    return Session(accounts, locations, clock, said.append, name="console")


@asynccontextmanager
async def running(home: Path, url: str, said: list[str]) -> AsyncIterator[Session]:
    """A session that does what a console does, but for its screen."""
    session = made(home, url, said)
    await session.start(lambda _: None)
    await session.fill()
    await session.open()
    jobs = [
        asyncio.create_task(each)
        for each in (
            session.engine.run(),
            session.sharing.run(),
            session.look_at_watchlist(0.5),
            session.alerts.run(),
        )
    ]
    try:
        yield session
    finally:
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)
        with suppress(Exception):
            await session.close()


async def until(done: Callable[[], object], what: str) -> None:
    async with asyncio.timeout(PATIENCE):
        while not done():  # noqa: ASYNC110 - by threads
            await asyncio.sleep(0.01)
    assert done(), what


@pytest.fixture(autouse=True)
def _by_the_bell_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody looks by himself for an hour where the bell works, and tries again soon."""
    monkeypatch.setattr(sessions, "TOLD_EVERY", 3600.0)
    monkeypatch.setattr(bell, "LOOK_EVERY", 3600.0)
    for name in ("PAUSE_FIRST", "PAUSE_MOST", "PAUSE_LEAST"):
        monkeypatch.setattr(reach, name, 0.2)


async def test_what_one_does_all_see_as_the_bell_rings(tmp_path: Path, team_store: str) -> None:
    said: list[str] = []
    async with (
        running(tmp_path / "one", team_store, said) as one,
        running(tmp_path / "other", team_store, said) as other,
    ):
        for each in (one, other):
            follower = each.sharing._follower
            await until(lambda f=follower: f._bell.works, "its bell works")  # type: ignore[misc]
        await one.watching.add([Entry("300", "Spring")])
        await until(lambda: "300" in other.engine.board, "the message")
        await other.watching.amend(["300"], label="Autumn")
        await until(lambda: one.engine.board["300"].entry.label == "Autumn", "its label")
        await other.alerts.book.silence(What.MESSAGE, "300", 3600.0, "known")
        await until(lambda: one.alerts.book.silences, "the silence")
        assert one.alerts.book.silences[0].note == "known"
        with psycopg.connect(team_store) as asking:
            (number,) = asking.execute(_CONNECTIONS).fetchone() or (0,)
        assert number == 2 * 5, "as the README says of each"
    assert said == []


async def test_it_comes_back_by_itself_also_to_a_replica_that_was_promoted(
    tmp_path: Path, own_server: Server
) -> None:
    make_store(own_server.url())
    replica = own_server.replica()
    url = f"postgresql://postgres@/postgres?host={own_server.folder},{replica.folder}"
    said: list[str] = []
    try:
        async with (
            running(tmp_path / "one", url, said) as one,
            running(tmp_path / "other", url, said) as other,
        ):
            both = (one, other)
            await one.watching.add([Entry("300")])
            await until(lambda: "300" in other.engine.board, "the message")
            for away, back in (
                (own_server.stop, own_server.start),
                (own_server.stop, replica.promote),
            ):
                await asyncio.to_thread(away, "immediate")
                await until(
                    lambda: all(each.sharing.polling.unreachable_since for each in both), "gone"
                )
                assert not any(each.engine.polls for each in both)
                assert all("300" in each.engine.board for each in both)
                await asyncio.to_thread(back)
                await until(
                    lambda: all(each.sharing.polling.unreachable_since is None for each in both),
                    "back",
                )
                await until(lambda: any(each.engine.polls for each in both), "somebody polls")
            await other.watching.add([Entry("301")])
            await until(lambda: "301" in one.engine.board, "what is added afterwards")
        assert said == [], "it is told by the head, and not by notices"
    finally:
        replica.close()
