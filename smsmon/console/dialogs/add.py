"""The dialog that adds message ids: one typed, or hundreds pasted."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import ClassVar

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static, TextArea

from smsmon.console.dialogs.base import Choice, Dialog, Keys, Option, TextField, drawn, quiet
from smsmon.console.line import Line
from smsmon.console.signs import ADDED, REFUSED, STALE, Sign, Tone
from smsmon.model import DEFAULT_PROFILE, Entry
from smsmon.store.entries import Problem
from smsmon.store.idlist import IdList, parse
from smsmon.store.idlist.cells import GROUPING, uncovered
from smsmon.text import ELLIPSIS, LABEL_LIMIT, painted, typed

_LINE_LIMIT = 1000
"""Characters of one pasted line that are taken."""
_KEPT = re.compile(f"([\t{GROUPING}])")
_PREVIEW_LINES = 200
"""Lines of the preview: a longer paste is counted whole and shown in part."""


def _harmless(line: str) -> str:
    if len(line) > _LINE_LIMIT:
        line = line[: _LINE_LIMIT - 1] + ELLIPSIS
    pieces = _KEPT.split(uncovered(line))
    return "".join(
        piece if _KEPT.fullmatch(piece) else typed(piece, len(piece)) for piece in pieces
    )


class IdArea(TextArea):
    """Where ids are typed or pasted. Enter adds; a paste brings its own line breaks."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "screen.accept", "add", priority=True, show=False),
        Binding("ctrl+j,shift+enter,alt+enter", "line_break", priority=True, show=False),
        Binding("pageup", "screen.scroll_preview(-1)", show=False),
        Binding("pagedown", "screen.scroll_preview(1)", show=False),
    ]

    def get_line(self, line_index: int) -> Text:
        return Text(drawn(self.document.get_line(line_index)), end="", no_wrap=True)

    async def on_paste(self, event: events.Paste) -> None:
        """Take the lines of a paste, with nothing in them that a terminal would obey.

        Tabs stay, which tell columns apart, and the spaces that only stand inside a number.
        """
        event.stop()
        event.prevent_default()
        self.insert("\n".join(map(_harmless, event.text.splitlines())))

    def action_line_break(self) -> None:
        """Begin a new line."""
        self.insert("\n")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody asked to be added."""

    entries: tuple[Entry, ...]
    """Those that are not watched."""
    known: tuple[str, ...] = ()
    """The ids of those that are watched already: they stay as they are."""
    left_out: int = 0
    """How many lines could not be understood."""


class AddScreen(Dialog[Wanted | None]):
    """Ask for message ids; shows line by line what it understood before it accepts."""

    FRAME = "add"
    HEADING = "Add messages"
    CSS = """
    AddScreen #add {
        height: 100%; max-height: 30;
        & > #ids {
            height: 5; background: $panel; padding: 0 1; margin: 0 0 1 0;
            border: none; border-left: solid $text-quiet; border-right: solid $text-quiet;
            &:focus { border: none; border-left: solid $accent; border-right: solid $accent; }
        }
        & > Horizontal { height: 1; margin: 0 0 1 0; }
        & > Horizontal.-more { margin: 0; }
        & Horizontal > Line { width: 9; }
        & #label, & #account { width: 1fr; }
        & > #understood { height: 1fr; }
    }
    AddScreen.-low #add {
        height: 100%;
        & > #ids { height: 3; margin: 0; }
        & > Horizontal { margin: 0; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "accept", "add", show=False),
    ]

    def __init__(
        self,
        watched: Container[str],
        text: str = "",
        *,
        accounts: Sequence[Option] = (),
        account: str = "",
    ) -> None:
        """``accounts`` are those there are, ``account`` the one that messages usually go to."""
        super().__init__()
        self._watched = watched
        self._text = text
        self._accounts, self._account = accounts, account
        self._read = IdList((), ())

    def body(self) -> ComposeResult:
        yield Line(quiet("Type or paste ids, spaces or commas between"))
        area = IdArea(self._text, id="ids", soft_wrap=False)
        area.cursor_blink = False
        yield area
        several = len(self._accounts) > 1
        with Horizontal(classes="-more" if several else ""):
            yield Line(quiet("Label"))
            yield TextField(limit=LABEL_LIMIT, placeholder="for those without one", id="label")
        if several:
            with Horizontal():
                yield Line(quiet("Account"))
                yield Choice(self._accounts, self._account, id="account")
        yield Line(id="verdict")
        with VerticalScroll(id="understood"):
            yield Static(id="preview", markup=False)
        yield Keys(
            ("enter", "add"), ("tab", "label, account" if several else "label"),
            ("^j", "new line"), ("PgDn", "scroll"), ("esc", "cancel"),
        )  # fmt: skip

    def on_mount(self) -> None:
        self.query_one("#ids").focus()
        self._understand()

    def action_scroll_preview(self, way: int) -> None:
        """Scroll what was understood by nearly a page, up (-1) or down (1)."""
        preview = self.query_one("#understood")
        preview.scroll_relative(y=way * max(1, preview.size.height - 1), animate=False)

    @on(TextArea.Changed)
    def _understand(self) -> None:
        read = parse(self.query_one("#ids", TextArea).text)
        names = [each.value for each in self._accounts]
        self._read = less_unknown(read, names) if names else read
        self.query_one("#preview", Static).update(preview(self._read, self._watched))
        self.query_one("#understood").scroll_home(animate=False)
        self.tell(verdict(self._read, self._watched))

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.action_accept()

    def action_accept(self) -> None:
        """Close with what was understood, unless that is nothing."""
        read, label = self._read, typed(self.query_one("#label", Input).value.strip())
        if not read.entries:
            self.refuse(verdict(read, self._watched))
            return
        chosen = [each.value for each in self.query(Choice)]
        fresh = (entry for entry in read.entries if entry.id not in self._watched)
        self.dismiss(
            Wanted(
                tuple(_named(each, label, *chosen) for each in fresh),
                tuple(entry.id for entry in read.entries if entry.id in self._watched),
                _lines(read.problems),
            )
        )


