"""Labels are few, plain, and tell nothing that is nobody's business."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsmon.metrics.tally import LIMIT, OTHER, Places, shown

NAMES = st.text("abcdefgh", min_size=1, max_size=1)


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("black-friday", "black-friday"),
        ("promo 2026-11-27", "promo 2026-11-27"),
        ("20261127", "20261127"),
        ("+33612345678", OTHER),
        ("to 06 12 34 56 78", OTHER),
        ("6.12.34.56.78", OTHER),
        ("٠٦١٢٣٤٥٦٧٨", OTHER),
        ("0123456789abcdef" * 2 + "01234567", OTHER),
        ("x\x1b[31m", "x�[31m"),
        ("y" * 200, "y" * (LIMIT - 1) + "…"),
    ],
)
def test_a_name_as_a_label(name: str, label: str) -> None:
    assert shown(name) == label


@given(st.integers(1, 4), st.lists(st.one_of(NAMES, st.lists(NAMES, max_size=8))))
def test_who_has_a_place_keeps_it_while_it_is_there(
    most: int, steps: list[str | list[str]]
) -> None:
    places, mine = Places(most), {}
    for step in steps:
        if isinstance(step, str):
            label = places.label(step)
            assert label in (step, OTHER)
            if step in mine:
                assert label == step
            if label == step:
                mine[step] = label
        else:
            gone = places.clear_for(step)
            assert not gone & {*step}
            for name in gone:
                del mine[name]
            mine |= {each: each for each in step if places.label(each) == each}
        assert len(mine) <= most


def test_those_that_are_gone_make_room_for_those_that_matter_most() -> None:
    places = Places(2)
    assert places.clear_for(["old", "older"]) == set()
    assert places.clear_for(["new", "old", "newer"]) == {"older"}
    assert [places.label(each) for each in ("old", "new", "newer")] == ["old", "new", OTHER]
