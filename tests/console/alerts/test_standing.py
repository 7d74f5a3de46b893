"""How it stands with the alerts on the screen: what is seen here and what is on record, as one."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

from smsmon.alerts import Severity, State, What, Worst
from smsmon.console.alert_standing import AlertsHere, Raised
from smsmon.console.alert_words import worst_of
from smsmon.filters import parse
from smsmon.filters.messages import MESSAGE_FIELDS
from smsmon.monitor.alerts import Alert, Rule
from smsmon.session import Session
from smsmon.store.alerts import Over
from tests.alerting.fakes import about
from tests.console.alerts.stage import HOUR, Desk
from tests.console.alerts.stage import a_desk as desk_of
from tests.support.clock import START

RULE = Rule("losses", parse("failed>1", MESSAGE_FIELDS))
MINE = Alert(RULE, about("300"), True, START, START - 60, label="Sale", facts="2 not delivered")


class Here:
    """What one console shows, of what it sees itself and of a record."""

    def __init__(self) -> None:
        self.desk: Desk = desk_of(())
        self.fired: dict[tuple[str, Any], Alert] = {("losses", MINE.subject): MINE}
        alerts = SimpleNamespace(
            book=self.desk.book,
            fired=lambda: self.fired,
            rules_firing=(RULE,),
            firing=lambda id: [RULE] if id == "300" else [],
        )
        session = SimpleNamespace(alerts=alerts)
        self.alerts = AlertsHere(cast("Session", session), self.desk.formats)
        self.told = 0
        self.alerts.heard(self._count)
        self.alerts.begin()

    def _count(self) -> None:
        self.told += 1

    async def record(self) -> int:
        (number,) = self.desk.store.fire([MINE.episode()])
        await self.desk.book.read()
        return number

    @property
    def raised(self) -> list[Raised]:
        return self.alerts.raised("300")


async def test_what_is_seen_here_is_shown_before_it_is_on_record_and_then_once() -> None:
    here = Here()
    assert [each.episode and each.episode.number for each in here.alerts.unanswered] == [0]
    before = here.alerts.rows[0].key
    number = await here.record()
    (row,) = here.alerts.rows
    assert row.episode
    assert (row.episode.number, row.key) == (number, before)
    here.fired[("losses", MINE.subject)] = Alert(
        RULE, MINE.subject, True, START, START - 60, facts="9 not delivered"
    )
    here.alerts.look()
    assert here.alerts.rows[0].facts == "9 not delivered", "what is so by now"


async def test_no_worst_moment_is_told_that_is_better_than_what_is_so_by_now() -> None:
    here = Here()
    number = await here.record()

    def worst() -> str:
        here.alerts.look()
        (row,) = here.alerts.rows
        assert row.episode
        return worst_of(row.episode, row.facts, here.desk.formats)

    async def seen(failed: int) -> None:
        facts = f"{failed} not delivered"
        here.fired["losses", MINE.subject] = replace(MINE, facts=facts, badness=failed)
        await here.desk.book.read()

    here.desk.store.worsen({number: Worst(5, START, "5 not delivered")})
    await seen(6)
    assert worst() == "", "it is worse by now than the record knows"
    await seen(5)
    assert worst() == ""
    await seen(3)
    assert "5 not delivered" in worst()


async def test_an_answer_from_anywhere_turns_its_message_until_it_ends_by_the_clock() -> None:
    here = Here()
    number = await here.record()
    other = Desk(here.desk.clock, here.desk.kept, "ben@ops3")
    await other.book.acknowledge([number], until=START + HOUR)
    await here.desk.book.read()
    assert here.alerts.unanswered == []
    assert here.alerts.turned == {"300"}
    assert here.raised == [Raised("losses", Severity.WARNING, State.ACKNOWLEDGED)]
    await here.desk.clock.advance(HOUR + 1)
    here.alerts.look()
    assert here.alerts.turned == {"300"}
    assert here.raised == [Raised("losses", Severity.WARNING, State.FIRING)]
    await other.book.silence(What.RULE, "losses", HOUR)
    await here.desk.book.read()
    assert here.raised == [Raised("losses", Severity.WARNING, State.SILENCED)]
    here.fired.clear()
    here.desk.store.end([Over(number, here.desk.clock.now())])
    await here.desk.book.read()
    assert here.alerts.rows == []


async def test_nothing_is_told_while_nothing_changes_but_that_a_minute_has_passed() -> None:
    here = Here()
    await here.record()
    told = here.told
    here.alerts.look()
    assert here.told == told
    await here.desk.clock.advance(61)
    here.alerts.look()
    assert here.told == told + 1
    here.desk.formats.still = True
    here.alerts.look()
    told = here.told
    await here.desk.clock.advance(600)
    here.alerts.look()
    assert here.told == told
