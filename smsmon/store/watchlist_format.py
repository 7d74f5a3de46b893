"""``watchlist.toml`` as text: read, checked line by line, written. Pure.

version = 1

[[message]]
id = "2270142"
label = "Black Friday FR"
tags = ["fr", "promo"]
added = 2026-11-22T10:00:00Z
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any

from smsmon.model import DEFAULT_PROFILE, Entry
from smsmon.store.entries import Problem, clean_tags, cleaned, why_not_an_id
from smsmon.text import SENTENCE_LIMIT, safe
from smsmon.toml_lines import line_of

Table = dict[str, Any]
VERSION = 1

HEADER = """\
# The watchlist of smsmon. Edit it as you like: open consoles notice within a second.
# The program rewrites it whole when the list changes: unknown keys are kept, comments are not.
"""
_KNOWN = frozenset(
    {"id", "label", "tags", "note", "note_by", "note_at", "added", "paused", "profile"}
)
_AT_LINE = re.compile(r"\(at line (\d+), column \d+\)")


@dataclass(frozen=True, slots=True)
class Document:
    """What the file says: the entries, and what this version does not know."""

    entries: tuple[Entry, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Top-level keys that this version does not know; kept when it is written."""


class Unreadable(ValueError):
    """The text is no watchlist: not TOML, not UTF-8, or of a version this program cannot read."""

    def __init__(self, line: int, why: str, *, newer: bool = False) -> None:
        super().__init__(why)
        self.line = line
        """From 1; 0 where no line is known."""
        self.why = why
        self.newer = newer
        """True when a newer smsmon wrote it."""


def parse(content: bytes) -> tuple[Document, list[Problem]]:
    """The document in ``content``, and a problem for each message that makes no entry.

    Raises ``Unreadable`` when the whole cannot be read.
    """
    text, table = _load(content)
    version = table.pop("version", VERSION)
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise Unreadable(_line_of(text, "version"), "the version is a whole number from 1")
    if version > VERSION:
        why = f"a newer smsmon wrote it (version {version}; this one reads up to {VERSION})"
        raise Unreadable(_line_of(text, "version"), why, newer=True)
    messages = table.pop("message", [])
    if not isinstance(messages, list) or not all(isinstance(each, dict) for each in messages):
        raise Unreadable(_line_of(text, "message"), "messages are written as [[message]] tables")
    entries: list[Entry] = []
    problems: list[Problem] = []
    first_of: dict[str, int] = {}
    for place, message in enumerate(messages):
        fault, key = "", ""
        try:
            entry = _entry(message)
        except _BadKey as bad:
            fault, key = bad.why, bad.key
        else:
            if entry.id in first_of:
                fault, key = f"message {entry.id} is listed twice", "id"
            else:
                first_of[entry.id] = place
                entries.append(entry)
        if fault:
            line = _line_of(text, "message", place, key)
            problems.append(Problem(line, safe(str(message.get(key, ""))), fault))
    return Document(tuple(entries), table), problems


def dump(document: Document) -> bytes:
    """``document`` as the file's content."""
    # Imported here: reading the list, which every start does, needs no writer.
    import tomli_w

    parts = [HEADER, tomli_w.dumps({"version": VERSION, **document.extra})]
    for entry in document.entries:
        # As a table of its own, tomli-w writes one key a line, and unknown tables below it as
        # [message.x], which in TOML belongs to the last [[message]].
        table = tomli_w.dumps({"message": table_of(entry)})
        parts.append("[[message]]" + table.removeprefix("[message]"))
    return "\n".join(parts).encode()


def table_of(entry: Entry) -> Table:
    """``entry`` as a TOML table, what it does not say left out."""
    table: Table = {"id": entry.id}
    if entry.label:
        table["label"] = entry.label
    if entry.tags:
        table["tags"] = list(entry.tags)
    if entry.note:
        table["note"] = entry.note
    if entry.note_by:
        table["note_by"] = entry.note_by
    if entry.note_at:
        table["note_at"] = datetime.fromtimestamp(entry.note_at, UTC)
    if entry.added_at:
        table["added"] = datetime.fromtimestamp(entry.added_at, UTC)
    if entry.paused:
        table["paused"] = True
    if entry.profile != DEFAULT_PROFILE:
        table["profile"] = entry.profile
    table.update(entry.extra)
    return table


class _BadKey(ValueError):
    def __init__(self, key: str, why: str) -> None:
        super().__init__(why)
        self.key = key
        self.why = why


def _load(content: bytes) -> tuple[str, Table]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Unreadable(line, "this is not UTF-8 text") from error
    try:
        return text, tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = _AT_LINE.search(str(error))
        line = int(at[1]) if at else text.rstrip("\n").count("\n") + 1
        why = safe(_AT_LINE.sub("", str(error)).strip(), SENTENCE_LIMIT)
        raise Unreadable(line, f"this is not TOML: {why}") from error
    except RecursionError as error:
        raise Unreadable(0, "it is nested too deeply") from error


def _entry(table: Mapping[str, Any]) -> Entry:
    message_id = table.get("id", "")
    if isinstance(message_id, int) and not isinstance(message_id, bool):
        message_id = str(message_id)
    if not isinstance(message_id, str):
        raise _BadKey("id", 'the id is written as text: id = "300"')
    if why := why_not_an_id(message_id):
        raise _BadKey("id", why)
    return cleaned(
        Entry(
            id=message_id,
            label=_text(table, "label"),
            tags=_tags(table),
            note=_text(table, "note"),
            added_at=_moment(table, "added"),
            paused=_paused(table),
            profile=_text(table, "profile") or DEFAULT_PROFILE,
            extra={key: value for key, value in table.items() if key not in _KNOWN},
            note_by=_text(table, "note_by"),
            note_at=_moment(table, "note_at"),
        )
    )


def _text(table: Mapping[str, Any], key: str) -> str:
    value = table.get(key, "")
    if not isinstance(value, str):
        raise _BadKey(key, f"the {key} is text, in quotes")
    return value


def _tags(table: Mapping[str, Any]) -> tuple[str, ...]:
    value = table.get("tags", [])
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list) or not all(isinstance(tag, str) for tag in value):
        raise _BadKey("tags", 'tags are a list of texts: tags = ["otp", "fr"]')
    return clean_tags(value)


def _paused(table: Mapping[str, Any]) -> bool:
    value = table.get("paused", False)
    if not isinstance(value, bool):
        raise _BadKey("paused", "paused is true or false")
    return value


def _moment(table: Mapping[str, Any], key: str) -> float:
    """When something was done. A time without a zone is in this machine's, as people write it."""
    value = table.get(key, 0)
    try:
        if isinstance(value, datetime):
            return value.timestamp()
        if isinstance(value, date):
            return datetime.combine(value, time()).astimezone().timestamp()
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC).timestamp()
    except (OverflowError, ValueError, OSError):
        pass
    raise _BadKey(key, f"{key} is a date and time: {key} = 2026-11-22T10:00:00Z")


def _line_of(text: str, *path: str | int) -> int:
    """The line that sets ``path``, or its table where it is not set; 0 where none is known."""
    return line_of(text, path) or line_of(text, path[:-1]) or 0
