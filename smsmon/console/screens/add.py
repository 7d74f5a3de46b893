"""The dialog that adds message ids: one typed, or hundreds pasted."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static, TextArea

from smsmon.console.widgets.field import Field
from smsmon.console.widgets.line import Line
from smsmon.model import Entry
from smsmon.store.idlist import IdList, parse
from smsmon.text import LABEL_LIMIT, safe

_LINE_LIMIT = 1000
"""Characters of one pasted line that are taken."""
_PREVIEW_LINES = 200
"""Lines of the preview: a longer paste is counted whole and shown in part."""


class IdArea(TextArea):
    """Where ids are typed or pasted. Enter adds; a paste brings its own line breaks."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "screen.accept", "add", priority=True, show=False),
        Binding("ctrl+j", "line_break", "new line", priority=True, show=False),
    ]

    async def _on_paste(self, event: events.Paste) -> None:
        """Take the lines of a paste, with nothing in them that a terminal would obey."""
        lines = [safe(line.replace("\t", " "), _LINE_LIMIT) for line in event.text.splitlines()]
        event.stop()
        event.prevent_default()
        self.insert("\n".join(lines))

    def action_line_break(self) -> None:
        """Begin a new line."""
        self.insert("\n")


class AddScreen(ModalScreen[list[Entry] | None]):
    """Ask for message ids; shows line by line what it understood before it accepts.

    Dismissed with the entries to add, their ``added_at`` not yet set, or None.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "cancel", show=False),
        Binding("enter", "accept", "add", show=False),
    ]

    def __init__(self, watched: Container[str], text: str = "") -> None:
        super().__init__()
        self._watched = watched
        self._text = text
        self._read = IdList((), ())

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog", id="add") as dialog:
            dialog.border_title = "Add messages"
            yield Line(Content.styled("Message ids, one a line; a label may follow", "$text-quiet"))
            area = IdArea(self._text, id="ids", soft_wrap=False, compact=True)
            area.cursor_blink = False
            yield area
            yield Line(Content.styled("Label for those without one (optional)", "$text-quiet"))
            yield Field("", limit=LABEL_LIMIT, id="label")
            with VerticalScroll(id="understood"):
                yield Static(id="preview", markup=False)
            yield Line(id="verdict")
            yield Line(
                Content.styled("enter  add     tab  label     esc  cancel", "$text-quiet"),
                classes="keys",
            )

    def on_mount(self) -> None:
        self.query_one("#ids").focus()
        self._understand()

    @on(TextArea.Changed)
    def _understand(self) -> None:
        self._read = parse(self.query_one("#ids", TextArea).text)
        self.query_one("#preview", Static).update(preview(self._read, self._watched))
        self.query_one("#verdict", Line).say(verdict(self._read, self._watched))

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.action_accept()

    def action_accept(self) -> None:
        """Close with what was understood, unless that is nothing."""
        label = safe(self.query_one("#label", Input).value.strip())
        fresh = [entry for entry in self._read.entries if entry.id not in self._watched]
        if fresh:
            self.dismiss([replace(e, label=label) if not e.label else e for e in fresh])
        else:
            self.query_one("#verdict", Line).say(verdict(self._read, self._watched))
            self.app.bell()

    def action_cancel(self) -> None:
        """Close and add nothing."""
        self.dismiss(None)


def verdict(read: IdList, watched: Container[str]) -> Content:
    """One line: how many would be added, are watched already, or were not understood."""
    known = sum(entry.id in watched for entry in read.entries)
    fresh, bad = len(read.entries) - known, len(read.problems)
    if not (fresh or known or bad):
        return Content.styled("Type or paste at least one message id (digits).", "$text-quiet")
    parts = [Content.styled(f"{fresh:,} to add", "bold" if fresh else "$text-quiet")]
    if known:
        parts.append(Content.styled(f"{known:,} watched already", "$text-quiet"))
    if bad:
        parts.append(Content.styled(f"✗ {bad:,} not understood", "$error"))
    return Content(" · ").join(parts)


def preview(read: IdList, watched: Container[str]) -> Content:
    """What was understood: the lines that were not first, then each id."""
    lines = [
        Content.assemble((f"✗ line {problem.line}: ", "$error"), f"{problem.text!r} {problem.why}")
        for problem in read.problems[:_PREVIEW_LINES]
    ]
    for entry in read.entries[: _PREVIEW_LINES - len(lines)]:
        known = entry.id in watched
        lines.append(
            Content.assemble(
                ("· " if known else "✓ ", "$text-quiet" if known else "$success"),
                (entry.id, "$text-quiet" if known else "bold"),
                "  ",
                ("watched already" if known else entry.label, "$text-quiet"),
            )
        )
    return Content("\n").join(lines)
