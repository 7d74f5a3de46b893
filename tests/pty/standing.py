"""A world in which nothing changes, and a history that knows all of it already."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping
from random import Random

from smsmon.simulator.messages import Change, SimMessage, SimRecipient
from smsmon.simulator.world import World
from tests.pty.console import PROGRAM

SENT = 7_200.0
"""Seconds ago that everything was sent."""


def still_world(messages: int, recipients: int = 20, first_id: int = 3_000_000) -> World:
    """Messages of which a third of the recipients wait, and go on waiting."""
    draw = Random(3)
    sent = time.time() - SENT

    def people() -> list[SimRecipient]:
        return [
            SimRecipient(
                f"+336{draw.randrange(10**8):08}",
                (Change(sent, "Delivered" if place and draw.random() < 0.7 else "Waiting"),),
            )
            for place in range(recipients)
        ]

    return World(
        messages=[
            SimMessage(str(first_id + place), people(), appears_at=sent)
            for place in range(messages)
        ]
    )


def read_all_once(environ: Mapping[str, str], seconds: int) -> None:
    """Let the history learn of everything, so that a console's first reads are no news."""
    subprocess.run(
        [*PROGRAM, "watch", "--for", f"{seconds}s"],
        env={**environ, "SMSMON_POLLING_BUDGET": "2000", "SMSMON_POLLING_CONCURRENCY": "16"},
        stdout=subprocess.DEVNULL,
        check=True,
        timeout=seconds + 60,
    )
