"""Which terminal takes which notification, and that nothing in one is obeyed."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsmon.console.terminal.notifying import LONGEST, Tmux, Way, notification, tmux_said
from smsmon.console.terminal.notifying import way_to_notify as way_to

IN_TMUX = {"TERM": "tmux-256color", "TERM_PROGRAM": "tmux", "TMUX": "/tmp/tmux-0/default,1,0"}
PASSES = Tmux(passes=True, term="xterm-256color")


@pytest.mark.parametrize(
    ("environ", "way"),
    [
        ({"TERM": "xterm-kitty", "KITTY_WINDOW_ID": "1"}, Way.OSC99),
        ({"TERM": "xterm-kitty", "SSH_TTY": "/dev/pts/1"}, Way.OSC99),
        ({"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"}, Way.OSC99),
        ({"TERM": "xterm-ghostty", "TERM_PROGRAM": "ghostty"}, Way.OSC777),
        ({"TERM": "foot"}, Way.OSC777),
        ({"TERM": "rxvt-unicode-256color"}, Way.OSC777),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, Way.OSC777),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, Way.OSC9),
        ({"TERM": "xterm-256color", "LC_TERMINAL": "iTerm2", "SSH_TTY": "/dev/pts/1"}, Way.OSC9),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "WarpTerminal"}, Way.OSC9),
        ({"TERM": "xterm-256color", "VTE_VERSION": "7600"}, Way.OSC777),
        ({"TERM": "xterm-256color", "VTE_VERSION": "4205"}, None),
        ({"TERM": "xterm-256color", "VTE_VERSION": "²"}, None),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "Apple_Terminal"}, None),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "vscode"}, None),
        ({"TERM": "xterm-256color", "WT_SESSION": "x"}, None),
        ({"TERM": "xterm-256color", "SSH_TTY": "/dev/pts/1"}, None),
        ({"TERM": "linux"}, None),
        ({"TERM": "dumb"}, None),
        ({}, None),
        ({"TERM": "screen", "STY": "1.pts", "KITTY_WINDOW_ID": "1"}, None),
    ],
)
def test_a_terminal_is_told_as_it_understands(environ: dict[str, str], way: Way | None) -> None:
    assert way_to("auto", environ, None) == way
    assert way_to("off", environ, None) is None
    in_screen = "STY" in environ
    assert way_to("osc777", environ, None) == (None if in_screen else Way.OSC777)


@pytest.mark.parametrize(
    ("said", "way"),
    [
        ("1 xterm-kitty kitty(0.36.4)", Way.OSC99),
        ("on xterm-256color iTerm2 3.5.0", Way.OSC9),
        ("all xterm-256color WezTerm 20240203", Way.OSC777),
        ("1 foot foot(1.16.2)", Way.OSC777),
        ("1 xterm-256color ", None),
        ("1 xterm-256color tmux 3.3a", None),
        ("0 xterm-kitty kitty(0.36.4)", None),
        ("off xterm-kitty kitty(0.36.4)", None),
        (" xterm-kitty ", None),
        ("", None),
    ],
)
def test_tmux_is_asked_and_what_it_inherited_does_not_count(said: str, way: Way | None) -> None:
    environ = IN_TMUX | {"KITTY_WINDOW_ID": "1", "VTE_VERSION": "7600", "LC_TERMINAL": "iTerm2"}
    assert way_to("auto", environ, tmux_said(said + "\n")) == way


def test_a_way_that_was_set_goes_through_tmux_where_that_passes_it() -> None:
    assert way_to("osc9", IN_TMUX, PASSES) is Way.OSC9
    assert way_to("osc9", IN_TMUX, PASSES._replace(passes=False)) is None
    assert way_to("osc9", IN_TMUX, None) is None
    assert notification(Way.OSC9, "a", "b", in_tmux=True) == "\x1bPtmux;\x1b\x1b]9;a: b\x07\x1b\\"


@given(title=st.text(), text=st.text(), way=st.sampled_from(Way), in_tmux=st.booleans())
def test_nothing_in_a_notification_is_obeyed(
    title: str, text: str, way: Way, in_tmux: bool
) -> None:
    inside = r"[^\x00-\x1f\x7f-\x9f;]*"
    forms = {
        Way.OSC9: rf"\x1b\]9;{inside}\x07",
        Way.OSC777: rf"\x1b\]777;notify;{inside};{inside}\x07",
        Way.OSC99: rf"\x1b\]99;i=smsmon:d=0;{inside}\x1b\\\x1b\]99;i=smsmon:p=body;{inside}\x1b\\",
    }
    said = notification(way, title, text, in_tmux=in_tmux)
    if in_tmux:
        assert said.startswith("\x1bPtmux;")
        assert said.endswith("\x1b\\")
        said = said[len("\x1bPtmux;") : -2].replace("\x1b\x1b", "\x1b")
    assert re.fullmatch(forms[way], said)
    assert len(said) < 2 * LONGEST + 80
