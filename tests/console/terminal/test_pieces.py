"""What Rich keeps of the lines that it cut, in a console that is left open for months."""

from __future__ import annotations

from rich.segment import Segment

from smsmon.console.terminal.private import PIECES, bound_pieces


def test_the_pieces_of_no_more_texts_are_kept_than_a_screen_has() -> None:
    bound_pieces()
    bound_pieces()  # by the next app of this process
    for number in range(2 * PIECES):
        left, right = Segment(f"✓ {number}").split_cells(2)
        assert (left.text, right.text) == ("✓ ", str(number))
    assert Segment._split_cells.cache_info().currsize == PIECES
