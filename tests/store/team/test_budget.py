"""Five at one row of the budget, by real clocks that go fast: what they sent, against the limit."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event

from smsmon.egress.window import EgressWindow
from smsmon.store.team.address import Address
from smsmon.store.team.allowance import CLOCK, TeamAllowance
from smsmon.store.team.database import Access, Database
from tests.monitor.fakes import windows_passed

LIMIT = 120
FAST = 40
"""Seconds that pass in one."""
MINUTE = 60 / FAST


def now() -> float:
    return time.monotonic() * FAST


class Taker:
    """Sends all that it may, and counts what it sent."""

    def __init__(self, url: str, place: int) -> None:
        self.sent: list[float] = []
        self._database = Database(Access(Address.parse(url)))
        slices = TeamAllowance(
            lambda: self._database, "office", "api:443", str(place), clock=f"{CLOCK} * {FAST}"
        )
        self._window = EgressWindow(slices, LIMIT, now)
        self._window._begin = lambda: None  # type: ignore[method-assign]  # this thread calls

    def run(self, until: float, *, pauses: bool = False, dies: bool = False) -> None:
        rest, out = Event(), 0
        while now() < until:
            self._window.turn()
            while not self._window.take(now(), LIMIT, urgent=True):
                self.sent.append(now())
                out += 1
                if dies and len(self.sent) > 9:
                    return self._database.close()
                if pauses and len(self.sent) == 9:
                    rest.wait(MINUTE)
            for _ in range(out if len(self.sent) % 3 else 0):  # what is out comes back together
                self._window.landed(now())
                out -= 1
            rest.wait(0.1 / FAST)
        return self._database.close()


def test_five_send_never_more_than_the_limit_in_any_minute_and_share_it(team_store: str) -> None:
    takers = [Taker(team_store, place) for place in range(5)]
    until = now() + 2.5 * 60
    with ThreadPoolExecutor(5) as pool:
        ran = [
            pool.submit(each.run, until, pauses=place == 3, dies=place == 4)
            for place, each in enumerate(takers)
        ]
        for each in ran:
            each.result()
    sent = sorted(at for taker in takers for at in taker.sent)
    assert windows_passed(sent, LIMIT) == 0
    assert len(sent) > LIMIT
    assert min(len(each.sent) for each in takers) >= 10
