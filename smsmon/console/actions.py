"""Every action of the console, once: its id, keys, name and help.

The bindings, the key line, the help screen and the command palette all read this table, so
they cannot disagree. Ids are stable: a user's keymap names them.

Left alone on purpose: ``ctrl+b`` (tmux), ``ctrl+a`` (screen), ``ctrl+s`` and ``ctrl+q``
(terminal flow control), ``ctrl+z`` (suspend).
"""

from __future__ import annotations

import string
import unicodedata
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Flag, auto
from typing import TYPE_CHECKING

from smsmon.console.signs import DOWN_KEY, LEFT_KEY, RIGHT_KEY, UP_KEY
from smsmon.settings.reading import Problem
from smsmon.settings.values import did_you_mean
from smsmon.text import safe

if TYPE_CHECKING:
    from textual.binding import Binding

    from smsmon.settings import Settings

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


class Where(Flag):
    """The panes in which an action does something."""

    GROUPS = auto()
    MESSAGES = auto()
    RECIPIENTS = auto()
    RECIPIENT = auto()
    LOG = auto()
    TABLES = GROUPS | MESSAGES | RECIPIENTS | LOG
    ANYWHERE = TABLES | RECIPIENT


@dataclass(frozen=True, slots=True)
class Action:
    """One thing the operator can do."""

    id: str
    """Stable name, for keymaps: ``message.add``."""
    keys: tuple[str, ...]
    """The keys that do it, the one to show first."""
    name: str
    """One or two words, as the key line and the palette show it."""
    help: str
    """One sentence, as the help screen shows it."""
    where: Where
    call: str
    """The method that does it: ``operations.remove`` is ``remove`` of that part of the screen,
    ``freeze`` is ``action_freeze`` of the screen or the table, ``app.redraw`` that of the app."""
    rank: int = 0
    """Place in the key line, 1 first; 0 stays out of it."""
    line: Where = Where.ANYWHERE
    """The panes in whose key line it stands."""

    @property
    def run(self) -> str:
        """What Textual is given to run it."""
        part, dot, _ = self.call.partition(".")
        return f"do('{self.call}')" if dot and part != "app" else self.call

    @property
    def group(self) -> str:
        """The heading it stands under in the help."""
        return GROUPS[self.id.partition(".")[0]]


GROUPS = {
    "move": "Moving about",
    "message": "Messages",
    "table": "Tables",
    "view": "View",
    "alert": "Alerts that fire",
    "app": "Program",
}
"""First part of an action's id → its heading in the help, in the order shown."""

_ALL = Where.ANYWHERE
_G, _M, _R, _1 = Where.GROUPS, Where.MESSAGES, Where.RECIPIENTS, Where.RECIPIENT
_L = Where.LOG
_T = Where.TABLES

