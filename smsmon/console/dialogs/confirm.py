"""The dialog that asks before something is done to many messages at once."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from smsmon.console.dialogs.base import Dialog, Keys


class ConfirmScreen(Dialog[bool | None]):
    """Say what would be done, and to how many; dismissed with True where it is wanted."""

    FRAME = "confirm"
    CSS = """
    ConfirmScreen #question { margin: 1 0 0 0; }
    ConfirmScreen.-low #question { margin: 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,y", "confirm", show=False),
        Binding("n,q", "cancel", show=False),
    ]

    def __init__(self, heading: str, question: str) -> None:
        super().__init__()
        self.HEADING = heading  # type: ignore[misc]  # of this one alone
        self._question = question

    def body(self) -> ComposeResult:
        yield Static(Content(self._question), id="question", markup=False)
        yield Keys(("enter", "do it"), ("esc", "leave it"))

    def action_confirm(self) -> None:
        """It is wanted."""
        self.dismiss(True)
