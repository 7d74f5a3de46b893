"""A changed settings file is taken over by what runs, or said in one line why not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from time import monotonic, sleep

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smsmon import reloading
from smsmon.accounts import AccountProblem, Accounts
from smsmon.alerts import Severity
from smsmon.clock import Clock
from smsmon.known import Condition
from smsmon.locations import Locations
from smsmon.model import Balance, Entry
from smsmon.monitor.alerts import Alert
from smsmon.reloading import LOOK_EVERY, NEXT_START, Reloading, differences
from smsmon.session import Session
from smsmon.settings import Settings
from smsmon.settings.leaves import leaf_of
from smsmon.settings.loading import read
from smsmon.settings.reading import Reading
from smsmon.settings.telling import built_in_alerts
from smsmon.store import ThisMachine, open_store
from tests.monitor.fakes import FakeSource, row
from tests.support.clock import VirtualClock
from tests.support.waiting import PATIENCE

ONE = "[profiles.default]\n"
TWO = ONE + "[profiles.shop]\n"


class FakeClient(FakeSource):
    """An account's client that answers at once, and tells when it was closed."""

    def __init__(self, name: str, settings: Settings, clock: VirtualClock) -> None:
        super().__init__(clock)
        self.name, self.profile = name, settings.profiles[name]
        self.timeout = settings.network.timeout
        self.closed = False

    async def me(self) -> Balance:
        raise NotImplementedError

    async def aclose(self) -> None:
        self.closed = True


class Running:
    """A session that polls two messages, and follows its settings file."""

    def __init__(self, home: Path, clock: VirtualClock) -> None:
        self.path = home / "config.toml"
        self.clock = clock
        self.said: list[str] = []
        self.told: list[Alert] = []
        self.opened: list[FakeClient] = []
        self.refused: set[str] = set()
        """Accounts whose client cannot be opened."""
        locations = Locations.under(home)
        settings = read(locations, {}).settings
        accounts = Accounts(settings, clock, self.said.append, self._open)
        self.session = Session(accounts, locations, clock, self.said.append, name="test")
        self.reloading = Reloading(
            self.path,
            lambda: read(locations, {}),
            clock,
            settings,
            self._take,
            lambda text, _: self.said.append(text.replace(f"{home}/", "")),
        )

    def _open(self, name: str, settings: Settings, clock: Clock) -> FakeClient:
        if name in self.refused:
            raise AccountProblem(name, f"No API key for profile {name}.")
        self.opened.append(FakeClient(name, settings, self.clock))
        return self.opened[-1]

    async def _take(self, reading: Reading) -> Iterable[str]:
        await self.session.use(reading.settings)
        return self.session.accounts.problems.values()

    async def write(self, text: str) -> list[str]:
        """Put ``text`` into the file, and look at it; gives what is said then."""
        before = len(self.said)
        self.path.write_text(text)
        await self.look()
        return self.said[before:]

    async def look(self) -> None:
        """The two looks within a second."""
        await self.reloading.look()
        await self.reloading.look()
        await self.clock.settle()

    async def until(self, done: Callable[[], object], seconds: float) -> None:
        """Let so many seconds pass, and threads do their work, until ``done()``."""
        await self.clock.advance(seconds)
        deadline = monotonic() + PATIENCE
        while not done():
            assert monotonic() < deadline, self.said
            await asyncio.to_thread(sleep, 0.01)
            await self.clock.advance(seconds)

    def closed(self) -> list[FakeClient]:
        return [each for each in self.opened if each.closed]

    def open_now(self) -> list[str]:
        return [each.name for each in self.opened if not each.closed]


@asynccontextmanager
async def running(home: Path, text: str, *, polls: bool = True) -> AsyncIterator[Running]:
    (home / "config.toml").write_text(text)
    clock = VirtualClock()
    entries = [Entry("300", profile="default"), Entry("400", profile="shop")]
    open_store(Locations.under(home), ThisMachine()).watchlist().add(entries)
    stage = Running(home, clock)
    session = stage.session
    await session.start(stage.told.extend)
    await session.fill()
    await session.open()
    jobs = [asyncio.create_task(session.engine.run()), asyncio.create_task(session.alerts.run())]
    await clock.advance(5.0)
    await stage.look()
    assert stage.said == []
    try:
        yield stage
    finally:
        for job in jobs:
            job.cancel()
        for job in jobs:
            with suppress(asyncio.CancelledError):
                await job
        await session.close()
        assert stage.open_now() == []


