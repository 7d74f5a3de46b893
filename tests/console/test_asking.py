"""What the operator can ask for beyond the panes: each reachable, each doing what it says."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.screen import Screen

from smsmon.console.actions import ACTIONS, EVERY_ACTION, Where, wrong_keymap
from smsmon.console.dialogs.add import AddScreen
from smsmon.console.dialogs.columns import ColumnsScreen
from smsmon.console.dialogs.edit import EditScreen
from smsmon.console.dialogs.find import FindScreen
from smsmon.console.dialogs.palette import commands
from smsmon.console.dialogs.raw import RawScreen
from smsmon.console.dialogs.since import SinceScreen
from smsmon.console.tables.log import transition_lines
from smsmon.known import LastPoll
from smsmon.model import Transition
from smsmon.monitor.source import Followed
from smsmon.recipients import Status
from smsmon.settings import Settings
from smsmon.store.local.lease import LocalLease
from smsmon.store.local.watchlist import Watchlist
from smsmon.tags import read_tags
from tests.console.test_console import Open, opened, text_of
from tests.support.clock import START
from tests.support.scene import SMALL, WIDE, Scene
from tests.support.waiting import until

__all__ = ["opened"]


async def wait_for(scene: Scene, pilot: Pilot[Any], kind: type[Screen[Any]]) -> Any:
    """The screen of this kind, once it is there."""
    await until(pilot, lambda: isinstance(scene.app.screen, kind), f"a {kind.__name__}")
    await pilot.pause()
    return scene.app.screen


async def test_a_number_found_is_jumped_to(opened: Open) -> None:
    async with opened() as (scene, pilot):
        watched = scene.screen.session.engine.board["2270138"]
        phone = watched.recipients.phones[7]
        await pilot.press("n")
        screen = await wait_for(scene, pilot, FindScreen)
        await pilot.press(*phone)
        found = screen.query_one("LiveTable").view
        await until(pilot, lambda: found.keys and phone[-2:] in text_of(scene), "the number found")
        await pilot.press("enter")
        await until(pilot, lambda: scene.app.screen is scene.screen, "the console's screen")
        await pilot.pause()
        assert scene.screen.picture.at is Where.RECIPIENT
        assert scene.screen.formats.phone(phone) in str(scene.screen.picture.recipient.text)


async def test_the_raw_answer_can_be_read(opened: Open) -> None:
    async with opened() as (scene, pilot):
        await pilot.press("w")
        await wait_for(scene, pilot, RawScreen)
        await until(pilot, lambda: "StatutResponse_List" in text_of(scene), "the answer shown")
        assert "0" * 40 not in text_of(scene)


async def test_who_follows_is_told_where_the_answers_are(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    watch = LocalLease(scene.locations.history, scene.clock, "watch")
    assert watch.claim(("any",))
    async with scene.app.run_test(size=WIDE) as pilot:
        await scene.open(pilot)
        engine = scene.screen.session.engine
        await pilot.press("w")
        await pilot.pause()
        assert scene.said[-1].endswith("it has not been read yet.")
        id = next(iter(engine.board.messages))
        engine.follow(Followed(id, START, LastPoll(read_at=START)))
        await pilot.press("w")
        await pilot.pause()
        assert f"watch {os.getpid()} reads it" in " ".join(scene.said[-1].split())
    watch.release()


async def test_chosen_columns_are_remembered(opened: Open, tmp_path: Path) -> None:
    async with opened() as (scene, pilot):
        await pilot.press("c")
        screen = await wait_for(scene, pilot, ColumnsScreen)
        screen.dismiss(["id", "tags", "due"])
        await pilot.pause()
        assert scene.screen.picture.messages.table.chosen_columns == ("id", "tags", "due")
    again = Scene(tmp_path, [])
    async with again.app.run_test() as pilot:
        await again.open(pilot)
        assert again.screen.picture.messages.table.chosen_columns == ("id", "tags", "due")


async def test_an_edited_label_is_kept_and_shown(opened: Open) -> None:
    async with opened() as (scene, pilot):
        await pilot.press("e")
        screen = await wait_for(scene, pilot, EditScreen)
        screen.dismiss({"label": "Renamed", "tags": read_tags("=vip")})
        await pilot.pause()
        await scene.show(pilot)
        entry = Watchlist(scene.locations.watchlist).load()[0]
        assert (entry.label, entry.tags) == ("Renamed", ("vip",))
        assert "Renamed" in text_of(scene)


async def test_marked_numbers_are_copied_and_kept_in_a_file_too(opened: Open) -> None:
    async with opened() as (scene, pilot):
        await pilot.press("enter", "space", "space", "y")
        await scene.show(pilot)
        watched = scene.screen.picture.open_message
        assert watched is not None
        wanted = "\n".join(watched.recipients.phones[:2])
        assert scene.app.clipboard == wanted
        assert scene.locations.copied.read_text() == wanted


async def test_masked_numbers_are_copied_and_exported_masked(opened: Open) -> None:
    async with opened() as (scene, pilot):
        await pilot.press("P", "enter", "y")
        await scene.show(pilot)
        watched = scene.screen.picture.open_message
        assert watched is not None
        assert "··" in scene.app.clipboard
        assert any("1 number (masked) copied" in told for told in scene.said)
        assert watched.recipients.phones[0] not in scene.app.clipboard


async def test_the_log_is_shown_copied_and_exported_masked(opened: Open, tmp_path: Path) -> None:
    number, quoted = "+33612345678", "33687654321"
    change = Transition(
        "2270142", 0, number, Status.WAITING, Status.UNKNOWN, f"Sent to {quoted}", False, False,
        None, START,
    )  # fmt: skip
    async with opened(size=WIDE) as (scene, pilot):
        scene.screen.feed.tell(transition_lines([change]), {"2270142"})
        await pilot.press("l")
        await scene.show(pilot)
        assert quoted in text_of(scene)
        for press in ("y", "Y"):
            await pilot.press(press)
            await scene.show(pilot)
            assert quoted in scene.app.clipboard
        await pilot.press("P")
        await scene.show(pilot)
        told = [text_of(scene)]
        for press in ("y", "Y"):
            await pilot.press(press)
            await scene.show(pilot)
            told.append(scene.app.clipboard)
        for form in ("csv", "json"):
            await pilot.press("x")
            await until(pilot, lambda: scene.app.screen is not scene.screen, "the dialog")
            scene.app.screen.dismiss(tmp_path / f"log.{form}")
            await pilot.pause()
            await scene.show(pilot)
            told.append((tmp_path / f"log.{form}").read_text())
        for text in told:
            assert "Unknown (Sent to " in text
            digits = "".join(each for each in text if each.isdigit())
            assert number[3:] not in digits
            assert quoted[2:] not in digits


async def test_marked_rows_are_exported_and_the_dialog_says_so(
    opened: Open, tmp_path: Path
) -> None:
    async with opened(size=SMALL) as (scene, pilot):
        await pilot.press("space", "space", "x")
        await until(pilot, lambda: scene.app.screen is not scene.screen, "the dialog")
        await pilot.pause()
        assert "Marked: 2 messages" in text_of(scene)
        scene.app.screen.dismiss(tmp_path / "two.csv")
        await pilot.pause()
        await scene.show(pilot)
        assert len((tmp_path / "two.csv").read_text().splitlines()) == 1 + 2
        assert any("2 rows written to" in told for told in scene.said)
        kept = scene.locations.watchlist.read_bytes()
        (tmp_path / "list.csv").symlink_to(scene.locations.watchlist)
        await pilot.press("x")
        await until(pilot, lambda: scene.app.screen is not scene.screen, "the dialog")
        scene.app.screen.dismiss(tmp_path / "list.csv")
        await until(pilot, lambda: any("of smsmon's own" in told for told in scene.said), "a word")
        assert scene.locations.watchlist.read_bytes() == kept


async def test_who_copies_one_of_the_failed_is_told_how_to_take_all(opened: Open) -> None:
    async with opened() as (scene, pilot):
        await pilot.press("enter", "f", "y")
        await scene.show(pilot)
        failed = len(scene.screen.picture.recipients.table.view)
        assert any(f"* marks all {failed} shown" in told for told in scene.said)
        await pilot.press("asterisk", "y")
        await scene.show(pilot)
        assert len(scene.app.clipboard.splitlines()) == failed > 1


@pytest.mark.parametrize("suffix", [".csv", ".json"])
async def test_the_rows_shown_are_exported(opened: Open, tmp_path: Path, suffix: str) -> None:
    async with opened() as (scene, pilot):
        await pilot.press("enter", "f", "x")
        await until(pilot, lambda: scene.app.screen is not scene.screen, "the dialog")
        path = tmp_path / f"failed{suffix}"
        scene.app.screen.dismiss(path)
        await pilot.pause()
        await scene.show(pilot)
        watched = scene.screen.picture.open_message
        assert watched is not None
        text = path.read_text()
        rows = json.loads(text) if suffix == ".json" else list(csv.DictReader(text.splitlines()))
        assert [row["status"] for row in rows] == ["not_delivered"] * watched.counts.not_delivered


async def test_every_action_is_in_help_and_palette_and_on_a_key(opened: Open) -> None:
    async with opened() as (scene, _):
        offered = {each.id for each in commands(scene.screen.keymap.actions, (), "", in_table=True)}
        for action in EVERY_ACTION:
            assert action.id in offered
            assert action.help.endswith(".")
        bound = scene.screen._bindings.key_to_bindings
        for action in ACTIONS:
            target, name, given = scene.app._parse_action(action.run, scene.screen)
            assert callable(getattr(target, f"action_{name}"))
            if given:
                part, _, does = str(given[0]).partition(".")
                assert callable(getattr(getattr(target, part), does))
            assert all(key in bound for key in action.keys)


def test_no_key_does_two_things_in_one_place() -> None:
    taken: dict[str, str] = {}
    for action in EVERY_ACTION:
        for key in action.keys:
            assert key not in taken, f"{key}: {taken.get(key)} and {action.id}"
            taken[key] = action.id


def test_no_key_collides_with_tmux_or_screen_or_flow_control() -> None:
    keys = {key for action in EVERY_ACTION for key in action.keys}
    assert not keys & {"ctrl+b", "ctrl+a", "ctrl+s", "ctrl+q", "ctrl+z"}


@pytest.mark.parametrize(
    ("keymap", "names"),
    [
        ({"message.add": "q"}, ("message.add", "app.quit", "q ")),
        ({"message.ad": "b"}, ("message.ad", "Did you mean message.add?")),
        ({"app.quit": ""}, ("app.quit has no key",)),
        ({"message.add": "ctrl+b"}, ("ctrl+b", "terminal")),
        ({"message.add": "ecs"}, ('no key "ecs"', "Did you mean escape?")),
        ({"message.add": "ctrl-t"}, ("Did you mean ctrl+t?",)),
        ({"message.add": "shift+b"}, ("Write B.",)),
    ],
)
def test_a_keymap_that_makes_no_sense_is_refused_by_name(
    keymap: dict[str, str], names: tuple[str, ...]
) -> None:
    problems = " ".join(each.what for each in wrong_keymap(Settings(keymap=keymap)))
    for name in names:
        assert name in problems


async def test_a_keymap_moves_a_key_everywhere(opened: Open) -> None:
    environ = {"SMSMON_DISPLAY_UTC": "true"}
    keymap = {"message.add": "b", "table.down": "h,down"}
    async with opened(environ=environ, keymap=keymap) as (scene, pilot):
        assert "b add" in text_of(scene)
        await pilot.press("h")
        assert scene.screen.picture.messages.table.view.cursor_index == 1
        await pilot.press("b")
        await pilot.pause()
        assert isinstance(scene.app.screen, AddScreen)


async def test_after_an_absence_the_console_tells_what_happened_meanwhile(opened: Open) -> None:
    async with opened() as (scene, pilot):
        await pilot.press("down")
        scene.clock.jump(600)
        await scene.clock.advance(60)
        await scene.show(pilot)
        await pilot.press("up")
        await pilot.pause()
        assert any("You were away since" in told for told in scene.said)
        await scene.screen.session.history.flush()
        await pilot.press("i")
        await wait_for(scene, pilot, SinceScreen)
        await until(pilot, lambda: " not delivered   STOP " in text_of(scene), "the changes told")
        await pilot.press("l")
        await until(pilot, lambda: "Waiting → Delivered" in text_of(scene), "each change")


async def test_a_new_start_remembers_when_the_last_one_ended(opened: Open, tmp_path: Path) -> None:
    async with opened() as (scene, pilot):
        await pilot.press("q")
        left = int(scene.clock.now())
    again = Scene(tmp_path, [])
    again.clock.jump(7200)
    async with again.app.run_test() as pilot:
        await again.open(pilot)
        assert again.screen.attention.away_since == left
