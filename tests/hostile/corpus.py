"""Texts that try to be more than text: what a gateway, a file or a paste may hold.

Sequences carry the number 7777 or the word PWNED, which nothing of ours ever writes: should
one reach a terminal alive, it cannot be mistaken for one of Textual's own.
"""

from __future__ import annotations

import tomli_w

ESC, BEL, ST = "\x1b", "\x07", "\x1b\\"

CORPUS: dict[str, str] = {
    "ESC": f"{ESC}c",
    "ESC at the end": ESC,
    "CSI": f"{ESC}[7777;7777H{ESC}[7777J",
    "SGR": f"{ESC}[7777m",
    "CSI private": f"{ESC}[?7777h",
    "CSI report": f"{ESC}[7777n",
    "OSC 0": f"{ESC}]0;PWNED{BEL}",
    "OSC 8": f"{ESC}]8;;http://PWNED/{ST}here{ESC}]8;;{ST}",
    "OSC 52": f"{ESC}]52;c;UFdORUQ={BEL}",
    "OSC 52 unterminated": f"{ESC}]52;c;UFdORUQ=",
    "DCS": f"{ESC}P$q7777{ST}",
    "APC": f"{ESC}_GPWNED{ST}",
    "PM and SOS": f"{ESC}^PWNED{ST}{ESC}XPWNED{ST}",
    "tmux passthrough": f"{ESC}Ptmux;{ESC}{ESC}]0;PWNED{BEL}{ST}",
    "charset": f"{ESC}(0\x0eqqq\x0f",
    "C1 CSI": "\x9b7777m",
    "C1 OSC": "\x9d52;c;UFdORUQ=\x9c",
    "C1 DCS": "\x90$q7777\x9c",
    "C1 NEL and others": "\x85\x84\x88\x8d\x8e\x8f\x9a",
    "C0": "\x01\x05\x08\x08\x08\x0b\x0c\x0e\x0f\x11\x13\x1a\x1c\x1d\x1e\x1f\x7f",
    "BEL": BEL * 3,
    "NUL": "\0\0",
    "line ends": "\r\n\r\n\u2028\u2029",
    "tabs": "\t\t",
    "bidi": "\u202e\u2066\u2069\u202d\u200f\u200e\u061c\u202c321+",
    "zero width": "\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e",
    "tags and noncharacters": "\U000e0001\U000e0041\ufffe\uffff\U0010ffff\ufdd0",
    "private use": "\ue000\U000f0000",
    "combining flood": "e" + "\u0301" * 500 + "\u20dd\u0489" * 50,
    "blank letters": "\u3164\u115f\u2800\u00a0\u2003",
    "wide": "漢字カナ한글ＡＢ",
    "emoji": "👨‍👩‍👧‍👦🇫🇷🏴‍☠️👍🏿☺️1️⃣",
    "markup": "[red]x[/x][/red][@click=app.exit]y[/][link=http://PWNED/]z[/link]",
    "markup unterminated": "[bold [/ [[ ]] \\[ [",
    "percent and braces": "%s%n{0.__class__}{{}}$(reboot)`reboot`",
    "a formula": '=HYPERLINK("http://PWNED/")',
    "quotes": "\"'\\;--<b>&amp;</b>",
    "one megabyte": "Z" * 2**20,
}
"""Name → text. All of them can be encoded as UTF-8."""

LONE_SURROGATES = "\ud800\udc9b\udfff"
"""Cannot be encoded: JSON may spell it, and a file name may decode to it."""

NAME = "h\x7f\x1b]0;PWNED\x07\x9b7777m\u202e\u200b\n[x]" + LONE_SURROGATES[1]
"""A file name that Linux allows: only NUL and the slash have no place in one."""


def marked(mark: str) -> dict[str, str]:
    """Each text behind a visible mark of its own, to find where it came out: ``Lb07`` and so on."""
    return {name: f"{mark}{place:02}{text}" for place, (name, text) in enumerate(CORPUS.items())}


def marks(mark: str) -> list[str]:
    """The marks of ``marked``."""
    return [f"{mark}{place:02}" for place in range(len(CORPUS))]


def hostile_settings() -> str:
    """A ``config.toml`` that is taken, with the corpus wherever any text is."""
    texts = [text[:500] for text in CORPUS.values()]
    everything = "".join(texts)
    display = {"theme": everything, "message_columns": texts, "recipient_columns": texts}
    accounts = {
        "default": {"api_key_file": f"/nowhere/{everything}"},
        "other": {"api_key_command": [f"/nowhere/{everything}"]},
    }
    settings = {"display": display, "network": {"ca_file": everything}, "profiles": accounts}
    return tomli_w.dumps(settings)
