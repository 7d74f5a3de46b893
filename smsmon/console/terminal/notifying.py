"""Notifications of the desktop, by way of the terminal: which terminal takes which. Pure.

A terminal that takes them shows them wherever the operator is by then, over SSH as well. There are
three ways to say one (``ESC ] 9``, ``777`` and ``99``), and a terminal that knows none of them may
print what it is given: where it is not known that one is taken, none is sent.

Told by: kitty's *desktop notifications* (99), rxvt-unicode, foot, WezTerm and ghostty (777), iTerm2
and Warp (9), VTE, which drops 777 silently since 0.46 where it does not show it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from smsmon.text import painted

LONGEST = 240
"""Characters of a notification; what is longer no desktop shows."""
_BELL, _END, _ESCAPE = "\x07", "\x1b\\", "\x1b"
_VTE_DROPS = 4600
"""The version from which VTE prints nothing of a sequence that it does not know."""
_INERT = str.maketrans({";": ",", "|": "/"})


class Way(StrEnum):
    """How a terminal is told."""

    OSC9 = "osc9"
    """A text. iTerm2."""
    OSC777 = "osc777"
    """A title and a text. rxvt-unicode, and most others."""
    OSC99 = "osc99"
    """A title and a text, with a name under which the next takes its place. kitty."""


class Tmux(NamedTuple):
    """What tmux says of itself and of the terminal outside."""

    passes: bool = False
    """It hands on what is not meant for it."""
    term: str = ""
    """TERM of the terminal outside."""
    kind: str = ""
    """What that terminal calls itself: ``iTerm2 3.5.0``."""


TMUX_ASKED = "#{allow-passthrough} #{client_termname} #{client_termtype}"
"""What tmux is asked (``display-message -p``)."""


def tmux_said(answer: str) -> Tmux:
    """The answer to `TMUX_ASKED`; of a tmux before 3.3, which does not know it, that it passes
    nothing."""
    passes, _, outside = answer.strip("\r\n").partition(" ")
    term, _, kind = outside.partition(" ")
    return Tmux(passes in ("1", "2", "on", "all"), term, kind)


def way_to_notify(setting: str, environ: Mapping[str, str], tmux: Tmux | None) -> Way | None:
    """How to notify through this terminal; None: not at all.

    ``setting`` is ``display.notify``; ``tmux`` is what that said, None outside of it. Within
    GNU screen, which hands nothing on in one piece, there is no way.
    """
    if setting == "off" or environ.get("STY"):
        return None
    if environ.get("TMUX") and (tmux is None or not tmux.passes):
        return None
    if setting != "auto":
        return Way(setting)
    if tmux is not None and environ.get("TMUX"):
        # What the environment says is of the terminal in which tmux was started, days ago.
        return _by_term(tmux.term) or _by_program(tmux.kind.split("(")[0].split(" ")[0])
    return (
        _by_term(environ.get("TERM", ""))
        or _by_program(environ.get("TERM_PROGRAM") or environ.get("LC_TERMINAL", ""))
        or _by_marks(environ)
    )


_BY_TERM = {
    "xterm-kitty": Way.OSC99,
    "xterm-ghostty": Way.OSC777,
    "foot": Way.OSC777,
    "foot-extra": Way.OSC777,
    "foot-direct": Way.OSC777,
    "wezterm": Way.OSC777,
}
_BY_PROGRAM = {
    "kitty": Way.OSC99,
    "ghostty": Way.OSC777,
    "foot": Way.OSC777,
    "wezterm": Way.OSC777,
    "iterm.app": Way.OSC9,
    "iterm2": Way.OSC9,
    "warpterminal": Way.OSC9,
}


def _by_term(term: str) -> Way | None:
    return Way.OSC777 if term.startswith("rxvt-unicode") else _BY_TERM.get(term)


def _by_program(name: str) -> Way | None:
    return _BY_PROGRAM.get(name.lower())


def _by_marks(environ: Mapping[str, str]) -> Way | None:
    """By what a terminal leaves in the environment without saying its name."""
    if environ.get("KITTY_WINDOW_ID"):
        return Way.OSC99
    version = environ.get("VTE_VERSION", "")
    return (
        Way.OSC777
        if version.isascii() and version.isdigit() and int(version) >= _VTE_DROPS
        else None
    )


def notification(way: Way, title: str, text: str, *, in_tmux: bool = False) -> str:
    """The sequence that shows ``text`` below ``title``; nothing in either is obeyed."""
    title, text = _inert(title), _inert(text)
    match way:
        case Way.OSC9:
            said = f"\x1b]9;{title}: {text}{_BELL}"
        case Way.OSC777:
            said = f"\x1b]777;notify;{title};{text}{_BELL}"
        case Way.OSC99:
            said = f"\x1b]99;i=smsmon:d=0;{title}{_END}\x1b]99;i=smsmon:p=body;{text}{_END}"
    if in_tmux:
        return f"\x1bPtmux;{said.replace(_ESCAPE, _ESCAPE * 2)}{_END}"
    return said


def _inert(text: str) -> str:
    """In one line, without what ends a field or a sequence."""
    return painted(" ".join(text.split())).translate(_INERT)[:LONGEST]
