"""A session: what both front ends run on, without either."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace

import pytest

from smsmon.accounts import Accounts
from smsmon.clock import SystemClock
from smsmon.known import Condition
from smsmon.locations import Locations
from smsmon.model import Entry
from smsmon.session import Session
from smsmon.settings import load_settings
from smsmon.store import ThisMachine, open_store
from tests.store.switched import Switched
from tests.support.clock import VirtualClock
from tests.support.waiting import PATIENCE


def made(home: Path, said: list[str], only: set[str] | None = None) -> Session:
    """A session in ``home`` whose one account reads its key from a file there."""
    (home / "config.toml").write_text(f'[profiles.default]\napi_key_file = "{home / "key"}"\n')
    locations, clock = Locations.under(home), SystemClock()
    accounts = Accounts(load_settings(locations, {}), clock, said.append)
    return Session(accounts, locations, clock, said.append, name="test", only=only)


async def test_an_account_that_is_tried_again_has_its_key_read_anew(tmp_path: Path) -> None:
    said: list[str] = []
    session = made(tmp_path, said)
    await session.open()
    assert "key" in session.accounts.problems["default"]
    assert session.account("default").condition is Condition.STOPPED
    (tmp_path / "key").write_text("a" * 40)
    (tmp_path / "key").chmod(0o600)
    await session.retry()
    assert session.accounts.problems == {}
    assert session.account("default").condition is Condition.OK
    await session.close()
    assert session.accounts.clients == {}
    assert said == []


async def test_alerts_are_looked_after_once_it_is_known_what_is_watched(tmp_path: Path) -> None:
    said: list[str] = []
    session = made(tmp_path, said)
    gone = True
    session.__dict__["watchlist"] = Switched(session.watchlist, lambda: gone)
    await session.start(lambda _: None)
    looking = asyncio.create_task(session.alerts.run())
    await session.history.flush()
    assert session.alerts.alerting is not None
    assert not session.alerts.alerting.began.is_set()
    gone = False
    await session.watching.look()
    await asyncio.wait_for(session.alerts.alerting.began.wait(), PATIENCE)
    looking.cancel()
    await asyncio.wait([looking])
    await session.close()
    assert said == []


async def test_a_list_whose_changes_are_told_is_looked_at_again_soon_where_that_failed(
    tmp_path: Path,
) -> None:
    session, clock, moments = made(tmp_path, []), VirtualClock(), list[float]()
    begun = clock.monotonic()

    async def look(*, whole: bool) -> bool:
        assert whole
        moments.append(clock.monotonic() - begun)
        return len(moments) != 2

    session.clock = clock
    session.__dict__["watchlist"] = SimpleNamespace(told=True)
    session.__dict__["watching"] = SimpleNamespace(look=look)
    looking = asyncio.create_task(session.look_at_watchlist(0.5))
    await clock.advance(61.0)
    looking.cancel()
    assert moments == [20.0, 40.0, 40.5, 60.5]


async def test_only_what_is_asked_for_is_watched_and_the_next_session_knows_it(
    tmp_path: Path,
) -> None:
    open_store(Locations.under(tmp_path), ThisMachine()).watchlist().add(
        [Entry("300"), Entry("301")]
    )
    for only, watched in (({"301"}, ["301"]), (None, ["300", "301"])):
        said: list[str] = []
        session = made(tmp_path, said, only)
        await session.start(lambda _: None)
        assert list(session.engine.board.messages) == watched
        assert session.polling is not None
        assert session.polling.here
        await session.close()
        assert said == []


SOURCES = """
[profiles.default]
api_key_env = "OUR_KEY"
[sources.tool]
command = ["sh", "-c", "echo sent 30$OUR_KEY; sleep 600"]
match = 'sent (?P<id>.+)'
"""


async def test_sources_are_read_as_the_settings_say_without_our_key_and_not_by_who_only_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUR_KEY", "7" * 40)
    said: list[str] = []
    sessions = {name: made(tmp_path, said, only) for name, only in (("all", None), ("one", {"1"}))}
    (tmp_path / "config.toml").write_text(SOURCES)
    settings = load_settings(Locations.under(tmp_path), {})
    reading = []
    for name, session in sessions.items():
        await session.start(lambda _: None)
        reading.append(asyncio.create_task(session.incoming.run(), name=name))
        await session.use(settings)
    session = sessions["all"]
    await asyncio.wait_for(session._list_stirred.wait(), PATIENCE)
    assert session.incoming.standings["tool"].taken == 1
    assert [each.id for each in session.watchlist.arrivals.load()] == ["30"]
    assert not sessions["one"].incoming.standings
    for task in reading:
        task.cancel()
    await asyncio.wait(reading)
    for each in sessions.values():
        await each.close()
