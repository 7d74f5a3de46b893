"""Keys by their moments: what is due, in order, and nothing that was withdrawn."""

from __future__ import annotations

from math import inf

from hypothesis import given
from hypothesis import strategies as st

from smsmon.moments import SOON, SOON_SHARE, Moments

KEYS = st.integers(0, 5)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), KEYS, st.integers(0, 20)),
        st.tuples(st.just("drop"), KEYS, st.just(0)),
        st.tuples(st.just("pop"), KEYS, st.integers(0, 20)),
    ),
    max_size=200,
)


@given(STEPS, st.sampled_from([0, 500]))
def test_it_is_as_a_mapping_that_is_searched(
    steps: list[tuple[str, int, int]], others: int
) -> None:
    moments, plain = Moments[int](), {100 + key: 7 + key % 9 for key in range(others)}
    for key, at in plain.items():
        moments.put(key, at)
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


def test_what_waits_long_or_is_changed_over_and_over_takes_no_memory() -> None:
    moments = Moments[int]()
    for turn in range(20):
        for key in range(2_000):
            moments.put(key, turn * 2_000 + key)
            moments.put(key, turn * 2_000 - key)
        assert moments.held <= 2 * (2_000 // SOON_SHARE) + SOON
        assert moments.first == turn * 2_000 - 1_999
        for key in range(2_000):
            moments.put(key, -1)
        assert moments.first == -1
        assert moments.held <= 2 * (2_000 // SOON_SHARE) + SOON, "all of them at the same moment"
    for key in range(2_000):
        moments.drop(key)
    assert moments.held == 0
