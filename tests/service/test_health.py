"""One answer to whether all is well: what speaks against it, and for how long it may."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsmon.service.health import (
    NOBODY,
    ROUND,
    UNASKED,
    UNREACHABLE,
    UNWRITTEN,
    Signs,
    stuck,
    trouble,
)

SECONDS = st.floats(0, 1e7)


@pytest.mark.parametrize(
    ("signs", "limit", "told"),
    [
        (lambda s: Signs({"Polling account a": s}), ROUND, "Polling account a has stood still"),
        (lambda s: Signs({"One": 0.0, "Other": s}), ROUND, "Other has stood still"),
        (lambda s: Signs(unwritten=s), UNWRITTEN, "The history could not be written"),
        (lambda s: Signs(nobody_asks=s), NOBODY, "Nobody has asked the API"),
        (lambda s: Signs(unasked={"a": s}), UNASKED, "What is due of account a has waited"),
        (lambda s: Signs(unreachable=s), UNREACHABLE, "The store has not answered"),
    ],
)
def test_each_sign_counts_from_its_limit_on(
    signs: Callable[[float], Signs], limit: float, told: str
) -> None:
    assert trouble(signs(limit)) == ""
    assert trouble(signs(limit + 1)).startswith(told)


def test_a_store_that_is_gone_is_told_and_is_no_reason_to_start_again() -> None:
    gone = Signs({"One": ROUND}, UNWRITTEN + 1, NOBODY + 1, {"a": UNASKED + 1}, UNREACHABLE + 1)
    assert "The store has not answered" in trouble(gone)
    assert not stuck(gone)
    assert "One has stood still" in stuck(Signs({"One": ROUND + 1}, unreachable=1.0))


@given(
    st.dictionaries(st.sampled_from("ab"), SECONDS),
    SECONDS,
    SECONDS,
    st.dictionaries(st.sampled_from("ab"), SECONDS),
)
def test_all_is_well_when_no_sign_alone_speaks_against_it(
    rounds: dict[str, float], unwritten: float, nobody: float, unasked: dict[str, float]
) -> None:
    alone = (
        Signs(rounds),
        Signs(unwritten=unwritten),
        Signs(nobody_asks=nobody),
        Signs(unasked=unasked),
    )
    whole = trouble(Signs(rounds, unwritten, nobody, unasked))
    assert whole == next(filter(None, map(trouble, alone)), "")
