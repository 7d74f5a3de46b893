"""A message of an account that is not read never looks fresh."""

from __future__ import annotations

import pytest

from smsmon.known import AccountState, Condition
from smsmon.model import Entry, FaultKind
from smsmon.monitor.board import Board
from smsmon.monitor.standing import Standing, standing
from smsmon.monitor.state import MessageState
from smsmon.recipients import Status
from tests.monitor.fakes import fault, report, row
from tests.support.clock import START


class Fixed:
    """A board, and an account that stands as it is told."""

    trouble_below: float = 0.9

    def __init__(self, condition: Condition) -> None:
        self.board = Board()
        self.board.watch(Entry("300"), START)
        trouble = None if condition is Condition.OK else fault(FaultKind.NETWORK)
        self._account = AccountState("default", condition, trouble, START + 7)

    def account(self, profile: str) -> AccountState:
        return self._account


def _of(monitor: Fixed) -> Standing:
    return standing(monitor, monitor.board["300"], START + 9)


def test_a_message_last_read_well_is_stale_while_its_account_is_down() -> None:
    for condition in (Condition.DOWN, Condition.STOPPED):
        monitor = Fixed(condition)
        monitor.board.apply(report([row(1)]), START)
        assert _of(monitor) == Standing(MessageState.STALE, START, "a network fault", trouble=True)


def test_its_own_fault_goes_before_the_account_s() -> None:
    monitor = Fixed(Condition.DOWN)
    monitor.board.fail("300", fault(FaultKind.BAD_RESPONSE), START + 3)
    assert _of(monitor) == Standing(MessageState.STALE, None, "a bad_response fault", trouble=True)


def test_what_is_stale_is_as_old_as_its_last_true_read() -> None:
    monitor = Fixed(Condition.OK)
    monitor.board.apply(report([row(1)]), START - 600)
    monitor.board.fail("300", fault(FaultKind.TIMEOUT), START + 3)
    assert _of(monitor) == Standing(
        MessageState.STALE, START - 600, "a timeout fault", trouble=True
    )


def test_a_message_that_is_not_found_tells_since_when() -> None:
    monitor = Fixed(Condition.OK)
    monitor.board.apply(report([row(1)]), START - 600)
    monitor.board.fail("300", fault(FaultKind.NOT_FOUND), START + 3)
    assert _of(monitor) == Standing(
        MessageState.NOT_FOUND, START + 3, "a not_found fault", trouble=True
    )


def test_a_settled_message_promises_no_reading() -> None:
    monitor = Fixed(Condition.STOPPED)
    monitor.board.apply(report([row(1, Status.DELIVERED, date=START - 9e6)]), START)
    assert _of(monitor).state is MessageState.SETTLED


@pytest.mark.parametrize(
    ("delivered", "failed", "in_trouble"),
    [(0, 0, False), (1, 1, False), (0, 9, False), (8, 2, True), (9, 1, False), (0, 10, True),
     (90, 10, False), (89, 11, True), (7, 2, False)],
)  # fmt: skip
def test_few_delivered_of_enough_that_is_final_is_trouble(
    delivered: int, failed: int, in_trouble: bool
) -> None:
    monitor = Fixed(Condition.OK)
    sent = [Status.DELIVERED] * delivered + [Status.NOT_DELIVERED] * failed + [Status.WAITING]
    rows = [row(number, status) for number, status in enumerate(sent, 1)]
    monitor.board.apply(report(rows), START)
    assert _of(monitor).trouble is in_trouble
    monitor.trouble_below = 0.0
    assert not _of(monitor).trouble


def test_with_a_sound_account_the_message_speaks_for_itself() -> None:
    monitor = Fixed(Condition.OK)
    monitor.board.apply(report([row(1)]), START)
    assert _of(monitor) == Standing(MessageState.LIVE)