InForce = Callable[[Running], object]
CHANGES: dict[str, tuple[str, InForce, object]] = {
    "a new account": (TWO, lambda it: it.session.engine.profiles, ("default", "shop")),
    "another key": (
        TWO.replace("[profiles.shop]", 'api_key_env = "K"\n[profiles.shop]'),
        lambda it: [(each.name, each.profile.api_key_env) for each in it.opened],
        [("default", None), ("default", "K"), ("shop", None)],
    ),
    "the current account": (
        'profile = "shop"\n' + TWO,
        lambda it: it.session.accounts.settings.profile,
        "shop",
    ),
    "budget": (ONE + "[polling]\nbudget = 77", lambda it: it.session.engine.allowed, 77),
    "timeout": (ONE + "[network]\ntimeout = 3", lambda it: it.opened[-1].timeout, 3.0),
    "an alert": (
        ONE + '[alerts.a]\nwhen = "waiting>0"\n',
        lambda it: [rule.name for rule in it.session.alerts.firing("300")],
        ["a"],
    ),
}  # fmt: skip
"""What stands in the file after a change → what is in force then."""


@pytest.mark.parametrize(("text", "seen", "wanted"), CHANGES.values(), ids=CHANGES)
async def test_what_changes_in_the_file_is_in_force_within_a_second(
    text: str, seen: InForce, wanted: object, tmp_path: Path
) -> None:
    async with running(tmp_path, ONE) as stage:
        assert seen(stage) != wanted
        (said,) = await stage.write(text)
        assert said.startswith("config.toml was read anew: ")
        assert "\n" not in said
        await stage.until(lambda: seen(stage) == wanted, 1.0)
        assert await stage.write(text + "# the same\n") == []
        (said,) = await stage.write(ONE)
        if not text.startswith("[profiles.default]\napi_key_env"):
            await stage.until(lambda: seen(stage) != wanted, 1.0)


async def test_a_file_that_cannot_be_used_changes_nothing_and_is_said_once(tmp_path: Path) -> None:
    async with running(tmp_path, ONE + "[polling]\nbudget = 50\n") as stage:
        assert await stage.write("[polling]\nbudget = 0\nconcurency = 1\n") == [
            "config.toml was changed and is not used as it is: line 2:"
            " polling.budget must be a whole number from 1 to 2000. 1 more: `smsmon config check`."
        ]
        await stage.look()
        assert stage.session.engine.allowed == 50
        assert await stage.write(ONE + "[polling]\nbudget = 50\n") == [
            "config.toml can be used again; nothing in it has changed."
        ]
        assert await stage.write("display =") == [
            "config.toml was changed and is not used as it is: line 1: not valid"
            " TOML: Invalid value."
        ]
        assert await stage.write(ONE + "[polling]\nbudget = 60\n") == [
            "config.toml was read anew: polling.budget."
        ]
        assert stage.session.engine.allowed == 60
        stage.path.unlink()
        await stage.look()
        assert stage.said[-1] == "config.toml is gone; what was read of it stays in force."
        assert stage.session.engine.allowed == 60


async def test_a_file_is_not_read_while_it_is_still_being_written(tmp_path: Path) -> None:
    async with running(tmp_path, ONE) as stage:
        for text in ("[polling]\nbud", "[polling]\nbudget = 7", "[polling]\nbudget = 70\n"):
            stage.path.write_text(text)
            await stage.reloading.look()
        assert stage.said == []
        await stage.reloading.look()
        assert stage.said == ["config.toml was read anew: polling.budget."]


async def test_what_only_the_next_start_takes_is_named(tmp_path: Path) -> None:
    async with running(tmp_path, ONE) as stage:
        assert await stage.write(ONE + "[history]\nretention_days = 3\n") == [
            "Only the next start takes history.retention_days."
        ]
        assert await stage.write(ONE + "[polling]\nbudget = 9\n") == [
            "config.toml was read anew: polling.budget. Only the next start takes"
            " history.retention_days."
        ]
    for path in NEXT_START:
        assert leaf_of(path) is not None


async def test_many_changes_are_told_by_their_tables(tmp_path: Path) -> None:
    async with running(tmp_path, ONE) as stage:
        text = "[polling]\nbudget = 9\nconcurrency = 1\n[display]\nutc = true\nprivacy = true\n"
        assert await stage.write(ONE + text) == ["config.toml was read anew: polling, display."]


