"""What is drawn from a seed: phone numbers and delays."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsmon.simulator.messages import (
    CAPACITY,
    EXPIRY,
    HOUR,
    ORDINARY,
    OTP,
    Change,
    Delays,
    draw_changes,
    draw_phones,
    phone,
)

FICTIONAL = re.compile(
    r"\+(3363998\d{4}|33700\d{6}|3247000\d{4}|4179000\d{4}|59069000\d{4}|26269200\d{4}"
    r"|447700900\d{3}|1\d{3}55501\d{2})"
)
MIXES = st.dictionaries(st.sampled_from(sorted(CAPACITY)), st.floats(0.1, 100), min_size=1)


@given(st.integers(), st.integers(0, 3_000), MIXES, st.sampled_from([300, 12_000]))
def test_numbers_are_fictional_and_different_within_a_message(
    seed: int, count: int, mix: dict[str, float], crowd: int
) -> None:
    phones = draw_phones(random.Random(seed), count, mix, crowd)
    assert len(phones) == count == len(set(phones))
    assert all(map(FICTIONAL.fullmatch, phones))
    assert phones == draw_phones(random.Random(seed), count, mix, crowd)


@pytest.mark.parametrize("country", sorted(CAPACITY))
def test_every_person_of_a_country_has_a_number_of_their_own(country: str) -> None:
    people = range(0, CAPACITY[country], 97)
    assert len({phone(country, person) for person in people}) == len(people)
    with pytest.raises(ValueError, match=f"{country} has no person"):
        phone(country, CAPACITY[country])


def test_a_small_crowd_is_met_again() -> None:
    first = draw_phones(random.Random(1), 80, {"FR": 1}, crowd=300)
    second = draw_phones(random.Random(2), 80, {"FR": 1}, crowd=300)
    assert set(first) & set(second)


def lives(delays: Delays, count: int = 4_000) -> list[Sequence[Change]]:
    return [draw_changes(random.Random(n), 0.0, delays) for n in range(count)]


def final(life: Sequence[Change]) -> Change:
    return next(change for change in life if change.status != "Waiting")


def test_most_reports_come_within_seconds_and_some_after_hours() -> None:
    delays = sorted(final(life).at for life in lives(ORDINARY))
    assert delays[len(delays) // 2] < 10
    assert 0.8 < sum(delay < 60 for delay in delays) / len(delays) < 0.95
    assert 0.01 < sum(HOUR < delay < EXPIRY for delay in delays) / len(delays) < 0.05


def test_what_still_waits_at_48_hours_expires_in_a_wave() -> None:
    expired = [final(life) for life in lives(ORDINARY) if final(life).at >= EXPIRY]
    assert 0.005 < len(expired) / 4_000 < 0.02
    assert {change.status for change in expired} == {"Not delivered"}
    assert max(change.at for change in expired) < EXPIRY + 3 * HOUR


def test_nobody_waits_for_ever_and_the_order_is_that_of_time() -> None:
    for life in lives(Delays(stops=0.5)):
        times = [change.at for change in life]
        assert times == sorted(times)
        assert life[0].status == "Waiting"
        assert life[-1].status != "Waiting"


def test_stop_comes_only_from_those_who_got_the_message() -> None:
    stops = [life for life in lives(Delays(stops=0.5, dead=0.3)) if life[-1].stop]
    assert stops
    assert all(final(life).status == "Delivered" for life in stops)


def test_one_time_passwords_are_there_in_seconds() -> None:
    assert max(final(life).at for life in lives(OTP, 500)) < 60
    assert {final(life).status for life in lives(OTP, 500)} == {"Delivered"}


def test_held_message_waits_from_its_acceptance_on() -> None:
    life = draw_changes(random.Random(1), 1_000.0, OTP, accepted=10.0)
    assert life[0] == Change(10.0, "Waiting")
    assert life[1].at > 1_000.0
