"""The words of ``sd_notify``, heard by a real socket."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from smsmon.service.life import Systemd


class Listener(NamedTuple):
    """What stands where systemd would."""

    address: str
    socket: socket.socket

    def heard(self) -> str:
        return self.socket.recv(4096).decode()

    def heard_nothing(self) -> bool:
        self.socket.setblocking(False)
        try:
            return not self.socket.recv(1)
        except BlockingIOError:
            return True


@pytest.fixture(params=["path", "abstract"])
def listener(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Listener]:
    address = f"{tmp_path}/n" if request.param == "path" else f"@smsmon-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(address.replace("@", "\0") if request.param == "abstract" else address)
        heard.settimeout(10)
        yield Listener(address, heard)


def test_each_word_is_one_datagram(listener: Listener) -> None:
    systemd = Systemd({"NOTIFY_SOCKET": listener.address})
    systemd.ready()
    systemd.alive()
    systemd.status("Asks the API.")
    systemd.status("Asks the API.")  # told once
    systemd.status("Two\nlines READY=1\x1b[31m")
    systemd.reloading()
    systemd.stopping()
    assert [listener.heard() for _ in range(3)] == ["READY=1", "WATCHDOG=1", "STATUS=Asks the API."]
    assert "\n" not in (odd := listener.heard())
    assert "\x1b" not in odd
    reloading, moment = listener.heard().split("\n")
    assert reloading == "RELOADING=1"
    assert int(moment.removeprefix("MONOTONIC_USEC=")) > 0
    assert listener.heard() == "STOPPING=1"


@pytest.mark.skipif(not shutil.which("systemd-notify"), reason="no systemd here")
def test_it_speaks_as_systemd_notify_does(listener: Listener) -> None:
    command = ["systemd-notify", "--ready", "--no-block", "--status=All is well."]
    subprocess.run(command, env={"NOTIFY_SOCKET": listener.address}, check=True, timeout=10)
    theirs = listener.heard().split("\n")
    systemd = Systemd({"NOTIFY_SOCKET": listener.address})
    systemd.ready()
    systemd.status("All is well.")
    assert {listener.heard(), listener.heard()} <= set(theirs)


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"NOTIFY_SOCKET": ""},
        {"NOTIFY_SOCKET": "/nobody/listens/here"},
        {"NOTIFY_SOCKET": "@nobody-listens-here"},
        {"NOTIFY_SOCKET": "vsock:2:1234"},
        {"NOTIFY_SOCKET": "/" + "long" * 100},
        {"NOTIFY_SOCKET": "/with\0nul"},
    ],
)
def test_where_nobody_listens_nothing_happens(environ: dict[str, str]) -> None:
    systemd = Systemd(environ)
    systemd.ready()
    systemd.stopping()


def test_a_socket_that_is_full_holds_nothing_up(listener: Listener) -> None:
    systemd = Systemd({"NOTIFY_SOCKET": listener.address})
    for _ in range(5_000):
        systemd.alive()
    assert listener.heard() == "WATCHDOG=1"


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": str(os.getpid())}, 0.5),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "-5"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "³"}, None),
        ({}, None),
    ],
)
def test_the_watchdog_is_heeded_where_it_is_meant_for_us(
    told: dict[str, str], seconds: float | None
) -> None:
    assert Systemd({"NOTIFY_SOCKET": "/run/nobody", **told}).watchdog == seconds
    assert Systemd(told).watchdog is None
