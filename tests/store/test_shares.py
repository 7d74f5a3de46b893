"""Who of several processes polls what: even, few, nobody starves, and nothing moves for little."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smsmon.known import CHIEF, Condition, account_part
from smsmon.store.shared import Rank, Work
from smsmon.store.shares import LEFT, SLACK, Member, Share, all_pollers, member, weight

AUTO, ALWAYS, NEVER, UNFIT = Rank.AUTO, Rank.ALWAYS, Rank.NEVER, Rank.UNFIT


def watched(rates: Mapping[str, float], account: str = "a") -> dict[str, Work]:
    """The messages of one account, and what is common."""
    return {
        CHIEF: Work(),
        account_part(account): Work(account),
        **{name: Work(account, rate) for name, rate in rates.items()},
    }


def of(condition: Condition, wanted: Mapping[str, Work]) -> dict[str, Work]:
    return {
        name: work._replace(condition=condition if work.account else Condition.OK)
        for name, work in wanted.items()
    }


class Table:
    """Processes that reckon one after the other, until nothing moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.members: dict[str, Member] = {}
        self.wanted: dict[str, dict[str, Work]] = {}
        self.held: dict[str, set[str]] = {}
        self.freed: dict[str, float] = {}
        self.given: dict[str, set[str]] = {}
        self.moves = 0

    def sit(self, owner: str, wanted: dict[str, Work], rank: Rank = ALWAYS) -> None:
        joined = self.members[owner].joined if owner in self.members else len(self.members)
        self.members[owner] = member(owner, rank, joined, wanted)
        self.wanted[owner] = wanted
        self.held.setdefault(owner, set())
        for name in wanted.keys() - set().union(*self.held.values()):
            self.freed.setdefault(name, self.now)

    def leave(self, owner: str) -> None:
        for name in self.held.pop(owner):
            self.freed[name] = self.now
        del self.members[owner], self.wanted[owner]

    def round(self) -> None:
        self.now += 1.0
        for owner, held in self.held.items():
            before, wanted = self.members[owner], self.wanted[owner]
            me = self.members[owner] = member(owner, before.rank, before.joined, wanted, held)
            share = Share(me, self.members.values(), wanted, self.now)
            given = self.given.setdefault(owner, set())
            given &= self.freed.keys()
            for name in share.excess(held, self.freed):
                given.add(name)
                held.remove(name)
                self.freed[name] = self.now
                self.moves += 1
            for name in share.lack(held, self.freed, given):
                held.add(name)
                del self.freed[name]
                self.moves += 1

    def settle(self, rounds: int = 60) -> int:
        """Gives after how many rounds nothing moves any more."""
        last = 0
        for turn in range(1, rounds + 1):
            before = self.moves
            self.round()
            if self.moves > before:
                last = turn
        return last

    def load(self, owner: str) -> float:
        wanted = self.wanted[owner]
        return sum(weight(wanted[name]) for name in self.held[owner] if wanted[name].rate)

    def where(self, name: str) -> list[str]:
        return [owner for owner, held in self.held.items() if name in held]


rates = st.lists(st.sampled_from([1 / 5, 1 / 15, 1 / 60, 1 / 900]), min_size=1, max_size=120)


@settings(max_examples=60, deadline=None)
@given(rates, st.integers(1, 6), st.data())
def test_all_of_it_is_polled_by_one_each_and_evenly_whoever_comes_and_goes(
    rates: list[float], processes: int, data: st.DataObject
) -> None:
    wanted = watched({str(n): rate for n, rate in enumerate(rates)})
    table = Table()
    for n in range(processes):
        table.sit(f"p{n}", wanted)
        for _ in range(data.draw(st.integers(0, 6))):
            table.round()
    if processes > 1 and data.draw(st.booleans()):
        table.leave(f"p{data.draw(st.integers(0, processes - 1))}")
    assert table.settle() < 40, "it comes to rest"
    assert sorted(name for held in table.held.values() for name in held) == sorted(wanted)
    level = sum(rates) / len(table.members)
    heaviest = max(rates)
    for owner in table.members:
        assert table.load(owner) <= level * (1 + SLACK) + heaviest * (len(table.members) - 1) + 1e-6


def test_five_share_two_thousand_messages_within_a_tenth_in_seconds() -> None:
    kinds = (1 / 5, 1 / 20, 1 / 120, 1 / 900)
    wanted = watched({str(n): kinds[n % 4 if n % 10 == 0 else 3] for n in range(2_000)})
    table = Table()
    for n in range(5):
        table.sit(f"p{n}", wanted)
        table.round()
    table.settle(12)
    loads = [table.load(owner) for owner in table.members]
    assert max(loads) <= 1.1 * sum(loads) / 5
    assert min(loads) >= 0.9 * sum(loads) / 5
    before = table.moves
    table.settle(30)
    assert table.moves == before, "nothing moves once it is even"


