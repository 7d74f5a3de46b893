"""A change is told in words with all that changed."""

from __future__ import annotations

import pytest

from smsmon.commands.shapes import outcome
from smsmon.model import Status, Transition


@pytest.mark.parametrize(
    ("before", "after", "word", "stop_before", "stop_after", "told"),
    [
        (None, Status.WAITING, "Waiting", False, False, "waiting"),
        (None, Status.WAITING, "Waiting", False, True, "waiting, stop"),
        (Status.WAITING, Status.DELIVERED, "Delivered", False, False, "delivered"),
        (Status.WAITING, Status.WAITING, "Waiting", False, True, "waiting, stop"),
        (Status.WAITING, Status.WAITING, "Waiting", True, False, "waiting, stop withdrawn"),
        (Status.WAITING, Status.DELIVERED, "Delivered", False, True, "delivered, stop"),
        (Status.DELIVERED, Status.DELIVERED, "Delivered", True, True, "delivered"),
        (Status.UNKNOWN, Status.UNKNOWN, "ODD", False, False, "unknown (ODD)"),
    ],
)
def test_a_change_is_told_whole(
    before: Status | None,
    after: Status,
    word: str,
    stop_before: bool,
    stop_after: bool,
    told: str,
) -> None:
    change = Transition("1", 0, "+33", before, after, word, stop_before, stop_after, None, 1.0)
    assert outcome(change) == told
