"""CSV that a spreadsheet opens without running anything or losing a digit."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsmon.spreadsheet import BOM, cell, lines, opened, plain


def test_formulas_and_phone_numbers_become_text() -> None:
    assert cell("=HYPERLINK(1)") == "'=HYPERLINK(1)"
    assert cell("+33612345678") == "'+33612345678"
    assert cell("33612345678901") == "'33612345678901"
    assert cell("2270142") == "2270142"
    assert cell("Black Friday") == "Black Friday"


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_no_cell_begins_a_formula_and_each_row_stays_one_line(row: list[str]) -> None:
    (line,) = lines([row])
    (read,) = csv.reader(io.StringIO(line + "\n"))
    assert len(read) == len(row)
    for written, given_ in zip(read, row, strict=True):
        assert not written.startswith(("=", "+", "-", "@", "\t", "\r"))
        assert written.removeprefix("'") == " ".join(given_.splitlines()).removeprefix("'")


@pytest.mark.parametrize("mark", "=+-@＝＋－＠")
def test_whatever_begins_a_formula_is_text_where_a_cell_begins(mark: str) -> None:
    assert (cell(mark), cell(f"{mark}1")) == (f"'{mark}", f"'{mark}1")
    assert cell(f"1{mark}") == f"1{mark}"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("", ""),
        ("12345678901", "12345678901"),
        ("123456789012", "'123456789012"),
        ("12345678901x", "12345678901x"),
        ("0", "0"),
        ("0300", "'0300"),
        ("0.5", "0.5"),
        ("12E3", "'12E3"),
        ("2,27e+06", "'2,27e+06"),
        ("12E3x", "12E3x"),
        ("'", "'"),
        ("'s", "'s"),
        ("'=1", "''=1"),
        ("''123456789012", "'''123456789012"),
        ("two\r\nlines\nof it", "two lines of it"),
    ],
)
def test_only_what_a_spreadsheet_would_change_has_an_apostrophe(text: str, written: str) -> None:
    assert cell(text) == written
    assert plain(written) == " ".join(text.splitlines())


@given(st.text("'=+10aE", max_size=15) | st.text(st.characters(exclude_categories=["C", "Z"])))
def test_what_was_written_is_read_again_as_it_was(text: str) -> None:
    assert plain(cell(text)) == text


def test_only_the_first_line_of_a_file_that_is_opened_has_a_mark() -> None:
    assert list(opened([["a", "b"], ["1;2", "=3"], []])) == [f"{BOM}a;b", '"1;2";\'=3', ""]
    assert list(lines([["a", "b"], ["1,2", "3;4"]])) == ["a,b", '"1,2",3;4']
