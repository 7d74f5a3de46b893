"""The dialog that asks for the file to export to."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input, Static

from smsmon.console.dialogs.base import Dialog, Keys, TextField, quiet
from smsmon.console.signs import Tone
from smsmon.text import safe

FORMS = {".csv": "CSV, for spreadsheets", ".json": "JSON, for programs"}
"""Suffix → the form it stands for."""
_LONGEST = 1000


@dataclass(frozen=True, slots=True)
class Target:
    """Where an export would go."""

    path: Path
    problem: str = ""
    """Why it cannot go there: a sentence that says what to do."""
    exists: bool = False


def target(text: str, folder: Path) -> Target:
    """The file that ``text`` names, seen from ``folder``; looks at the disk, writes nothing."""
    text = text.strip()
    try:
        path = folder / Path(text).expanduser()
    except RuntimeError:
        return Target(folder, "Whose home folder that is, nobody knows. Write it in full.")
    if safe(text, _LONGEST) != text:
        return Target(path, "This name has characters that cannot be shown.")
    if not text or path.suffix.lower() not in FORMS:
        return Target(path, "End the name in .csv or .json.")
    try:
        if path.is_dir():
            return Target(path, "This is a folder. Name a file in it.")
        if not path.parent.is_dir():
            return Target(path, f"There is no folder {safe(str(path.parent))}.")
        exists = path.exists()
        if not os.access(path if exists else path.parent, os.W_OK):
            return Target(path, "Here you may not write. Choose another folder.")
    except (OSError, ValueError) as error:
        return Target(path, f"This name cannot be used: {safe(str(error))}")
    return Target(path, exists=exists)


class SaveScreen(Dialog[Path | None]):
    """Ask for a file name. Dismissed with the path, its form told by the suffix, or None.

    A file that exists is only taken when enter is pressed a second time.
    """

    FRAME = "save"
    HEADING = "Export"
    CSS = """
    SaveScreen #save {
        & > TextField { margin: 0 0 1 0; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "other_form", show=False),
    ]
    AUTO_FOCUS = "#file"

    def __init__(self, suggested: Path, what: str = "", *, masked: bool = False) -> None:
        """``suggested``: its folder is where names are seen from. ``what`` would be written."""
        super().__init__()
        self._what = what
        self._masked = masked
        self._folder = suggested.parent.absolute()
        self._suggested = suggested.name
        self._warned: Path | None = None
        """The file that exists and was asked about."""

    def body(self) -> ComposeResult:
        if self._what:
            masked = ("; numbers are masked" if self._masked else "", "$accent")
            what = Content.assemble((self._what, "bold"), masked)
            yield Static(what, markup=False)
        folder = safe(str(self._folder), _LONGEST)
        yield Static(Content.assemble(("into ", "$text-quiet"), folder), markup=False)
        yield TextField(self._suggested, limit=_LONGEST, id="file")
        yield Static(id="verdict", markup=False)
        yield Keys(("enter", "save"), ("tab", "CSV or JSON"), ("esc", "cancel"))

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._warned = None
        form = FORMS.get(Path(event.value.strip()).suffix.lower())
        self.tell(quiet(f"as {form}" if form else "End the name in .csv or .json."))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        wanted = target(event.value, self._folder)
        if wanted.problem:
            self.refuse(Content.styled(wanted.problem, Tone.BAD.style))
        elif wanted.exists and self._warned != wanted.path:
            self._warned = wanted.path
            again = "This file exists. Press enter again to write over it."
            self.tell(Content.styled(again, Tone.WARN.style))
        else:
            self.dismiss(wanted.path)

    def action_other_form(self) -> None:
        """End the name in the suffix of the other form."""
        field = self.query_one("#file", TextField)
        forms = list(FORMS)
        name, dot, suffix = field.value.strip().rpartition(".")
        if f".{suffix}".lower() in FORMS:
            at = forms.index(f".{suffix}".lower())
            field.value = name + forms[(at + 1) % len(forms)]
        else:
            field.value = f"{name}{dot}{suffix}{forms[0]}"
        field.cursor_position = len(field.value)
