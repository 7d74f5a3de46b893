"""What all dialogs have in common on the console's screen."""

from __future__ import annotations

from itertools import product
from pathlib import Path

from textual.content import Content

from smsmon.console.dialogs.base import Keys, TextField, keys_in
from smsmon.console.line import key_part
from tests.support.scene import DAY, SMALL, WIDE, Scene
from tests.support.waiting import until

EVERY = ["a", "e", "n", "x", "i", "w", "c", "colon", "question_mark", "K", "V"]


async def test_under_every_dialog_the_head_stays_and_its_last_line_tells_the_keys(
    tmp_path: Path,
) -> None:
    scene = Scene(tmp_path, DAY[:4])
    async with scene.app.run_test(size=WIDE) as pilot:
        await scene.open(pilot, 10)
        for size, key in product((WIDE, SMALL), EVERY):
            await pilot.resize_terminal(*size)
            await pilot.press(key)
            await until(pilot, lambda: scene.app.screen is not scene.screen, f"{key} opened")
            await pilot.pause()
            dialog = scene.app.screen
            frame, keys = dialog.query_one(".dialog"), dialog.query_one(Keys)
            lines = [strip.text for strip in dialog._compositor.render_strips()]
            assert lines[0].lstrip().startswith("smsmon"), key
            assert frame.region.width == 80 if size == SMALL else frame.region.width <= 140, key
            assert frame.region.y >= 1, key
            assert frame.region.bottom < size[1], key
            assert keys.region.bottom == frame.region.bottom - 1, key
            assert keys.content.plain.endswith(("close", "cancel", "later")), key
            assert not scene.screen.query_one("#keys").visible, "those of the panes do nothing now"
            for field in dialog.query(TextField):
                if field.display:
                    edge = lines[field.region.y]
                    assert edge[field.region.x] == "│" == edge[field.region.right - 1], key
            await pilot.press("escape")
            await until(pilot, lambda: scene.app.screen is scene.screen, f"{key} closed")
            await pilot.pause()  # the next key is for what is shown again
        assert scene.screen.query_one("#keys").visible


def test_keys_look_as_in_the_key_line_and_the_first_and_last_stay() -> None:
    keys = (("enter", "add"), ("tab", "label"), ("^j", "new line"), ("esc", "cancel"))
    whole = keys_in(80, keys)
    assert whole.plain == "enter add  tab label  ^j new line  esc cancel"
    (form,) = key_part(0, "enter", "add").forms
    assert form == Content.assemble(("enter", "bold $accent"), " add")
    assert keys_in(22, keys).plain == "enter add  esc cancel"
