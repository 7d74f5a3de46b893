"""`u` takes back the last thing done, whatever it was; and what is added is shown."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot

from smsmon.console.live_table import LiveTable, Marking
from smsmon.console.operations import added_text
from smsmon.console.undoing import DEPTH, MarkStep, Steps, taken_back_text
from smsmon.model import Entry
from smsmon.store.entries import TakenBack
from smsmon.store.local.watchlist import Watchlist
from tests.support.scene import SMALL, Scene
from tests.support.waiting import screen_text, until

LIST = [
    Entry("2270142", "Black Friday", ("fr", "promo"), "first wave"),
    Entry("2270139", "Orders", ("otp",), paused=True),
    Entry("2270138", "", ("fr",)),
]
Opened = tuple[Scene, Pilot[Any]]
Open = Callable[..., AbstractAsyncContextManager[Opened]]


@pytest.fixture
def opened(tmp_path: Path) -> Open:
    @asynccontextmanager
    async def opened(entries: list[Entry] = LIST) -> AsyncIterator[Opened]:
        scene = Scene(tmp_path, entries)
        async with scene.app.run_test(size=SMALL) as pilot:
            await scene.open(pilot)
            yield scene, pilot

    return opened


def kept(scene: Scene) -> list[Entry]:
    """The watchlist as the file has it."""
    return Watchlist(scene.locations.watchlist).load()


def table(scene: Scene) -> LiveTable[Any, Any]:
    return scene.screen.picture.messages.table


async def press(scene: Scene, pilot: Pilot[Any], keys: str) -> None:
    """Press keys, named between spaces, and show what came of them."""
    await pilot.press(*keys.split())
    await scene.show(pilot)


async def add(scene: Scene, pilot: Pilot[Any], text: str) -> None:
    """Add what is pasted into the dialog."""
    await pilot.press("a")
    await pilot.pause()
    scene.app.post_message(events.Paste(text))
    await pilot.pause()
    await press(scene, pilot, "enter")


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ("d", "Took back: removing message 2270142."),
        ("space space d", "Took back: removing 2 messages."),
        ("p", "Took back: pausing message 2270142."),
        ("down p", "Took back: resuming message 2270139."),
        ("asterisk p", "Took back: pausing 3 messages."),
        ("e ! enter", "Took back: label of message 2270142."),
        ("e tab ! tab ! enter", "Took back: tags and note of message 2270142."),
        ("asterisk e tab x enter", "Took back: tags of 3 messages."),
    ],
)
async def test_what_was_done_to_the_list_is_taken_back_and_told(
    opened: Open, keys: str, told: str
) -> None:
    async with opened() as (scene, pilot):
        before = kept(scene)
        await press(scene, pilot, keys)
        assert kept(scene) != before
        await press(scene, pilot, "u")
        assert scene.said[-1] == told
        assert kept(scene) == before
        assert list(table(scene).view.keys) == [entry.id for entry in before]
        assert [each.entry.label for each in scene.screen.session.engine.board] == [
            entry.label for entry in before
        ]


@pytest.mark.parametrize(
    ("before", "keys", "told"),
    [
        ("", "space", "Took back: marking 1 row."),
        ("", "asterisk", "Took back: marking 3 rows."),
        ("space", "asterisk", "Took back: marking 2 rows."),
        ("space down", "v", "Took back: marking 2 rows."),
        ("asterisk", "minus", "Took back: clearing the mark of 3 rows."),
        ("asterisk", "space", "Took back: clearing the mark of 1 row."),
    ],
)
async def test_marks_are_taken_back_and_told(
    opened: Open, before: str, keys: str, told: str
) -> None:
    async with opened() as (scene, pilot):
        await pilot.press(*before.split())
        marks = set(table(scene).marks)
        await pilot.press(*keys.split())
        assert set(table(scene).marks) != marks
        await press(scene, pilot, "u")
        assert set(table(scene).marks) == marks
        assert scene.said[-1] == told


TWO = """
profile = "main"
[profiles.main]
api_key_env = "MAIN"
[profiles.test]
api_key_env = "TEST"
"""


async def test_a_message_goes_to_another_account_and_back(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(TWO)
    scene = Scene(tmp_path, LIST)
    async with scene.app.run_test(size=SMALL) as pilot:
        await scene.open(pilot)
        board = scene.screen.session.engine.board
        assert board["2270142"].entry.profile == "main"
        await pilot.press("e", "tab", "tab", "tab", "right")
        await pilot.pause()
        assert "▸ test" in screen_text(scene.app)
        assert "1 message moves to test, and begins anew there." in screen_text(scene.app)
        await press(scene, pilot, "enter")
        assert board["2270142"].entry.profile == "test"
        assert scene.said[-1] == "Changed: account of message 2270142. u takes it back."
        await press(scene, pilot, "u")
        assert scene.said[-1] == "Took back: account of message 2270142."
        assert board["2270142"].entry.profile == "main"
        await add(scene, pilot, "2270150")
        assert board["2270150"].entry.profile == "main"
        assert kept(scene)[-1].profile == "main"


async def test_each_press_takes_back_one_step_the_last_first(opened: Open) -> None:
    async with opened() as (scene, pilot):
        before = kept(scene)
        await press(scene, pilot, "p")
        await press(scene, pilot, "space")
        await press(scene, pilot, "minus d")
        told = []
        for _ in range(5):
            await press(scene, pilot, "u")
            told.append(scene.said[-1].rstrip("."))
        assert told == [
            "Took back: removing message 2270139",
            "Took back: clearing the mark of 1 row",
            "Took back: marking 1 row",
            "Took back: pausing message 2270142",
            "There is nothing to take back here",
        ]
        assert kept(scene) == before


async def test_keys_struck_fast_are_done_and_taken_back_in_their_order(opened: Open) -> None:
    async with opened() as (scene, pilot):
        before = kept(scene)
        for key in "dduu":
            scene.app.post_message(events.Key(key, key))
        await pilot.pause()
        await scene.show(pilot)
        assert kept(scene) == before
        assert list(table(scene).view.keys) == [entry.id for entry in before]


async def test_marks_are_taken_back_in_the_table_they_were_made_in(opened: Open) -> None:
    async with opened() as (scene, pilot):
        await scene.pass_time(pilot, 10)
        recipients = scene.screen.picture.recipients.table
        await press(scene, pilot, "space up enter space")
        assert len(recipients.marks) == len(table(scene).marks) == 1
        await press(scene, pilot, "escape u")
        assert (len(recipients.marks), len(table(scene).marks)) == (1, 0)
        await press(scene, pilot, "u")
        assert "nothing to take back" in scene.said[-1]
        await press(scene, pilot, "enter u")
        assert not recipients.marks


async def test_marks_of_rows_no_longer_shown_are_no_step(opened: Open) -> None:
    async with opened() as (scene, pilot):
        await scene.pass_time(pilot, 10)
        await press(scene, pilot, "enter space escape down enter u")
        assert "nothing to take back" in scene.said[-1]


async def test_what_another_process_changed_since_stays_and_is_told(opened: Open) -> None:
    async with opened() as (scene, pilot):
        await press(scene, pilot, "asterisk e x tab tab y enter")
        Watchlist(scene.locations.watchlist).amend(["2270139"], label="theirs")
        await press(scene, pilot, "u")
        assert scene.said[-1] == (
            "Took back: label and note of 3 messages."
            " Message 2270139 stays as it is: changed elsewhere since."
        )
        assert [(entry.label, entry.note) for entry in kept(scene)] == [
            ("Black Friday", "first wave"), ("theirs", ""), ("", ""),
        ]  # fmt: skip


async def test_a_list_that_cannot_be_written_keeps_the_step(opened: Open) -> None:
    async with opened() as (scene, pilot):
        before = kept(scene)
        await press(scene, pilot, "d")
        file = scene.locations.watchlist
        whole = file.read_text()
        file.write_text("[[message]\nid = 1")
        await press(scene, pilot, "u")
        assert scene.said[-1].startswith("Nothing was changed. ")
        file.write_text(whole)
        await press(scene, pilot, "u")
        assert kept(scene) == before


async def test_what_another_took_off_meanwhile_is_no_step(opened: Open) -> None:
    async with opened() as (scene, pilot):
        Watchlist(scene.locations.watchlist).remove(["2270142"])
        await press(scene, pilot, "d")
        assert scene.said[-1] == "Nothing was removed: it is off the list already."
        await press(scene, pilot, "u")
        assert "nothing to take back" in scene.said[-1]


async def test_the_cursor_stands_on_what_is_back(opened: Open) -> None:
    async with opened() as (scene, pilot):
        await press(scene, pilot, "down d")
        await press(scene, pilot, "home u")
        assert table(scene).cursor_key == "2270139"


# What is added


async def test_the_cursor_stands_on_the_first_that_is_new_and_all_have_a_sign(
    opened: Open,
) -> None:
    async with opened() as (scene, pilot):
        await add(scene, pilot, "2270150 New one\n2270139\n2270151\n2270152")
        assert table(scene).cursor_key == "2270150"
        assert scene.said[-1] == "3 messages added, 1 was there already"
        assert "3 new here ┃" in screen_text(scene.app)
        assert "┃ 2270151" in screen_text(scene.app)
        await press(scene, pilot, "down")
        assert "┃ 2270150" not in screen_text(scene.app)
        assert "2 new here ┃" in screen_text(scene.app)
        await press(scene, pilot, "down down up")
        assert "new here" not in screen_text(scene.app)
        assert "┃ 22" not in screen_text(scene.app)


async def test_all_that_is_new_comes_in_sight_as_far_as_there_is_room(opened: Open) -> None:
    async with opened([Entry(str(number)) for number in range(100, 140)]) as (scene, pilot):
        await add(scene, pilot, "201,202,203")
        shown = screen_text(scene.app)
        assert all(f"┃ {number}" in shown for number in (201, 202, 203))
        await add(scene, pilot, ",".join(map(str, range(300, 360))))
        assert table(scene).cursor_key == "300"
        assert "┃ 300" in screen_text(scene.app).splitlines()[5]


async def test_the_signs_go_with_the_marks_and_with_the_next_that_is_added(opened: Open) -> None:
    async with opened() as (scene, pilot):
        await add(scene, pilot, "2270150 2270151")
        await add(scene, pilot, "2270152")
        assert table(scene).pointed_out == {"2270152"}
        await press(scene, pilot, "minus")
        assert not table(scene).pointed_out


async def test_what_is_added_is_taken_back_and_nothing_else(opened: Open) -> None:
    async with opened() as (scene, pilot):
        before = kept(scene)
        await add(scene, pilot, "2270150\n2270139 Other label\n2270151")
        Watchlist(scene.locations.watchlist).add([Entry("2270199")])
        await press(scene, pilot, "u")
        assert scene.said[-1] == "Took back: adding 2 messages."
        assert [entry.id for entry in kept(scene)] == [*(e.id for e in before), "2270199"]
        assert kept(scene)[:3] == before


async def test_ids_that_are_there_are_shown(opened: Open) -> None:
    async with opened() as (scene, pilot):
        await add(scene, pilot, "2270138")
        assert scene.said[-1] == "Message 2270138 was there already"
        assert table(scene).cursor_key == "2270138"


async def test_what_a_filter_hides_is_told_and_esc_leads_to_it(opened: Open) -> None:
    async with opened() as (scene, pilot):
        await press(scene, pilot, "slash O r d e r s enter")
        await add(scene, pilot, "2270150 2270151")
        assert scene.said[-1] == "2 messages added. The filter hides 2 of them: esc shows all."
        assert table(scene).cursor_key == "2270139"
        await press(scene, pilot, "escape")
        assert table(scene).cursor_key == "2270150"


async def test_what_was_added_from_within_a_message_is_shown_too(opened: Open) -> None:
    async with opened() as (scene, pilot):
        await scene.pass_time(pilot, 10)
        await press(scene, pilot, "enter")
        await add(scene, pilot, "2270150")
        await until(pilot, lambda: table(scene).has_focus, "the messages entered")
        assert table(scene).cursor_key == "2270150"


@pytest.mark.parametrize(
    ("new", "known", "left_out", "hidden", "told"),
    [
        (1, [], 0, 0, "1 message added"),
        (3, ["1", "2"], 1, 0, "3 messages added, 2 were there already, 1 line left out"),
        (0, ["1", "2"], 0, 0, "2 messages were there already"),
        (0, ["1"], 2, 1,
         "Message 1 was there already, 2 lines left out. The filter hides it: esc shows all."),
        (5, [], 0, 3, "5 messages added. The filter hides 3 of them: esc shows all."),
    ],
)  # fmt: skip
def test_what_came_of_adding_is_one_sentence(
    new: int, known: list[str], left_out: int, hidden: int, told: str
) -> None:
    assert added_text(new, known, left_out, hidden, "esc") == told


@pytest.mark.parametrize(
    ("back", "left", "told"),
    [
        (3, 0, "Took back: tags of 5 messages."),
        (3, 2, "Took back: tags of 5 messages. 2 messages stay as they are: changed elsewhere"
               " since."),
        (0, 5, "Nothing is taken back of: tags of 5 messages. All was changed elsewhere since."),
    ],
)  # fmt: skip
def test_what_is_taken_back_and_what_is_left_is_told(back: int, left: int, told: str) -> None:
    taken = TakenBack(("1",) * back, ("2",) * left)
    assert taken_back_text("tags of 5 messages", taken) == told


def test_many_marks_push_out_nothing_done_to_the_list() -> None:
    steps, marked = Steps(), LiveTable[int, int]([])

    class Removal:
        table = None
        rows = 1
        lasting = True

        async def take_back(self) -> str:
            return ""

    removal = Removal()
    steps.note(removal)
    for number in range(2 * DEPTH):
        steps.note(MarkStep(marked, Marking((number,), True, None, marked.rows)))
    kept = 0
    while (step := steps.last(marked)) and step is not removal:
        steps.drop(step)
        kept += 1
    assert kept == DEPTH - 1
    assert steps.last(None) is removal
    steps.note(MarkStep(marked, Marking(tuple(range(600_000)), True, None, marked.rows)))
    assert steps.last(marked) is removal
