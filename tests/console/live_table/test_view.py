"""The promise of the cursor: it and the marks stay on their rows, whatever happens to the rows."""

from __future__ import annotations

import random
from array import array
from collections.abc import Callable, Sequence
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from smsmon.console.live_table import RowView, arranged
from smsmon.console.live_table.order import comparable, inserted, locate, sorted_places, without

KEYS = st.integers(0, 11)
VALUES = st.none() | st.integers(0, 3)
KINDS = st.sampled_from(["numbers", "texts", "bytes", "pairs", "mixed"])


def seen(value: int | None, kind: str) -> Any:
    """A value as a source of that kind gives it."""
    if kind == "bytes":
        return value or 0
    if value is None:
        return None
    mixed = str(value) if value % 2 else value
    return {"numbers": value, "texts": f"t{value}", "pairs": (value, "x"), "mixed": mixed}[kind]


def naive_key(value: Any) -> Any:
    return (isinstance(value, str), value)


class Table:
    """A view, what it is over, and the plainest way to say what it must show."""

    def __init__(self) -> None:
        self.view: RowView[int] = RowView()
        self.keys: list[int] = []
        self.values: dict[int, int | None] = {}
        self.kind = "numbers"
        self.sorted = False
        self.reverse = False
        self.least: int | None = None
        self.frozen_order: list[int] | None = None

    def values_of(self, keys: Sequence[int]) -> Sequence[Any]:
        found = [seen(self.values.get(key), self.kind) for key in keys]
        return bytes(found) if self.kind == "bytes" else found

    def accepted(self, key: int) -> bool:
        return self.least is None or (self.values.get(key) or 0) >= self.least

    def accepts(self, keys: Sequence[int]) -> Sequence[Any]:
        return [self.accepted(key) for key in keys]

    def expected(self) -> list[int]:
        keys = list(self.keys)
        if self.sorted:
            known = [key for key in keys if seen(self.values.get(key), self.kind) is not None]
            rest = [key for key in keys if key not in known]

            def by_value(key: int) -> Any:
                return naive_key(seen(self.values.get(key), self.kind))

            keys = sorted(known, key=by_value, reverse=self.reverse) + rest
        elif self.reverse:
            keys.reverse()
        return [key for key in keys if self.accepted(key)]

    def do(self, what: str, keys: list[int], value: int | None, kind: str) -> None:
        view = self.view
        match what:
            case "load":
                self.keys = list(dict.fromkeys(keys))
                view.load(self.keys)
            case "load a range":
                self.keys = list(range(len(keys)))
                view.load(range(len(keys)))
            case "add":
                self.keys += [key for key in dict.fromkeys(keys) if key not in self.keys]
                view.load(self.keys)
            case "remove":
                self.keys = [key for key in self.keys if key not in keys]
                view.load(self.keys)
            case "change":
                left, came = keys[::2], [key for key in keys if key not in keys[::2]]
                self.keys = [key for key in self.keys if key not in left]
                self.keys += [key for key in dict.fromkeys(came) if key not in self.keys]
                view.change(came, left)
            case "touch":
                for nth, key in enumerate(keys):
                    self.values[key] = (value or 0) + 1 if nth % 3 == 2 else value
                view.touch(keys)
            case "sort":
                self.sorted, self.reverse, self.kind = True, bool(value), kind
                view.sort_by(self.values_of, reverse=self.reverse)
            case "unsort":
                self.sorted, self.reverse = False, bool(value)
                view.sort_by(None, reverse=self.reverse)
            case "filter":
                self.least = value
                view.set_filter(None if value is None else self.accepts)
            case "freeze":
                view.frozen = True
            case "thaw":
                view.frozen = False


SAFE = ["load", "load a range", "add", "remove", "change", "touch", "sort", "unsort", "filter"]
ACTS = st.lists(
    st.tuples(
        st.sampled_from(
            [*SAFE, "change", "change", "touch", "move", "mark", "mark range", "clear"]
        ),
        st.lists(KEYS, max_size=6),
        VALUES,
        KINDS,
    ),
    max_size=25,
)


