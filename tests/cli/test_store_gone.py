"""Commands on a store that does not answer: it is said in words, and a watch waits for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from smsmon.clock import SystemClock
from smsmon.model import Entry
from smsmon.simulator.thread import ServerThread
from tests.cli.inside import Inside
from tests.store.switched import SwitchedStore


class GoneAtFirst(SwitchedStore):
    """It answers from the tenth question on."""

    asked = 0

    def _is_gone(self) -> bool:
        self.asked += 1
        return self.asked < 10


@pytest.fixture
def inside(tmp_path: Path, api: ServerThread) -> Inside:
    return Inside(tmp_path, {"SMSMON_BASE_URL": api.base_url, "SMSMON_API_KEY": api.key})


def use(store: SwitchedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in ("smsmon.session", "smsmon.commands.stores", "smsmon.store"):
        monkeypatch.setattr(f"{place}.open_store", store)


def test_a_watch_says_once_that_it_is_gone_and_once_that_it_is_back(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(GoneAtFirst(SystemClock(), [Entry("300")]), monkeypatch)
    said = inside.watch_until(
        lambda said: b"The store answers again. " in said and b'"first_read"' in said,
        *("--log", "json"),
    )
    [gone] = [line for line in said.splitlines() if b"does not answer: nothing is polled" in line]
    assert b'"level":"warning"' in gone
    assert said.count(b"The store answers again. ") == 1


def test_the_short_status_says_that_it_is_gone(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SwitchedStore(SystemClock(), [])
    store.gone = True
    use(store, monkeypatch)
    code, said = inside.run(["status", "--oneline"])
    assert (code, said.splitlines()[0]) == (0, b"sms store unreachable")
    code, said = inside.run(["watch", "300"])
    assert code == 5
    assert b"db.example: it does not answer." in said


def test_a_command_never_says_that_it_tries_again(inside: Inside) -> None:
    where = "postgresql://smsmon@127.0.0.1:54321/smsmon"
    env = {"SMSMON_STORE": f"{where}?connect_timeout=2"}
    for command, expected in (("ls", 5), ("add 2270142", 5), ("store check", 5), ("check", 3)):
        code, said = inside.run(command.split(), env)
        assert code == expected
        assert f"{where}: it does not answer (" in said.decode(), "an address is no phone number"
        assert b"Try again later." in said
        assert b"by itself" not in said
