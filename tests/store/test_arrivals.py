"""Messages that came by themselves: what every store that keeps them keeps to."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace

import pytest

from smsmon.model import Arrival, Entry
from smsmon.store.arrivals import REMEMBERED, ArrivalStore, arrived
from tests.store.places import Place, Process
from tests.store.reports import START, row
from tests.support.clock import VirtualClock

OTP = Arrival("otp", 3600.0, "+33612345678", START - 2.5)


def came(*ids: str, at: float = START, label: str = "") -> list[Entry]:
    return [Entry(id, label, ("otp",), added_at=at, arrival=OTP) for id in ids]


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(START)


@pytest.fixture
def arrivals(place: Place, clock: VirtualClock) -> ArrivalStore:
    return place().arrivals(clock)


def ids(entries: object) -> list[str]:
    assert isinstance(entries, list | tuple)
    return [each.id for each in entries]


def test_where_none_came_there_are_none(arrivals: ArrivalStore) -> None:
    assert arrivals.load() == []
    assert arrivals.newer() is None
    assert arrivals.position("otp") == ""


def test_what_came_is_kept_in_order_and_as_it_was_told(
    arrivals: ArrivalStore, place: Place
) -> None:
    first = Entry("0300", "Été 🎉", ("otp", "fr"), added_at=START - 1.5, profile="p", arrival=OTP)
    second = Entry("9", arrival=Arrival("log", float("inf")))
    assert arrivals.take([first, second, first]) == 2
    assert arrivals.take(came("8")) == 1
    kept = place().arrivals().load()
    assert kept == [first, replace(second, added_at=START), *came("8")]


def test_what_comes_by_itself_has_no_note_and_is_not_paused() -> None:
    (plain,) = came("1", at=0.0)
    noted = replace(plain, note="n", note_by="anna@ops1", note_at=1.0, paused=True)
    assert arrived(noted, START) == replace(plain, added_at=START)
    assert arrived(replace(noted, added_at=5.0), START) == replace(plain, added_at=5.0)


def test_texts_pass_the_one_door(arrivals: ArrivalStore) -> None:
    arrivals.take([replace(*came("1"), label="a\x1b\nb", arrival=replace(OTP, source="x\x1b"))])
    (entry,) = arrivals.load()
    assert entry.label == "a\N{REPLACEMENT CHARACTER} b"
    assert entry.arrival == replace(OTP, source="x\N{REPLACEMENT CHARACTER}")


def test_what_is_no_id_is_refused_with_all_that_comes_with_it(arrivals: ArrivalStore) -> None:
    with pytest.raises(ValueError, match="digits 0 to 9"):
        arrivals.take([*came("1"), *came("x")], "otp", "12")
    assert (arrivals.load(), arrivals.position("otp")) == ([], "")


def test_what_was_read_twice_is_taken_once_and_the_position_with_it(
    arrivals: ArrivalStore, place: Place
) -> None:
    assert arrivals.take(came("1", "2"), "otp", "20") == 2
    elsewhere = place().arrivals(VirtualClock(START))
    assert elsewhere.position("otp") == "20"
    assert elsewhere.take(came("2", "3"), "otp", "30") == 1
    assert elsewhere.take([], "other", "7") == 0
    assert (arrivals.position("otp"), arrivals.position("other")) == ("30", "7")
    assert ids(arrivals.load()) == ["1", "2", "3"]


def test_what_left_is_not_taken_again_while_it_is_remembered(
    arrivals: ArrivalStore, clock: VirtualClock
) -> None:
    arrivals.take(came("1", "2", "3"))
    arrivals.leave(["1", "3", "nobody"])
    assert ids(arrivals.load()) == ["2"]
    assert arrivals.take(came("1", "2", "4")) == 1
    clock.jump(REMEMBERED + 1)
    arrivals.leave(["4"])
    assert arrivals.take(came("1")) == 1
    assert ids(arrivals.load()) == ["2", "1"]


def test_what_the_history_knows_is_not_taken(place: Place) -> None:
    async def recorded() -> None:
        async with Process(place) as process:
            process.watch("300")
            await process.says([row(1)], 0.0)

    asyncio.run(recorded())
    assert place().arrivals(VirtualClock(START)).take(came("300", "301")) == 1


def test_only_what_came_and_left_is_told(arrivals: ArrivalStore, place: Place) -> None:
    arrivals.take(came("1", "2"))
    arrivals.load()
    assert arrivals.newer() is None
    elsewhere = place().arrivals(VirtualClock(START))
    elsewhere.take(came("3", "4"))
    elsewhere.leave(["1", "3"])
    found = arrivals.newer()
    assert found is not None
    assert (ids(found.came), list(found.left), found.moved) == (["4"], ["1"], False)
    assert ids(arrivals.known) == ["2", "4"]
    assert arrivals.newer() is None
    arrivals.take([], "otp", "5")
    assert arrivals.newer() is None, "nobody came"


def test_what_is_told_with_another_number_has_none(arrivals: ArrivalStore, place: Place) -> None:
    arrivals.take(came("1", "2"))
    arrivals.load()
    (other,) = (replace(each, arrival=replace(OTP, phone="+33700000000")) for each in came("1"))
    elsewhere = place().arrivals(VirtualClock(START))
    assert elsewhere.take([other, *came("2", "3")]) == 1
    found = arrivals.newer()
    several = replace(other, arrival=replace(OTP, phone=""))
    assert found is not None
    assert (list(found.came), list(found.left), found.moved) == ([several, *came("3")], [], False)
    assert list(arrivals.known) == [several, *came("2", "3")]
    assert elsewhere.take([other]) == 0
    assert arrivals.newer() is None


def test_what_is_given_back_stands_where_it_stood(arrivals: ArrivalStore, place: Place) -> None:
    arrivals.take(came("1", "2", "3"))
    watching = place().arrivals(VirtualClock(START))
    before = watching.load()
    arrivals.leave(["1", "2"])
    watching.newer()
    assert list(arrivals.give_back([before[1], before[2]])) == ["2"]
    found = watching.newer()
    assert found is not None
    assert (ids(found.came), list(found.left), found.moved) == (["2"], [], True)
    assert ids(watching.known) == ids(arrivals.load()) == ["2", "3"]
    arrivals.leave(["3"])
    arrivals.give_back([before[2]])
    watching.newer()
    assert list(watching.known) == before[1:], "left and back between two looks"


def test_who_did_not_look_for_long_sees_what_is_there(
    arrivals: ArrivalStore, place: Place, clock: VirtualClock
) -> None:
    arrivals.take(came("1", "2"))
    asleep = place().arrivals(VirtualClock(START))
    asleep.load()
    arrivals.leave(["1"])
    clock.jump(REMEMBERED + 1)
    arrivals.take(came("3"))
    arrivals.leave(["3"])
    found = asleep.newer()
    assert found is not None
    assert (ids(found.came), list(found.left)) == ([], ["1"])
    assert ids(asleep.load()) == ["2"]


def test_several_that_take_the_same_at_once_take_each_once(place: Place) -> None:
    new: list[int] = []

    def read(number: int) -> None:
        own = place().arrivals(VirtualClock(START))
        for first in range(0, 40, 10):
            wanted = [str(each) for each in range(first, first + 10)]
            new.append(own.take(came(*wanted, label=f"of {number}"), "otp", str(first)))

    threads = [threading.Thread(target=read, args=(number,)) for number in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sum(new) == 40
    assert sorted(ids(place().arrivals().load()), key=int) == [str(each) for each in range(40)]
