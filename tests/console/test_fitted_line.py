"""Lines that say what their width has room for, whenever they are seen."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.containers import Vertical
from textual.content import Content

from smsmon.console.line import FittedLine
from tests.support.waiting import until


class InPane(App[None]):
    def compose(self) -> ComposeResult:
        with Vertical():
            yield FittedLine()

    @property
    def seen(self) -> str:
        return self.screen._compositor.render_strips()[0].text.strip()


async def test_a_line_told_anew_while_its_pane_was_hidden_says_so_when_shown() -> None:
    async with InPane().run_test() as pilot:
        app = pilot.app
        assert isinstance(app, InPane)
        line = app.query_one(FittedLine)
        line.fit(lambda _: Content("9 recipients"))
        await until(pilot, lambda: app.seen == "9 recipients", "the first")
        app.query_one(Vertical).display = False
        await until(pilot, lambda: app.seen == "", "nothing")
        line.fit(lambda _: Content("150 recipients"))
        app.query_one(Vertical).display = True
        await until(pilot, lambda: app.seen != "", "something")
        assert app.seen == "150 recipients"
