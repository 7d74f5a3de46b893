"""The demo is a day of operations: every kind of message is in it, and each keeps its promise."""

from __future__ import annotations

import pytest

from smsmon.model import Counts, is_message_id
from smsmon.recipients import Status, status_of
from smsmon.simulator.messages import HOUR, MINUTE
from smsmon.simulator.scenario import SENDS, demo_entries, demo_world
from smsmon.simulator.world import World
from tests.simulator.support import at
from tests.support.clock import START, VirtualClock

ID_OF = {send.label: send.id for send in reversed(SENDS)}


@pytest.fixture(scope="module")
def world() -> World:
    return demo_world(VirtualClock())


def counts(world: World, label: str, seconds: float) -> Counts:
    rows = world.truth(ID_OF[label], at(seconds))
    statuses = [status_of(row.status) for row in rows]
    return Counts(
        total=len(rows),
        delivered=statuses.count(Status.DELIVERED),
        not_delivered=statuses.count(Status.NOT_DELIVERED),
        waiting=statuses.count(Status.WAITING),
        unknown=statuses.count(Status.UNKNOWN),
        stop=sum(row.stop for row in rows),
    )


def test_watchlist_names_every_message_of_the_world(world: World) -> None:
    entries = demo_entries(START)
    assert [entry.id for entry in entries] == list(world.messages)
    assert len({entry.id for entry in entries}) == len(entries) >= 20
    assert all(is_message_id(entry.id) and entry.label for entry in entries)


def test_otp_burst_of_12_is_done_in_seconds(world: World) -> None:
    assert counts(world, "OTP login", 2) == Counts(total=12, waiting=12)
    assert counts(world, "OTP login", 60) == Counts(total=12, delivered=12)


def test_campaign_of_500_takes_minutes(world: World) -> None:
    history = [counts(world, "Black Friday FR", minute * MINUTE) for minute in range(12)]
    assert {moment.total for moment in history} == {500}
    assert history[0].final < 150
    assert 100 < history[1].final - history[0].final < 250
    assert history[-1].final > 450


def test_newsletter_of_20_000_is_on_its_way(world: World) -> None:
    now, later = (counts(world, "Black Friday newsletter", s) for s in (0, 10 * MINUTE))
    assert now.total == 20_000
    assert 2_000 < now.final < 10_000
    assert later.final > 17_000


def test_held_message_waits_whole_until_it_is_released(world: World) -> None:
    label = "Sunday sale, held until morning"
    for seconds in (0, 110):
        assert counts(world, label, seconds) == Counts(total=240, waiting=240)
    assert counts(world, label, 5 * MINUTE).delivered > 150


def test_old_list_has_dead_numbers_and_rows_the_api_cannot_find(world: World) -> None:
    told = counts(world, "Win-back 2019 list", 10 * MINUTE)
    assert told.not_delivered > 40
    assert told.unknown == 4


def test_recipients_say_stop_over_time(world: World) -> None:
    stops = [counts(world, "Loyalty points", hour * HOUR).stop for hour in (0, 0.5, 2)]
    assert 0 < stops[0] < stops[1] < stops[2]


def test_sandbox_message_becomes_not_found(world: World) -> None:
    assert world.exists(ID_OF["Sandbox trial"], at(2 * MINUTE))
    assert not world.exists(ID_OF["Sandbox trial"], at(4 * MINUTE))


def test_new_message_takes_a_moment_to_appear(world: World) -> None:
    assert not world.exists(ID_OF["Last hours, Black Friday BE"], at(30))
    assert world.exists(ID_OF["Last hours, Black Friday BE"], at(60))


def test_what_waited_for_48_hours_turns_final_in_a_wave(world: World) -> None:
    label = "Price change notice"
    before, after = counts(world, label, 0), counts(world, label, 20 * MINUTE)
    assert before.waiting >= 15
    assert after.waiting <= 2
    assert after.not_delivered - before.not_delivered >= 13


def test_old_messages_are_complete(world: World) -> None:
    for label in ("Event tickets", "Reminder dentist"):
        message_id = "2269900" if label == "Reminder dentist" else ID_OF[label]
        assert all(status_of(row.status).final for row in world.truth(message_id, at(0)))


def test_countries_are_mixed_and_mostly_french(world: World) -> None:
    phones = [row.phone for send in SENDS if world.exists(send.id, at(0))
              for row in world.truth(send.id, at(0))]  # fmt: skip
    for prefix in ("+33", "+32", "+41", "+44", "+1", "+590", "+262"):
        assert any(phone.startswith(prefix) for phone in phones), prefix
    assert sum(phone.startswith("+33") for phone in phones) > len(phones) / 2


def test_some_numbers_are_met_in_several_messages(world: World) -> None:
    one, other = (
        {row.phone for row in world.truth(message_id, at(0))}
        for message_id in ("2270135", "2269900")
    )
    assert len(one & other) > 5


def test_same_seed_same_day() -> None:
    def day(seed: int) -> list[bytes]:
        world = demo_world(VirtualClock(), seed=seed)
        return [world.answer(send.id, at(90)).body for send in SENDS if send.recipients < 1_000]

    assert day(1) == day(1) != day(2)
