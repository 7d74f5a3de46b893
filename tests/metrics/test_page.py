"""What Prometheus reads of a session: all of it by its own parsers, whatever tags are like."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as tries
from hypothesis import strategies as st
from prometheus_client import parser
from prometheus_client.openmetrics import parser as open_parser

from smsmon.alerts import About, Severity, Subject
from smsmon.countries import by_country
from smsmon.grouping import Grouping
from smsmon.metrics import seen as metrics_seen
from smsmon.metrics.page import BALANCE_EVERY, KEPT, Page
from smsmon.metrics.seen import TOLD_BY
from smsmon.metrics.tally import TAGS, Tally
from smsmon.model import Entry, FaultKind
from smsmon.monitor.board import Board
from smsmon.monitor.engine import Engine
from smsmon.recipients import Status
from smsmon.settings import Settings
from smsmon.settings.telling import Alert
from smsmon.sources.standing import Standing
from smsmon.store.past import BalanceSeen
from smsmon.who_polls import WhoPolls
from tests.monitor.fakes import FakeSource, fault, phone, report, row
from tests.support.clock import START, VirtualClock

Values = dict[tuple[str, frozenset[tuple[str, str]]], float]
WAIT, GOOD, BAD = Status.WAITING, Status.DELIVERED, Status.NOT_DELIVERED


class Scene:
    """A session that does not run: what it knows is what the test tells the engine."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.engine = Engine({"default": FakeSource(self.clock)}, self.clock)
        self.balances: dict[str, list[BalanceSeen]] = {}
        self.asked = 0
        session = SimpleNamespace(
            engine=self.engine,
            polling=WhoPolls(here=True),
            alerts=SimpleNamespace(alerting=None),
            incoming=SimpleNamespace(standings={}),
            grouping=Grouping(self.engine, cast("Any", self), self.clock),
            history=SimpleNamespace(ask=self._ask),
            accounts=SimpleNamespace(settings=Settings()),
        )
        self.session: Any = session
        self.well = True
        self.page = Page(cast("Any", session), self.clock, lambda: self.well)

    async def ask(self, question: Any) -> Any:
        return question(SimpleNamespace(left=lambda since, sent_since: []))

    async def _ask(self, question: Any) -> Any:
        self.asked += 1
        return question(SimpleNamespace(balances=lambda name, since: self.balances.get(name, [])))

    def watch(self, message_id: str, *tags: str) -> None:
        self.engine.watch(Entry(message_id, tags=tags, added_at=START))

    def answer(self, message_id: str, *rows: Any) -> None:
        now = self.clock.now()
        self.engine.receive("default", report(rows, message_id, now))

    async def text(self, open_metrics: bool = False) -> str:
        grouping, more = self.session.grouping, asyncio.Event()
        grouping.brought_more = more.set
        for dimension in TOLD_BY:  # asked for first, they are known a moment later
            grouping.rows(dimension)
        while not grouping.whole:
            await asyncio.wait_for(more.wait(), 30)
            more.clear()
        await self.clock.advance(KEPT)
        return (await self.page.text(open_metrics)).decode()

    async def values(self) -> Values:
        """What both parsers read, which must be the same."""
        told = read(cast("Any", parser).text_string_to_metric_families(await self.text()))
        also = read(cast("Any", open_parser).text_string_to_metric_families(await self.text(True)))
        moments = {key for key in told if key[0] == "smsmon_collected_timestamp_seconds"}
        assert told.keys() == also.keys()
        assert {key for key in told if told[key] != also[key]} <= moments
        return told


def read(families: Any) -> Values:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def of(values: Values, name: str) -> dict[str, float]:
    """The samples of one name, by their labels' values."""
    return {
        " ".join(value for _, value in sorted(labels)): number
        for (each, labels), number in values.items()
        if each == f"smsmon_{name}"
    }


@pytest.fixture
def scene() -> Scene:
    return Scene()


async def test_what_is_not_known_is_absent_and_no_zero(scene: Scene) -> None:
    scene.watch("300", "otp")
    values = await scene.values()
    assert of(values, "messages")["default new"] == 1
    assert of(values, "messages")["default live"] == 0
    for name in ("recipients", "stops", "absent", "tag_recipients", "country_recipients",
                 "account_up"):  # fmt: skip
        assert of(values, name) == {}, name
    for name in ("last_read_timestamp_seconds", "balance", "credits", "delivery_seconds_count"):
        assert of(values, name) == {}, name
    assert of(values, "healthy") == {"": 1}
    since = "store_unreachable_since_timestamp_seconds"
    assert (of(values, "store_up"), of(values, since)) == ({"": 1}, {})
    scene.well = False
    scene.session.polling = WhoPolls(unreachable_since=START)
    values = await scene.values()
    assert of(values, "healthy") == of(values, "store_up") == {"": 0}
    assert of(values, since) == {"": START}


