"""Tables for a person: within the width of the terminal, and nothing in them misread."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsmon.commands import table
from smsmon.commands.config import SETTING_HEADS
from smsmon.commands.table import LEAST, Head, fitted, print_facts, print_rows

HEADS = (
    Head("id", worth=100),
    Head("label", worth=90, cut=60),
    Head("state", worth=95),
    Head("count", right=True, worth=80),
    Head("read", worth=45),
    Head("note", worth=20, cut=10),
)


@pytest.mark.parametrize(
    ("room", "widths"),
    [
        (200, [8, 30, 12, 6, 8, 40]),
        (114, [8, 30, 12, 6, 8, 40]),
        (100, [8, 30, 12, 6, 8, 26]),
        (80, [8, 30, 12, 6, 8, 0]),
        (70, [8, 30, 12, 6, 0, 0]),
        (50, [8, 18, 12, 6, 0, 0]),
        (40, [8, 16, 12, 0, 0, 0]),
        (30, [8, 0, 12, 0, 0, 0]),
        (10, [8, 0, 0, 0, 0, 0]),
    ],
)
def test_what_is_worth_least_gives_way_first(room: int, widths: list[int]) -> None:
    assert fitted(HEADS, [8, 30, 12, 6, 8, 40], room) == widths


def test_of_a_setting_its_value_is_shortened_before_it_is_told_where_it_is_from() -> None:
    assert fitted(SETTING_HEADS, [25, 90, 11], 80) == [25, 40, 11]


@given(
    st.lists(
        st.tuples(st.integers(1, 60), st.integers(0, 99), st.none() | st.integers(0, 99)),
        min_size=1,
        max_size=9,
    ),
    st.integers(1, 200),
)
def test_only_texts_are_shortened_and_all_has_room(
    columns: list[tuple[int, int, int | None]], room: int
) -> None:
    heads = [Head("x", worth=worth, cut=cut) for _, worth, cut in columns]
    widths = [width for width, *_ in columns]
    given = fitted(heads, widths, room)
    kept = [width for width in given if width]
    assert not kept or sum(kept) + 2 * (len(kept) - 1) <= room
    for head, wished, width in zip(heads, widths, given, strict=True):
        if width not in (0, wished):
            assert head.cut is not None
            assert LEAST <= width < wished


def test_what_is_never_left_out_may_run_over() -> None:
    assert fitted([Head("a"), Head("b", cut=100)], [50, 50], 40) == [50, LEAST]


def test_what_stands_below_a_row_is_read_by_a_person_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows, below = [("a", "b"), ("c", "d")], ["told \x1b[31m" + "of it " * 4, ""]
    print_rows(("one", "two"), rows, below=below)
    assert capsys.readouterr().out == "a\tb\nc\td\n"
    monkeypatch.setattr(table, "on_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", "30")
    print_rows(("one", "two"), rows, below=below)
    assert capsys.readouterr().out.splitlines() == [
        "ONE  TWO",
        "a    b",
        "    told \N{REPLACEMENT CHARACTER}[31mof it of it of",
        "    it of it",
        "c    d",
    ]


def test_a_person_reads_numbers_in_thousands_and_a_program_as_they_are(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [("2270142", "12345"), ("100", "999"), ("1", "<1 s")]
    print_rows(("id", Head("count", right=True)), rows)
    print_facts({"bytes": 6754304, "user": "2024"}, as_json=False)
    assert capsys.readouterr().out == (
        "2270142\t12345\n100\t999\n1\t<1 s\nbytes\t6754304\nuser\t2024\n"
    )
    monkeypatch.setattr(table, "on_terminal", lambda: True)
    print_rows(("id", Head("count", right=True)), rows)
    print_facts({"bytes": 6754304, "user": "2024"}, as_json=False)
    told = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert told[1:4] == [["2270142", "12,345"], ["100", "999"], ["1", "<1", "s"]]
    assert told[5:] == [["bytes", "6,754,304"], ["user", "2024"]]
