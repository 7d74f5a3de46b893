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
    for place in ("smsmon.store", "smsmon.session", "smsmon.commands.stores"):
        monkeypatch.setattr(f"{place}.open_store", store)


def test_a_watch_says_once_that_it_is_gone_and_once_that_it_is_back(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(GoneAtFirst(SystemClock(), [Entry("300")]), monkeypatch)
    code, said = inside.run(["watch", "--for", "3s"])
    assert code == 0
    assert said.count(b"The store does not answer: nothing is polled until it does.") == 1
    assert said.count(b"The store answers again. ") == 1
    assert b'"first_read"' in said


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
