"""Nothing on the screen is told that is not so: not for a minute, and not while all fails."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from smsmon.console import details, head, reasons
from smsmon.console.export import message_record
from smsmon.console.formats import Formats
from smsmon.console.line import Part
from smsmon.console.totals import totals
from smsmon.known import AccountState, Condition
from smsmon.model import Counts, Entry, Fault, FaultKind
from smsmon.monitor.account import held_back
from smsmon.monitor.standing import standing
from smsmon.monitor.state import MessageState, Watched
from tests.monitor.fakes import pause
from tests.support.clock import START, VirtualClock
from tests.support.scene import DAY, SMALL, WIDE, Scene
from tests.support.waiting import screen_text

NETWORK = Fault(FaultKind.NETWORK, "The connection was refused.")
REFUSED = Fault(FaultKind.AUTH, "SMS Partner refuses the API key: check it, then retry.", 10)
WORDY = Fault(
    FaultKind.SERVER,
    "HTTP 502, and not in SMS Partner's words: the answer is a web page or some such, and not a"
    " report about this message or about any other.",
)
FEW = [Entry("2270142"), Entry("2269900"), Entry("2270139")]


@asynccontextmanager
async def opened(
    home: Path, entries: list[Entry], size: tuple[int, int] = WIDE, *, fault: Fault | None = None
) -> AsyncIterator[tuple[Scene, Pilot[Any]]]:
    scene = Scene(home, entries, environ={"SMSMON_DISPLAY_UTC": "true"})
    scene.client.fault = fault
    async with scene.app.run_test(size=size) as pilot:
        await scene.open(pilot, 60)
        yield scene, pilot


def first_line(scene: Scene) -> str:
    return screen_text(scene.app).splitlines()[0]


def row_of(scene: Scene, id: str) -> str:
    return next(line for line in screen_text(scene.app).splitlines() if line[2:].startswith(id))


def formats(clock: VirtualClock | None = None) -> Formats:
    return Formats(clock or VirtualClock(), zone=UTC)


def said(part: Part) -> str:
    """The longest form of a part of a line."""
    return part.forms[0].plain


async def test_the_first_line_says_from_the_first_failure_that_the_api_fails(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path, FEW) as (scene, pilot):
        heard: list[object] = []
        scene.screen.session.engine.subscribe(heard.append)
        scene.client.fault = NETWORK
        await scene.clock.run_until(lambda: any(getattr(each, "events", ()) for each in heard))
        since = scene.clock.now()
        await scene.show(pilot)
        at = scene.screen.formats.moment(since)
        assert f"API ○ failing since {at}: The connection was refused." in first_line(scene)
        assert not scene.screen.query_one("#head").has_class("-trouble")
        await scene.pass_time_until(pilot, lambda: f"○ down since {at}" in first_line(scene))
        scene.client.fault = None
        await scene.pass_time_until(pilot, lambda: "API ● ok" in first_line(scene), 180)


async def test_nobody_says_ok_before_anything_was_answered(tmp_path: Path) -> None:
    scene = Scene(tmp_path, [])
    async with scene.app.run_test(size=WIDE) as pilot:
        scene.screen.head.show()
        assert "API ~ no answer yet" in first_line(scene)
        await scene.open(pilot, 2)  # the balance is answered
        assert "API ● ok" in first_line(scene)


async def test_refreshing_says_what_stands_in_the_way(tmp_path: Path) -> None:
    async with opened(tmp_path, FEW) as (scene, pilot):

        async def pressed(key: str) -> list[str]:
            before = len(scene.said)
            await pilot.press(key)
            await pilot.pause()
            return [told for told in scene.said[before:] if "account" in told]

        assert await pressed("r") == await pressed("R") == []
        scene.client.fault = Fault(FaultKind.RATE_LIMITED, "Too many.", retry_after=600)
        await scene.pass_time(pilot, 120)
        [told] = await pressed("r")
        assert "The account is down since 10:01:" in told
        assert ": Too many. The next try is at 10:1" in told
        assert told.endswith(": the API asked for a pause until 10:11:00.")
        assert await pressed("R") == [told]
        scene.client.fault = REFUSED
        await scene.pass_time_until(pilot, lambda: "○ stopped" in first_line(scene))
        [told] = await pressed("r")
        assert "The account is stopped since 10:" in told
        assert told.endswith(": check it, then retry. Nothing is asked; t tries again.")
        assert await pressed("R") == [told]


HELD = AccountState("default", Condition.DOWN, WORDY, START, START + 605, held_until=START + 600)
DOWN = AccountState("default", Condition.DOWN, WORDY, START, START + 90)


@pytest.mark.parametrize("width", [60, 80, 120, 140, 200])
@pytest.mark.parametrize("others", [0, 1, 4])
def test_until_when_nothing_is_asked_is_told_at_every_width(width: int, others: int) -> None:
    for account, told in ((HELD, "○ held until 10:10:00"), (DOWN, "○ down, next try 10:01:30")):
        well = tuple(AccountState(f"other {number}") for number in range(others))
        states = Counter({MessageState.STALE: 1200, MessageState.LIVE: 3400})
        top = head.Head((account, *well), states, name="production", used=599, allowed=600)
        line = head.truth(top, formats(), width).plain
        assert told in line or told.replace(", next", " since 10:00:00, next") in line
        assert len(line) <= width


async def test_a_hold_is_shown_while_older_requests_are_still_answered(tmp_path: Path) -> None:
    """The head says no "ok", and the refresh keys say until when nothing is asked."""
    async with opened(tmp_path, FEW) as (scene, pilot):
        engine = scene.screen.session.engine
        engine.refresh_all()
        held = engine._pollers["default"]._budget
        held.refused(
            scene.clock.monotonic(),
            Fault(FaultKind.RATE_LIMITED, "Too many.", 429, retry_after=600),
        )
        await scene.pass_time(pilot, 30)
        until = scene.screen.formats.moment(START + 60 + 600)
        for _ in range(4):
            assert f"○ held until {until}" in first_line(scene)
            assert "ok" not in first_line(scene)
            await scene.pass_time(pilot, 100)
        before = len(scene.said)
        await pilot.press("R")
        await pilot.pause()
        told = " ".join(scene.said[before:])
        assert f"asked for a pause until {until}" in " ".join(told.split())
        await scene.pass_time_until(pilot, lambda: "API ● ok" in first_line(scene), 300)


async def test_refreshing_says_when_the_limit_is_used_up_or_all_is_paused(tmp_path: Path) -> None:
    async with opened(tmp_path, FEW) as (scene, pilot):
        engine = scene.screen.session.engine
        budget = engine._pollers["default"]._budget

        async def pressed(key: str) -> str:
            before = len(scene.said)
            await pilot.press(key)
            await pilot.pause()
            return " ".join(scene.said[before:])

        while not budget.take(scene.clock.monotonic()):
            budget.over(scene.clock.monotonic())
        for key in "rR":
            told = await pressed(key)
            assert "All 600 requests a minute are used up" in told
            assert "The next goes out at 10:0" in told
        await scene.pass_time(pilot, 61)
        assert "used up" not in await pressed("R")
        for each in list(engine.board.messages):
            pause(engine, [each])
        assert "every message is paused" in await pressed("R")


async def test_what_is_painted_after_a_read_is_that_read(tmp_path: Path) -> None:
    """The time of the read, in every place that tells it; also where nothing changed."""
    async with opened(tmp_path, FEW) as (scene, pilot):
        await pilot.press("enter")
        engine = scene.screen.session.engine
        watched = engine.board["2270142"]
        for key in "rRrR":
            await scene.clock.advance(1.0)
            pressed_at = scene.clock.now()
            await pilot.press(key)
            await scene.clock.run_until(lambda: (watched.read_at or 0) > pressed_at)  # noqa: B023
            await scene.clock.advance(2.2)
            await pilot.pause()
            read = scene.screen.formats.moment(watched.read_at)
            assert f"read {read}" in screen_text(scene.app)


def test_what_a_try_that_is_under_way_answers_is_not_promised_for_a_moment_gone_by() -> None:
    down = AccountState("default", Condition.DOWN, NETWORK, START - 60, START - 1)
    line = head.truth(head.Head((down,), Counter()), formats(), 140).plain
    assert "○ down since 09:59:00, trying now: The connection was refused." in line
    told = reasons.why_not_asked(down, formats(), "t", named=True)
    assert told.startswith("The account default is down since 09:59:00: ")
    assert told.endswith("It is being tried now.")


async def test_the_age_of_a_stale_row_counts_from_its_last_read_and_is_true_each_second(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path, FEW) as (scene, pilot):
        scene.client.fault = NETWORK
        await scene.pass_time(pilot, 1)
        watched = scene.screen.session.engine.board["2270142"]
        assert watched.read_at is not None
        await scene.clock.run_until(lambda: watched.fault is not None)
        told = set()
        for _ in range(150):
            await scene.pass_time(pilot, 1)
            minutes = int(scene.clock.now() - watched.read_at) // 60
            age = f"{minutes} m" if minutes else "<1 m"
            assert f"! stale {age} " in row_of(scene, "2270142")
            told.add(age)
        assert {"<1 m", "1 m", "2 m"} <= told


async def test_the_reason_under_the_cursor_is_whole_on_a_small_screen(tmp_path: Path) -> None:
    async with opened(tmp_path, list(DAY), SMALL) as (scene, pilot):
        before = screen_text(scene.app).splitlines()
        scene.client.fault = WORDY
        await scene.pass_time(pilot, 300)
        for key in ("up", "enter"):  # from the messages, and from the recipients of one
            await pilot.press(key)
            await scene.show(pilot)
            shown = " ".join(screen_text(scene.app).split())
            assert f"! {WORDY.message}" in shown
        await pilot.press("enter")
        await scene.show(pilot)
        assert "· ! stale " in screen_text(scene.app).splitlines()[1]
        await pilot.press("escape", "escape")
        await scene.show(pilot)
        now = screen_text(scene.app).splitlines()
        assert [line[2:9] for line in now[4:15]] == [line[2:9] for line in before[4:15]]
        scene.client.fault = None
        await scene.pass_time_until(pilot, lambda: "HTTP 502" not in screen_text(scene.app), 600)


async def test_a_message_never_read_shows_no_counts(tmp_path: Path) -> None:
    async with opened(tmp_path, FEW, fault=NETWORK) as (scene, _):
        row = row_of(scene, "2270142")
        assert "! not read" in row
        assert "0" not in row.removeprefix("  2270142").partition("API")[0]
        assert "not read yet" in screen_text(scene.app)
        assert "0 recipients" not in screen_text(scene.app).splitlines()[2]
        engine = scene.screen.session.engine
        watched = engine.board["2270142"]
        record = message_record(watched, standing(engine, watched, scene.clock.now()))
        assert record["recipients"] is record["waiting"] is record["delivered"] is None
        rows: Any = scene.screen.picture.messages.table.rows
        assert rows.values("waiting", ["2270142"]) == [None]


async def test_a_list_that_cannot_be_read_is_said_once_and_where_it_would_be(
    tmp_path: Path,
) -> None:
    (tmp_path / "watchlist.toml").write_text("[[message]\nid = 1")
    async with opened(tmp_path, []) as (scene, _):
        assert len([each for each in scene.said if "watchlist.toml" in each]) == 1
        shown = " ".join(screen_text(scene.app).split())
        assert "The watchlist cannot be read, so nothing is watched." in shown
        assert "Mend it" in shown
        assert "watchlist read-only" in shown
        assert "Nothing is watched yet" not in shown


async def test_where_all_has_left_by_itself_nobody_is_told_that_nothing_came_yet(
    tmp_path: Path,
) -> None:
    source = "[sources.codes]\ncommand = ['true']\nmatch = '(?P<id>[0-9]+)'\n"
    (tmp_path / "config.toml").write_text(source)
    async with opened(tmp_path, []) as (scene, _):
        shown = " ".join(screen_text(scene.app).split())
        assert "Nothing is watched now. What the sources tell of comes by itself" in shown


def test_when_it_is_next_read_is_never_told_of_a_moment_gone_by() -> None:
    clock = VirtualClock()
    watched = Watched(Entry("300"))
    well = AccountState("default")
    assert said(details.recipients_count(watched)) == "not read yet"
    assert said(details.read_note(watched, well, formats(clock))) == ""
    watched.read_at, watched.counts = START - 5, Counts(total=1, waiting=1)
    assert said(details.recipients_count(watched)) == "1 recipient"
    assert " 1 filtered recipient " in f" {totals(watched.counts, 80, of_filtered=True).plain} "
    for due, told in ((60, ", next 10:01:00"), (10, ", next soon"), (-3, ", due now")):
        watched.next_due = START + due
        assert said(details.read_note(watched, well, formats(clock))) == f"read 09:59:55{told}"
    down = AccountState("default", Condition.DOWN, NETWORK, START, START + 9)
    assert said(details.read_note(watched, down, formats(clock))) == "read 09:59:55"


def test_an_age_is_told_as_it_stays_true() -> None:
    clock = VirtualClock()
    eye = formats(clock)
    ages = {0: "<1 m", 59.9: "<1 m", 60: "1 m", 3599: "59 m", 7500: "2 h 5 m", -5: "<1 m"}
    assert {age: eye.since(START - age) for age in ages} == ages
    assert eye.since(START + 3600) == "11:00"  # the clock was set back: nobody knows how long
    eye.still = True
    assert eye.since(START - 60) == "09:59"
    assert eye.since(START - 90_000) == "21 Nov"


@pytest.mark.parametrize("width", [60, 80, 140])
@pytest.mark.parametrize("others", [1, 4, 40])
def test_the_reason_of_accounts_that_are_down_together_is_told_at_once(
    width: int, others: int
) -> None:
    """However many they are, and whatever of them has another trouble."""
    down = [
        AccountState(f"a{number}", Condition.DOWN, NETWORK, START + number, START + 90 + number)
        for number in range(2 + others)
    ]
    line = head.truth(head.Head(tuple(down), Counter()), formats(), width).plain
    assert "○ down" in line
    assert (NETWORK.message.split()[0] in line) or width < 80
    held = AccountState("b", Condition.DOWN, HELD.fault, START, START + 605, held_until=START + 600)
    stopped = [AccountState(name, Condition.STOPPED, REFUSED, START) for name in "cd"]
    line = head.truth(head.Head((*down, held, *stopped), Counter()), formats(), width).plain
    for told in ("down", "b ○ held until 10:10:00", "stopped"):
        assert told in line
    assert f"{2 + others} " in line or all(each.profile in line for each in down)
    assert len(line) <= width


def test_a_reason_that_is_not_of_all_is_told_as_of_none() -> None:
    down = tuple(
        AccountState(name, Condition.DOWN, fault, START, START + 90)
        for name, fault in (("a", NETWORK), ("b", WORDY))
    )
    for width in range(20, 300):
        line = head.truth(head.Head(down, Counter()), formats(), width).plain
        assert (NETWORK.message in line) <= ("a ○ down" in line)
        assert ("accounts" in line) <= (NETWORK.message not in line)


def test_a_network_that_fails_is_not_told_as_a_pause_that_the_api_asked_for() -> None:
    own = AccountState("default", Condition.DOWN, NETWORK, START, START + 9)
    seen = held_back(own, START + 600, START)
    line = head.truth(head.Head((seen,), Counter()), formats(), 140).plain
    assert "○ down since 10:00:00, next try 10:10:00: The connection was refused." in line
    assert "held" not in line
    assert "pause" not in reasons.why_not_asked(seen, formats(), "t", named=False)


@pytest.mark.parametrize("jump", [86_400.0, -86_400.0])
async def test_no_moment_of_another_day_is_told_as_one_of_today(
    tmp_path: Path, jump: float
) -> None:
    """Neither after midnight nor once the clock was set, wherever moments are told."""
    async with opened(tmp_path, FEW) as (scene, pilot):
        await scene.pass_time(pilot, 5)
        seen = scene.screen.formats.moment(START).strip()[:5]
        lines = len([line for line in screen_text(scene.app).splitlines() if f" {seen}:" in line])
        assert lines > 3
        scene.client.fault = NETWORK
        scene.clock.jump(jump)
        scene.screen.updates.tick()
        await scene.show(pilot)
        day, text = scene.screen.formats.moment(START).strip()[:6], screen_text(scene.app)
        log = text.partition("what happened")[2].splitlines()
        assert all(day in line for line in log if f" {seen}" in line), text
