"""Paths in little room, cut where a reader misses least; and lines that say what has room."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult
from textual.containers import Vertical
from textual.content import Content

from smsmon.console.line import FittedLine, short, shortened, wrapped
from smsmon.console.signs import SIGNS
from tests.support.waiting import until

HOME = "/home/operator"


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "home", lambda: Path(HOME))


def test_a_path_keeps_its_beginning_and_as_much_of_its_end_as_there_is_room_for() -> None:
    path = f"{HOME}/.local/share/smsmon/exports/copied.txt"
    assert short(path, 60) == "~/.local/share/smsmon/exports/copied.txt"
    assert short(path, 37) == "~/…/share/smsmon/exports/copied.txt"
    assert short(path, 30) == "~/…/smsmon/exports/copied.txt"
    assert short(path, 20) == "~/…/copied.txt"
    assert short(path, 9) == "…pied.txt"
    assert short("/var/lib/smsmon-of-all-teams/x.csv", 16) == "/…/x.csv"


def test_only_paths_that_are_too_long_are_shortened_in_a_sentence() -> None:
    told = f"{HOME}/a/very/long/way/to/watchlist.toml, line 3: no id. See /etc/x or 1/2."
    assert (
        shortened(told, 30) == "~/…/long/way/to/watchlist.toml, line 3: no id. See /etc/x or 1/2."
    )


@given(
    st.lists(st.from_regex(r"[a-z.]{1,20}", fullmatch=True), min_size=1, max_size=8),
    st.integers(6, 60),
)
def test_no_path_is_wider_than_its_room(parts: list[str], width: int) -> None:
    path = "/" + "/".join(parts)
    told = short(path, width)
    assert len(told) <= width
    assert told == path or "…" in told


@given(st.lists(st.sampled_from([*(each.glyph for each in SIGNS), "losses", "a", "12?"])))
def test_a_sign_and_what_it_is_of_stand_on_one_line(words: list[str]) -> None:
    words = [word for word in words for word in (word, "so")]
    told = wrapped(Content(" ".join(words)), 12, 99).plain.splitlines()
    assert " ".join(told) == " ".join(words)
    assert not [line for line in told if line.split(" ")[-1] in {each.glyph for each in SIGNS}]


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