def nearest(old: list[int], index: int, survivors: list[int]) -> int | None:
    """The surviving row least far from ``index``, the one below where two are."""
    there = [(abs(at - index), at < index, key) for at, key in enumerate(old) if key in survivors]
    return min(there)[2] if there else None


@pytest.mark.parametrize("share", [0, arranged._RESORT_SHARE], ids=["moved", "sorted anew"])
@settings(max_examples=300)
@given(acts=ACTS)
def test_each_row_is_there_once_and_cursor_and_marks_stay_on_it_or_the_nearest(
    share: int, acts: Any
) -> None:
    """Whether rows that were touched are moved one by one or, being many, all sorted anew."""
    with patch.object(arranged, "_RESORT_SHARE", share):
        _act(acts)


def _act(acts: Any) -> None:
    table = Table()
    view = table.view
    marks: set[int] = set()
    wanted: int | None = None
    for what, keys, value, kind in acts:
        old, cursor, index = view.shown_keys(), view.cursor, view.cursor_index
        match what:
            case "move":
                view.move_to(len(keys))
                wanted = view.cursor if old else wanted
                cursor = old[min(len(keys), len(old) - 1)] if old else None
            case "mark":
                view.mark(keys)
                marks |= set(keys) & set(table.keys)
            case "mark range":
                view.mark(view.between(len(keys), index))
                low, high = sorted((len(keys), max(index, 0)))
                marks |= set(old[low : high + 1]) if index >= 0 else set(old[0 : len(keys) + 1])
            case "clear":
                view.mark(list(marks), on=False)
                marks = set()
            case _:
                table.do(what, keys, value, kind)
        shown = view.shown_keys()
        assert shown == table.expected()
        marks &= set(table.keys)
        assert view.marks == marks
        assert view.hidden == len(table.keys) - len(shown)
        assert [view.index(key) for key in shown] == list(range(len(shown)))
        assert all(view.index(key) is None for key in range(12) if key not in shown)
        if wanted not in table.keys:
            wanted = None
        if not shown:
            assert view.cursor is None
            assert view.cursor_index == -1
            continue
        assert view.cursor is not None
        assert shown[view.cursor_index] == view.cursor
        if what == "filter" and wanted is not None and wanted in shown:
            assert view.cursor == wanted  # the filter that drove it away gives it back
        elif cursor in shown:
            assert view.cursor == cursor
        elif cursor is not None:
            near = nearest(old, index, shown)
            assert view.cursor == (shown[min(index, len(shown) - 1)] if near is None else near)
        if wanted is None:
            wanted = view.cursor


def test_cursor_comes_back_to_its_row_when_the_filter_is_taken_off() -> None:
    view: RowView[str] = RowView()
    view.load(["a", "b", "c", "d"])
    view.move_to_key("c")
    view.set_filter(lambda keys: [key in "ad" for key in keys])
    assert view.cursor == "d"
    view.set_filter(None)
    assert view.cursor == "c"


def test_cursor_stays_where_it_was_moved_under_a_filter() -> None:
    view: RowView[str] = RowView()
    view.load(["a", "b", "c", "d"])
    view.move_to_key("c")
    view.set_filter(lambda keys: [key in "ad" for key in keys])
    view.move_to_key("a")
    view.set_filter(None)
    assert view.cursor == "a"


def test_a_row_cannot_be_there_twice() -> None:
    with pytest.raises(ValueError, match="duplicates"):
        RowView[str]().load(["a", "a"])


def test_frozen_rows_neither_move_nor_leave_and_new_ones_come_last() -> None:
    values = {"a": 1, "b": 2, "c": 3, "new": 0}
    view: RowView[str] = RowView()
    view.load(["a", "b", "c"])
    view.sort_by(lambda keys: [values[key] for key in keys])
    view.set_filter(lambda keys: [values[key] < 9 for key in keys])
    view.move_to_key("b")
    view.frozen = True
    values.update(a=5, b=9)
    view.touch(["a", "b"])
    assert view.shown_keys() == ["a", "b", "c"]
    view.load(["a", "c", "b", "new"])
    assert view.shown_keys() == ["a", "b", "c", "new"]
    assert view.index("c") == 2
    view.load(["c", "b", "new"])
    assert view.shown_keys() == ["b", "c", "new"]
    assert view.cursor == "b"
    view.frozen = False
    assert view.shown_keys() == ["new", "c"]
    assert view.cursor == "c"


