"""Rows and columns: a phone comes back as it was."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from smsmon.store.local.schema import SQLITE

stored, phone_of = SQLITE.stored, SQLITE.phone_of


@given(st.one_of(st.from_regex(r"\+?[0-9]{0,18}", fullmatch=True), st.text()))
def test_a_phone_is_stored_without_loss(phone: str) -> None:
    assert phone_of(stored(phone)) == phone


def test_only_international_numbers_are_stored_as_numbers() -> None:
    assert stored("+33612345678") == 33612345678
    assert [stored(text) for text in ("0612", "+0612", "+", "+٣٣", "+" + "9" * 16)] == [
        "0612",
        "+0612",
        "+",
        "+٣٣",
        "+" + "9" * 16,
    ]