ACTIONS: tuple[Action, ...] = (
    Action("move.open", ("enter",), "open",
           "Go deeper: a group, its messages, the recipients of one, one recipient.",
           _G | _M | _R, "open", 2),
    Action("move.back", ("escape",), "back",
           "Come back: clear the filter first, then go up one level.",
           _M | _R | _1 | _L, "back", 2),
    Action("move.next_pane", ("tab",), "next pane", "Move to the next pane.",
           _ALL, "arrangement.next_pane"),
    Action("move.previous_pane", ("shift+tab",), "previous pane", "Move to the previous pane.",
           _ALL, "arrangement.previous_pane"),
    Action("message.add", ("a",), "add", "Add message ids to the watchlist, typed or pasted.",
           _ALL, "dialogs.add", 1, _G | _M),
    Action("message.find", ("n",), "find",
           "Find a phone number in all messages, past ones too.",
           _ALL, "dialogs.find", 3, _G | _M | _1 | _L),
    Action("message.edit", ("e",), "edit", "Change label, tags, note and account.",
           _G | _M | _R, "dialogs.edit"),
    Action("message.raw", ("w",), "raw answer", "See the answer as it was received last.",
           _M | _R | _1, "dialogs.raw"),
    Action("message.refresh", ("r",), "refresh",
           "Ask the API about this message, or the marked ones, now.",
           _G | _M | _R | _1, "operations.refresh", 10),
    Action("message.refresh_all", ("R",), "refresh all",
           "Ask the API about every message, within the request budget.",
           _ALL, "operations.refresh_all"),
    Action("message.pause", ("p",), "pause",
           "Poll this message, or the marked ones, no more; again: go on.",
           _G | _M | _R, "operations.pause"),
    Action("message.remove", ("d", "delete"), "remove",
           "Stop watching this message, or the marked ones.", _G | _M, "operations.remove", 11),
    Action("message.undo", ("u",), "undo",
           "Take back what was done last: added, removed, edited, paused, marked or answered.",
           _ALL, "operations.undo", 9),
    Action("alert.list", ("A",), "alerts",
           "See what fires, who answered, what is silenced and what is past; answer it.",
           _ALL, "dialogs.alerted", 5, _G | _M | _L),
    Action("alert.acknowledge", ("C",), "acknowledge",
           "Take on what fires for this message, or the marked ones, with a note and until when.",
           _G | _M | _R, "dialogs.acknowledge"),
    Action("alert.silence", ("M",), "silence",
           "Mute a rule, a tag or a message for a while.", _G | _M | _R, "dialogs.silence"),
    Action("view.filter", ("slash",), "filter",
           "Filter the table as you type; tab completes. Its fields are listed below.",
           _T, "filter", 3),
    Action("view.faults", ("f",), "trouble",
           "Show messages in trouble, or who failed; again: any not delivered, or who has not"
           " got it; again: all.",
           _T, "faults", 4),
    Action("view.groups", ("g",), "groups",
           "Put messages together: by tag, source, label, country, account or minute, or not.",
           _ALL, "dialogs.group_by", 6, _G | _M),
    Action("view.columns", ("c",), "columns", "Choose the columns of this table.",
           _T, "dialogs.columns"),
    Action("view.views", ("V",), "views",
           "Call up a view by its name, or keep this one: filter, sort and columns.",
           _T, "dialogs.views"),
    Action("view.overview", ("o",), "overview", "Plots: deliveries over time, delays, countries.",
           _ALL, "dialogs.overview", 7),
    Action("view.since", ("i",), "what happened",
           "See what happened, a row a message: while you were away, last night, since any time.",
           _ALL, "since", 8, _M | _L),
    Action("view.copy", ("y",), "copy", "Copy the id or number, or those of the marked rows.",
           _ALL, "exports.copy", 5, _R | _1),
    Action("view.copy_rows", ("Y",), "copy rows", "Copy whole rows, set apart by tabs.",
           _ALL, "exports.copy_rows"),
    Action("view.export", ("x",), "export",
           "Write the marked rows, or all rows shown, to a CSV or JSON file.",
           _ALL, "exports.export", 12),
    Action("view.freeze", ("F",), "freeze",
           "Hold the picture still to read it; data goes on, and a badge counts it.",
           _ALL, "freeze"),
    Action("view.utc", ("U",), "UTC", "Show times in UTC, or in your own zone again.",
           _ALL, "utc"),
    Action("view.privacy", ("P",), "privacy", "Mask phone numbers, or show them again.",
           _ALL, "privacy"),
    Action("view.log", ("l",), "log", "Show the log of everything that happened, or hide it.",
           _ALL, "arrangement.log"),
    Action("view.zoom", ("z",), "zoom", "Give the whole screen to this pane, or give it back.",
           _ALL, "arrangement.zoom"),
    Action("app.redraw", ("ctrl+l",), "redraw",
           "Paint the screen anew, after something else has written on it.", _ALL, "app.redraw"),
    Action("app.retry", ("t",), "retry",
           "Try the account again, after it was refused or while it is down.",
           _ALL, "operations.retry"),
    Action("app.help", ("question_mark", "f1"), "help", "Show every key that works here.",
           _ALL, "help", 13),
    Action("app.palette", ("colon", "ctrl+p"), "palette", "Find an action or a theme by its name.",
           _ALL, "dialogs.palette"),
    Action("app.setup", ("K",), "set up", "Say where the API key is, and test it.",
           _ALL, "app.setup"),
    Action("app.quit", ("q", "ctrl+c"), "quit", "Leave smsmon. The watchlist is kept.",
           _ALL, "quit", 14),
)  # fmt: skip
"""What the console's screen does."""

_ORDINALS = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth",
)  # fmt: skip
MOVING: tuple[Action, ...] = (
    Action("table.up", ("up", "k"), "row up", "One row up.", _T, "cursor_up"),
    Action("table.down", ("down", "j"), "row down", "One row down.", _T, "cursor_down"),
    Action("table.page_up", ("pageup",), "page up", "One page up.", _T, "page_up"),
    Action("table.page_down", ("pagedown", "ctrl+f"), "page down", "One page down.", _T,
           "page_down"),
    Action("table.half_page_up", ("ctrl+u",), "half page up", "Half a page up.", _T,
           "half_page_up"),
    Action("table.half_page_down", ("ctrl+d",), "half page down", "Half a page down.", _T,
           "half_page_down"),
    Action("table.first", ("home",), "first row", "The first row.", _T, "first"),
    Action("table.last", ("end", "G"), "last row", "The last row.", _T, "last"),
)  # fmt: skip
"""What every table does with its cursor, those of dialogs too."""