def test_loading_a_hundred_thousand_rows_by_range_holds_no_copy_of_them() -> None:
    view: RowView[int] = RowView()
    view.load(range(100_000))
    assert view.keys == range(100_000)
    assert view[99_999] == 99_999


@given(st.lists(st.none() | st.integers(-5, 5), max_size=30), st.booleans(), st.data())
def test_a_place_put_back_where_it_belongs_gives_the_order_of_sorting_anew(
    column: list[int | None], reverse: bool, data: st.DataObject
) -> None:
    _, values = comparable(column, reverse=reverse)
    order = sorted_places(values, reverse=reverse)
    assert [locate(order, values, place, reverse=reverse) for place in order] == list(
        range(len(column))
    )
    moved = data.draw(st.sets(st.sampled_from(range(len(column))))) if column else set()
    rest = without(order, sorted(locate(order, values, p, reverse=reverse) for p in moved))
    assert list(inserted(rest, moved, values, reverse=reverse)) == list(order)


def test_what_has_no_value_comes_last_both_ways() -> None:
    for column in ([2, None, 1], ["b", None, "a"], [(2,), None, (1,)], [2, None, 1.5]):
        for reverse, expected in ((False, [2, 0, 1]), (True, [0, 2, 1])):
            _, values = comparable(column, reverse=reverse)
            assert list(sorted_places(values, reverse=reverse)) == expected


def test_integers_too_large_for_doubles_are_still_told_apart() -> None:
    _, values = comparable([2**60 + 1, 2**60, None], reverse=False)
    assert list(sorted_places(values, reverse=False)) == [1, 0, 2]


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize(
    "drawn",
    [
        lambda dice: dice.expovariate(1 / 20),
        lambda dice: float(dice.randrange(3)),
        lambda dice: 7.0,
        lambda dice: dice.choice((float("inf"), -0.0, 0.0, -1.5)),
        lambda dice: max(0.0, dice.random() - 0.9),
    ],
    ids=["spread", "few", "one", "endless", "mostly none"],
)
def test_a_long_column_sorts_as_its_list_does(
    drawn: Callable[[random.Random], float], reverse: bool
) -> None:
    dice = random.Random(5)
    column = array("d", [drawn(dice) for _ in range(20_000)])
    expected = sorted(range(len(column)), key=column.tolist().__getitem__, reverse=reverse)
    assert list(sorted_places(column, reverse=reverse)) == expected


GREAT = st.integers(-(2**55), 2**55 - 1).map(lambda number: 256 * number)
"""Integers whose last byte is zero, as is the first one of small ones."""


@given(st.lists(st.integers(-(2**63), 2**63 - 1) | st.integers(0, 2**54) | GREAT, max_size=9))
@example([2**62 + 256, 2**62])
@example([-(2**60) + 1, -(2**60)])
def test_a_column_of_integers_sorts_as_its_list_does(column: list[int]) -> None:
    expected = sorted(range(len(column)), key=column.__getitem__)
    for source in (column, array("q", column)):
        _, values = comparable(source, reverse=False)
        assert list(sorted_places(values, reverse=False)) == expected


def test_a_column_changed_after_sorting_does_not_upset_the_order() -> None:
    live = array("d", [1.0, 2.0, 3.0])
    view: RowView[int] = RowView()
    view.load(range(3))
    view.sort_by(lambda keys: live if len(keys) == 3 else [live[key] for key in keys])
    live[0] = 9.0
    assert [view.index(key) for key in range(3)] == [0, 1, 2]
    view.touch([0])
    assert view.shown_keys() == [1, 2, 0]
