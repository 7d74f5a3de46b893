"""Typing a filter, with real keys at 80 columns: hint, completion, mistakes, and what stays."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsmon import patterns
from smsmon.console.memory import Look
from smsmon.console.tables.filter_bar import ERROR_LINES, candidates_line, error_lines
from smsmon.console.tables.log import LOG_STAGES
from smsmon.console.tables.messages import MESSAGE_STAGES
from smsmon.console.tables.recipients import RECIPIENT_STAGES
from smsmon.filters import Field, FilterError, parse, stage_of, stepped
from smsmon.filters.messages import MESSAGE_FIELDS
from smsmon.filters.recipients import RECIPIENT_FIELDS
from smsmon.filters.subjects import LOG_FIELDS
from smsmon.model import Entry, Fault, FaultKind
from tests.console.test_console import Open, opened, text_of
from tests.support.scene import DAY, SMALL, WIDE, Scene

__all__ = ["opened"]


def below(scene: Scene) -> list[str]:
    """The line that is typed into, and what stands below it up to the key line."""
    lines = text_of(scene).splitlines()
    at = next(place for place, line in enumerate(lines) if line.startswith(" / "))
    return [line.strip() for line in lines[at:-1]]


async def test_the_hint_fits_the_table_one_stands_in(opened: Open) -> None:
    async with opened(size=SMALL) as (scene, pilot):
        await pilot.press("slash")
        await pilot.pause()
        assert "state:stale" in below(scene)[1]
        assert "status:" not in below(scene)[1]
        await pilot.press("escape", "enter", "slash")
        await pilot.pause()
        assert "status:waiting" in below(scene)[1]
        assert "state:" not in below(scene)[1]
        await pilot.press("escape", "l", "slash")
        await pilot.pause()
        assert "trouble:yes" in below(scene)[1]
        assert "status:" not in below(scene)[1]


async def test_tab_completes_the_field_then_its_words_one_after_the_other(opened: Open) -> None:
    async with opened(size=SMALL) as (scene, pilot):
        bar_of = scene.screen.picture.messages
        table = bar_of.table
        await pilot.press("slash", *"sta", "tab")
        await pilot.pause()
        assert bar_of.bar is not None
        assert bar_of.bar.text == "state:"
        assert below(scene)[1].startswith("stale  not_found  live  new  complete")
        await pilot.press("c", "tab")
        assert bar_of.bar.text == "state:complete "
        await pilot.pause()
        assert {table.rows.row(id).complete for id in table.view.shown_keys()} == {True}
        await pilot.press("backspace", "comma", "tab")
        assert bar_of.bar.text == "state:complete,stale"
        await pilot.press("tab")
        assert bar_of.bar.text == "state:complete,not_found"
        await pilot.press("shift+tab", "shift+tab")
        assert bar_of.bar.text == "state:complete,paused"


async def test_tab_completes_what_the_table_holds(opened: Open) -> None:
    async with opened(size=SMALL) as (scene, pilot):
        messages, recipients = scene.screen.picture.messages, scene.screen.picture.recipients
        await pilot.press("slash", *"label:win", "tab", "enter")
        await pilot.pause()
        assert messages.filter.text == 'label:"Win-back 2019 list"'
        assert messages.table.view.shown_keys() == ["2270138"]
        await pilot.press("enter", "slash", *"country:", "tab")
        await pilot.pause()
        assert recipients.bar is not None
        code = recipients.bar.text.removeprefix("country:").strip()
        assert len(code) == 2
        assert len(recipients.table.view) > 0


async def test_the_line_and_then_the_title_say_that_a_filter_takes_too_long(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(size=SMALL) as (scene, pilot):
        monkeypatch.setattr(patterns, "QUICK", -1.0)
        monkeypatch.setattr(patterns, "ALTOGETHER", -1.0)
        await pilot.press("slash", *"label:/a/")
        await pilot.pause()
        assert "A regular expression takes too long" in " ".join(below(scene))
        await pilot.press("enter")
        await pilot.pause()
        assert "too slow: not all rows looked at" in text_of(scene)
        scene.screen.picture.messages.wear(Look("label:/b/"))
        await pilot.pause()
        assert "too slow: not all rows looked at" in text_of(scene)


async def test_rows_stay_while_a_term_cannot_be_read_and_the_line_says_so(opened: Open) -> None:
    async with opened(size=SMALL) as (scene, pilot):
        table = scene.screen.picture.messages.table
        await pilot.press("slash", *"black ")
        await pilot.pause()
        good = table.view.shown_keys()
        assert good
        assert len(good) < len(table.view.keys)
        for key in "zzfield:1":
            await pilot.press(key)
            await pilot.pause()
            assert table.view.shown_keys() == good
            assert "rows as before" in below(scene)[0]
        assert "There is no field zzfield here." in below(scene)[1]
        await pilot.press("enter")
        await pilot.pause()
        assert scene.app.focused is not table, "one stays to mend it"
        await pilot.press(*["backspace"] * 9, "enter")
        await pilot.pause()
        assert scene.app.focused is table
        assert table.view.shown_keys() == good


async def test_a_word_that_no_row_has_is_taken_once_it_is_entered(opened: Open) -> None:
    async with opened(size=SMALL) as (scene, pilot):
        table = scene.screen.picture.messages.table
        await pilot.press("slash", *"qqq")
        await pilot.pause()
        assert table.view.hidden == 0
        await pilot.press("enter")
        await pilot.pause()
        assert len(table.view) == 0
        assert "Nothing matches. esc shows all again." in text_of(scene)


async def test_the_filter_in_force_is_told_in_the_title_and_its_line_is_put_away(
    opened: Open,
) -> None:
    async with opened(size=SMALL) as (scene, pilot):
        await pilot.press("slash", *"recipients>200", "enter")
        await pilot.pause()
        lines = text_of(scene).splitlines()
        assert "filter: recipients>200" in lines[3]
        assert not any(line.startswith(" / ") for line in lines)
        await pilot.press("slash")
        await pilot.pause()
        assert below(scene)[0].startswith("/ recipients>200")


async def test_the_key_for_trouble_goes_before_what_was_typed_and_can_be_changed(
    opened: Open,
) -> None:
    async with opened(size=SMALL) as (scene, pilot):
        messages = scene.screen.picture.messages
        await pilot.press("slash", *"rate<99%", "enter", "f")
        assert messages.filter.text == "trouble:yes rate<99%"
        await pilot.press("f")
        assert messages.filter.text == "failed>0 rate<99%"
        await pilot.press("f")
        assert messages.filter.text == "rate<99%"
        await pilot.press("escape", "f", "slash", *" black", "enter")
        assert messages.filter.text == "trouble:yes black"


async def test_trouble_is_an_alert_that_fires_a_refused_account_and_a_rate_that_is_a_setting(
    tmp_path: Path,
) -> None:
    (tmp_path / "config.toml").write_text(
        '[alerts.small]\nwhen = "id:2270139"\n[display]\ntrouble_below = 40\n'
    )
    scene = Scene(tmp_path, DAY)
    async with scene.app.run_test(size=SMALL) as pilot:
        await scene.open(pilot, 90)
        board, table = scene.screen.session.engine.board, scene.screen.picture.messages.table
        await pilot.press("f")
        await pilot.pause()
        assert table.view.shown_keys() == ["2270139", "2270144"], "an alert, and one not found"
        rate = board["2270138"].counts.delivery_rate
        assert rate is not None
        assert 0.4 < rate < 0.9
        scene.client.fault = Fault(FaultKind.AUTH, "SMS Partner refuses the API key", 10)
        await scene.pass_time(pilot, 30)
        settled = {"2269988", "2269900"}
        assert set(table.view.shown_keys()) == board.messages.keys() - settled
        await pilot.press("f", "f")
        assert table.view.hidden == 0


async def test_who_has_not_got_it_takes_two_keys(opened: Open) -> None:
    async with opened(size=SMALL, seconds=20) as (scene, pilot):
        scene.screen.picture.messages.table.move_to_key("2270142")
        await pilot.press("enter", "f", "f")
        await pilot.pause()
        recipients = scene.screen.picture.recipients
        shown = [recipients.table.rows.row(slot) for slot in recipients.table.view.shown_keys()]
        assert {row.recipient.status.slug for row in shown} == {"waiting", "not_delivered"}
        assert "who has not got it" in text_of(scene)


def mistake(text: str, fields: Sequence[Field]) -> FilterError | None:
    """What is wrong with a filter; None when nothing is."""
    try:
        parse(text, fields)
    except FilterError as error:
        return error
    return None


MISTAKES = [
    error
    for fields in (MESSAGE_FIELDS, RECIPIENT_FIELDS)
    for text in (
        "zzfield:1", "stauts:waiting", "status:x", "state:x", "stop:x", "rate:x", "rate>5x", "!!",
        "took>x", "country:x", "/(/", "/(a+)+/", "label>5", "label:/a/b/", "failed>5%", "age:x",
        "recipients:5..1", "recipients>1..5", "stop>5", "phone>5", "rate:/a/", "x" * 1001,
    )
    if (error := mistake(text, fields)) is not None
]  # fmt: skip


@pytest.mark.parametrize("error", MISTAKES, ids=str)
def test_a_mistake_is_told_whole_in_two_lines_of_80_columns(error: FilterError) -> None:
    told = error_lines(error, 76).plain.split("\n")
    assert len(told) <= ERROR_LINES
    assert all(len(line) <= 76 for line in told)
    assert "…" not in told[-1] or "Fields:" in error.sentence, "a list of fields may be cut"
    assert "There is no field" not in error.sentence or "quotes" in " ".join(told)


def test_candidates_show_the_chosen_one_however_many_there_are() -> None:
    many = [f"value{number}" for number in range(40)]
    for chosen in (-1, 0, 20, 39):
        line = candidates_line(many, chosen, 76)
        assert line.cell_length <= 76
        assert "tab completes" in line.plain
        assert many[max(chosen, 0)] in line.plain.split()


STAGES = {"messages": MESSAGE_STAGES, "recipients": RECIPIENT_STAGES, "log": LOG_STAGES}
FIELDS = {"messages": MESSAGE_FIELDS, "recipients": RECIPIENT_FIELDS, "log": LOG_FIELDS}
TYPED = st.text(st.sampled_from(list('abf !":/<>=.,é')) | st.characters(), max_size=20)


@given(st.sampled_from([*STAGES]), TYPED)
def test_the_key_for_trouble_narrows_whatever_was_typed_and_comes_back_to_it(
    table: str, typed: str
) -> None:
    stages, fields = STAGES[table], FIELDS[table]
    text = own = typed.strip()
    if mistake(own, fields) is not None or stage_of(own, stages) is not None:
        return
    before = parse(own, fields)
    for stage in stages:
        text = stepped(text, stages)
        now = parse(text, fields)
        assert stage_of(text, stages) is stage
        assert not now.inverted
        assert before.inverted or len(now.terms) == len(before.terms) + 1
    text = stepped(text, stages)
    assert text == ("" if own.startswith("! ") or own == "!" else own)


async def test_rows_that_a_filter_lets_through_by_time_alone_come_by_themselves(
    opened: Open,
) -> None:
    async with opened([Entry("2270142")], size=SMALL, seconds=20) as (scene, pilot):
        table = scene.screen.picture.messages.table
        await pilot.press("p", "slash", *"read>1h", "enter")
        await scene.show(pilot)
        assert len(table.view) == 0
        await scene.pass_time(pilot, 3_700)
        for _ in range(11):
            scene.screen.updates.tick()
        assert table.view.shown_keys() == ["2270142"]


async def test_the_other_panes_follow_the_row_that_a_filter_leaves_the_cursor_on(
    opened: Open,
) -> None:
    async with opened() as (scene, pilot):
        picture = scene.screen.picture
        for size, typed in product((WIDE, SMALL), ("loyalty", "dentist", "otp")):
            await pilot.resize_terminal(*size)
            await pilot.press("slash", *typed)
            await pilot.pause()
            shown = picture.messages.table.view.shown_keys()
            assert picture.open_id == picture.messages.table.cursor_key
            await pilot.press("enter")
            await pilot.pause()
            assert picture.open_id in shown
            await pilot.press("escape")
            await pilot.pause()
