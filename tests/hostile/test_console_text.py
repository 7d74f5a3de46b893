"""No text from outside acts on the terminal, whatever way into the console it takes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from textual import events

from smsmon.console.actions import ACTIONS, Where
from smsmon.console.dialogs.save import SaveScreen
from smsmon.console.live_table import LiveTable
from tests.hostile.corpus import CORPUS, LONE_SURROGATES, marked, marks
from tests.hostile.stage import hostile_entries, hostile_stage, refusal
from tests.hostile.terminal import PIPED, Seen, odd_characters
from tests.support.waiting import until

LEAVES = frozenset({"app.quit"})


def expect_plain(what: Seen, *ways: str) -> None:
    """Nothing was obeyed, and the texts of these ways did come out."""
    assert what.obeyed == []
    missing = [mark for way in ways for mark in marks(way) if mark not in what.text]
    assert missing == []


async def test_reports_and_descriptions_come_out_as_plain_text(tmp_path: Path) -> None:
    async with hostile_stage(tmp_path, hostile_entries()) as stage:
        await stage.press("z")  # every column of the messages
        await stage.press("z", "enter")  # the first message holds the corpus
        for _ in range(0, len(CORPUS), 3):
            await stage.press("down", "down", "down")  # some recipients in full
        expect_plain(stage.taken(), "Lb", "Tg", "Ph", "St")


async def test_error_texts_come_out_as_plain_text(tmp_path: Path) -> None:
    async with hostile_stage(tmp_path, hostile_entries()) as stage:
        for id, words in zip(stage.account.bodies, marked("Er").values(), strict=True):
            stage.account.bodies[id] = refusal(4, words)
        await stage.press("R")
        await stage.pass_time(60)
        await stage.press("l", "z")
        expect_plain(stage.taken(), "Er")


async def test_account_trouble_comes_out_as_plain_text(tmp_path: Path) -> None:
    words = marked("Er")
    del words["one megabyte"]  # a reason too long for the head is left out of it
    async with hostile_stage(tmp_path, hostile_entries()[:1]) as stage:
        [id] = stage.account.bodies
        for place, text in enumerate(words.values()):
            stage.account.bodies[id] = refusal((10, 77)[place % 2], text)
            stage.engine.retry_account("default")
            stage.engine.refresh([id])
            await stage.pass_time(1)
        what = stage.taken()
        assert what.obeyed == []
        assert [mark for mark in marks("Er")[:-1] if mark not in what.text] == []


async def test_what_the_account_holds_comes_out_as_plain_text(tmp_path: Path) -> None:
    async with hostile_stage(tmp_path, hostile_entries()[:1]) as stage:
        for text in CORPUS.values():
            credits = {"creditSms": text, "solde": "1", "currency": f"Cu{text}"}
            user = {"username": f"Us{text}"}
            answer = {"success": True, "user": user, "credits": credits}
            stage.account.balance = json.dumps(answer).encode()
            stage.scene.screen.head.show_balance(await stage.account.me())
            await stage.pilot.pause()
        what = stage.taken()
        assert what.obeyed == []
        assert "Cu" in what.text


async def test_copies_and_exports_are_plain_text(tmp_path: Path) -> None:
    async with hostile_stage(tmp_path, hostile_entries()) as stage:
        app, exports = stage.scene.app, stage.scene.locations.exports
        taken = []
        for where in (Where.MESSAGES, Where.RECIPIENTS, Where.LOG):
            stage.scene.screen.arrangement.go(where)
            for key in ("y", "Y"):
                await stage.press("asterisk", key)
                await stage.scene.show(stage.pilot)
                taken += [app.clipboard, stage.scene.locations.copied.read_text()]
            await stage.press("escape")
            for path in (exports / f"{where.name}.csv", exports / f"{where.name}.json"):
                await stage.press("x")
                await until(stage.pilot, lambda: isinstance(app.screen, SaveScreen), "the dialog")
                app.screen.dismiss(path)
                await stage.pilot.pause()
                await stage.scene.show(stage.pilot)
                taken.append(path.read_text())
        assert [odd_characters(each, PIPED) for each in taken] == [[]] * len(taken)
        for way in ("Lb", "Ph", "St"):
            assert [mark for mark in marks(way) if not any(mark in each for each in taken)] == []


async def test_spelt_surrogates_come_out_as_plain_text(tmp_path: Path) -> None:
    async with hostile_stage(tmp_path, hostile_entries()[:1]) as stage:
        [id] = stage.account.bodies
        stage.account.bodies[id] = json.dumps({"Er99": LONE_SURROGATES}).encode()
        await stage.press("r")
        await stage.pass_time(10)
        await stage.press("l")
        assert stage.taken().obeyed == []


async def test_pastes_come_out_as_plain_text_wherever_they_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # whatever is saved under a pasted name lands here
    short = {name: text[:200] for name, text in marked("Pa").items()}
    one_line = " ".join(" ".join(text.splitlines()) for text in short.values())
    lines = "\n".join(short.values())
    enter, escape = (events.Key(key, None) for key in ("enter", "escape"))
    shown = set()
    async with hostile_stage(tmp_path / "home", hostile_entries()[:3]) as stage:
        stage.taken()
        for action in ACTIONS:
            if action.id in LEAVES or action.id.startswith("view.copy"):  # the clipboard is meant
                continue
            app = stage.scene.app
            stage.scene.screen.arrangement.go(Where.MESSAGES)
            await stage.press(action.keys[0])
            asks = app.screen is not stage.scene.screen
            if asks or not isinstance(app.focused, LiveTable):
                await stage.type(events.Paste(one_line))
                await stage.type(events.Paste(lines), enter)
                await stage.type(escape, escape, escape)
            what = stage.taken()
            assert what.obeyed == [], action.id
            if any(mark in what.text for mark in marks("Pa")):
                shown.add(action.id)
    assert shown >= {"message.add", "view.filter", "app.palette"}
