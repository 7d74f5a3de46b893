"""The raw answer: laid out to be read, safe to print, quick to open."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from defusedxml import ElementTree
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.strip import Strip

from smsmon.console.dialogs.raw import (
    SHOWN_LIMIT,
    LinesView,
    RawScreen,
    facts,
    folded,
    none_at_hand,
    page,
)
from tests.console.dialogs.stage import NARROW, SMALL, DialogApp, asking, calm

ANSWER = b'{"b":"2","a":[{"phoneNumber":"+33612345678","x":1.50},{}],"e":[],"u":"\\u001b[0m"}'
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def lines_of(raw: bytes, **how: Any) -> list[str]:
    return list(page(raw, len(raw), **how).lines)


# The layout


def test_json_is_laid_out_with_its_own_order_spelling_and_escapes() -> None:
    assert lines_of(ANSWER) == [
        "{",
        '  "b": "2",',
        '  "a": [',
        "    {",
        '      "phoneNumber": "+33612345678",',
        '      "x": 1.50',
        "    },",
        "    {}",
        "  ],",
        '  "e": [],',
        '  "u": "\\u001b[0m"',
        "}",
    ]


@given(JSON_VALUES.filter(lambda value: isinstance(value, list | dict)))
def test_laid_out_json_says_what_it_said(value: object) -> None:
    lines = lines_of(json.dumps(value).encode())
    assert json.loads("\n".join(lines)) == value


def test_xml_is_laid_out_by_its_elements() -> None:
    raw = b'<?xml version="1.0"?>\n<r a="1 > 0"><s><p>33  6</p><q/></s><!-- <x> --><e></e> </r>'
    assert lines_of(raw) == [
        '<?xml version="1.0"?>',
        '<r a="1 > 0">',
        "  <s>",
        "    <p>33  6</p>",
        "    <q/>",
        "  </s>",
        "  <!-- <x> -->",
        "  <e></e>",
        "</r>",
    ]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.text("xyz<&é", max_size=5)), max_size=6))
def test_laid_out_xml_says_what_it_said(elements: list[tuple[str, str]]) -> None:
    root = ElementTree.fromstring("<root/>")
    for tag, text in elements:
        child = root.makeelement(tag, {})
        child.text = text
        root.append(child)
    told = ElementTree.fromstring("\n".join(lines_of(ElementTree.tostring(root))))
    assert [(each.tag, each.text or "") for each in told] == elements


@pytest.mark.parametrize(
    "raw",
    [b'{"a": 1', b"{nonsense}", b"<a><b></a>", b"plain\r\ntext", b"<html><body>502", b"<", b"12"],
)
def test_what_does_not_parse_is_shown_as_it_came(raw: bytes) -> None:
    what = page(raw, len(raw))
    assert what.form == ""
    assert list(what.lines) == raw.decode().replace("\r", "").split("\n")
    assert "as it came" in facts(what).plain


@pytest.mark.parametrize(("raw", "form"), [(ANSWER[:40], "JSON"), (b"<a><b>1</b><c", "XML")])
def test_the_beginning_of_an_answer_is_laid_out_and_says_what_is_left_out(
    raw: bytes, form: str
) -> None:
    what = page(raw, 1_000_000)
    assert what.form == form
    assert len(what.lines) > 2
    assert f"{1_000_000 - len(raw):,} left out" in facts(what).plain


def test_no_more_is_laid_out_than_the_limit() -> None:
    raw = b"[" + b"1," * SHOWN_LIMIT + b"1]"
    what = page(raw, len(raw))
    assert what.shown == SHOWN_LIMIT
    assert "only the first 512 kB" in facts(what).plain


def test_an_empty_answer_says_so() -> None:
    assert facts(page(b"", 0)).plain == "The answer was empty."


def test_depth_does_not_blow_up_the_lines() -> None:
    opening = b"[" * 100_000
    assert sum(map(len, page(opening, 10**6).lines)) < 10_000_000
    assert lines_of(b"<a>" * 3000)


# Safe to print


@given(st.binary(max_size=200) | st.text(max_size=60).map(lambda text: f'{{"{text}"'.encode()))
def test_nothing_a_terminal_obeys_is_ever_shown(raw: bytes) -> None:
    for full_length in (len(raw), len(raw) + 5):
        assert all(line.isprintable() for line in page(raw, full_length).lines)
        assert all(line.isprintable() for line in page(raw, full_length, masked=True).lines)


@given(st.integers(10**7, 10**15 - 1), st.sampled_from(["", "+", "00", "0"]), st.data())
def test_privacy_hides_the_digits_of_every_number(
    number: int, prefix: str, data: st.DataObject
) -> None:
    between = data.draw(st.sampled_from(["", " ", ".", "-", "\u00a0"]))
    written = between.join(str(number))
    for raw in (
        json.dumps({"phoneNumber": f"{prefix}{written}", "id": "2270142"}),
        json.dumps({"phoneNumber": f"{prefix}{written}"}, ensure_ascii=False),
        f"<r><phoneNumber>{prefix}{written}</phoneNumber></r>",
        f"No such number: {prefix}{written}!",
    ):
        text = "\n".join(lines_of(raw.encode(), masked=True))
        digits = "".join(char for char in text.replace("2270142", "") if char.isdigit())
        assert digits.removeprefix("00") in (str(number)[-2:], "")


def test_privacy_sees_through_escaped_digits() -> None:
    raw = b'{"phoneNumber": "\\u002b3361234567\\u0038", "p": "&#51;3612345678"}'
    text = "\n".join(lines_of(raw, masked=True))
    assert "612345" not in text
    assert "36123" not in text


def test_privacy_leaves_dates_and_ids_readable() -> None:
    raw = b'{"message_id":"2270142","date":"1795341600","phone":"+33612345678"}'
    text = "\n".join(lines_of(raw, masked=True))
    assert "2270142" in text
    assert "1795341600" in text
    assert '"+·········78"' in text
    assert "2026-11-22 10:00:00" in lines_of(b"at 2026-11-22 10:00:00", masked=True)[0]


# Folding


@given(st.lists(st.text("ab é漢\u0301", max_size=30), max_size=8), st.integers(2, 20))
def test_long_lines_are_folded_and_none_is_lost(lines: list[str], width: int) -> None:
    parts, begins = folded(lines, width)
    assert all(cell_len(part) <= width for part in parts)
    assert "".join(parts) == "".join(lines)
    assert len(begins) == len(lines)
    ends = [*list(begins)[1:], len(parts)][: len(lines)]
    assert ["".join(parts[a:b]) for a, b in zip(begins, ends, strict=True)] == lines


# On the screen


async def test_the_answer_is_shown_with_its_title_and_size() -> None:
    async with asking(RawScreen("2270142 [/] Friday", ANSWER, len(ANSWER)), SMALL) as (app, _):
        assert "2270142 [/] Friday" in app.text
        assert f"JSON · {len(ANSWER)} bytes" in app.text
        assert '      "phoneNumber": "+33612345678",' in app.text


async def test_a_hundred_thousand_lines_are_laid_out_only_where_they_are_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn: list[int] = []
    draw = LinesView.render_line

    def counted(view: LinesView, y: int) -> Strip:
        drawn.append(y)
        return draw(view, y)

    monkeypatch.setattr(LinesView, "render_line", counted)
    raw = b"[" + b"1," * 100_000 + b"2]"
    async with asking(RawScreen("big", raw, len(raw)), SMALL) as (app, pilot):
        await pilot.press("end")
        await pilot.pause()
        assert app.line_with("  2 ")
        assert app.line_with("] ")
        assert 0 < len(drawn) < 400


@pytest.mark.parametrize(
    ("keys", "top"),
    [
        (["j", "down"], 2),
        (["pagedown"], None),
        (["G", "k"], None),
        (["end", "g"], 0),
        (["ctrl+d", "ctrl+u"], 0),
    ],
)
async def test_it_scrolls_by_keys(keys: list[str], top: int | None) -> None:
    raw = "\n".join(f"line {n}." for n in range(300)).encode()
    async with asking(RawScreen("plain", raw, len(raw)), NARROW) as (app, pilot):
        view = app.screen.query_one(LinesView)
        page_of = view.size.height
        await pilot.press(*keys)
        await pilot.pause()
        expected = page_of if keys == ["pagedown"] else 300 - page_of - 1 if top is None else top
        assert view.top == expected
        assert app.line_with(f"line {expected}.")


async def test_a_narrower_screen_keeps_the_place() -> None:
    raw = "\n".join(f"line {n}. " + "x" * 60 for n in range(300)).encode()
    async with asking(RawScreen("plain", raw, len(raw)), SMALL) as (app, pilot):
        view = app.screen.query_one(LinesView)
        view.scroll_to(y=100, animate=False, force=True)
        await pilot.resize_terminal(*NARROW)
        await calm(app, pilot)
        assert view.top == 100
        assert app.line_with("line 100.")


async def test_privacy_holds_on_the_screen() -> None:
    async with asking(RawScreen("m", ANSWER, len(ANSWER), masked=True)) as (app, _):
        assert "·········78" in app.text
        assert "612345" not in app.text


@pytest.mark.parametrize("key", ["escape", "q", "enter"])
async def test_it_closes(key: str) -> None:
    async with asking(RawScreen("m", ANSWER, len(ANSWER))) as (app, pilot):
        await pilot.press(key)
        await pilot.pause()
        assert app.answers == [None]


async def test_it_may_be_closed_before_it_is_laid_out() -> None:
    raw = b"[" + b"1," * 100_000 + b"2]"
    app = DialogApp()
    async with app.run_test(size=SMALL) as pilot:
        app.push_screen(RawScreen("m", raw, len(raw)), app.answers.append)
        await asyncio.sleep(0)
        await pilot.press("escape")
        await calm(app, pilot)
        assert app.answers == [None]


def test_no_answer_is_spoken_of_where_none_may_have_come() -> None:
    told = none_at_hand(None, read=True)
    assert told == "No answer of this message is at hand: nothing new has come since the start."
