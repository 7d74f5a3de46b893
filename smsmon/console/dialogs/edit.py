"""The dialog that edits label, tags, note and account of one message, or of several at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, TypedDict

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input, Static

from smsmon.console.cells import cut
from smsmon.console.dialogs.base import Choice, Dialog, Keys, Option, TextField, quiet
from smsmon.console.formats import Formats
from smsmon.console.line import Line
from smsmon.console.signs import LEFT_KEY, REFUSED, RIGHT_KEY, Tone, styled
from smsmon.model import Entry
from smsmon.tags import BadTags, TagChange, read_tags, tags_text
from smsmon.text import LABEL_LIMIT, SENTENCE_LIMIT, painted
from smsmon.text import typed as as_typed
from smsmon.times import counted

_TAGS_LIMIT = 1000
_LIMITS = {"label": LABEL_LIMIT, "tags": _TAGS_LIMIT, "note": SENTENCE_LIMIT}
_AS_IT_IS = "leave as it is"
_HINTED = 22
"""Columns of a value that a hint has room for on the narrowest screen."""
_QUOTED = 30
"""Columns of a value that a sentence quotes."""
_SETS_TOLD = 3
"""Sets of tags that are told, the most common first."""


class Changes(TypedDict, total=False):
    """What is to become of the messages' descriptions; what is not in it stays."""

    label: str
    tags: TagChange
    note: str
    profile: str


def texts_of(entry: Entry) -> dict[str, str]:
    """What the fields show of one message."""
    return {"label": entry.label, "tags": tags_text(entry.tags), "note": entry.note}


def changes(entries: Sequence[Entry], typed: Mapping[str, str], profile: str = "") -> Changes:
    """What ``typed`` and the account chosen change in ``entries``; raises `BadTags`.

    Of several, an empty text leaves each as it is; so does no ``profile``.
    """
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
    if profile and any(entry.profile != profile for entry in entries):
        changed["profile"] = profile
    return changed


def effects(entries: Sequence[Entry], changed: Changes) -> list[str]:
    """What ``changed`` will do to ``entries``, and how different they are: a sentence each."""
    told = []
    if (profile := changed.get("profile")) is not None:
        moved = sum(entry.profile != profile for entry in entries)
        moves, begins = ("moves", "begins") if moved == 1 else ("move", "begin")
        told.append(
            f"Account: {counted(moved, 'message')} {moves} to {profile}, and {begins} anew there."
        )
    for name, text in (("Label", changed.get("label")), ("Note", changed.get("note"))):
        if text is not None and len(entries) > 1:
            told.append(f"{name}: {_text_effect(entries, name.lower(), text)}.")
    if (tags := changed.get("tags")) is not None:
        told.append(f"Tags: {'; '.join(_tag_effects(entries, tags))}.")
    return told


def _tag_effects(entries: Sequence[Entry], change: TagChange) -> Iterator[str]:
    if len(entries) == 1:
        yield f"they become {_shown_tags(change.of(entries[0].tags))}"
        return
    many = counted(len(entries), "message")
    if change.anew:
        yield f"{many} get {_shown_tags(change.added)} and no others"
    else:
        for tag in change.added:
            have = sum(tag in entry.tags for entry in entries)
            yield f"adds {_quoted(tag)} to {many}, {_of_which(have, len(entries))}"
        for tag in change.taken:
            have = sum(tag in entry.tags for entry in entries)
            yield f"takes {_quoted(tag)} from {many}, {_of_which(have, len(entries))}"
    yield _sets(entries)


def _of_which(have: int, all_of_them: int) -> str:
    if have == all_of_them:
        return "all of which have it"
    return (
        f"{have:,} of which {'has' if have == 1 else 'have'} it" if have else "none of which has it"
    )


def _sets(entries: Sequence[Entry]) -> str:
    """How different the tags are, the most common first."""
    sets = Counter(frozenset(entry.tags) for entry in entries)
    if len(sets) == 1:
        return f"all have {_shown_tags(entries[0].tags)}"
    first = {frozenset(entry.tags): entry.tags for entry in reversed(entries)}
    shown = [
        f"{_shown_tags(first[each])} ({count:,})" for each, count in sets.most_common(_SETS_TOLD)
    ]
    if len(sets) > len(shown):
        shown.append(f"{len(sets) - len(shown):,} more")
    return f"they have {len(sets):,} different sets: {', '.join(shown)}"


def _text_effect(entries: Sequence[Entry], name: str, text: str) -> str:
    before = {value for entry in entries if (value := texts_of(entry)[name]) not in ("", text)}
    becomes = f"that of {counted(len(entries), 'message')} becomes {_quoted(text)}"
    if not before:
        return f"{becomes}; none is lost"
    if len(before) == 1:
        return f"{becomes} in place of {_quoted(next(iter(before)))}"
    return f"{becomes} in place of {len(before):,} different ones"


def _shown_tags(tags: Sequence[str]) -> str:
    return painted(tags_text(tags)) if tags else "no tags"


