"""The head tells who polls, where that is not this console for itself alone."""

from __future__ import annotations

from collections import Counter

import pytest

from smsmon.console.formats import Formats
from smsmon.console.head import Head, truth
from smsmon.known import AccountState
from smsmon.monitor.state import MessageState
from smsmon.sharing import WhoPolls
from smsmon.store.shared import Holder
from tests.support.clock import VirtualClock

WATCH = Holder(1_234_567, "watch")


def line(polling: WhoPolls | None, width: int) -> str:
    states = Counter({MessageState.LIVE: 812, MessageState.COMPLETE: 188})
    head = Head((AccountState("default"),), states, "default", "254,302 credits", polling=polling)
    return truth(head, Formats(VirtualClock()), width).plain


@pytest.mark.parametrize("width", [78, 118, 158])
@pytest.mark.parametrize(
    ("polling", "said"),
    [
        (WhoPolls(holder=WATCH), "by watch 1234567"),
        (WhoPolls(), "nobody polls"),
    ],
)
def test_another_one_or_nobody_is_told_at_every_width(
    polling: WhoPolls, said: str, width: int
) -> None:
    assert said in line(polling, width)


def test_that_others_follow_is_told_where_there_is_room() -> None:
    assert "polls for others too" in line(WhoPolls(here=True, followed=True), 158)


@pytest.mark.parametrize("polling", [None, WhoPolls(here=True)])
def test_a_console_alone_says_nothing_of_it(polling: WhoPolls | None) -> None:
    assert "poll" not in line(polling, 158)
