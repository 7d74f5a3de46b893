"""The note that is left when the program fails: whole, and without the key."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from smsmon.api.masking import mask_for
from smsmon.failures import crash_text, strike_keys, write_crash_note
from smsmon.secret import ApiKey

KEY = "5ent1nel" * 5
NOW = datetime(2026, 7, 1, tzinfo=UTC)


@pytest.mark.parametrize("before", range(1_955, 2_005))
def test_key_that_is_cut_leaves_nothing_of_itself(before: int) -> None:
    assert "5ent" not in crash_text(LookupError("." * before + KEY), NOW)


def test_key_of_a_living_client_is_struck_whatever_it_looks_like() -> None:
    key = ApiKey.parse("v1.5ent~1nel")
    held = mask_for(key)
    assert strike_keys("GET /me?k=v1.5ent~1nel failed") == "GET /me?k=•••• failed"
    del held
    assert strike_keys("v1.5ent~1nel") == "v1.5ent~1nel"


def test_every_failure_of_a_second_leaves_its_note(tmp_path: Path) -> None:
    notes = {write_crash_note(LookupError(str(each)), tmp_path) for each in range(5)}
    assert None not in notes
    assert len(notes) == 5
