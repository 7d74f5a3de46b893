"""The dialog that asks for the file to export to."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from smsmon.console.dialogs.save import SaveScreen, target
from tests.console.dialogs.stage import NARROW, SMALL, asking, type_text


async def test_enter_takes_the_suggested_name(tmp_path: Path) -> None:
    async with asking(SaveScreen(tmp_path / "smsmon.csv")) as (app, pilot):
        assert "as CSV, for spreadsheets" in app.text
        await pilot.press("enter")
        await pilot.pause()
        assert app.answers == [tmp_path / "smsmon.csv"]
        assert not (tmp_path / "smsmon.csv").exists()


async def test_the_suffix_tells_the_form(tmp_path: Path) -> None:
    async with asking(SaveScreen(tmp_path / "smsmon.csv")) as (app, pilot):
        await pilot.press(*["backspace"] * 3)
        await type_text(app, pilot, "JSON")
        assert "as JSON, for programs" in app.text
        await pilot.press("enter")
        await pilot.pause()
        assert app.answers == [tmp_path / "smsmon.JSON"]


async def test_tab_changes_between_csv_and_json(tmp_path: Path) -> None:
    async with asking(SaveScreen(tmp_path / "smsmon.csv")) as (app, pilot):
        assert "tab CSV or JSON" in app.text
        await pilot.press("tab")
        await pilot.pause()
        assert "as JSON, for programs" in app.text
        await pilot.press("tab", "tab", "enter")
        await pilot.pause()
        assert app.answers == [tmp_path / "smsmon.json"]


async def test_the_dialog_says_what_is_written_and_where(tmp_path: Path) -> None:
    what = "The 12 recipients of 2270142 shown; 488 are hidden by the filter"
    async with asking(SaveScreen(tmp_path / "a.csv", what, masked=True)) as (app, _):
        flat = "".join(line.strip(" │") + " " for line in app.lines)
        assert f"{what}; numbers are masked" in flat
        assert str(tmp_path) in flat.replace(" ", "")


async def test_a_file_that_exists_is_written_over_only_after_a_second_enter(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.csv").write_text("kept")
    async with asking(SaveScreen(tmp_path / "a.csv")) as (app, pilot):
        await pilot.press("enter")
        await pilot.pause()
        assert "This file exists. Press enter again" in app.text
        assert app.answers == []
        await pilot.press("enter")
        await pilot.pause()
        assert app.answers == [tmp_path / "a.csv"]
        assert (tmp_path / "a.csv").read_text() == "kept"


async def test_another_name_is_asked_about_anew(tmp_path: Path) -> None:
    for name in ("a.csv", "ab.csv"):
        (tmp_path / name).touch()
    async with asking(SaveScreen(tmp_path / "a.csv")) as (app, pilot):
        await pilot.press("enter", "home", "right", "b", "enter")
        await pilot.pause()
        assert app.answers == []
        assert "This file exists" in app.text


@pytest.mark.parametrize("text", ["", "report", "report.txt", ".csv", "report."])
def test_a_name_without_a_form_is_refused(text: str, tmp_path: Path) -> None:
    assert "End the name in" in target(text, tmp_path).problem


def test_a_name_that_cannot_be_written_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "plain").touch()
    assert "Name a file in it" in target("folder.csv", tmp_path).problem
    assert "There is no folder" in target("none/a.csv", tmp_path).problem
    assert "There is no folder" in target("plain/a.csv", tmp_path).problem
    assert "cannot be shown" in target("a\x1b.csv", tmp_path).problem
    assert "in full" in target("~no-such-user/a.csv", tmp_path).problem
    assert target(f"{'x' * 900}.csv", tmp_path).problem


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert "may not write" in target("a.csv", tmp_path).problem


def test_names_are_seen_from_the_suggested_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    assert target("a.csv", tmp_path).path == tmp_path / "a.csv"
    assert target("~/a.csv", tmp_path).path == tmp_path / "home" / "a.csv"
    assert target(f"{tmp_path}/b.json", Path("/")).path == tmp_path / "b.json"


async def test_a_refusal_stays_open_and_says_why(tmp_path: Path) -> None:
    async with asking(SaveScreen(tmp_path / "none" / "a.csv")) as (app, pilot):
        await pilot.press("enter")
        await pilot.pause()
        assert app.answers == []
        assert "There is no folder" in app.text


@pytest.mark.parametrize("size", [NARROW, SMALL])
async def test_escape_saves_nothing(size: tuple[int, int], tmp_path: Path) -> None:
    async with asking(SaveScreen(tmp_path / "a.csv"), size) as (app, pilot):
        assert app.line_with("esc cancel")
        await pilot.press("escape")
        await pilot.pause()
        assert app.answers == [None]
