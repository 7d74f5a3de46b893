"""What rules measure: who became final and when, and what an account held."""

from __future__ import annotations

from dataclasses import replace

import pytest

from smsmon.model import Arrival, Balance, Final
from smsmon.monitor.alerts.windows import finals_of
from smsmon.recipients import Status
from smsmon.store.past import BalanceSeen
from tests.store.places import Place, Process
from tests.store.reports import START, row

D, N = Status.DELIVERED, Status.NOT_DELIVERED


def finals(place: Place, *stretch: float) -> list[tuple[object, ...]]:
    """Those of a stretch of seconds from the start: when, what, whether a STOP, how long."""
    with place().archive() as archive:
        found = list(archive.finals(*[START + each for each in stretch or (0,)]))
    return [(round(each.at - START), each.status, each.stop, each.took) for each in found]


async def test_who_becomes_final_is_told_once_with_all_that_rules_ask(place: Place) -> None:
    async with Process(place) as process:
        process.watch("300", tags=("fr", "promo"), profile="second")
        await process.says([row(1), row("+590690123456"), row(3, "Delivered")], asked=0)
        later = [row(1, "Delivered", True), row("+590690123456"), row(3, "Delivered"), row(4)]
        await process.says(later, asked=9)
        later = [row(1, "Delivered", True), row("+590690123456", "Not delivered"),
                 row(3, "Delivered", True), row(4)]  # fmt: skip
        await process.says(later, asked=30.5)
    with place().archive() as archive:
        found = list(archive.finals(START))
    one = Final(START + 9, "300", "second", ("fr", "promo"), "FR", D, True, 9.0)
    two = one._replace(at=START + 30.5, country="GP", status=N, stop=False, took=30.5)
    three = two._replace(country="FR", status=None, stop=True, took=None)
    assert found == [one, two, three]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["Waiting", "Waiting", "Delivered"], [(20, D, False, 20.0)]),
        (["Perhaps", "Not delivered"], [(10, N, False, 10.0)]),
        (["Delivered", "Delivered"], []),
        (["Delivered", "Not delivered"], [(10, N, False, None)]),
        (["Delivered", "Waiting", "Delivered"], [(20, D, False, None)]),
        (
            ["Waiting", "Delivered", "Not delivered", "Waiting", "Delivered"],
            [(10, D, False, 10.0), (20, N, False, None), (40, D, False, None)],
        ),
        ([None, "Delivered"], [(10, D, False, None)]),
    ],
)
async def test_how_long_it_took_is_told_where_it_was_seen(
    place: Place, words: list[str | None], found: list[tuple[object, ...]]
) -> None:
    """Each word ten seconds after the one before; None: he is not listed yet."""
    async with Process(place) as process:
        process.watch("300")
        for number, word in enumerate(words):
            own = [] if word is None else [row(7, word)]
            await process.says([row(1), *own], asked=number * 10)
    assert finals(place) == found


@pytest.mark.parametrize(
    ("sent", "words", "took"),
    [
        (-4.0, ["Delivered"], [2.0]),
        (-4.0, ["Waiting", "Delivered"], [12.0]),
        (-4.0, ["Not delivered", "Not delivered"], [2.0]),
        (None, ["Waiting", "Delivered"], [8.0]),
        (None, ["Delivered", "Waiting", "Delivered"], [0.0, None]),
        (90.0, ["Delivered"], [0.0]),
    ],
)
async def test_what_a_source_brought_counts_from_its_sending_and_from_the_first_look(
    place: Place, sent: float | None, words: list[str], took: list[float | None]
) -> None:
    """Each word ten seconds after the one before; a status has a date two seconds before it. The
    same is heard live."""
    came = Arrival("app", 60.0, sent_at=sent and START + sent)
    heard = []
    async with Process(place) as process:
        process.watch("300", label="a code", tags=("otp",), arrival=came)
        for number, word in enumerate(words):
            at = START + number * 10
            since = START + words.index(word) * 10
            applied = process.poll("300", [row(7, word, date=int(since) - 2)], at)
            heard += finals_of(applied, process.board["300"])
    with place().archive() as archive:
        found = list(archive.finals(START))
    assert found == heard
    assert [each.took for each in found] == took
    assert {(each.source, each.label, each.tags) for each in found} == {("app", "a code", ("otp",))}


async def test_they_are_asked_by_time_oldest_first_over_all_messages(place: Place) -> None:
    async with Process(place) as process:
        for message_id in ("300", "301"):
            process.watch(message_id)
            process.poll(message_id, [row(1), row(2)], START)
        process.poll("301", [row(1, "Delivered"), row(2)], START + 5)
        process.poll("300", [row(1, "Delivered"), row(2)], START + 6)
        process.poll("301", [row(1, "Delivered"), row(2, "Delivered")], START + 7)
    assert [at for at, *_ in finals(place)] == [5, 6, 7]
    assert [at for at, *_ in finals(place, 5, 7)] == [5, 6]
    assert finals(place, 8) == []


BALANCE = Balance("joe", "120.50", "EUR", 2_410, None, 10**30, 0, START)


async def test_a_balance_is_kept_where_it_is_another_than_before(place: Place) -> None:
    held = [
        BALANCE,
        replace(BALANCE, fetched_at=START + 60),
        replace(BALANCE, credits=2_400, fetched_at=START + 120),
        replace(BALANCE, credits=2_400, fetched_at=START + 180),
        replace(BALANCE, fetched_at=START + 240),
    ]
    for each in held:  # each as another process, which knows nothing of what was kept
        async with Process(place) as process:
            process.history.record_balance("default", each)
            process.history.record_balance("default", each)
            process.history.record_balance("other", replace(each, amount=""))
    with place().archive() as archive:
        found = archive.balances("default")
        assert [(each.at - START, each.credits) for each in found] == [
            (0, 2_410),
            (120, 2_400),
            (240, 2_410),
        ]
        assert found[0]._replace(credits_hlr=0) == BalanceSeen.of(BALANCE)._replace(credits_hlr=0)
        assert archive.balances("nobody") == []
        for since, until, moments in (
            (0, 121, [0, 120]),
            (119, 120, [0]),  # what it held then
            (120, 121, [120]),
            (500, 600, [240]),
            (-9, 1, [0]),
            (-9, 0, []),
        ):
            told = archive.balances("default", START + since, START + until)
            assert [each.at - START for each in told] == moments


async def test_one_that_follows_records_no_balance(place: Place) -> None:
    async with Process(place) as process:
        process.history.follow()
        process.history.record_balance("default", BALANCE)
    with place().archive() as archive:
        assert archive.balances("default") == []
