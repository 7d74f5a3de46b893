"""What was found is told as an exit code."""

from __future__ import annotations

import pytest

from smsmon import exit_codes
from smsmon.commands.reading import Reading
from smsmon.commands.status import _codes
from smsmon.commands.status_rows import shown_json, whole
from smsmon.model import Fault, FaultKind
from smsmon.recipients import Status
from tests.monitor.fakes import report, row

D, N, W, U = Status.DELIVERED, Status.NOT_DELIVERED, Status.WAITING, Status.UNKNOWN
MET = {
    "not-delivered": row(1, N),
    "waiting": row(1, W),
    "stop": row(1, D, stop=True),
    "unknown": row(1, U),
}
"""What is to fail on, and one recipient that is just that."""


def met(fail_on: list[str], *readings: Reading) -> bool:
    return exit_codes.FAIL_ON in list(_codes(readings, [*map(whole, readings)], fail_on))


@pytest.mark.parametrize("kind", MET)
def test_to_fail_on_something_is_met_by_one_recipient_that_is_so(kind: str) -> None:
    well = Reading("299", report([row(0, D)], "299"))
    bad = Reading("300", report([row(0, D), MET[kind]]))
    for asked in ([kind], ["any"], [kind, "any"], list(MET)):
        assert met(asked, bad)
        assert met(asked, well, bad)
        assert not met(asked, well)
    assert not met([each for each in MET if each != kind], bad)
    assert not met([], bad)


def test_what_was_not_read_meets_nothing_and_keeps_its_own_code() -> None:
    fault = Fault(FaultKind.NETWORK, "It was refused.")
    unread = Reading("300", fault=fault)
    assert list(_codes([unread], [whole(unread)], ["any"])) == [
        exit_codes.of_kind(FaultKind.NETWORK)
    ]
    late = Reading("300", report([MET["stop"]]), fault)
    assert met(["any"], late)


def test_why_a_message_was_not_read_is_told_without_the_numbers_in_it() -> None:
    unread = Reading("300", fault=Fault(FaultKind.SERVER, "No route for 0612345678."))
    told = [shown_json(whole(unread), private)["error"]["message"] for private in (False, True)]
    assert told == ["No route for 0612345678.", "No route for ········78."]
