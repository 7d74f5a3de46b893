"""Several consoles and a watch on one home: one records and tells, all show, all answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from smsmon.alerting.book import AlertBook
from smsmon.alerting.looking import AGAIN, Alerting
from smsmon.alerts import Edge, State, What
from smsmon.locations import Locations
from smsmon.monitor.alerts import Alert
from smsmon.recipients import Status
from smsmon.settings import load_settings
from smsmon.store.errors import StoreError
from smsmon.store.local.archive import LocalAlerts
from smsmon.store.sql import writer
from smsmon.store.sql.fence import WholeFence
from tests.alerting.fakes import InTurn, about, episode
from tests.monitor.fakes import row
from tests.sharing import Home, Member
from tests.targets.fakes import FakeTarget, FakeTargets

CONFIG = """
[alerts.waits]
when = "waiting>0"
clear = "0s"
command = ["page-someone"]
targets = ["on-call"]
[targets.on-call]
command = ["tell"]
digest = "2s"
escalate_to = "lead"
escalate_after = "1m"
[targets.lead]
command = ["tell"]
"""
WAITS, DONE = row(1), row(1, Status.DELIVERED)


class Alerted:
    """A member of the home with alerts, as a session ties them."""

    def __init__(self, member: Member, targets: FakeTargets) -> None:
        self.member = member
        self.shown: list[Alert] = []
        folder = member.history.path.parent
        settings = load_settings(Locations.under(folder), {})
        store: LocalAlerts = member.history.alerts
        self.record = InTurn(store)
        self.book = AlertBook(self.record, member.clock, f"op{len(targets)}@ops")
        self.alerting = Alerting(
            settings,
            member.engine,
            member.clock,
            self.shown.extend,
            member.said.append,
            {},
            self.record,
            wrote=self.book.look_again,
            open_targets=targets.open,
            rng=Random(1),
        )
        self.alerting.sender.grace = 0.0
        member.sharing.took_over = self.alerting.take_over
        member.sharing.wrote = lambda _: self.book.look_again()
        member.watching.recorded_anew = self.alerting.record_anew
        self.book.changed(lambda: self.alerting.answers(self.book.episodes, self.book.silences))
        self.jobs = [
            asyncio.create_task(self.alerting.run()),
            asyncio.create_task(self.book.run()),
        ]

    async def stop(self) -> None:
        for job in self.jobs:
            job.cancel()
        for job in self.jobs:
            with suppress(asyncio.CancelledError):
                await job

    async def killed(self) -> None:
        """End as one that had no time for anything."""
        self.record.fails = True
        await self.stop()
        await self.member.end()

    def states(self) -> list[State]:
        return [self.book.state_of(each) for each in self.book.episodes]


class Crowd(Home):
    """A home whose members have alerts."""

    def __init__(self, folder: Path) -> None:
        (folder / "config.toml").write_text(CONFIG)
        super().__init__(folder, ["300"])
        self.targets = FakeTargets(self.clock)
        self.everyone: list[Alerted] = []

    @property
    def on_call(self) -> FakeTarget:
        return self.targets["on-call"]

    async def alerted(self, name: str = "console") -> Alerted:
        """One more starts, and has read its message."""
        rows = self.members[0].source.rows.get("300", [DONE]) if self.members else [DONE]
        one = Alerted(await self.join(name), self.targets)
        self.everyone.append(one)
        one.member.source.rows["300"] = rows
        began = self.clock.now()
        await self.until(lambda: (one.member["300"].read_at or 0.0) >= began - 10)
        await self.pass_time(2)
        return one


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Crowd]:
    home = Crowd(tmp_path)
    yield home
    for one in home.everyone:
        await one.stop()
    for member in home.members:
        await member.end()


async def test_one_tells_all_show_and_an_answer_here_is_seen_there(home: Crowd) -> None:
    everyone = [await home.alerted(), await home.alerted(), await home.alerted("watch")]
    first, second, _ = everyone
    home.answer(WAITS)
    await home.until(lambda: home.on_call.told and all(each.shown for each in everyone))
    await home.until(lambda: all(each.states() == [State.FIRING] for each in everyone), "the page")

    (episode,) = second.book.episodes
    await second.book.acknowledge([episode.number], "on it")
    took = await home.until(lambda: first.states() == [State.ACKNOWLEDGED], "the answer")
    assert took <= 1.5, "the one that polls looks once a second"
    await home.pass_time(75)
    assert not home.targets["lead"].told, "somebody answered"
    await second.book.withdraw([episode.number])
    await home.until(lambda: home.targets["lead"].told, "the escalation")

    home.answer(DONE)
    await home.until(lambda: len(home.on_call.told) == 2, "its end")
    await home.until(lambda: len(home.targets["lead"].told) == 2, "its end, for whom that reached")
    await home.pass_time(AGAIN + 5)
    assert home.on_call.heard == ["fired 300", "over 300"]
    assert home.targets["command:waits"].heard == ["fired 300", "over 300"]
    assert home.targets["lead"].heard == ["escalated 300", "over 300"]
    (past,) = await first.book.past(0.0)
    assert not past.firing
    for each in everyone:
        assert [alert.firing for alert in each.shown] == [True, False]
        assert each.book.episodes == ()


async def test_a_takeover_tells_what_the_one_before_did_not_and_nothing_twice(home: Crowd) -> None:
    first, second = await home.alerted(), await home.alerted("watch")
    home.answer(WAITS)
    await home.until(lambda: home.on_call.told and second.shown, "the alert")
    await first.stop()  # it polls on, and tells nothing
    home.answer(DONE)
    await home.until(lambda: len(second.shown) == 2, "its end, as shown")
    assert home.on_call.heard == ["fired 300"]
    await first.killed()
    await home.until(lambda: len(home.on_call.told) == 2, "its end, as told")
    await home.pass_time(AGAIN + 5)
    assert home.on_call.heard == ["fired 300", "over 300"]
    assert second.states() == []


@pytest.mark.parametrize("meanwhile", [WAITS, DONE], ids=["it held on", "it ended"])
async def test_a_restart_tells_nothing_twice_and_tells_the_end(
    home: Crowd, meanwhile: object
) -> None:
    first = await home.alerted()
    home.answer(WAITS)
    await home.until(lambda: home.on_call.told, "the alert")
    await first.killed()
    home.answer(meanwhile)  # type: ignore[arg-type]
    again = await home.alerted()
    await home.pass_time(AGAIN + 5)
    if meanwhile is WAITS:
        assert home.on_call.heard == ["fired 300"]
        assert [(each.firing, each.old) for each in again.shown] == [(True, True)]
        (episode,) = again.book.episodes
        assert not episode.old, "it goes on"
        home.answer(DONE)
    await home.until(lambda: len(home.on_call.told) == 2, "its end")
    assert home.on_call.heard == ["fired 300", "over 300"]


async def test_what_held_when_the_first_one_came_is_recorded_and_wakes_nobody(home: Crowd) -> None:
    one = Alerted(await home.join(), home.targets)
    home.everyone.append(one)
    home.answer(WAITS)
    await home.until(lambda: one.book.episodes, "its record")
    assert one.book.episodes[0].old
    home.answer(DONE)
    await home.until(lambda: not one.book.episodes, "its end")
    home.answer(WAITS)
    await home.until(lambda: home.on_call.told, "it fires anew")
    await home.pass_time(AGAIN)
    assert home.on_call.heard == ["fired 300"]


async def test_a_history_that_cannot_be_written_keeps_nothing_from_being_told(home: Crowd) -> None:
    only = await home.alerted()
    only.record.fails = True
    home.answer(WAITS)
    await home.until(lambda: home.on_call.told, "the alert")
    await home.pass_time(20)
    only.record.fails = False
    await home.until(lambda: only.book.episodes, "its record")
    home.answer(DONE)
    await home.until(lambda: len(home.on_call.told) == 2, "its end")
    assert home.on_call.heard == ["fired 300", "over 300"]
    store: LocalAlerts = only.member.history.alerts
    await home.until(lambda: not store.firing(), "the record of its end")
    (episode,) = store.episodes()
    arrived = {each.edge for each in store.told([episode.number])[episode.number] if each.done_at}
    assert arrived == {Edge.FIRED, Edge.OVER}


async def test_what_is_silenced_elsewhere_is_told_when_that_is_over(home: Crowd) -> None:
    first, second = await home.alerted(), await home.alerted()
    await second.book.silence(What.RULE, "waits", 60)
    await home.pass_time(1.5)
    home.answer(WAITS)
    await home.until(lambda: first.states() == second.states() == [State.SILENCED], "the silence")
    await home.pass_time(20)
    assert not home.on_call.told
    await home.until(lambda: home.on_call.told, "what was silenced")
    assert home.on_call.heard == ["fired 300"]


async def test_a_history_that_is_begun_anew_knows_what_fires_and_nothing_is_told_twice(
    home: Crowd,
) -> None:
    only = await home.alerted()
    home.answer(WAITS)
    await home.until(lambda: home.on_call.told, "an alert, so that the next one has another number")
    home.answer(DONE)
    await home.until(lambda: len(home.on_call.told) == 2, "its end")
    await home.pass_time(AGAIN + 5)
    home.answer(WAITS)
    await home.until(lambda: home.on_call.heard == ["fired 300", "over 300", "fired 300"])
    (before,) = only.book.episodes
    await only.book.acknowledge([before.number], "on it")
    await home.pass_time(2)

    path = only.member.history.path
    for journal in ("history.db-wal", "history.db-shm"):
        path.with_name(journal).unlink()
    path.unlink()
    store: LocalAlerts = only.member.history.alerts

    def is_another() -> bool:
        return [each.number for each in only.book.episodes] not in ([], [before.number])

    await home.until(is_another, "what fires, in the new history")
    (after,) = only.book.episodes
    assert after.number != before.number
    assert (after.fired_at, after.subject) == (before.fired_at, before.subject)
    assert only.states() == [State.ACKNOWLEDGED]
    home.answer(DONE)
    await home.until(lambda: home.on_call.heard[3:] == ["over 300"], "its end")
    await home.pass_time(AGAIN + 5)
    assert home.on_call.heard[3:] == ["over 300"]
    assert [each.firing for each in store.episodes()] == [False]
    home.answer(WAITS)
    await home.until(lambda: home.on_call.heard[4:] == ["fired 300"], "the next one")


def of_another_home(path: Path) -> None:
    """With alerts of its own: of a message that nobody watches here, of a rule that is none here,
    and, unanswered, of the very message that an alert is about here."""
    subjects = [about("999"), about("300"), about("998")]
    fired = [episode(rule="waits"), episode(rule="waits"), episode(rule="gone")]
    store = LocalAlerts(path.with_name("other.db"), WholeFence)
    store.fire([replace(one, subject=each) for one, each in zip(fired, subjects, strict=True)])
    put_in_place(path.with_name("other.db"), path)


def of_another_program(path: Path) -> None:
    path.with_name("other.db").write_text("Dear diary, " * 1_000)
    put_in_place(path.with_name("other.db"), path)


def put_in_place(other: Path, path: Path) -> None:
    for journal in ("history.db-wal", "history.db-shm"):
        path.with_name(journal).unlink(missing_ok=True)
    other.rename(path)


@pytest.mark.parametrize("put", [of_another_home, of_another_program])
async def test_a_history_in_the_place_of_ours_is_mended_while_all_goes_on(
    home: Crowd, put: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What fires is in it, with its answers; what does not fire here is over in it."""
    monkeypatch.setattr(writer, "LOOK_EVERY", 0.05)
    only = await home.alerted()
    home.answer(WAITS)
    await home.until(lambda: home.on_call.told)
    (before,) = only.book.episodes
    await only.book.acknowledge([before.number], "on it")
    await home.pass_time(2)

    put(only.member.history.path)
    store: LocalAlerts = only.member.history.alerts

    def mended() -> bool:
        try:
            firing = store.firing()
        except StoreError:
            return False
        return [(each.rule, each.subject.name) for each in firing] == [("waits", "300")]

    await home.until(mended, "what fires here, and nothing else")
    await home.until(lambda: only.states() == [State.ACKNOWLEDGED], "its answer")
    assert [each for each in home.on_call.heard if each.startswith("fired")] == ["fired 300"]
    home.answer(DONE)
    await home.until(lambda: "over 300" in home.on_call.heard[-1], "its end")
    assert not store.firing()
