"""What stands in cells: texts of few columns that say no more and no less than is so."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from smsmon.console import cells, signs
from smsmon.console.cells import Span, Tone
from smsmon.model import Counts
from smsmon.recipients import Status
from smsmon.text import safe


@given(
    st.lists(st.text(max_size=12).map(safe), max_size=4),
    st.integers(0, 30),
    st.sampled_from(["left", "right"]),
)
def test_any_text_takes_exactly_the_width_it_is_given(
    texts: list[str], width: int, align: str
) -> None:
    spans = [Span(text) for text in texts]
    fitted = cells.fit(spans, width, "left" if align == "left" else "right")
    assert sum(cell_len(span.text) for span in fitted) == width


@given(st.text(max_size=20).map(safe), st.integers(1, 20))
def test_what_fits_is_whole_and_what_is_cut_says_so(text: str, width: int) -> None:
    shown = cells.cut(text, width)
    if cell_len(text) <= width:
        assert shown == text
    else:
        assert shown.endswith("…")
        assert text.startswith(shown[:-1])
        assert cell_len(shown) <= width


def test_cells_are_cut_between_whole_characters() -> None:
    assert cells.cut("東京都", 6) == "東京都"
    assert cells.cut("東京都", 5) == "東京…"
    assert cells.cut("東京都", 4) == "東…"
    assert cells.cut("e\u0301e\u0301e\u0301", 2) == "e\u0301…"
    assert cells.cut("abc", 0) == ""
    assert cells.cut("abc", 1) == "…"


def test_what_more_spans_would_say_is_marked_as_cut() -> None:
    good, bad = Span("abc", Tone.GOOD), Span("def", Tone.BAD)
    assert cells.fit([good, bad], 6) == [good, bad]
    assert cells.fit([good, bad], 5) == [good, Span("d…", Tone.BAD)]
    assert cells.fit([good, bad], 3) == [Span("ab…", Tone.GOOD)]
    assert cells.fit([good, bad], 8, "right") == [Span("  "), good, bad]


@given(st.lists(st.text(max_size=12), max_size=3), st.integers(0, 30))
def test_nothing_that_a_terminal_obeys_leaves_a_cell(texts: list[str], width: int) -> None:
    fitted = cells.fit([Span(text) for text in texts], width)
    assert cells.plain(fitted).isprintable()
    assert sum(cell_len(span.text) for span in fitted) == width


def test_escape_sequences_are_shown_and_not_sent() -> None:
    assert cells.plain(cells.fit([Span("\x1b]52;c;x\x07")], 12)) == "�]52;c;x�   "


def test_variation_selectors_do_not_shift_what_follows() -> None:
    assert cells.plain(cells.fit([Span("☎\ufe0f x")], 5)) == "☎ x  "


@pytest.mark.parametrize("sign", [*signs.STATUS_SIGNS.values(), *signs.STATE_SIGNS.values()])
def test_every_sign_is_a_glyph_of_one_column_and_a_word(sign: signs.Sign) -> None:
    assert cell_len(sign.glyph) == 1
    assert sign.word
    assert signs.Tone(sign.tone)


def test_every_status_and_only_it_has_its_glyph_and_word() -> None:
    assert set(signs.STATUS_SIGNS) == set(Status)
    assert len({sign.glyph for sign in signs.STATUS_SIGNS.values()}) == len(Status)
    assert cells.plain(cells.status(Status.DELIVERED)) == "✓ Delivered"
    assert cells.plain(cells.status(Status.NOT_DELIVERED)) == "✗ Not delivered"


def test_a_status_nobody_knows_shows_the_word_of_the_api() -> None:
    assert cells.status(Status.UNKNOWN, raw="ZZTOP") == (Span("? ZZTOP", Tone.WARN),)
    assert cells.plain(cells.status(Status.UNKNOWN)) == "? Unknown"
    assert cells.plain(cells.status(Status.DELIVERED, raw="DELIVRD")) == "✓ Delivered"


def test_states_say_their_word_and_detail() -> None:
    assert cells.plain(cells.state("stale", detail="4 m")) == "! stale 4 m"
    assert cells.plain(cells.state("NOT_FOUND")) == "∅ not found"
    assert cells.plain(cells.state("unheard of")) == "  unheard of"


def test_counts_have_thousands_separators_and_a_zero_is_a_quiet_dot() -> None:
    assert cells.count(1_234_567) == "1,234,567"
    assert cells.status_count(3, Status.NOT_DELIVERED) == Span("3", Tone.BAD)
    assert cells.status_count(0, Status.NOT_DELIVERED) == Span("·", Tone.DIM)


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (0, 0, "–"),
        (0, 10, "0.0%"),
        (10, 10, "100%"),
        (962, 1000, "96.2%"),
        (99_999, 100_000, "99.9%"),
        (1, 100_000, "0.1%"),
    ],
)
def test_a_percentage_is_all_or_nothing_only_when_it_is(part: int, whole: int, text: str) -> None:
    assert cells.percent(part, whole) == text


def test_a_rate_of_nothing_final_is_a_dash() -> None:
    assert cells.rate(None) == "–"
    assert cells.rate(0.962) == "96.2%"
    assert cells.rate(1.0) == "100%"
    assert cells.rate(0.0) == "0.0%"
    assert cells.rate(0.99999) == "99.9%"


COUNTS = st.builds(
    lambda d, w, n, u: Counts(d + w + n + u, d, n, w, u), *[st.integers(0, 20_000)] * 4
)


@given(COUNTS, st.integers(0, 60))
def test_the_delivery_bar_is_as_wide_as_its_column_and_hides_nothing(
    counts: Counts, width: int
) -> None:
    text = cells.plain(cells.delivery_bar(counts, width))
    assert cell_len(text) == width
    if counts.total and width >= 10:
        assert ("▬" in text) == (counts.delivered > 0)
        assert ("┄" in text) == (counts.waiting > 0)
        assert ("▒" in text) == (counts.not_delivered > 0)
        assert ("100%" in text) == (counts.delivered == counts.total)


def test_the_delivery_bar_reads_without_colour() -> None:
    counts = Counts(total=100, delivered=57, not_delivered=14, waiting=29)
    assert cells.plain(cells.delivery_bar(counts, 19)) == "▬▬▬▬▬▬▬▬┄┄┄┄▒▒  57%"
    assert cells.plain(cells.delivery_bar(Counts(), 12)) == "           –"


@given(st.lists(st.integers(0, 100_000), min_size=1, max_size=5), st.integers(0, 50))
def test_shares_add_up_to_the_width(parts: list[int], width: int) -> None:
    given_ = cells.shares(parts, width)
    assert sum(given_) == (width if sum(parts) else 0)
    assert all(share == 0 for share, part in zip(given_, parts, strict=True) if not part)
    if sum(part > 0 for part in parts) <= width:
        assert all(share > 0 for share, part in zip(given_, parts, strict=True) if part)


def test_a_sparkline_shows_the_latest_to_the_right() -> None:
    assert cells.sparkline([9, 0, 1, 4, 8], 4) == " ▂▅█"
    assert cells.sparkline([1], 3) == "  █"
    assert cells.sparkline([], 3) == "   "
    assert cells.sparkline([0, 0], 3) == "   "
    assert cells.sparkline([1], 0) == ""