async def test_what_is_known_is_told(scene: Scene) -> None:
    scene.watch("300", "otp", "fr")
    scene.watch("301", "otp")
    scene.answer("300", row(1), row(2), row(3, BAD), row(4, GOOD, stop=True))
    scene.answer("301", row(5, GOOD))
    await scene.clock.advance(7)
    scene.answer("300", row(1), row(2, GOOD), row(4, GOOD, stop=True))
    values = await scene.values()
    by_status = of(values, "recipients")
    assert by_status == {
        "default delivered": 3,
        "default not_delivered": 1,
        "default waiting": 1,
        "default unknown": 0,
    }
    assert of(values, "stops") == of(values, "absent") == {"default": 1}
    assert of(values, "last_read_timestamp_seconds") == {"default": START + 7}
    assert of(values, "oldest_waiting_timestamp_seconds") == {"default": START}
    assert of(values, "country_recipients")["FR waiting"] == 1
    tags = of(values, "tag_recipients")
    assert (tags["delivered otp"], tags["delivered fr"]) == (3, 2)
    assert of(values, "changes_total") == {"default delivered": 1}
    assert of(values, "delivery_seconds_count") == {"FR": 1}
    assert of(values, "delivery_seconds_sum") == {"FR": 7}
    told = of(values, "delivery_seconds_bucket")
    bounds = "5.0 10.0 20.0 30.0 60.0 120.0 300.0 600.0 1800.0 3600.0 21600.0 86400.0 +Inf"
    assert [each.removeprefix("FR ") for each in told if each[:3] == "FR "] == bounds.split()
    assert told["FR 5.0"] == 0
    assert told["FR 10.0"] == 1
    assert of(values, "tag_delivery_seconds_count") == {"fr": 1, "otp": 1}


@pytest.mark.parametrize("took", [0.0, 0.5, -1.0])
def test_a_delivery_counts_however_soon_but_not_before_its_sending(took: float) -> None:
    board = Board()
    tally, now = Tally(board), START + took
    board.watch(Entry("300", added_at=START), START)
    board.apply(report([row(1)]), START)
    tally.hear(board.apply(report([row(1, GOOD)], at=now), now))
    assert [each.total for each in tally.by_country.values()] == [took] * (took >= 0)


async def test_groups_are_told_by_tag_and_by_source_as_far_as_labels_go(scene: Scene) -> None:
    for number in range(60):
        scene.watch(str(300 + number), "otp", f"tag{number:02}")
    scene.answer("300", row(1, GOOD, date=START))
    scene.answer("301", row(2, BAD, date=START))
    scene.answer("302", row(3, date=START))
    await scene.clock.advance(90)
    scene.answer("302", row(3, date=START))
    values = await scene.values()
    assert len(of(values, "group_messages")) == 50
    found = {name: of(values, f"group_{name}") for name in (
        "sent", "within_ratio", "arrival_seconds", "delivered", "not_delivered", "waiting",
        "oldest_waiting_timestamp_seconds", "messages", "messages_unread",
    )}  # fmt: skip
    told = {name: {key: each for key, each in of.items() if "otp" in key.split()}
            for name, of in found.items()}  # fmt: skip
    assert told == {
        "sent": {"tag otp 5m": 60, "tag otp 1h": 60},
        "within_ratio": {"tag otp 10s": pytest.approx(1 / 3), "tag otp 60s": pytest.approx(1 / 3)},
        "arrival_seconds": {"tag otp 0.5": 0.5, "tag otp 0.9": 0.5},
        "delivered": {"tag otp": 1},
        "not_delivered": {"tag otp": 1},
        "waiting": {"tag otp": 1},
        "oldest_waiting_timestamp_seconds": {"tag otp": START},
        "messages": {"tag otp": 60},
        "messages_unread": {"tag otp": 57},
    }


async def test_an_account_tells_that_it_is_down_and_what_it_held(scene: Scene) -> None:
    scene.watch("300")
    scene.answer("300", row(1))
    scene.engine.answered("default")
    held = BalanceSeen(START - 60, "48.20", "EUR\n", 964, None, None, None)
    scene.balances = {"default": [held]}
    values = await scene.values()
    assert of(values, "account_up") == {"default": 1}
    assert of(values, "balance") == {"EUR� default": 48.2}
    assert of(values, "credits") == {"default": 964}
    assert of(values, "balance_timestamp_seconds") == {"default": START - 60}
    assert scene.asked == 1
    scene.balances = {"default": [held._replace(amount="not a number", credits=None)]}
    source = FakeSource(scene.clock)
    source.trouble[None] = fault(FaultKind.AUTH)
    scene.engine.set_source("default", source)
    scene.engine.refresh(["300"])
    poller = scene.engine._pollers["default"]
    poller._launch()
    await scene.clock.advance(BALANCE_EVERY)
    values = await scene.values()
    assert of(values, "account_up") == {"default": 0}
    assert (of(values, "balance"), of(values, "credits")) == ({}, {})
    assert of(values, "reads_total")["auth default"] == 1


