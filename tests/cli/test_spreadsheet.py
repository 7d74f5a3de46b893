"""CSV that a spreadsheet opens without running anything or losing a digit."""

from __future__ import annotations

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from smsmon.spreadsheet import cell, lines


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
