"""A simulated API for the whole folder, and the program to point at it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from smsmon.simulator.faults import (
    Garbage,
    Hang,
    HtmlPage,
    Queued,
    Refuse,
    Reset,
    ServerError,
    TooMany,
    Trouble,
    TroubleWindow,
)
from smsmon.simulator.messages import Change, SimMessage, SimRecipient
from smsmon.simulator.thread import ServerThread
from smsmon.simulator.world import World
from tests.cli.program import Program

TROUBLES: dict[str, Trouble] = {
    "901": Refuse(1),
    "910": Refuse(10),
    "920": Refuse(20),
    "996": Refuse(96),
    "929": TooMany(),
    "950": ServerError(502),
    "960": Queued(),
    "961": HtmlPage(),
    "962": Garbage(),
    "970": Reset(),
    "980": Hang(),
}
"""Ids that always go wrong, each in its own way."""


def message(message_id: str, *recipients: tuple[str, str, bool, int]) -> SimMessage:
    """A message whose report never changes: phone, status word, STOP, the API's date."""
    return SimMessage(
        message_id,
        [
            SimRecipient(phone, (Change(float(date), word, stop),))
            for phone, word, stop, date in recipients
        ],
    )


MESSAGES = (
    message(
        "300",
        ("+33600000001", "Delivered", False, 1_517_989_111),
        ("+33600000002", "Delivered", False, 1_517_989_101),
    ),
    message(
        "301",
        ("+33600000001", "Delivered", True, 1_517_989_111),
        ("+33600000003", "Not delivered", False, 1_517_989_101),
        ("+33600000004", "Waiting", False, 1_517_989_101),
    ),
    *(message(each, ("+33600000009", "Delivered", False, 1_517_989_111)) for each in TROUBLES),
)


@pytest.fixture(scope="session")
def api() -> Iterator[ServerThread]:
    """The simulated API."""
    with ServerThread(World(messages=MESSAGES)) as server:
        server.faults.windows = tuple(
            TroubleWindow(trouble, ids=frozenset({each})) for each, trouble in TROUBLES.items()
        )
        yield server


@pytest.fixture
def offline(tmp_path: Path) -> Program:
    """The program with no account."""
    return Program(tmp_path / "home")


@pytest.fixture
def program(api: ServerThread, tmp_path: Path) -> Program:
    """The program with an account at the simulated API."""
    environ = {"SMSMON_BASE_URL": api.base_url, "SMSMON_API_KEY": api.key}
    return Program(tmp_path / "home", environ)
