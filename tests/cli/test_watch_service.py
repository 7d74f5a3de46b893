"""`smsmon watch` as a service, as a process of its own: what systemd and the journal hear of it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, cast

import pytest
from prometheus_client import parser

from tests.cli.program import TIMEOUT, Program
from tests.support.keeper import wait_until


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


@pytest.fixture
def switch() -> Iterator[ThreadingHTTPServer]:
    """The other end of a dead man's switch: it keeps when, and what, it was asked."""

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.asked.append(self.path)
            self.send_response(server.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    server.asked, server.status = [], 200
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def full_pipe() -> tuple[int, int]:
    """A pipe that takes nothing more, because nobody reads."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(write, b"\n" * 4096)
    os.set_blocking(write, True)
    return read, write


until = partial(wait_until, patience=TIMEOUT)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def test_all_of_it_at_once_while_nobody_reads_stdout(program: Program, switch: Any) -> None:
    program.run("add", "300", "301", "--tag", "otp")
    home, port, token = program.home, free_port(), "1b9d6bcd-secret"
    (home / "config.toml").write_text(
        f"""[watch]
        log = "json"
        ping_url_env = "PING"
        ping_file = "{home}/alive"
        ping_every = 1
        metrics_file = "{home}/smsmon.prom"
        metrics_port = {port}
        metrics_every = 1
        """
    )
    read, write = full_pipe()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(home / "notify"))
        watch = subprocess.Popen(
            program.argv("watch"),
            env=program.env(
                NOTIFY_SOCKET=f"{home}/notify",
                WATCHDOG_USEC="1000000",
                PING=f"http://127.0.0.1:{switch.server_port}/{token}",
            ),
            stdout=write,
            stderr=subprocess.PIPE,
        )
        try:
            until(lambda: len(switch.asked) >= 2, "the address is fetched")
            first = (home / "alive").stat().st_mtime
            until(lambda: (home / "alive").stat().st_mtime > first, "the file is touched again")
            told: dict[Any, float] = {}

            def delivered() -> bool:
                url = f"http://127.0.0.1:{port}/metrics"
                with urllib.request.urlopen(url, timeout=TIMEOUT) as answer:
                    told.update(values(answer.read().decode()))
                return told.get(("smsmon_recipients", "default delivered"), 0.0) == 3

            until(delivered, "the metrics tell what was read")
            assert told["smsmon_tag_recipients", "waiting otp"] == 1
            assert told["smsmon_healthy", ""] == told["smsmon_polling", ""] == 1
            until(lambda: "healthy" in (home / "smsmon.prom").read_text(), "a file of them")
            assert told.keys() >= values((home / "smsmon.prom").read_text()).keys()
            switch.status = 503
            asked = len(switch.asked)
            until(lambda: len(switch.asked) >= asked + 2, "it goes on")
            watch.send_signal(signal.SIGTERM)
            _, log = watch.communicate(timeout=TIMEOUT)
        finally:
            watch.kill()
            watch.communicate()
            os.close(read)
            os.close(write)
    assert watch.returncode == 143
    assert not (home / "smsmon.prom").exists(), "what nobody writes any more is gone"
    assert set(switch.asked) == {f"/{token}"}
    assert token not in log.decode()
    pings = [each for line in log.splitlines() if (each := json.loads(line)).get("event") == "ping"]
    assert [each["level"] for each in pings] == ["error"], "told once"
    assert "HTTP 503" in pings[0]["message"]


def values(text: str) -> dict[Any, float]:
    """What Prometheus' own parser reads."""
    return {
        (sample.name, " ".join(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in cast("Any", parser).text_string_to_metric_families(text)
        for sample in family.samples
    }
