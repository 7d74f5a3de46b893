"""A rule is tried on what the history recorded: of messages, groups, accounts and balances."""

from __future__ import annotations

from dataclasses import replace

import pytest

from smsmon.model import Arrival, Balance, Event, EventKind
from smsmon.rules import rule_of
from smsmon.settings import Settings
from smsmon.settings.telling import Alert
from smsmon.trying import tried
from tests.store.places import Place, Process
from tests.store.reports import START, row

BALANCE = Balance("user", "80", "EUR", None, None, None, None, START)


async def record(place: Place) -> None:
    """Ten people: two are lost after ten seconds, six more after a minute; then all is well."""
    async with Process(place) as process:
        process.watch("300", tags=("otp",))
        for asked, lost in ((0, 0), (10, 2), (60, 8), (600, 0)):
            words = ["Not delivered"] * lost + ["Delivered" if asked > 60 else "Waiting"] * 10
            await process.says([row(n + 1, words[n]) for n in range(10)], asked=asked)
        history = process.history
        history.record_event(Event(EventKind.ACCOUNT_DOWN, START + 100, detail="No way."))
        history.record_event(Event(EventKind.ACCOUNT_UP, START + 400))
        for at, amount in ((50, "80"), (200, "40"), (300, "90")):
            history.record_balance(
                "default", replace(BALANCE, amount=amount, fetched_at=START + at)
            )
        await history.flush()


@pytest.mark.parametrize(
    ("rule", "fired", "over"),
    [
        (Alert(when="failed>5", clear="0s"), 60, 600),
        (Alert(when="failed>=2 waiting>0", hold="30s", clear="0s"), 40, 600),
        (Alert(when="waiting>=10", clear="0s"), 0, 10),
        (Alert(when="failed>=8", about="tag"), 60, None),
        (Alert(when="delivered>=8", about="all"), 600, None),
        (Alert(when="waiting<=2", about="tag", clear="0s"), 60, None),
        (Alert(when="condition:down", about="account", clear="0s"), 100, 400),
        (Alert(when="spent>=40", about="account"), 400, None),  # it stood still while it was down
    ],
    ids=lambda each: each.when if isinstance(each, Alert) else "",
)
async def test_a_rule_fires_over_the_past(
    place: Place, rule: Alert, fired: float, over: float | None
) -> None:
    await record(place)
    with place().archive() as archive:
        (found,) = tried(archive, rule_of("tried", rule), Settings(), START - 50, START + 3_000)
    assert round(found.fired_at - START) == fired
    assert (None if found.over_at is None else round(found.over_at - START)) == over
    assert found.facts


async def test_a_rule_about_a_source_is_tried_on_codes_that_were_final_when_first_read(
    place: Place,
) -> None:
    async with Process(place) as process:
        for number in range(4):
            sent = START + number * 10
            came = Arrival("app", 60.0, sent_at=sent)
            process.watch(str(number), tags=("otp",), arrival=came, added_at=sent)
            process.poll(str(number), [row(number, "Delivered", date=int(sent) + 40)], sent + 45)
        await process.history.flush()
    when = "group:{} p90>20s final>=3"
    by_source = Alert(when=when.format("app"), about="source", clear="0s")
    by_tag = Alert(when=when.format("otp"), about="tag", clear="0s")
    for rule, subject in ((by_source, "source:app"), (by_tag, "tag:otp")):
        with place().archive() as archive:
            (found,) = tried(archive, rule_of("slow", rule), Settings(), START - 50, START + 900)
        assert (str(found.subject), found.fired_at) == (subject, START + 65)
        assert found.facts == "90% delivered within 40 s, 0% not delivered of 3 final within 1 h"


async def test_who_waits_has_waited_since_the_date_that_the_api_gives(place: Place) -> None:
    first, later = (row(n, date=int(START) - since) for n, since in enumerate((300, 400)))
    async with Process(place) as process:
        process.watch("300", tags=("otp",))
        await process.says([first], asked=0)
        await process.says([first, later], asked=10)
    for seconds, fired in ((299, 0), (400, 10)):
        alone = Alert(when=f"oldest>{seconds}s", clear="0s")
        together = Alert(when=f"waiting_oldest>{seconds}s", about="tag", clear="0s")
        for late in (alone, together):
            with place().archive() as archive:
                (found,) = tried(archive, rule_of("late", late), Settings(), START - 50, START + 90)
            assert round(found.fired_at - START) == fired
