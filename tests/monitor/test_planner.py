"""Whose turn it is: punctual while all fit, fair when they do not."""

from __future__ import annotations

from math import inf

from hypothesis import given
from hypothesis import strategies as st

from smsmon.monitor.planner import Agenda, Stretch

FLOOR = 5.0


def test_nothing_is_due_before_its_interval_or_the_floor() -> None:
    agenda = Agenda(FLOOR)
    agenda.put("slow", 0.0, 60.0)
    agenda.put("fast", 0.0, 0.3)
    assert agenda.look(4.9) == (None, 5.0)
    turn, next_due = agenda.look(5.0)
    assert turn is not None
    assert (turn.message_id, next_due) == ("fast", 60.0)
    agenda.drop("fast")
    assert agenda.look(59.9) == (None, 60.0)
    agenda.drop("slow")
    assert agenda.look(1e9) == (None, inf)
    assert agenda.earliest() is None


def test_under_scarcity_goes_first_who_waited_longest_for_its_kind() -> None:
    agenda = Agenda(FLOOR)
    agenda.put("rare", 0.0, 900.0)
    agenda.put("often", 880.0, 20.0)
    agenda.put("urgent", 890.0, 2.0)
    turn, _ = agenda.look(910.0)
    assert turn is not None
    assert turn.message_id == "urgent"
    agenda.drop("urgent")
    turn, _ = agenda.look(910.0)
    assert turn is not None
    assert turn.message_id == "often"


def test_a_new_plan_replaces_the_old_one() -> None:
    agenda = Agenda(FLOOR)
    agenda.put("300", 0.0, 10.0)
    agenda.put("300", 0.0, 500.0)
    assert agenda.look(100.0) == (None, 500.0)
    agenda.put_at("300", 50.0, 7.0)
    turn, _ = agenda.look(50.0)
    assert turn is not None
    assert turn.waited(50.0) == 1.0
    assert not turn.regular
    assert len(agenda) == 1


def test_leftovers_of_endless_replanning_are_swept_out() -> None:
    agenda = Agenda(FLOOR)
    for moment in range(20_000):
        agenda.put(str(moment % 10), float(moment), 900.0 + moment % 7 * 300)
    assert sum(map(len, agenda._lanes.values())) < 200


@given(
    st.lists(st.floats(0.05, 900.0), min_size=2, max_size=40),
    st.floats(1.5, 20.0),
)
def test_all_intervals_stretch_by_the_same_factor(intervals: list[float], scarce: float) -> None:
    """One server that can do only 1/scarce of what all together want."""
    agenda = Agenda(0.0)
    demand = sum(1 / interval for interval in intervals)
    gap = scarce / demand
    for place, interval in enumerate(intervals):
        agenda.put(str(place), 0.0, interval)
    now = 0.0
    waits: dict[str, list[float]] = {}
    for _ in range(60 * len(intervals)):
        now += gap
        turn, _ = agenda.look(now)
        if turn is None:
            continue
        waits.setdefault(turn.message_id, []).append(turn.waited(now))
        agenda.put(turn.message_id, now, turn.interval)
    for waited in waits.values():
        # Nobody is served more than a lane's width (and one turn of the server) out of line.
        assert max(waited) <= scarce * 1.25 + 2 * gap / min(intervals) + 1
    starved = now / max(intervals) > 3 * scarce
    assert not starved or len(waits) == len(intervals)


def test_stretch_is_one_when_all_are_punctual_and_follows_the_waits() -> None:
    stretch = Stretch()
    for second in range(100):
        stretch.note(float(second), 1.0)
    assert stretch.factor == 1.0
    for second in range(100, 700):
        stretch.note(float(second), 8.0)
    assert 7.9 < stretch.factor <= 8.0
    for second in range(700, 1300):
        stretch.note(float(second), 1.0)
    assert stretch.factor < 1.01
