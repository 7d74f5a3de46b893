"""What the setup screen says. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from smsmon.console.cells import cut
from smsmon.console.signs import CHOSEN, REFUSED, STALE, WELL, Tone, styled
from smsmon.model import Balance
from smsmon.secret import DOTS, ApiKey
from smsmon.settings.first import PATH_LIMIT, Kept
from smsmon.text import safe

WayKind = Literal["paste", "file", "env", "command"]
_NAME_LIMIT = 40


@dataclass(frozen=True, slots=True)
class Way:
    """One way to give the key."""

    kind: WayKind
    title: str
    label: str
    """What stands before its field."""
    placeholder: str
    hint: str


WAYS = (
    Way("paste", "Paste it here", "Key", "it shows as dots",
        "It goes into a new file that you alone can read, in"),
    Way("file", "It is in a file", "File", "~/.config/smsmon/key",
        "Its first line is the key. Write the path in full, from / or ~."),
    Way("env", "It is in an environment variable", "Variable", "SMSPARTNER_KEY",
        "The variable must be set when smsmon starts."),
    Way("command", "A command prints it", "Command", "pass show smspartner",
        "It is run without a shell, and the first line it prints is the key."),
)  # fmt: skip


def question(name: str, several: bool) -> Content:
    """What is asked. ``name`` of the account only where there are ``several``."""
    whose = f"the API key of account {cut(name, 20)}" if several else "your SMS Partner API key"
    return Content.assemble((f"Where is {whose}?", "bold"))


def ways(chosen: int) -> Content:
    """The ways to give the key, one a line."""
    return Content("\n").join(
        Content.assemble((f"{CHOSEN.glyph} ", "$accent"), (way.title, "bold"))
        if index == chosen
        else Content(f"  {way.title}")
        for index, way in enumerate(WAYS)
    )


def hint(way: Way, folder: str) -> Content:
    """What to know of one way; ``folder`` is where the file of a pasted key would be."""
    text = f"{way.hint} {folder}" if way.kind == "paste" else way.hint
    return styled(text, Tone.DIM)


def asking(command: bool) -> Content:
    """While the key is tried."""
    return styled("Asking the command, then the API …" if command else "Asking the API …", Tone.DIM)


def refusal(sentence: str) -> Content:
    """Why the key cannot be had, or is not taken."""
    return styled(f"{REFUSED.glyph} {sentence}", Tone.BAD)


def done(balance: Balance, kept: Kept, config: str, warning: str) -> Content:
    """The key works: what the account holds, and where its source is written down."""
    lines = [
        Content.assemble(
            (f"{WELL.glyph} ", Tone.GOOD.style), ("SMS Partner takes the key.", "bold")
        ),
        Content(f"  {holds(balance)}"),
    ]
    if kept.by_hand:
        lines += [
            Content(""),
            Content(f"{config} stays as you wrote it. {kept.by_hand}"),
        ]
    elif kept.lines:
        lines += [Content(""), Content(f"Written to {config}:")]
    lines += [styled(f"  {line}", Tone.WAIT) for line in kept.lines]
    if warning:
        lines += [Content(""), styled(f"{STALE.glyph} {warning}", Tone.WARN)]
    return Content("\n").join(lines)


def holds(balance: Balance) -> str:
    """What the account holds, and whose it is."""
    parts = [f"Account {cut(balance.username, _NAME_LIMIT)}"] if balance.username else []
    if balance.credits is not None:
        parts.append(f"{balance.credits:,} credits")
    if balance.amount:
        parts.append(f"{balance.amount} {balance.currency}".rstrip())
    return " · ".join(parts) or "It does not say what the account holds."


def tilde(path: Path, home: Path | None) -> str:
    """``path`` as people write it, ``~`` for their ``home``; safe to show."""
    if home is not None and path.is_relative_to(home):
        return safe(f"~/{path.relative_to(home)}", PATH_LIMIT)
    return safe(str(path), PATH_LIMIT)


_DOT = DOTS[0]
_LONGEST = 300
"""Characters taken: more than any key has, so that too long a one is told from a right one."""


class KeyField(Widget):
    """One line of dots.

    Not an ``Input``: that hands its text about in messages, and to the clipboard. Here nothing
    but `take` gives out what was typed.
    """

    DEFAULT_CSS = """
    KeyField {
        height: 1; width: 1fr; padding: 0 1; background: $panel;
        border-left: solid $text-quiet; border-right: solid $text-quiet;
        &:focus { border-left: solid $accent; border-right: solid $accent; }
    }
    """
    can_focus = True

    class Changed(Message):
        """Something was typed or taken back."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.__typed: list[str] = []
        self._placeholder = ""

    @property
    def length(self) -> int:
        """How many characters were typed."""
        return len(self.__typed)

    def take(self) -> ApiKey:
        """The key that was typed; the field is empty then.

        Raises ``ValueError`` with a sentence when it is none.
        """
        try:
            return ApiKey.parse("".join(self.__typed))
        finally:
            self.clear()

    def clear(self) -> None:
        """Forget what was typed."""
        self.__typed.clear()
        self.refresh()

    def hint(self, text: str) -> None:
        """Show ``text`` while the field is empty."""
        self._placeholder = text
        self.refresh()

    def on_key(self, event: events.Key) -> None:
        """Take a character; backspace takes one back, ^u and ^w all."""
        if event.is_printable and event.character:
            self._add(event.character)
        elif event.key == "backspace":
            del self.__typed[-1:]
        elif event.key in ("ctrl+u", "ctrl+w", "delete"):
            self.__typed.clear()
        else:
            return
        event.stop()
        event.prevent_default()
        self._changed()

    def on_paste(self, event: events.Paste) -> None:
        """Take the first line that says something."""
        event.stop()
        event.prevent_default()
        self._add(next((line for line in event.text.splitlines() if line.strip()), "").strip())
        event.text = ""
        self._changed()

    def check_consume_key(self, key: str, character: str | None) -> bool:
        del key
        return character is not None and character.isprintable()

    def render(self) -> Content:
        cursor = "reverse" if self.has_focus else ""
        if not self.__typed:
            hint = self._placeholder or " "
            return Content.assemble((hint[0], cursor or "$text-quiet"), (hint[1:], "$text-quiet"))
        dots = _DOT * min(self.length, max(0, self.size.width - 1))
        return Content.assemble(dots, (" ", cursor))

    def _add(self, text: str) -> None:
        self.__typed.extend(text[: _LONGEST - self.length])

    def _changed(self) -> None:
        self.refresh()
        self.post_message(self.Changed())