def _quoted(text: str) -> str:
    return f"“{cut(painted(text), _QUOTED)}”"


def hint(entries: Sequence[Entry], name: str) -> str:
    """What an empty field of several messages says: that it changes nothing, and what they have."""
    values = {texts_of(entry)[name] for entry in entries}
    if len(values) > 1:
        return f"{_AS_IT_IS} ({len(values)} different ones)"
    (value,) = values
    return f"{_AS_IT_IS}: {cut(value, _HINTED)}" if value else f"{_AS_IT_IS}: none"


def account_options(entries: Sequence[Entry], accounts: Sequence[Option]) -> list[Option]:
    """The accounts there are to choose from, the first where ``entries`` are: "" for several."""
    owned = {entry.profile for entry in entries}
    if len(owned) > 1:
        return [Option("", f"{_AS_IT_IS}: {len(owned)} different ones"), *accounts]
    (own,) = owned
    known = any(each.value == own for each in accounts)
    return [*accounts] if known else [Option(own, "not in the settings"), *accounts]


def noted(entries: Sequence[Entry], formats: Formats) -> str:
    """A sentence about who wrote the note of a message, and when; empty where nobody knows."""
    by, at = entries[0].note_by, entries[0].note_at
    if len(entries) > 1 or not by:
        return ""
    return f"The note is by {painted(by)}, {formats.moment(at)}."


class EditScreen(Dialog[Changes | None]):
    """Edit descriptions. Dismissed with what changes, or None when nothing does."""

    FRAME = "edit"
    HEADING = "Edit"
    CSS = """
    EditScreen #edit {
        & > Horizontal { height: 1; margin: 0 0 1 0; }
        & > #heading { margin: 0 0 1 0; }
        & Horizontal > Line { width: 9; }
        & Horizontal > TextField, & Horizontal > Choice { width: 1fr; }
        & > #verdict { height: 2; margin: 1 0 0 0; }
        &.-several > #verdict { height: 5; }
    }
    EditScreen.-low #edit {
        max-height: 100%;
        & > #heading, & > Horizontal, & > #verdict { margin: 0; }
    }
    """
    AUTO_FOCUS = "#label"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "accept", show=False)]

    def __init__(
        self, entries: Sequence[Entry], accounts: Sequence[Option] = (), noted: str = ""
    ) -> None:
        """``entries``: at least one; ``accounts``: those there are; ``noted``: a sentence about
        who wrote the note, where that is known.
        """
        super().__init__()
        self._entries = entries
        self._accounts = account_options(entries, accounts)
        self._unchanged = " ".join(filter(None, ("Nothing is changed so far.", noted)))

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
        if len(self._accounts) > 1:
            with Horizontal():
                yield Line(quiet("Account"))
                yield Choice(self._accounts, self._owner, id="account")
        yield Line(quiet(_MANY_TAGS if several else _TAGS))
        yield Static(id="verdict", markup=False)
        keys = [("enter", "save"), ("tab", "next field"), ("esc", "cancel")]
        if len(self._accounts) > 1:
            keys.insert(2, (f"{LEFT_KEY} {RIGHT_KEY}", "account"))
        yield Keys(*keys)

    @property
    def _owner(self) -> str:
        """The account that all of them have; empty when they differ."""
        owned = {entry.profile for entry in self._entries}
        return "" if len(owned) > 1 else owned.pop()

    def on_mount(self) -> None:
        self.query_one("#edit").set_class(len(self._entries) > 1, "-several")
        self._foretell()

    def _changes(self) -> Changes:
        typed = {name: self.query_one(f"#{name}", TextField).value for name in _LIMITS}
        chosen = [each.value for each in self.query(Choice)]
        return changes(self._entries, typed, *chosen)

    @on(Input.Changed)
    @on(Choice.Changed)
    def _foretell(self) -> None:
        """Say what enter will do."""
        try:
            changed = self._changes()
        except BadTags as error:
            self.tell(_refused(error))
            return
        told = "\n".join(effects(self._entries, changed))
        self.tell(Content(told) if changed else quiet(self._unchanged))

    @on(Input.Submitted)
    def action_accept(self) -> None:
        """Close with what was changed."""
        try:
            self.dismiss(self._changes() or None)
        except BadTags as error:
            self.refuse(_refused(error))


def _refused(error: BadTags) -> Content:
    return styled(f"{REFUSED.glyph} {error}", Tone.BAD)


_TAGS = "Tags stand between spaces or commas: otp fr"
_MANY_TAGS = "Tags: +x or x adds, -x takes away, =x y replaces all"


def heading(entries: Sequence[Entry]) -> Content:
    """Which message is edited, or how many and what an empty field means then."""
    if len(entries) == 1:
        return Content.assemble((entries[0].id, "bold"), f"  {painted(entries[0].label)}")
    return Content.assemble(
        (f"{len(entries):,} messages", "bold"), "  an empty field leaves each as it is"
    )
