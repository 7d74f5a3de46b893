"""`smsmon watch` as a service, as a process of its own: what systemd and the journal hear of it."""

from __future__ import annotations

import json
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
            program.argv("watch", "--log", "json"),
            env=program.env(NOTIFY_SOCKET=f"{program.home}/notify", WATCHDOG_USEC="400000"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
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
            _, log = watch.communicate(timeout=TIMEOUT)
        finally:
            watch.kill()
            watch.communicate()
    assert watch.returncode == 143
    told = [json.loads(line) for line in log.splitlines()]
    assert all(each.pop("time").endswith("Z") for each in told)
    assert told == [
        {
            "level": "info",
            "priority": 6,
            "message": "This process asks the API.",
            "event": "polling",
        },
        {
            "level": "info",
            "priority": 6,
            "message": "config.toml was read anew: polling.budget.",
            "event": "settings",
        },
    ]


def test_what_ends_a_watch_is_an_object_as_well(program: Program) -> None:
    program.home.mkdir()
    (program.home / "config.toml").write_text('[watch]\nlog = "json"\n')
    done = program.run("watch", "999")
    assert done.code == 4
    told = json.loads(done.err)
    assert (told["level"], told["priority"]) == ("error", 3)
    assert told["message"].startswith("Not on the watchlist: 999.")
