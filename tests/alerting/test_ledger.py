"""What is known of alerts where they are recorded, and a store that forgot it."""

from __future__ import annotations

from smsmon.alerting.ledger import Ledger
from smsmon.alerts import Silence, What
from tests.alerting.fakes import InTurn
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
