"""What the simulator's tests share: small messages made by hand."""

from __future__ import annotations

import math

from smsmon.simulator.messages import Change, SimMessage, SimRecipient
from tests.support.clock import START

ALICE, BOB, CARLA = "+33639980001", "+33639980002", "+32470000003"


def at(seconds: float) -> float:
    """That many seconds after the start of the tests' clock."""
    return START + seconds


def two_recipients(
    message_id: str = "300", *, appears_at: float = -math.inf, vanishes_at: float = math.inf
) -> SimMessage:
    """Alice is delivered after 5 s and says STOP after 60; Bob fails after 10."""
    return SimMessage(
        message_id,
        [
            SimRecipient(
                ALICE,
                (
                    Change(at(0), "Waiting"),
                    Change(at(5), "Delivered"),
                    Change(at(60), "Delivered", stop=True),
                ),
            ),
            SimRecipient(BOB, (Change(at(0), "Waiting"), Change(at(10), "Not delivered"))),
        ],
        appears_at=appears_at,
        vanishes_at=vanishes_at,
    )
