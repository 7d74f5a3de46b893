"""The dialog that finds a number."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from textual.events import Paste

from smsmon.console.dialogs.find import FindScreen
from smsmon.console.formats import Formats
from smsmon.console.tables.found import Place
from smsmon.model import Entry
from smsmon.monitor.board import Board
from smsmon.recipients import Status
from smsmon.store.errors import StoreError
from smsmon.store.past import NumberFound, Sighting
from tests.console.dialogs.stage import NARROW, SMALL, asking, calm, put, recipient, type_text
from tests.support.clock import START, VirtualClock

MARIE = "+33612345678"


def formats(**how: Any) -> Formats:
    return Formats(VirtualClock(), zone=UTC, **how)


def two_messages() -> Board:
    board = Board()
    put(board, Entry("100", "Older [/red]"), [recipient("+33700000000"), recipient(MARIE)], START)
    put(board, Entry("200", "Newer"), [recipient(MARIE, Status.WAITING, stop=True)], START + 9)
    return board


class History:
    """A history that knows one removed message, and can be made to wait or to fail."""

    def __init__(self) -> None:
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.asked: list[str] = []
        self.cancelled: list[str] = []
        self.fails: Exception | None = None

    async def find_number(self, text: str, limit: int = 200) -> NumberFound:
        self.asked.append(text)
        try:
            await self.may_answer.wait()
        except asyncio.CancelledError:
            self.cancelled.append(text)
            raise
        if self.fails is not None:
            raise self.fails
        old = Sighting("50", "Spring", 4, recipient(MARIE), START - 99, None, START - 50, ())
        return NumberFound(text, True, (old,))


async def test_a_number_typed_shows_who_has_it_the_newest_message_first() -> None:
    async with asking(FindScreen(two_messages(), formats())) as (app, pilot):
        await type_text(app, pilot, "06 12 3")
        rows = [line for line in app.lines if "+33 6 12 34 56 78" in line]
        assert ["200" in rows[0], "100" in rows[1], len(rows)] == [True, True, 2]
        assert "… Waiting" in rows[0]
        assert "STOP" in rows[0]
        assert "✓ Delivered" in rows[1]
        assert "2 found in 2 messages" in app.text


@pytest.mark.parametrize("size", [NARROW, SMALL])
async def test_number_message_status_and_stop_fit_on_a_small_screen(size: tuple[int, int]) -> None:
    board = Board()
    failed = recipient(MARIE, Status.NOT_DELIVERED, stop=True)
    put(board, Entry("2270142"), [failed], START)
    async with asking(FindScreen(board, formats()), size) as (app, pilot):
        await type_text(app, pilot, "678")
        assert "+33 6 12 34 56 78" in (row := app.line_with("✗"))
        assert "2270142" in row
        assert re.search(r"✗ Not delivered {1,2}STOP", row)
        assert app.line_with("esc close")


async def test_enter_opens_the_row_that_the_arrows_chose() -> None:
    async with asking(FindScreen(two_messages(), formats())) as (app, pilot):
        await type_text(app, pilot, "0612")
        await pilot.press("down", "enter")
        await pilot.pause()
        assert app.answers == [Place("100", 1, MARIE)]


async def test_a_double_click_opens_a_row_and_the_field_goes_on() -> None:
    async with asking(FindScreen(two_messages(), formats())) as (app, pilot):
        await type_text(app, pilot, "061")
        await pilot.click("LiveTable", offset=(5, 2))
        await type_text(app, pilot, "2")
        assert "0612" in app.text
        await pilot.click("LiveTable", offset=(5, 1), times=2)
        await pilot.pause()
        assert app.answers == [Place("200", 0, MARIE)]


async def test_escape_closes_and_goes_nowhere() -> None:
    async with asking(FindScreen(two_messages(), formats())) as (app, pilot):
        await type_text(app, pilot, "0612")
        await pilot.press("escape")
        await pilot.pause()
        assert app.answers == [None]


async def test_who_is_no_longer_listed_is_found_as_such() -> None:
    board = two_messages()
    put(board, Entry("100"), [recipient("+33700000000")], START + 20)
    history = History()
    async with asking(FindScreen(board, formats(), history.find_number), (120, 30)) as (app, pilot):
        await type_text(app, pilot, "0612")
        assert "-+33 6 12 34 56 78" in app.line_with("was delivered")
        assert "100" in app.line_with("was delivered")
        assert "-+33" not in app.line_with("Waiting")


async def test_more_digits_narrow_it_down_and_other_digits_find_others() -> None:
    async with asking(FindScreen(two_messages(), formats())) as (app, pilot):
        await type_text(app, pilot, "000")
        assert "+33 7 00 00 00 00" in app.text
        await type_text(app, pilot, "9")
        assert "+33 7 00 00 00 00" not in app.text
        assert "Not in 2 watched messages. Check the digits" in app.text


async def test_each_empty_state_says_what_to_do() -> None:
    async with asking(FindScreen(two_messages(), formats())) as (app, pilot):
        assert "any three digits or more" in app.text
        assert "Looks in 2 watched messages." in app.text
        await type_text(app, pilot, "mar")
        assert "Digits only: 06 12" in app.text
    async with asking(FindScreen(Board(), formats())) as (app, pilot):
        assert "Nothing is watched yet" in app.text


async def test_the_history_adds_what_is_not_watched_any_more() -> None:
    async with asking(FindScreen(two_messages(), formats(), History().find_number), (120, 30)) as (
        app,
        pilot,
    ):
        await type_text(app, pilot, "0612")
        row = app.line_with("50 ")
        assert "not watched any more  Spring" in row
        assert "3 found in 3 messages · 1 not watched any more" in app.text
        await pilot.press("down", "down", "enter")
        await pilot.pause()
        assert app.answers == [Place("50", None, MARIE)]


async def test_a_history_in_trouble_says_so_and_what_is_watched_stays() -> None:
    history = History()
    history.fails = StoreError(Path("history.db"), "another program holds it", "Wait.")
    async with asking(FindScreen(two_messages(), formats(), history.find_number), (120, 30)) as (
        app,
        pilot,
    ):
        await type_text(app, pilot, "0612")
        assert "2 found in 2 messages · history: another program holds it. Wait." in app.text
        assert app.line_with("✓ Delivered")


async def test_what_is_wrong_with_the_history_is_told_whole_at_80_columns() -> None:
    history = History()
    reason = "it was written by a newer smsmon"
    remedy = "Install that version, or move the file away and begin anew."
    history.fails = StoreError(Path("history.db"), reason, remedy)
    async with asking(FindScreen(two_messages(), formats(), history.find_number)) as (app, pilot):
        await type_text(app, pilot, "0612")
        told = " ".join(" ".join(line.strip(" │") for line in app.lines).split())
        assert f"history: {reason}. {remedy}" in told


async def test_a_search_that_fails_says_so() -> None:
    history = History()
    history.fails = RuntimeError("no")
    async with asking(FindScreen(two_messages(), formats(), history.find_number)) as (app, pilot):
        await type_text(app, pilot, "0612")
        assert "2 found in 2 messages · the search failed" in app.text


async def test_a_stale_search_is_cancelled_and_never_shown() -> None:
    history = History()
    history.may_answer.clear()
    async with asking(FindScreen(Board(), formats(), history.find_number)) as (app, pilot):
        await pilot.press(*"0612")
        await pilot.pause()
        assert "searching the history" in app.text
        await pilot.press("9")
        await pilot.pause()
        history.may_answer.set()
        await calm(app, pilot)
        assert history.cancelled == history.asked[:-1]
        assert history.asked[-1] == "06129"
        assert MARIE[-2:] not in app.line_with("+33")
        assert "Not in 0 watched messages, nor in the history." in app.text


async def test_the_cursor_stays_on_its_row_when_the_history_answers_late() -> None:
    history = History()
    history.may_answer.clear()
    board = two_messages()
    async with asking(FindScreen(board, formats(), history.find_number)) as (app, pilot):
        await pilot.press(*"0612", "down")
        await pilot.pause()
        history.may_answer.set()
        await calm(app, pilot)
        await pilot.press("enter")
        await pilot.pause()
        assert app.answers == [Place("100", 1, MARIE)]


async def test_enter_before_anything_is_found_opens_what_is_found_first() -> None:
    history = History()
    history.may_answer.clear()
    async with asking(FindScreen(Board(), formats(), history.find_number)) as (app, pilot):
        await pilot.press(*"0612", "enter")
        await pilot.pause()
        assert app.answers == []
        history.may_answer.set()
        await calm(app, pilot)
        assert app.answers == [Place("50", None, MARIE)]


async def test_privacy_masks_the_numbers_found_and_not_what_is_typed() -> None:
    async with asking(FindScreen(two_messages(), formats(masked=True))) as (app, pilot):
        await type_text(app, pilot, "0612 34")
        assert "+33 6 ·· ·· ·· 78" in app.text
        assert "12 34 56" not in app.text
        assert "0612 34" in app.text


async def test_a_status_that_changes_meanwhile_is_shown_as_it_is() -> None:
    board = two_messages()
    dialog = FindScreen(board, formats())
    async with asking(dialog) as (app, pilot):
        await type_text(app, pilot, "0612")
        put(board, Entry("200"), [recipient(MARIE, Status.NOT_DELIVERED)], START + 60)
        dialog.look()
        await pilot.pause()
        assert "✗ Not delivered" in app.line_with("200 ")


async def test_labels_are_never_taken_for_markup() -> None:
    async with asking(FindScreen(two_messages(), formats()), (120, 30)) as (app, pilot):
        await type_text(app, pilot, "0612")
        assert "Older [/red]" in app.text


async def test_a_paste_brings_its_first_line_and_nothing_a_terminal_obeys() -> None:
    async with asking(FindScreen(two_messages(), formats())) as (app, pilot):
        app.screen.query_one("#number").post_message(Paste("\n +33\u00a06\x1b]52;c;x\x07\n0700"))
        await calm(app, pilot)
        assert app.line_with("+33 6�]52;c;x�")
        assert "\x1b" not in app.text
