"""Keys by their moments: what is due, in order, and nothing that was withdrawn."""

from __future__ import annotations

from math import inf

from hypothesis import given
from hypothesis import strategies as st

from smsmon.moments import LEFTOVERS, LEFTOVERS_SHARE, Moments

KEYS = st.integers(0, 5)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), KEYS, st.integers(0, 20)),
        st.tuples(st.just("drop"), KEYS, st.just(0)),
        st.tuples(st.just("pop"), KEYS, st.integers(0, 20)),
    ),
    max_size=200,
)


@given(STEPS)
def test_it_is_as_a_mapping_that_is_searched(steps: list[tuple[str, int, int]]) -> None:
    moments, plain = Moments[int](), dict[int, int]()
    for what, key, at in steps:
        if what == "put":
            moments.put(key, at)
            plain[key] = at
        elif what == "drop":
            moments.drop(key)
            plain.pop(key, None)
        else:
            due = min(((at, key) for key, at in plain.items()), default=None)
            expected = due[1] if due is not None and due[0] <= at else None
            assert moments.pop(at) == expected
            if expected is not None:
                del plain[expected]
        assert set(moments) == plain.keys()
        assert moments.first == min(plain.values(), default=inf)


def test_what_is_withdrawn_or_changed_over_and_over_takes_no_memory() -> None:
    moments = Moments[int]()
    for turn in range(50):
        for key in range(100):
            moments.put(key, turn * 100 + key)
        assert moments.held <= 100 + 100 // LEFTOVERS_SHARE + LEFTOVERS
    for key in range(100):
        moments.drop(key)
    assert moments.held <= LEFTOVERS
