"""The countries of a whole column at once: the same as number by number."""

from __future__ import annotations

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsmon import countries
from smsmon.countries import waiting_by_country
from smsmon.phones import region
from smsmon.recipients import Recipient, Recipients, Status

PHONES = ("+33639982530", "+262692120101", "+447911123456", "+447781123456", "+34612345678", "SHOP")
ROWS = st.lists(
    st.tuples(st.sampled_from(PHONES), st.sampled_from(Status), st.sampled_from([1.0, 5.0, 9.5]))
)


def column(rows: list[tuple[str, Status, float]]) -> Recipients:
    return Recipients.of(Recipient(phone, status, "", None, None) for phone, status, _ in rows)


@given(ROWS)
def test_who_waits_in_a_country_and_since_when_is_as_number_by_number(
    rows: list[tuple[str, Status, float]],
) -> None:
    expected: dict[str, tuple[int, float]] = {}
    for phone, status, moment in rows:
        if status is Status.WAITING:
            number, first = expected.get(region(phone), (0, inf))
            expected[region(phone)] = number + 1, min(first, moment)
    assert waiting_by_country(column(rows), [moment for *_, moment in rows]) == expected


def test_numbers_of_a_country_with_a_code_of_its_own_are_not_gone_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(countries, "region", lambda phone: pytest.fail(phone))
    rows = [(f"+346{n:08}", Status.WAITING, 5.0) for n in range(2_000)]
    assert waiting_by_country(column(rows), [5.0] * len(rows)) == {"ES": (2_000, 5.0)}