def _named(entry: Entry, label: str, account: str = DEFAULT_PROFILE) -> Entry:
    """``entry`` with this label and account, unless it came with its own."""
    own = entry.profile != DEFAULT_PROFILE
    return replace(entry, label=entry.label or label, profile=entry.profile if own else account)


def _lines(problems: Sequence[Problem]) -> int:
    """How many lines are left out; a problem without a line has one to itself."""
    return len({each.line or each.text for each in problems})


def less_unknown(read: IdList, accounts: Sequence[str]) -> IdList:
    """``read`` without the messages of an account that there is not: they are problems."""
    known = {DEFAULT_PROFILE, *accounts}
    there = f"there is no account {{}}, only {', '.join(accounts)}"
    lost = tuple(
        Problem(0, entry.id, there.format(entry.profile))
        for entry in read.entries
        if entry.profile not in known
    )
    entries = tuple(entry for entry in read.entries if entry.profile in known)
    return replace(read, entries=entries, problems=(*read.problems, *lost))


def verdict(read: IdList, watched: Container[str]) -> Content:
    """One line: how many would be added, and how many for which reason would not."""
    known = sum(entry.id in watched for entry in read.entries)
    fresh, bad, doubts = len(read.entries) - known, len(read.problems), len(read.doubts)
    if not (fresh or known or bad):
        return quiet("Type or paste at least one message id (digits).")
    parts = [Content.styled(f"{fresh:,} to add", "bold" if fresh else "$text-quiet")]
    if bad:
        parts.append(Content.styled(f"{REFUSED.glyph} {bad:,} not understood", Tone.BAD.style))
    if doubts:
        parts.append(Content.styled(f"{STALE.glyph} {doubts:,} in doubt", Tone.WARN.style))
    if known:
        parts.append(quiet(f"{known:,} watched already"))
    if read.duplicates:
        parts.append(quiet(f"{read.duplicates:,} listed twice"))
    return Content(" · ").join(parts)


def preview(read: IdList, watched: Container[str]) -> Content:
    """What was understood, what needs eyes first: bad lines, doubts, new ids, those watched."""
    if not (read.entries or read.problems):
        return _EXAMPLES
    fresh = [entry for entry in read.entries if entry.id not in watched]
    known = [entry for entry in read.entries if entry.id in watched]
    every = chain(
        (_complaint(REFUSED, each) for each in read.problems),
        (_complaint(STALE, each) for each in read.doubts),
        (_taken(each) for each in fresh),
        (quiet(f"  {each.id}  watched already") for each in known),
    )
    lines = list(islice(every, _PREVIEW_LINES))
    left = len(read.problems) + len(read.doubts) + len(read.entries) - len(lines)
    if left:
        lines.append(quiet(f"… and {left:,} more"))
    return Content("\n").join(lines)


def _complaint(sign: Sign, problem: Problem) -> Content:
    return Content.assemble(
        (f"{sign.glyph} line {problem.line}: ", sign.tone.style), f"“{problem.text}” {problem.why}"
    )


def _taken(entry: Entry) -> Content:
    return Content.assemble(
        (f"{ADDED.glyph} ", Tone.GOOD.style),
        (entry.id, "bold"),
        (f"  {painted(entry.label)}", "$text-quiet"),
    )


_EXAMPLES = Content.assemble(
    ("For example:\n", "$text-quiet"),
    "2270142 2270143, 2270144", ("   three messages\n", "$text-quiet"),
    "2270142 Black Friday", ("       one, with its label\n", "$text-quiet"),
    ("A list may have one a line, or be CSV with a header: id, label, tags, note.", "$text-quiet"),
)  # fmt: skip