async def test_alerts_are_counted_by_rule_and_a_rule_without_any_is_zero(scene: Scene) -> None:
    scene.session.accounts.settings = Settings(
        alerts={
            "late": Alert(when="waiting>0"),
            "losses": Alert(when="failed>0", severity="critical"),
        }
    )
    fired = {("late", Subject(About.MESSAGE, "300", "default")): None, ("gone", "x"): None}
    book = SimpleNamespace(episodes=[], unanswered=[])
    scene.session.alerts = SimpleNamespace(alerting=object(), fired=lambda: fired, book=book)
    values = await scene.values()
    firing = of(values, "alerts_firing")
    assert (firing["late warning"], firing["losses critical"]) == (1, 0)
    assert of(values, "alerts_unanswered") == {}, "what fires is not recorded yet"
    book.episodes = book.unanswered = [SimpleNamespace(severity=Severity.WARNING)]
    unanswered = of(await scene.values(), "alerts_unanswered")
    assert unanswered == {"info": 0, "warning": 1, "critical": 0}


async def test_sources_tell_what_they_bring_and_whether_they_are_in_trouble(scene: Scene) -> None:
    well = Standing("watch 7", START, 5, 2, 1, last_line_at=START + 9, behind=40)
    scene.session.incoming.standings = {"codes": well, "tool": Standing(trouble="It ended.")}
    values = await scene.values()
    assert of(values, "source_up") == {"codes": 1, "tool": 0}
    assert of(values, "source_behind_bytes")["codes"] == 40
    assert of(values, "source_last_line_timestamp_seconds") == {"codes": START + 9}
    brought = of(values, "source_messages_total")
    assert {name: n for name, n in brought.items() if n} == {
        "taken codes": 5, "known codes": 2, "left_out codes": 1,
    }  # fmt: skip


HOSTILE = st.one_of(
    st.text(min_size=1, max_size=40),
    st.sampled_from(
        ['"', "\\", '\\"', "\n", "# EOF", '"} 1\nsmsmon_healthy 1', "a\\n", "é", phone(1)]
    ),
)


@tries(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(HOSTILE, max_size=3), min_size=1, max_size=5))
async def test_hostile_tags_are_plain_labels(tags: list[list[str]]) -> None:
    scene = Scene()
    for number, each in enumerate(tags):
        scene.watch(f"{2270000 + number}", *each)
        scene.answer(f"{2270000 + number}", row(number), row(100 + number, BAD))
        scene.answer(f"{2270000 + number}", row(number, GOOD), row(100 + number, BAD))
    values = await scene.values()
    assert of(values, "healthy") == {"": 1}
    assert sum(of(values, "recipients").values()) == 2 * len(tags)
    text = await scene.text()
    for number in range(len(tags)):
        assert f"{2270000 + number}" not in text
        assert phone(number)[1:] not in text


async def test_tags_have_a_bound_and_counters_never_go_back(scene: Scene) -> None:
    def sums(values: Values) -> dict[str, float]:
        return of(values, "tag_delivery_seconds_count")

    before: dict[str, float] = {}
    for day in range(4):
        for number in range(TAGS):
            message_id = f"{day}{number:03}"
            scene.watch(message_id, f"day {day} {number}", "always")
            scene.answer(message_id, row(1))
            await scene.clock.advance(1)
            scene.answer(message_id, row(1, GOOD))
        values = await scene.values()
        assert len({label.split(" ", 1)[1] for label in of(values, "tag_recipients")}) <= TAGS + 1
        after = sums(values)
        assert len(after) <= TAGS + 1
        assert all(after[label] >= number for label, number in before.items() if label in after)
        assert after["always"] == (day + 1) * TAGS
        before = after
        for number in range(TAGS):
            scene.engine.forget(f"{day}{number:03}")


async def test_while_nothing_changes_no_column_is_looked_at_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at = []

    def noted(recipients: Any) -> Any:
        looked_at.append(recipients)
        return by_country(recipients)

    monkeypatch.setattr(metrics_seen, "by_country", noted)
    for number in range(1000):
        scene.watch(f"{number}", "all")
        scene.answer(f"{number}", row(number), row(number + 1, GOOD))
    await scene.values()
    assert len(looked_at) == 1000
    await scene.values()
    scene.answer("7", row(7, GOOD), row(8, GOOD))
    await scene.values()
    assert len(looked_at) == 1001


async def test_several_who_ask_at_once_cost_as_much_as_one(scene: Scene) -> None:
    text = await scene.text()
    scene.watch("300")
    assert (await scene.page.text()).decode() == text
    assert await scene.text() != text