@pytest.mark.parametrize(("mine", "moves"), [(97, False), (103, False), (105, True)])
def test_nothing_moves_for_less_than_a_twenty_fifth_of_a_share(mine: int, moves: bool) -> None:
    wanted = watched({str(n): 1 / 15 for n in range(200)})
    held = [str(n) for n in range(200)]
    one, other = (
        member(owner, ALWAYS, 0.0, wanted, some)
        for owner, some in (("p0", held[:mine]), ("p1", held[mine:]))
    )
    assert bool(Share(one, [one, other], wanted, 0.0).excess(held[:mine])) is moves


def test_what_is_left_to_even_out_goes_with_the_message_of_the_right_weight() -> None:
    wanted = watched({"light": 0.22, "right": 0.26, "heavy": 0.82, "its": 0.9, "third": 0.8})
    mine = ["heavy", "light", "right"]
    members = [
        member(owner, ALWAYS, 0.0, wanted, held)
        for owner, held in (("p0", mine), ("p1", ["its"]), ("p2", ["third"]))
    ]
    assert Share(members[0], members, wanted, 0.0).excess(mine) == ["right"]


def test_what_takes_a_request_of_its_own_is_shared_apart_where_there_is_much_of_it() -> None:
    for alone in (5, 160):
        wanted = {
            name: work._replace(alone=bool(work.rate) and int(name) < alone)
            for name, work in watched({str(n): 1 / 20 for n in range(1_000)}).items()
        }
        table = Table()
        for n in range(5):
            table.sit(f"p{n}", wanted)
            table.round()
        table.settle(20)
        for held in table.held.values():
            assert 198 <= len(held - {CHIEF, account_part("a")}) <= 202
            assert alone == 5 or 31 <= sum(wanted[name].alone for name in held) <= 33


@pytest.mark.parametrize(
    ("ranks", "who"),
    [
        ([AUTO], [0]),
        ([AUTO, AUTO, AUTO, AUTO], [0, 1]),
        ([AUTO, NEVER, AUTO, AUTO], [0, 2]),
        ([AUTO, AUTO, ALWAYS], [2, 0]),
        ([AUTO, AUTO, ALWAYS, ALWAYS, ALWAYS], [2, 3, 4]),
        ([UNFIT, NEVER], []),
    ],
)
def test_few_poll_and_those_first_that_always_do(ranks: list[Rank], who: list[int]) -> None:
    members = [member(f"p{n}", rank, float(n), watched({"1": 1.0})) for n, rank in enumerate(ranks)]
    assert all_pollers(members) == [f"p{n}" for n in who]


def test_one_without_a_key_for_an_account_polls_the_others_alone() -> None:
    both = watched({"1": 0.1, "2": 0.1}) | watched({"3": 0.1, "4": 0.1}, "b")
    only = watched({"3": 0.1, "4": 0.1}, "b")
    table = Table()
    table.sit("one", both)
    table.settle(5)
    table.sit("other", only)
    table.settle(20)
    assert {"1", "2", CHIEF, account_part("a")} <= table.held["one"]
    assert len(table.held["other"] & {"3", "4"}) == 1


@pytest.mark.parametrize("condition", [Condition.DOWN, Condition.STOPPED])
def test_one_that_is_not_answered_leaves_it_to_one_that_is_but_not_to_one_that_is_not(
    condition: Condition,
) -> None:
    wanted = watched({str(n): 0.1 for n in range(8)})
    table = Table()
    table.sit("ill", wanted)
    table.sit("other", wanted)
    table.settle(12)
    table.sit("ill", of(condition, wanted))
    table.settle(12)
    probes = table.held["ill"] - {CHIEF}
    assert len(probes) == (1 if condition is Condition.DOWN else 0)
    assert len(table.held["other"] - {CHIEF}) == 9 - len(probes)
    table.sit("other", of(condition, wanted))
    table.settle(12)
    messages = [len(table.held[each] & {str(n) for n in range(8)}) for each in ("ill", "other")]
    assert messages == [4, 4], "when nobody is answered, all try"


def test_what_nobody_has_room_for_is_taken_before_long() -> None:
    wanted = watched({"heavy": 1.0, "light": 0.001})
    table = Table()
    for n in range(3):
        table.sit(f"p{n}", wanted)
    table.settle(int(LEFT) + 2)
    assert len(table.where("heavy")) == 1


@given(st.integers(1, 4), st.sets(st.integers(1, 10**9).map(str), max_size=30))
def test_each_message_that_comes_newly_is_for_one(processes: int, new: set[str]) -> None:
    wanted = watched({"300": 1.0})
    members = [member(f"p{each}", ALWAYS, float(each), wanted) for each in range(processes)]
    shares = [Share(each, members, wanted, 0.0) for each in members]
    for name in new:
        assert sum(each.begins(name, Work("a", 1.0)) for each in shares) == 1
    assert not any(each.begins("1", Work("other", 1.0)) for each in shares)