async def test_an_account_that_did_not_change_keeps_its_client_and_what_is_under_way(
    tmp_path: Path,
) -> None:
    async with running(tmp_path, TWO) as stage:
        default, shop = stage.opened
        engine = stage.session.engine
        default.latency = 20.0
        engine.refresh(["300"])
        await stage.clock.advance(0.1)
        assert default.flying == {"300"}
        asked = len(default.asked)
        await stage.write(TWO + 'api_key_env = "K"\n[polling]\nbudget = 9\n')
        assert [each.name for each in stage.opened] == ["default", "shop", "shop"]
        assert default.flying == {"300"}
        assert shop not in stage.closed(), "what is under way with the old key may end"
        await stage.clock.advance(11.0)
        assert shop in stage.closed()
        await stage.clock.advance(10.0)
        assert default.times("300")[asked - 1 :] == default.times("300")[-1:]
        assert engine.board["300"].read_at == pytest.approx(stage.clock.now(), abs=2)


async def test_an_account_that_is_gone_is_closed_and_its_messages_stay(tmp_path: Path) -> None:
    async with running(tmp_path, TWO) as stage:
        engine = stage.session.engine
        engine.refresh(["400"])
        await stage.clock.settle()
        await stage.write(ONE)
        assert engine.profiles == ("default",)
        assert stage.open_now() == ["default"]
        watched = engine.board["400"]
        assert (watched.in_flight, watched.next_due) == (False, None)
        assert engine.account("400").condition is Condition.STOPPED
        await stage.write(TWO)
        await stage.clock.advance(30.0)
        assert engine.board["400"].next_due is not None
        assert stage.opened[-1].times("400")


async def test_an_account_whose_address_is_another_is_asked_there(tmp_path: Path) -> None:
    async with running(tmp_path, TWO) as stage:
        old = stage.opened[1]
        asked = len(old.asked)
        await stage.write(TWO + 'base_url = "https://other.example/v1"\n')
        await stage.clock.advance(60.0)
        assert len(old.asked) == asked
        assert stage.opened[-1].times("400")
        assert stage.session.engine.allowed == 1200, "each address has a limit of its own"
        await stage.write(TWO)
        assert stage.session.engine.allowed == 600


async def test_an_account_without_a_key_is_stopped_and_goes_on_once_it_has_one(
    tmp_path: Path,
) -> None:
    async with running(tmp_path, ONE) as stage:
        stage.refused = {"shop"}
        (said,) = await stage.write(TWO)
        assert said == "config.toml was read anew: profiles.shop. No API key for profile shop."
        assert stage.session.account("shop").condition is Condition.STOPPED
        assert stage.session.account("default").condition is Condition.OK
        stage.refused = set()
        await stage.write(TWO + 'api_key_env = "K"\n')
        await stage.clock.advance(30.0)
        assert stage.session.account("shop").condition is Condition.OK


async def test_longer_intervals_hold_at_once_and_shorter_ones_bring_polls_forward(
    tmp_path: Path,
) -> None:
    slow = ONE + "[polling]\nmin_interval = 600\nmax_interval = 900\n"
    async with running(tmp_path, slow) as stage:
        source = stage.opened[0]
        await stage.clock.advance(300.0)
        before = len(source.times("300"))
        await stage.write(ONE + "[polling]\nmin_interval = 5\nmax_interval = 20\n")
        await stage.clock.advance(100.0)
        assert len(source.times("300")) - before >= 4
        await stage.write(slow)
        before = len(source.times("300"))
        await stage.clock.advance(500.0)
        assert len(source.times("300")) == before


async def test_an_alert_whose_rule_did_not_change_goes_on_and_is_not_told_again(
    tmp_path: Path,
) -> None:
    rule = '[alerts.a]\nwhen = "waiting>0"\n'
    async with running(tmp_path, ONE + rule) as stage:
        await stage.until(lambda: stage.told, 60.0)
        assert [(each.rule.name, each.firing) for each in stage.told] == [("a", True)]
        other = '[alerts.b]\nwhen = "delivered>5"\n'
        await stage.write(ONE + rule + other + "[display]\nutc = true\n")
        await stage.write(ONE + rule + 'severity = "critical"\n' + other)
        await stage.clock.advance(120.0)
        assert len(stage.told) == 1
        (firing,) = stage.session.alerts.rules_firing
        assert firing.severity is Severity.CRITICAL
        await stage.write(ONE)
        await stage.clock.advance(60.0)
        assert [(each.firing, each.why) for each in stage.told[1:]] == [
            (False, "its rule was removed")
        ]
        assert stage.session.alerts.rules_firing == ()


