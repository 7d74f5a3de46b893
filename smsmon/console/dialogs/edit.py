"""The dialog that edits label, tags and note of one message, or of several at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypedDict

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input

from smsmon.console.cells import cut
from smsmon.console.dialogs.base import Dialog, Keys, TextField, quiet
from smsmon.console.line import Line
from smsmon.model import Entry
from smsmon.tags import TagChange, read_tags, tags_text
from smsmon.text import LABEL_LIMIT, SENTENCE_LIMIT, painted
from smsmon.text import typed as as_typed

_TAGS_LIMIT = 1000
_LIMITS = {"label": LABEL_LIMIT, "tags": _TAGS_LIMIT, "note": SENTENCE_LIMIT}
_AS_IT_IS = "leave as it is"
_HINTED = 22
"""Columns of a value that a hint has room for on the narrowest screen."""


class Changes(TypedDict, total=False):
    """What is to become of the messages' descriptions; what is not in it stays."""

    label: str
    tags: TagChange
    note: str


def texts_of(entry: Entry) -> dict[str, str]:
    """What the fields show of one message."""
    return {"label": entry.label, "tags": tags_text(entry.tags), "note": entry.note}


def changes(entries: Sequence[Entry], typed: Mapping[str, str]) -> Changes:
    """What ``typed`` changes in ``entries``. Of several, an empty text leaves each as it is."""
    changed = Changes()
    several = len(entries) > 1
    for name, text in typed.items():
        text = text.strip()
        if not text if several else text == texts_of(entries[0])[name]:
            continue
        if name == "tags":
            changed["tags"] = read_tags(text, shown=not several)
        elif name == "label":
            changed["label"] = as_typed(text)
        else:
            changed["note"] = as_typed(text, SENTENCE_LIMIT)
    return changed


def hint(entries: Sequence[Entry], name: str) -> str:
    """What an empty field of several messages says: that it changes nothing, and what they have."""
    values = {texts_of(entry)[name] for entry in entries}
    if len(values) > 1:
        return f"{_AS_IT_IS} ({len(values)} different ones)"
    (value,) = values
    return f"{_AS_IT_IS}: {cut(value, _HINTED)}" if value else f"{_AS_IT_IS}: none"


class EditScreen(Dialog[Changes | None]):
    """Edit descriptions. Dismissed with what changes, or None when nothing does."""

    FRAME = "edit"
    HEADING = "Edit"
    CSS = """
    EditScreen #edit {
        & > Horizontal { height: 1; margin: 0 0 1 0; }
        & > #heading { margin: 0 0 1 0; }
        & Horizontal > Line { width: 8; }
        & TextField { width: 1fr; }
        & > .keys { margin: 0; }
    }
    """
    AUTO_FOCUS = "#label"

    def __init__(self, entries: Sequence[Entry]) -> None:
        """``entries``: at least one."""
        super().__init__()
        self._entries = entries

    def body(self) -> ComposeResult:
        several = len(self._entries) > 1
        yield Line(heading(self._entries), id="heading")
        for name, limit in _LIMITS.items():
            with Horizontal():
                yield Line(quiet(name.capitalize()))
                if several:
                    yield TextField(placeholder=hint(self._entries, name), limit=limit, id=name)
                else:
                    yield TextField(texts_of(self._entries[0])[name], limit=limit, id=name)
        yield Line(quiet("Tags stand between spaces or commas: otp fr"))
        yield Keys(("enter", "save"), ("tab", "next field"), ("esc", "cancel"))

    @on(Input.Submitted)
    def action_accept(self) -> None:
        """Close with what was changed."""
        typed = {name: self.query_one(f"#{name}", TextField).value for name in _LIMITS}
        self.dismiss(changes(self._entries, typed) or None)


def heading(entries: Sequence[Entry]) -> Content:
    """Which message is edited, or how many and what an empty field means then."""
    if len(entries) == 1:
        return Content.assemble((entries[0].id, "bold"), f"  {painted(entries[0].label)}")
    return Content.assemble(
        (f"{len(entries):,} messages", "bold"), "  an empty field leaves each as it is"
    )
