"""`smsmon watch` as a service, as a process of its own: what systemd hears of it."""

from __future__ import annotations

import signal
import socket
import subprocess

from tests.cli.program import TIMEOUT, Program


def test_systemd_hears_how_it_goes(program: Program) -> None:
    program.run("add", "300")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(program.home / "notify"))
        systemd.settimeout(TIMEOUT)
        watch = subprocess.Popen(
            program.argv("watch"),
            env=program.env(NOTIFY_SOCKET=f"{program.home}/notify", WATCHDOG_USEC="400000"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

        def hears(word: str) -> None:
            while (heard := systemd.recv(4096).decode().split("\n")[0]) != word:
                assert heard in ("WATCHDOG=1", "STATUS=Asks the API for 1 message.")

        try:
            assert systemd.recv(4096) == b"READY=1"
            for word in ("STATUS=Asks the API for 1 message.", "WATCHDOG=1", "WATCHDOG=1"):
                hears(word)
            (program.home / "config.toml").write_text("[polling]\nbudget = 90\n")
            for word in ("RELOADING=1", "READY=1", "WATCHDOG=1"):
                hears(word)
            watch.send_signal(signal.SIGTERM)
            hears("STOPPING=1")
            assert watch.wait(TIMEOUT) == 143
        finally:
            watch.kill()
            watch.wait()
