"""Whose turn it is: punctual while all fit, fair when they do not."""

from __future__ import annotations

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsmon.model import Arrival, Entry
from smsmon.monitor.agenda import LANES_PER_OCTAVE, SHORTEST, Agenda, Stretch, Turn
from smsmon.monitor.board import Board
from smsmon.monitor.habits import Habits
from smsmon.monitor.planner import FIRST_INTERVAL, Planner
from smsmon.monitor.schedule import Limits
from smsmon.recipients import Status
from tests.monitor.fakes import report, row
from tests.support.clock import START, VirtualClock

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


def test_leftovers_of_endless_replanning_are_swept_out_and_nothing_that_is_planned() -> None:
    agenda = Agenda(FLOOR)
    planned_once = [agenda.put(f"once {number}", 0.0, 100.0 * 3**number) for number in range(6)]
    for moment in range(20_000):
        agenda.put(str(moment % 10), float(moment), 900.0 + moment % 7 * 300)
    assert sum(map(len, agenda._lanes.values())) < 200
    left = set()
    while (turn := agenda.look(1e9)[0]) is not None:
        left.add(turn)
        agenda.drop(turn.message_id)
    assert left >= {*planned_once}
    assert len(left) == 16


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


def test_the_wait_counts_from_the_anchor_and_the_stretch_from_what_was_planned() -> None:
    agenda = Agenda(FLOOR)
    long, short = agenda.put("300", 100.0, 20.0), agenda.put("301", 100.0, 2.0)
    fixed = agenda.put_at("302", 130.0, 10.0)
    assert (long.due, short.due, fixed.due) == (120.0, 105.0, 130.0)
    assert (long.waited(130.0), short.waited(130.0), fixed.waited(130.0)) == (1.5, 15.0, 1.0)
    assert (long.stretched(130.0), short.stretched(110.0)) == (1.5, 2.0)
    assert (long.regular, short.regular, fixed.regular) == (True, True, False)
    assert (long.together, fixed.together) == (True, False)
    for each in (False, True):
        assert agenda.put("304", 0.0, 9.0, together=each).together is each
        assert agenda.put_at("304", 9.0, 9.0, together=each).together is each
    assert [agenda.get(id) for id in ("300", "301", "302", "303")] == [long, short, fixed, None]


@pytest.mark.parametrize("interval", [0.0, SHORTEST / 2, SHORTEST, -1.0])
def test_an_interval_too_short_to_tell_counts_as_the_shortest(interval: float) -> None:
    agenda = Agenda(0.0)
    assert agenda.put("300", 1.0, interval) == Turn(
        1.0 + SHORTEST, 0, "300", 1.0, SHORTEST, SHORTEST
    )
    assert agenda.put_at("300", 1.0, interval).interval == SHORTEST


def test_who_waited_alike_goes_in_the_order_of_the_plans() -> None:
    agenda = Agenda(0.0)
    for id in ("b", "c", "a"):
        agenda.put(id, 0.0, 10.0)
    agenda.put("c", 0.0, 10.0)
    order = []
    while (turn := agenda.look(10.0)[0]) is not None:
        order.append(turn.message_id)
        agenda.drop(turn.message_id)
    assert order == ["b", "a", "c"]


moments = st.integers(0, 40).map(float)
plans = st.tuples(
    st.sampled_from(["put", "put_at", "drop"]),
    st.sampled_from("abcdef"),
    moments,
    st.sampled_from([0.1, 1.0, 1.1, 1.2, 4.0, 30.0]),
)


@given(st.lists(plans, max_size=30), moments)
def test_any_series_of_plans_leaves_the_last_of_each(
    series: list[tuple[str, str, float, float]], now: float
) -> None:
    """Against a plain dictionary of turns."""
    agenda, turns = Agenda(0.0), dict[str, Turn]()
    for what, id, moment, interval in series:
        if what == "drop":
            agenda.drop(id)
            turns.pop(id, None)
        else:
            put = agenda.put if what == "put" else agenda.put_at
            turns[id] = put(id, moment, interval)
    due = [turn for turn in turns.values() if turn.due <= now]
    ahead = [turn.due for turn in turns.values() if turn.due > now]
    assert len(agenda) == len(turns)
    first = agenda.earliest()
    assert (None if first is None else first.due) == min(
        (turn.due for turn in turns.values()), default=None
    )
    turn, next_due = agenda.look(now)
    if not due:
        assert (turn, next_due) == (None, min(ahead, default=inf))
        return
    assert turn is not None
    assert turn is turns[turn.message_id]
    assert next_due == inf or next_due in ahead
    # Only within a lane may one that has waited longer for its kind be passed over.
    lane = 2 ** (1 / LANES_PER_OCTAVE)
    assert turn in due
    assert all(turn.waited(now) - 1 >= (other.waited(now) - 1) / lane - 1e-9 for other in due)


def test_when_the_next_comes_due_is_told_beside_whose_turn_it_is() -> None:
    agenda = Agenda(0.0)
    for id, interval in (("now", 10.0), ("later", 30.0), ("soon", 20.0)):
        agenda.put(id, 0.0, interval)
    turn, next_due = agenda.look(10.0)
    assert turn is not None
    assert (turn.message_id, next_due) == ("now", 20.0)