TABLE_ACTIONS: tuple[Action, ...] = (
    *MOVING,
    Action("table.sort", ("s", "greater_than_sign"), "sort",
           "Sort by the next column; a click on a heading sorts by it.", _T,
           "sort_right", 6),
    Action("table.sort_left", ("less_than_sign",), "sort left", "Sort by the column before.", _T,
           "sort_left"),
    Action("table.sort_reverse", ("S",), "reverse", "Sort the other way round.", _T,
           "sort_reverse"),
    *(
        Action(f"table.sort_{nth}", (str(nth),), f"sort {nth}",
               f"Sort by the {ordinal} column shown; again: the other way.", _T, f"sort_nth({nth})")
        for nth, ordinal in enumerate(_ORDINALS, 1)
    ),
    Action("table.mark", ("space",), "mark", "Mark the row and go on.", _T, "mark"),
    Action("table.mark_range", ("v",), "mark range", "Mark from the last mark to here.", _T,
           "mark_range"),
    Action("table.mark_all", ("asterisk",), "mark all", "Mark all rows shown.", _T, "mark_all", 5,
           _R),
    Action("table.clear_marks", ("minus",), "clear marks",
           "Clear the marks, and the signs of what is new here.", _T, "clear_marks"),
)  # fmt: skip
"""What every live table does by itself, when it has the focus."""

EVERY_ACTION = ACTIONS + TABLE_ACTIONS
_KEY_FACES = {
    "question_mark": "?", "slash": "/", "escape": "esc", "delete": "del", "asterisk": "*",
    "colon": ":", "space": "space", "less_than_sign": "<", "greater_than_sign": ">",
    "backslash": "\\", "plus": "+", "minus": "-", "comma": ",",
    "pageup": "PgUp", "pagedown": "PgDn", "left": LEFT_KEY, "right": RIGHT_KEY,
    "up": UP_KEY, "down": DOWN_KEY,
}  # fmt: skip


def key_face(key: str) -> str:
    """How a key is written on screen: ``?`` for ``question_mark``, ``^p`` for ``ctrl+p``."""
    if key.startswith("ctrl+"):
        return "^" + key_face(key.removeprefix("ctrl+"))
    return _KEY_FACES.get(key, key)


def face_of(id: str, actions: Iterable[Action]) -> str:
    """How the key of an action is written on screen."""
    return next(key_face(action.keys[0]) for action in actions if action.id == id)


def bindings(actions: Iterable[Action]) -> list[Binding]:
    """The Textual bindings of ``actions``; their ids let a keymap move them."""
    from textual.binding import Binding  # `smsmon config check` reads this table without Textual

    return [
        Binding(",".join(action.keys), action.run, action.name, show=False, id=action.id)
        for action in actions
    ]


def rebound(actions: Iterable[Action], keymap: Mapping[str, str]) -> tuple[Action, ...]:
    """``actions`` with the keys that a keymap (action id → keys, by commas) gives them."""
    return tuple(
        replace(action, keys=_keys(keymap[action.id])) if action.id in keymap else action
        for action in actions
    )


class Keymap:
    """Every action with the keys it has here; the operator may give them others at any time."""

    def __init__(self, keymap: Mapping[str, str]) -> None:
        self.use(keymap)

    def use(self, keymap: Mapping[str, str]) -> None:
        """Give the actions these keys (action id → keys, by commas), and all others their own."""
        self.actions = rebound(EVERY_ACTION, keymap)

    def face(self, id: str) -> str:
        """How the key of an action is written on screen."""
        return face_of(id, self.actions)


def wrong_keymap(settings: Settings) -> Iterator[Problem]:
    """What makes no sense in a keymap: no action of that name, no key, one that no keyboard has,
    one of the terminal, one that does two things. Quitting always has a key."""
    keymap = settings.keymap
    known = {action.id for action in EVERY_ACTION}
    for id in keymap:
        if id not in known:
            what = f'keymap: there is no action "{safe(id)}".'
            yield Problem(("keymap", id), what + did_you_mean(id, known))
    actions = rebound(EVERY_ACTION, keymap)
    taken: dict[str, Action] = {}
    # What is named in the keymap gives way to what is not: it is there that it can be mended.
    for action in sorted(actions, key=lambda action: action.id in keymap):
        at = ("keymap", action.id)
        if not action.keys:
            yield Problem(at, f"keymap: {action.id} has no key left. Give it one.")
        for key in action.keys:
            other = taken.setdefault(key, action)
            if at[1] not in keymap:
                continue
            if key in LEFT_ALONE:
                what = f"{key} belongs to the terminal; {action.id} needs another."
            elif other is not action:
                what = f"{key} would do both {other.id} and {action.id}."
            else:
                what = wrong_key(safe(key))
            if what:
                yield Problem(at, f"keymap: {what}")


def _keys(text: str) -> tuple[str, ...]:
    """Single characters by the names Textual gives them."""
    return tuple(map(key_name, filter(None, map(str.strip, text.split(",")))))


def key_line(
    where: Where, actions: Iterable[Action] = EVERY_ACTION, urged: Container[str] = ()
) -> list[Action]:
    """The actions the key line shows in the pane ``where``: in their order, ``urged`` ids first."""
    shown = [
        action
        for action in actions
        if (action.rank or action.id in urged) and where & action.where & action.line
    ]
    return sorted(shown, key=lambda action: (action.id not in urged, action.rank))
