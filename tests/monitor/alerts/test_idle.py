"""Where nothing happens nothing is looked at, however many rules there are."""

from __future__ import annotations

from math import inf

import pytest

from smsmon.alerts import About
from smsmon.monitor.alerts import START_GRACE
from smsmon.monitor.alerts.cases import Sight
from smsmon.rules import rules_of
from smsmon.settings import Settings
from tests.monitor.alerts.stage import Stage, rule
from tests.monitor.fakes import report, row

ASKED = (
    "waiting>0 oldest>60s", "failed_share>5% final>=20", "rate<90% final>=10", "tag:otp waiting>0",
    "state:stale", "trouble:yes", "stop>5", "recipients>100 failed>0", "oldest>2h", "changed>2d",
)  # fmt: skip
RULES = (
    *rules_of(Settings()),
    *(rule(when, name=f"rule {place}") for place, when in enumerate(ASKED)),
    rule("failed_share>20% final>=20", about="tag", name="tags"),
    rule("p90>60s", about="country", name="countries"),
    rule("waiting_oldest>1h", about="all", name="all"),
    rule("stale_share>50%", about="account", name="stale"),
    rule("balance<50", about="account", until="balance>75", name="low"),
    rule("failing>1m", about="account", name="failing"),
)


def test_a_poll_that_brings_nothing_new_is_looked_at_by_no_rule(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert len(RULES) == 20
    ids = tuple(str(number) for number in range(1_000))
    stage = Stage(RULES, ids)
    rows = [row(1, date=stage.now)]
    for id in ids:
        stage.alerts.hear(stage.board.apply(report(rows, id, at=stage.now), stage.now))
        stage.board[id].promise = 900.0
    past = stage.alerts.empty_windows()
    assert stage.alerts.seed(past, stage.now)
    stage.look(*ids)
    stage.wait(START_GRACE + 1)
    looks: list[str] = []
    look = stage.alerts._look

    def counted(key: tuple[About, str], sight: Sight, now: float) -> None:
        looks.append(key[1])
        look(key, sight, now)

    monkeypatch.setattr(stage.alerts, "_look", counted)
    until = stage.alerts.next_look
    assert stage.now + 600 < until < inf, "it is late for a poll, or somebody has waited for long"
    for _ in range(5):
        stage.now += 60
        for id in ids:
            stage.alerts.hear(stage.board.unchanged(id, stage.now))
        stage.look()
    assert looks == []
    stage.wait(until - stage.now)
    assert set(looks) >= set(ids), "time may have changed something"
    assert len(looks) <= 2 * len(ids)
