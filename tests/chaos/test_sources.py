"""Whenever a process that reads a source is killed: no id is lost, and none comes twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from smsmon.simulator.thread import ServerThread
from smsmon.simulator.world import World
from tests.chaos.crowd import Member
from tests.chaos.sources import READS_ALONE, killed_often
from tests.pty.console import environment


def test_no_id_is_lost_and_none_comes_twice_whenever_a_reader_is_killed(tmp_path: Path) -> None:
    reader = Member("reader", tmp_path, environment(tmp_path))
    killed_often(reader, ["-c", READS_ALONE, str(tmp_path)], kills=6, lives=0.8, seed=3)


@pytest.mark.long
def test_two_hundred_kills_of_a_watch_lose_nothing_and_bring_nothing_twice(tmp_path: Path) -> None:
    with ServerThread(World()) as server:
        environ = environment(tmp_path, SMSMON_BASE_URL=server.base_url, SMSMON_API_KEY=server.key)
        reader = Member("watch", tmp_path, environ)
        print(killed_often(reader, ["-m", "smsmon", "watch"], kills=200, lives=2.0, seed=4))
