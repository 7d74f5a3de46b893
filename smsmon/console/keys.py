"""The names of keys, as keymaps write them and as Textual gives them. Pure, without Textual."""

from __future__ import annotations

import string
import unicodedata

LEFT_ALONE = frozenset(("ctrl+b", "ctrl+a", "ctrl+s", "ctrl+q", "ctrl+z"))
"""What tmux, screen, flow control and job control take for themselves."""
NAMED = frozenset(
    (
        "escape", "enter", "tab", "space", "backspace", "delete", "insert", "home", "end",
        "pageup", "pagedown", "up", "down", "left", "right", *(f"f{n}" for n in range(1, 25)),
    )
)  # fmt: skip
"""The keys that bring no character; a space has a name, too."""
_MODIFIERS = ("alt", "ctrl", "hyper", "meta", "shift", "super")
_RENAMED = {
    "solidus": "slash",
    "reverse_solidus": "backslash",
    "commercial_at": "at",
    "hyphen_minus": "minus",
    "plus_sign": "plus",
    "low_line": "underscore",
}
_MEANT = {
    "esc": "escape", "return": "enter", "del": "delete", "ins": "insert", "pgup": "pageup",
    "pgdn": "pagedown", "pgdown": "pagedown", "page_up": "pageup", "page_down": "pagedown",
    "spacebar": "space", "bksp": "backspace", "control": "ctrl", "strg": "ctrl",
}  # fmt: skip
"""What people write → what is meant."""


def key_name(written: str) -> str:
    """The name of a key: of a single character that which Unicode gives it, a little shorter."""
    if len(written) != 1 or written.isalnum():
        return written
    name = unicodedata.name(written, written).lower().replace("-", "_").replace(" ", "_")
    return _RENAMED.get(name, name)


_CHARACTERS = frozenset(map(key_name, string.punctuation))


def wrong_key(name: str) -> str:
    """A sentence about a name that no key has, with the one that is near; empty when it has."""
    *modifiers, base = name.split("+")
    known = base in NAMED or base in _CHARACTERS or len(base) == 1
    upper = len(base) == 1 and base != base.lower()
    if known and set(modifiers) <= set(_MODIFIERS):
        if modifiers == ["shift"] and base.isalpha() and len(base) == 1:
            return f'No terminal sends "{name}". Write {base.upper()}.'
        if not (modifiers and upper):
            return ""
    near = _near(name)
    hint = f" Did you mean {near}?" if near else " Write one such as b, ctrl+t, f5 or pageup."
    return f'There is no key "{name}".{hint}'


def _near(name: str) -> str:
    from difflib import get_close_matches

    text = name.lower()
    if text.startswith("^") and len(text) == 2:
        text = f"ctrl+{text[1:]}"
    if text.startswith("c-"):
        text = f"ctrl+{text[2:]}"
    *modifiers, base = [_MEANT.get(each, each) for each in text.replace("-", "+").split("+")]
    if len(base) > 1 and base not in NAMED | _CHARACTERS:
        close = get_close_matches(base, NAMED | _CHARACTERS | _MEANT.keys(), 1)
        base = next((_MEANT.get(each, each) for each in close), "")
    near = "+".join((*modifiers, base))
    return near if base and near != name and not wrong_key(near) else ""
