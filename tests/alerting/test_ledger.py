"""What is known of alerts where they are recorded, and a store that forgot it."""

from __future__ import annotations

from dataclasses import replace

from smsmon.alerting.ledger import TRY_AGAIN, Ledger
from smsmon.alerting.telling import LOOK_BACK
from smsmon.alerts import Silence, What
from smsmon.monitor.alerts import Alert
from tests.alerting.fakes import InTurn, about
from tests.alerting.test_property import RULE
from tests.store.memory_alerts import MemoryAlerts
from tests.support.clock import VirtualClock


async def test_what_is_silenced_is_so_in_a_store_that_is_begun_anew_and_once() -> None:
    clock = VirtualClock()
    record = InTurn(MemoryAlerts())
    ledger = Ledger(record, clock)
    now = clock.now()
    silence = Silence(What.TAG, "otp", now, now + 600)
    ledger.answers([], [await record.ask(lambda store: store.silence(silence))])
    record._store = store = MemoryAlerts()
    for _ in range(2):
        ledger.record_anew()
        await ledger.write()
        assert [(each.what, each.name) for each in store.silences(now)] == [(What.TAG, "otp")]


def test_of_a_silence_that_is_no_more_it_is_kept_when_it_was_over() -> None:
    clock = VirtualClock()
    ledger, now = Ledger(InTurn(MemoryAlerts()), clock), clock.now()
    silences = [
        replace(Silence(What.TAG, str(number), now - 90, until), number=number)
        for number, until in enumerate((now - 30, now, now + 600, now - LOOK_BACK), 1)
    ]
    ledger.answers([], silences)
    ledger.answers([], [])
    kept = {each.name: each.until for each in ledger.silences}
    assert kept == {"1": now - 30, "2": now, "3": now}


async def test_that_something_was_written_is_told_and_nothing_is_of_what_was_not() -> None:
    clock, told = VirtualClock(), list[float]()
    record = InTurn(MemoryAlerts())
    ledger = Ledger(record, clock, lambda: told.append(clock.monotonic()))
    ledger.kept = True
    await ledger.write()
    assert not told
    ledger.fire(Alert(RULE, about("300"), True, clock.now(), clock.now()))
    record.fails = True
    await ledger.write()
    assert not told
    record.fails = False
    await clock.advance(TRY_AGAIN)
    await ledger.write()
    assert len(told) == 1
