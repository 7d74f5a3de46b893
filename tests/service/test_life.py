"""A service on virtual time: signs of life while all is well, and none while it is not."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from smsmon.locations import Locations
from smsmon.metrics.served import MetricsFile
from smsmon.service import pings
from smsmon.service.health import UNWRITTEN
from smsmon.service.life import Service
from smsmon.settings import load_settings
from smsmon.settings.types import Settings
from smsmon.store.errors import Busy
from tests.service.scene import Scene, doing


class Watched:
    """A service, what it does to files, and what it says."""

    def __init__(self, folder: Path, config: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.scene = Scene(self.settings(config))
        self.touched: list[tuple[float, str]] = []
        self.why_not = ""
        self.said: list[str] = []
        self.environ = {"NOTIFY_SOCKET": "@nobody", "WATCHDOG_USEC": "1000000", "HOME": "/"}
        self.service = Service(
            self.scene.session, self.scene.clock, Locations.under(folder), self.environ, self._say
        )
        monkeypatch.setattr(pings, "touch", self._touch)
        monkeypatch.setattr(asyncio, "to_thread", _here)  # the clock waits for no thread

    def settings(self, config: str) -> Settings:
        (self.folder / "config.toml").write_text(config)
        return load_settings(Locations.under(self.folder), {})

    async def _touch(self, path: Path) -> str:
        self.touched.append((self.scene.clock.monotonic() - 1000, path.name))
        return self.why_not

    def _say(self, sentence: str, level: str, **fields: str) -> None:
        self.said.append(f"{level} {fields['event']}: {sentence}")

    def touched_in(self, seconds: tuple[float, float]) -> int:
        return sum(seconds[0] < at <= seconds[1] for at, _ in self.touched)


async def _here(work: Callable[..., Any], *args: object) -> Any:
    return work(*args)


ALIVE = '[watch]\nping_file = "alive"\nping_every = 60\n'


async def test_a_sign_of_life_is_given_while_all_is_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = Watched(tmp_path, ALIVE, monkeypatch)
    scene = watched.scene
    async with doing(scene.engine.run(), watched.service.run()):
        await scene.clock.advance(600)
        assert [at for at, _ in watched.touched] == [60.0 * i for i in range(11)]
        scene.unwritten = Busy(tmp_path, "locked", "Wait.")
        await scene.clock.advance(2 * UNWRITTEN)
        during = watched.touched_in((600 + UNWRITTEN + 60, 600 + 2 * UNWRITTEN))
        scene.unwritten = None
        await scene.clock.advance(300)
        assert during == 0
        assert watched.touched_in((1200, 1500)) == 5
    assert watched.said == [
        "error health: No sign of life is given any more: The history could not be written for"
        " more than 5 m.",
        "info health: All is well again.",
    ]


def test_what_is_meant_for_this_process_goes_to_none_that_it_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = Watched(tmp_path, "", monkeypatch)
    assert watched.environ == {"HOME": "/"}
    assert watched.service.systemd.watchdog == 1.0


async def test_a_failure_is_told_once_and_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = Watched(tmp_path, ALIVE, monkeypatch)
    async with doing(watched.scene.engine.run(), watched.service.run()):
        for why_not in ("Full.", "Full.", "Gone.", "", ""):
            watched.why_not = why_not
            await watched.scene.clock.advance(600)
    assert watched.said == [
        "error ping: Full.",
        "error ping: Gone.",
        "info ping: alive is touched again.",
    ]


async def test_changed_settings_are_gone_by(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = Watched(tmp_path, "", monkeypatch)
    async with doing(watched.scene.engine.run(), watched.service.run()):
        await watched.scene.clock.advance(120)
        assert watched.touched == []
        watched.service.use(watched.settings(ALIVE))
        await watched.scene.clock.advance(90)
        watched.service.use(watched.settings(ALIVE.replace("alive", "other")))
        await watched.scene.clock.advance(30)
        watched.service.use(watched.settings(ALIVE.replace("alive", f"{tmp_path}/history.db")))
        await watched.scene.clock.advance(30)
        watched.service.use(watched.settings(""))
        await watched.scene.clock.advance(3600)
    assert [name for _, name in watched.touched] == ["alive", "alive", "other"]
    assert watched.said == [
        "error ping: watch.ping_file names a file that smsmon lives on: name another one."
    ]


async def test_a_bug_costs_one_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    watched = Watched(tmp_path, ALIVE, monkeypatch)

    async def broken(path: Path) -> str:
        raise ZeroDivisionError

    touch, _ = pings.touch, monkeypatch.setattr(pings, "touch", broken)
    with caplog.at_level(logging.ERROR):
        async with doing(watched.scene.engine.run(), watched.service.run()):
            await watched.scene.clock.advance(130)
            assert len(caplog.records) == 3
            monkeypatch.setattr(pings, "touch", touch)
            watched.service.use(watched.settings(ALIVE.replace("60", "30")))
            await watched.scene.clock.advance(60)
    assert len(watched.touched) == 3


async def test_the_metrics_are_written_and_gone_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []

    async def write(_: MetricsFile, path: Path, text: bytes) -> str:
        assert b"smsmon_healthy 1" in text
        written.append(path.name)
        return ""

    async def remove(_: MetricsFile, path: Path) -> str:
        written.append("gone")
        return ""

    monkeypatch.setattr(MetricsFile, "write", write)
    monkeypatch.setattr(MetricsFile, "remove", remove)
    watched = Watched(tmp_path, '[watch]\nmetrics_file = "m.prom"\n', monkeypatch)
    async with doing(watched.scene.engine.run(), watched.service.run()):
        await watched.scene.clock.advance(50)
    assert written == ["m.prom"] * 4 + ["gone"]
    assert watched.said == []


async def test_a_port_in_use_is_told_and_taken_when_it_is_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        watched = Watched(tmp_path, f"[watch]\nmetrics_port = {port}\n", monkeypatch)
        async with doing(watched.scene.engine.run(), watched.service.run()):
            await watched.scene.clock.advance(100)
            (told,) = watched.said
            assert f"port {port} of 127.0.0.1 (Address already in use)" in told
            taken.close()
            await watched.scene.clock.advance(31)
            assert watched.said[1:] == [f"info metrics: The metrics are served on port {port}."]
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /metrics HTTP/1.0\r\n\r\n")
            assert b"smsmon_build_info" in await reader.read()
            writer.close()


async def test_without_the_library_it_is_said_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smsmon.service.life.find_spec", lambda _: None)
    watched = Watched(tmp_path, "[watch]\nmetrics_port = 1\n", monkeypatch)
    async with doing(watched.service.run()):
        await watched.scene.clock.advance(60)
    (told,) = watched.said
    assert told.startswith("error metrics: There are no metrics: install smsmon[metrics]")
