"""How it stands with a team's store, as its commands and the doctor tell it."""

from __future__ import annotations

from dataclasses import replace
from threading import Event
from types import SimpleNamespace
from typing import cast

import pytest

from smsmon.commands.doctor import Health
from smsmon.commands.doctor.team import told
from smsmon.commands.store.words import advice, facts, is_well
from smsmon.commands.stores import within_time
from smsmon.store.care import Care, Living, Looked, May, Version, Way

FAR = Way("db.example:5432", False, "TLSv1.3", "verify-full")
WELL = Looked(
    FAR, "15.1", "smsmon", "smsmon", "public", Version(1, 1, 1), False, May.POLL, (), 0.1, True,
    (Living("watch", "ops1", 7, True, "office"),),
)  # fmt: skip


@pytest.mark.parametrize(
    ("looked", "well", "said", "found"),
    [
        (WELL, True, "", ""),
        (replace(WELL, way=replace(FAR, sslmode="require")), True, "verify-full", "TLS"),
        (replace(WELL, way=replace(FAR, tls="", sslmode="disable")), True, "verify-full", "TLS"),
        (replace(WELL, way=Way("/run/postgresql", True, "", "prefer")), True, "", ""),
        (replace(WELL, version=Version(0, 1)), False, "store init", "version"),
        (replace(WELL, version=Version(1, 2, 1)), False, "store migrate", "version"),
        (replace(WELL, version=Version(3, 2, 3)), False, "update smsmon", "version"),
        (replace(WELL, version=Version(3, 2, 2)), True, "", ""),
        (replace(WELL, may=May.NOTHING), False, "store roles", "rights"),
        (replace(WELL, may=May.VIEW), True, "may only look", ""),
        (replace(WELL, clock=-9.0), True, "clocks differ", "clock"),
        (replace(WELL, bell=False), True, "every 2 seconds", ""),
        (replace(WELL, living=()), True, "Nobody polls", ""),
        (replace(WELL, copied_from="/x/history.db"), False, "run it again", "copy"),
    ],
)
def test_what_is_to_be_done_is_told(looked: Looked, well: bool, said: str, found: str) -> None:
    assert is_well(looked) is well
    assert (said in " ".join(advice(looked))) if said else not advice(looked)
    to_mend = [each.name for each in told(looked) if each.health in (Health.BAD, Health.POOR)]
    assert to_mend == ([found] if found else [])


def test_who_polls_is_not_known_of_a_store_that_may_not_be_read() -> None:
    care = cast("Care", SimpleNamespace(where="db"))
    for known, looked in (
        ("watch 7 on ops1", WELL),
        ("nobody", replace(WELL, living=())),
        ("not known", replace(WELL, living=(), version=Version(3, 2, 3))),
        ("not known", replace(WELL, living=(), may=May.NOTHING)),
    ):
        assert facts(care, looked)["polling"] == known


def test_nobody_waits_for_longer() -> None:

    never = Event()
    with pytest.raises(TimeoutError):
        within_time(never.wait, 0.01)
    never.set()
    with pytest.raises(ValueError, match="invalid literal"):
        within_time(lambda: int("x"), 5.0)
    assert within_time(lambda: 7, 5.0) == 7