async def test_the_very_first_rule_knows_what_was_read_before_it_came(tmp_path: Path) -> None:
    async with running(tmp_path, TWO) as stage:
        await stage.clock.advance(300.0)
        read = [each.read_at for each in stage.session.engine.board]
        await stage.write(TWO + '[alerts.a]\nwhen = "recipients>0"\n')
        await stage.until(lambda: stage.session.alerts.rules_firing, 0.0)
        assert [each.read_at for each in stage.session.engine.board] == read
        await stage.until(lambda: stage.told, 60.0)
        assert {(each.rule.name, each.old) for each in stage.told} == {("a", True)}


async def test_what_holds_for_a_new_rule_already_is_no_news_and_what_comes_later_is(
    tmp_path: Path,
) -> None:
    async with running(tmp_path, TWO + '[alerts.z]\nwhen = "delivered>9"\n') as stage:
        rules = '[alerts.a]\nwhen = "id:300 waiting>0"\n[alerts.b]\nwhen = "recipients>1"\n'
        await stage.write(TWO + rules)
        await stage.until(lambda: stage.told, 60.0)
        assert [(each.rule.name, each.old) for each in stage.told] == [("a", True)]
        stage.opened[1].rows["400"] = [row(1), row(2)]
        stage.session.engine.refresh(["400"])
        await stage.until(lambda: stage.told[1:], 60.0)
        assert [(each.rule.name, each.old) for each in stage.told[1:]] == [("b", False)]


ACCOUNTS = st.lists(
    st.tuples(st.sampled_from(["default", "shop", "news"]), st.sampled_from(["", "K", "L"])),
    min_size=1,
    max_size=3,
    unique_by=lambda account: account[0],
)
BUDGETS = st.sampled_from([0, 1, 50, 600])  # 0 is refused


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(ACCOUNTS, BUDGETS), min_size=1, max_size=4))
async def test_after_any_changes_all_is_as_a_new_start_would_have_it(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[list[tuple[str, str]], int]]
) -> None:
    home = tmp_path_factory.mktemp("home")
    async with running(home, ONE) as stage:
        session, in_force = stage.session, read(Locations.under(home), {}).settings
        for accounts, budget in changes:
            tables = [f"[profiles.{name}]\n" + (f'api_key_env = "{key}"\n' if key else "")
                      for name, key in accounts]  # fmt: skip
            text = f'profile = "{accounts[0][0]}"\n[polling]\nbudget = {budget}\n'
            await stage.write(text + "".join(tables))
            now = read(Locations.under(home), {})
            in_force = in_force if now.refused else now.settings
            assert session.accounts.settings == stage.reloading.in_force == in_force
            assert session.engine.profiles == tuple(in_force.profiles)
            assert session.engine.allowed == in_force.polling.budget
            await stage.clock.advance(in_force.network.timeout + 1)
            held = {each.name: each.profile for each in stage.opened if not each.closed}
            assert held == in_force.profiles
            assert len(stage.open_now()) == len(held)


def test_differences_name_each_setting_or_a_whole_new_table() -> None:
    from smsmon.settings.telling import Alert
    from smsmon.settings.types import Polling, Profile

    before = Settings(keymap={"message.add": "b"})
    after = Settings(
        profiles={"default": Profile(), "shop": Profile()},
        polling=Polling(budget=1),
        alerts=built_in_alerts() | {"a": Alert(when="x")},
    )
    assert differences(before, after) == [
        ("profiles", "shop"),
        ("polling", "budget"),
        ("alerts", "a"),
        ("keymap", "message.add"),
    ]
    assert differences(after, after) == []


def test_another_order_of_accounts_is_a_difference() -> None:
    from smsmon.settings.types import Profile

    before = Settings(profiles={"default": Profile(), "shop": Profile()})
    after = Settings(profiles={"shop": Profile(), "default": Profile()})
    assert differences(before, after) == [("profiles",)]


async def test_another_order_of_accounts_is_taken_over(tmp_path: Path) -> None:
    one, other = ("[profiles.default]\n", '[profiles.shop]\napi_key_env = "SHOP"\n')
    async with running(tmp_path, one + other) as stage:
        await stage.write('profile = "default"\n' + other + one)
        assert stage.session.engine.profiles == ("shop", "default")


async def test_nothing_is_read_while_nothing_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path, ONE) as stage:
        looks = []
        signature = reloading._signature

        def counted(path: Path) -> object:
            looks.append(path)
            return signature(path)

        monkeypatch.setattr(reloading, "_signature", counted)
        monkeypatch.setattr(stage.reloading, "_reread", lambda: pytest.fail("it was read"))
        following = asyncio.create_task(stage.reloading.run())
        await stage.until(lambda: len(looks) > 3, LOOK_EVERY)
        assert not following.done()
        following.cancel()
