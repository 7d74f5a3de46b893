"""The head tells who polls, where that is not this console for itself alone."""

from __future__ import annotations

from collections import Counter
from datetime import UTC

import pytest

from smsmon.console.formats import Formats
from smsmon.console.head import Head, truth
from smsmon.known import AccountState, Condition
from smsmon.monitor.state import MessageState
from smsmon.store.shared import Holder
from smsmon.who_polls import WhoPolls
from tests.support.clock import START, VirtualClock

WATCH = Holder(1_234_567, "watch")
ACCOUNT = AccountState("default")


def line(polling: WhoPolls | None, width: int, account: AccountState = ACCOUNT) -> str:
    states = Counter({MessageState.LIVE: 812, MessageState.COMPLETE: 188})
    head = Head((account,), states, "default", "254,302 credits", polling=polling)
    return truth(head, Formats(VirtualClock(), zone=UTC), width).plain


@pytest.mark.parametrize("width", [78, 118, 158])
@pytest.mark.parametrize(
    ("polling", "said"),
    [
        (WhoPolls(holder=WATCH), "by watch 1234567"),
        (WhoPolls(holder=WATCH, pollers=3), "by 3"),
        (WhoPolls(), "nobody polls"),
    ],
)
def test_another_one_or_nobody_is_told_at_every_width(
    polling: WhoPolls, said: str, width: int
) -> None:
    assert said in line(polling, width)


@pytest.mark.parametrize("width", [60, 78, 118, 158])
@pytest.mark.parametrize("condition", [Condition.OK, Condition.DOWN])
def test_a_store_that_does_not_answer_is_told_at_every_width(
    condition: Condition, width: int
) -> None:
    polling = WhoPolls(holder=WATCH, unreachable_since=START)
    told = line(polling, width, AccountState("default", condition))
    assert "store unreachable" in told
    if width >= 78:
        assert "store unreachable since 10:00:00" in told
    assert "polled by" not in told
    assert "ok" not in told, "nobody knows by now how the API does"


def test_that_others_follow_is_told_where_there_is_room() -> None:
    assert "polls for others too" in line(WhoPolls(here=True, followed=True), 158)


@pytest.mark.parametrize("polling", [None, WhoPolls(here=True)])
def test_a_console_alone_says_nothing_of_it(polling: WhoPolls | None) -> None:
    assert "poll" not in line(polling, 158)


def test_one_of_several_that_poll_tells_its_part() -> None:
    polling = WhoPolls(here=True, followed=True, pollers=3, ours=210)
    assert "3 poll, 210 of 1,000 here" in line(polling, 158)
