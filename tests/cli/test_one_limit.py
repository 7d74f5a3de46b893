"""All programs at one address share its limit, and what one is told holds for all."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest

from smsmon.simulator.faults import FaultPlan, Hang, TooMany, TroubleWindow
from smsmon.simulator.thread import ServerThread
from smsmon.simulator.world import World
from tests.cli.conftest import message
from tests.cli.program import TIMEOUT, Done, Program
from tests.monitor.fakes import windows_passed
from tests.support.keeper import wait_until

IDS = [str(each) for each in range(1000, 1060)]
LIMIT = 25


@pytest.fixture
def server() -> ServerThread:
    world = World(seed=1)
    for id in IDS:
        world.add(message(id, ("+33600000001", "Waiting", False, 1_517_989_111)))
    return ServerThread(world, faults=FaultPlan())


def at_home(folder: Path, server: ServerThread, **more: str) -> Program:
    environ = {
        "SMSMON_BASE_URL": server.base_url,
        "SMSMON_API_KEY": server.key,
        "SMSMON_POLLING_BUDGET": str(LIMIT),
        **more,
    }
    folder.mkdir(exist_ok=True)
    return Program(folder, environ)


def moments(server: ServerThread) -> list[float]:
    return sorted(request.at for request in server.server.requests)


def begun(program: Program, *args: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        program.argv(*args),
        env=program.env(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> None:
    process.terminate()
    process.communicate(timeout=TIMEOUT)


def to_the_line_with(last: str, lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield line
        if last in line:
            return


def test_several_homes_and_commands_never_pass_the_limit_together(
    tmp_path: Path, server: ServerThread
) -> None:
    """Two homes poll and two commands read, each of which alone would use the limit up."""
    with server:
        homes = [at_home(tmp_path / name, server) for name in ("one", "two")]
        for home in homes:
            assert home.run("add", *IDS).code == 0
        asking = [begun(home, "watch") for home in homes]
        asking += [begun(home, "status", *IDS, "--json") for home in homes]
        wait_until(lambda: len(moments(server)) >= LIMIT - 3, "most of it is used", TIMEOUT)
        for each in asking:
            with suppress(subprocess.TimeoutExpired):
                each.wait(1.0)  # whatever would pass the limit passes it at once
        for each in asking:
            ended(each)
        assert windows_passed(moments(server), LIMIT) == 0


def test_what_one_program_is_told_holds_for_all_at_once(
    tmp_path: Path, server: ServerThread
) -> None:
    with server:
        one, two = (at_home(tmp_path / name, server) for name in ("one", "two"))
        server.faults.only(TooMany("600"))
        done = one.run("status", *IDS, "--json")
        assert done.code == 5
        first = len(moments(server))
        assert first <= 8, "what was under way, and nothing after the refusal"
        errors = {each["error"]["kind"] for each in done.json["messages"]}
        assert errors == {"rate_limited"}
        for home in (one, two):
            for args in (("status", "1000", "--json"), ("balance",), ("doctor",)):
                told = home.run(*args)
                assert told.code == 5, args
                assert "Nothing is asked before " in told.out + told.err
                assert " UTC" in told.out + told.err
        assert len(moments(server)) == first


def test_a_watch_tells_until_when_nothing_is_asked_and_reads_on_after(
    tmp_path: Path, server: ServerThread
) -> None:
    with server:
        one, two = (at_home(tmp_path / name, server) for name in ("one", "two"))
        for home in (one, two):
            home.run("add", *IDS[:3])
        server.faults.only(TooMany("3"))
        first = begun(one, "watch")
        wait_until(lambda: moments(server), "it asks", TIMEOUT)
        server.faults.clear()
        second = begun(two, "watch")
        lines = []
        for each, last in ((first, "account_up"), (second, "first_read")):
            assert each.stdout is not None
            lines.append([json.loads(line) for line in to_the_line_with(last, each.stdout)])
            ended(each)
    [down] = [each for each in lines[0] if each.get("kind") == "account_down"]
    assert down["until"] is not None
    assert "Nothing is asked before" in down["detail"]
    assert [each for each in lines[0] if each.get("kind") == "account_up"]
    assert [each for each in lines[1] if each.get("kind") == "first_read"]


def test_status_reads_all_once_a_short_pause_is_over(tmp_path: Path, server: ServerThread) -> None:
    with server:
        home = at_home(tmp_path / "home", server, SMSMON_POLLING_BUDGET="600")
        opens = server.server.world.clock.now()
        server.faults.windows = (TroubleWindow(TooMany("2"), closes=opens + 3),)
        done: Done = home.run("status", *IDS)
        assert done.code == 0, done.err
        assert "Nothing is asked before" in done.err
        gaps = [later - sooner for sooner, later in pairwise(moments(server))]
        assert max(gaps) >= 1.5
        assert len(moments(server)) <= len(IDS) + 8 + 3


def test_the_requests_under_way_are_counted_over_all_profiles(
    tmp_path: Path, server: ServerThread
) -> None:
    with server:
        home = at_home(tmp_path / "home", server, SMSMON_POLLING_BUDGET="600")
        profiles = "".join(
            f'[profiles.p{n}]\nbase_url = "{server.base_url}"\napi_key_env = "SMSMON_API_KEY"\n'
            for n in range(10)
        )
        (home.home / "config.toml").write_text(
            f'profile = "p0"\n[polling]\nconcurrency = 2\n{profiles}'
        )
        env = {**home.environ}
        del env["SMSMON_BASE_URL"]
        home = Program(home.home, env)
        server.faults.only(Hang())
        for n in range(10):
            assert home.run("add", *IDS[n * 3 : n * 3 + 3], "--profile", f"p{n}").code == 0
        watching = begun(home, "watch")
        wait_until(lambda: len(moments(server)) == 2, "both are under way", TIMEOUT)
        with pytest.raises(subprocess.TimeoutExpired):
            watching.wait(2.0)
        ended(watching)
        assert len(moments(server)) == 2


def test_a_full_disk_or_a_foreign_folder_ends_nothing(tmp_path: Path, server: ServerThread) -> None:
    with server:
        home = at_home(tmp_path / "home", server)
        (tmp_path / "smsmon").symlink_to(tmp_path / "elsewhere")
        done = home.run("status", "1000")
        assert done.code == 0
        told = "smsmon: The requests of other smsmon processes cannot be counted"
        assert done.err.startswith(told)
        assert done.err.count("\n") == 1
