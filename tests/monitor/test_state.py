"""Which dates of a report can be dates, and which of them is the first and the last."""

from __future__ import annotations

import pytest

from smsmon.monitor.state import DATE_SLACK, earliest_date, latest_date, plausible
from smsmon.recipients import EARLIEST_DATE, Recipients
from tests.monitor.fakes import row

NOW = 1_795_000_000
OLD, NEW = EARLIEST_DATE, NOW + int(DATE_SLACK)


@pytest.mark.parametrize(
    ("date", "can_be"),
    [(None, False), (0, False), (OLD - 1, False), (OLD, True), (NOW, True), (NEW, True),
     (NEW + 1, False)],
)  # fmt: skip
def test_a_date_can_be_one_from_2010_until_a_little_ahead_of_our_clock(
    date: int | None, can_be: bool
) -> None:
    assert plausible(date, float(NOW)) is can_be


@pytest.mark.parametrize(
    ("dates", "first", "last"),
    [
        ([], None, None),
        ([None], None, None),
        ([OLD - 1, NEW + 1], None, None),
        ([OLD - 1, None], None, None),
        ([NEW + 1], None, None),
        ([OLD], OLD, OLD),
        ([NEW], NEW, NEW),
        ([NOW, NOW - 9, NOW - 5], NOW - 9, NOW),
        # One that can be none does not take the place of those that can.
        ([NEW + 1, NOW, NOW - 5], NOW - 5, NOW),
        ([OLD - 1, NOW, NOW - 5], NOW - 5, NOW),
        ([None, NEW, OLD, NEW + 1, OLD - 1], OLD, NEW),
    ],
)
def test_the_first_and_the_last_of_the_dates_that_can_be_dates(
    dates: list[int | None], first: int | None, last: int | None
) -> None:
    recipients = Recipients.of(row(n, date=date) for n, date in enumerate(dates))
    assert earliest_date(recipients, float(NOW)) == first
    assert latest_date(recipients, float(NOW)) == last