def test_what_another_one_left_overdue_goes_in_its_order_and_the_rest_when_it_was_to() -> None:
    board, clock = Board(), VirtualClock(START)
    for id, due in {
        "300": -5,
        "301": -50,
        "302": 20,
        "303": -20,
        "304": None,
        "305": 1e6,
        "306": 0.3,
    }.items():
        board.watch(Entry(id), START)
        board[id].next_due = None if due is None else START + due
    planner = Planner(board, clock, Limits(), Habits(), lambda: None)
    assert planner.go_on([*board.messages], per_second=2.0) == ["304", "305"]
    planned = {id: (board[id].next_due or 0.0) - START for id in ("301", "303", "300", "302")}
    assert planned == {"301": 0.0, "303": 0.5, "300": 1.0, "302": 20.0}
    turns = {turn.message_id: turn.interval for id in planned if (turn := planner.turn(id))}
    assert turns == {"301": FIRST_INTERVAL, "303": FIRST_INTERVAL, "300": FIRST_INTERVAL, "302": 20}
    assert (at_once := planner.turn("306")) is not None
    assert at_once.interval == Limits().min_interval


@pytest.mark.parametrize(
    ("sent", "due", "looked_at"),
    [
        (None, 6.0, 5.0),  # counted from when it came
        (-4.0, 2.0, 1.0),
        (-60.0, 0.0, 0.0),  # expected by now
        (-50 * 3600.0, 6.0, 5.0),  # the clock that said so is not to be trusted
        (60.0, 6.0, 5.0),
    ],
)
def test_what_comes_by_itself_is_first_read_when_its_report_is_to_be_expected(
    sent: float | None, due: float, looked_at: float
) -> None:
    """Most are codes: read at once, most of them would be read for nothing."""
    board, clock = Board(), VirtualClock(START)
    arrival = Arrival("otp", 3600.0, sent_at=None if sent is None else START + sent)
    board.watch(Entry("300", added_at=START, arrival=arrival), START)
    board.watch(Entry("301", added_at=START), START)
    planner = Planner(board, clock, Limits(), Habits(), lambda: None)
    planner.spread_out(["300"], per_second=1.0)
    planner.spread_out(["301"], per_second=1.0)
    planned = [(board[id].next_due or 0.0) - START for id in ("300", "301")]
    assert planned == pytest.approx([due, 0.0], abs=0.1)
    planner.look_at(frozenset(["300"]))
    assert (board["300"].next_due or 0.0) - START == pytest.approx(looked_at, abs=0.1)


def test_what_a_source_brought_competes_as_what_it_is_and_what_nobody_knows_as_new() -> None:
    board, clock = Board(), VirtualClock(START)
    board.watch(Entry("300", added_at=START, arrival=Arrival("otp", 3600.0)), START)
    board.watch(Entry("301", added_at=START), START)
    for id in ("300", "301"):
        board.apply(report([row(1, Status.DELIVERED)], id, START), START)
    planner = Planner(board, clock, Limits(), Habits(), lambda: None)
    planner.spread_out(["300", "301"], per_second=1.0)
    brought, added = planner.turn("300"), planner.turn("301")
    assert brought is not None
    assert added is not None
    assert (brought.interval, added.interval) == (Limits().max_interval, FIRST_INTERVAL)


def test_what_is_read_for_the_longest_interval_alone_gives_way_first_and_is_not_forgotten() -> None:
    """Under scarcity it waits for its turn by the rule; where there is room, no longer."""
    agenda = Agenda(FLOOR, ceiling=900.0)
    agenda.put("complete", 0.0, 4500.0)
    agenda.put("waits", 700.0, 60.0)
    assert agenda.look(899.0)[0] == agenda.get("waits")
    assert agenda.look(901.0)[0] == agenda.get("waits")
    agenda.drop("waits")
    turn, _ = agenda.look(901.0)
    assert turn is not None
    assert (turn.message_id, turn.waited(900.0), turn.stretched(900.0)) == ("complete", 0.2, 0.2)


def test_a_poll_a_minute_ago_counts_a_third_of_one_now() -> None:
    stretch = Stretch()
    assert stretch.factor == 1.0
    stretch.note(0.0, 16.0)
    assert stretch.factor == pytest.approx(16.0)
    stretch.note(60.0, 1.0)
    assert stretch.factor == pytest.approx(16.0 ** (1 / 2.718281828))
    stretch.note(120.0, 0.2)  # punctual, and no earlier than that
    assert stretch.factor == pytest.approx(16.0 ** (1 / 2.718281828**2))
    stretch.note(120.0, 100.0)  # in the same moment: no time has passed to tell it by
    assert stretch.factor == pytest.approx(16.0 ** (1 / 2.718281828**2))


def test_other_limits_hold_at_once_for_what_follows_the_schedule_and_tell_the_rest() -> None:
    board, clock = Board(), VirtualClock(START)
    planner = Planner(board, clock, Limits(), Habits(), lambda: None)
    for id in ("300", "301", "302"):
        board.watch(Entry(id), START)
        board.apply(report([row(1, Status.DELIVERED)], id, START), START)
    planner.after_answer("300")
    assert (board["300"].next_due or 0.0) > START + 60.0
    planner.soon("301", 60.0)
    planner.soon("302", 60.1)
    assert planner.limit(Limits(max_interval=60.0)) == ["302"]
    planned = [(board[id].next_due or 0.0) - START for id in ("300", "301", "302")]
    assert planned == pytest.approx([60.0, 60.0, 60.1])
    assert [turn.message_id for turn in planner.regular()] == ["300"]
