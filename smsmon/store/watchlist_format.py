"""``watchlist.toml`` as text: read, checked line by line, migrated, written. Pure.

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
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any

from smsmon.model import DEFAULT_PROFILE, Entry
from smsmon.store.entries import Problem, clean_tags, cleaned, why_not_an_id
from smsmon.text import SENTENCE_LIMIT, safe

Table = dict[str, Any]
Migration = Callable[[Table], Table]

MIGRATIONS: Sequence[Migration] = ()
"""``MIGRATIONS[n - 1]`` makes a document of version n one of version n + 1."""

HEADER = """\
# The watchlist of smsmon. Edit it as you like: open consoles notice within a second.
# The program rewrites it whole when the list changes: unknown keys are kept, comments are not.
"""
_KNOWN = frozenset({"id", "label", "tags", "note", "added", "paused", "profile"})
_AT_LINE = re.compile(r"\(at line (\d+), column \d+\)")
_LOOK_AHEAD = 40


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


def parse(
    content: bytes, migrations: Sequence[Migration] = MIGRATIONS
) -> tuple[Document, list[Problem]]:
    """The document in ``content``, and a problem for each message that makes no entry.

    Raises ``Unreadable`` when the whole cannot be read.
    """
    text, table = _load(content)
    version = table.pop("version", len(migrations) + 1)
    table = migrated(table, version, migrations, lambda: _line_of(text, _has("version")))
    messages = table.pop("message", [])
    if not isinstance(messages, list) or not all(isinstance(each, dict) for each in messages):
        line = _line_of(text, _has("message"))
        raise Unreadable(line, "messages are written as [[message]] tables")
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
            line = _line_of(text, _has_key(place, key))
            problems.append(Problem(line, safe(str(message.get(key, ""))), fault))
    return Document(tuple(entries), table), problems


def migrated(
    table: Table, version: object, migrations: Sequence[Migration], line: Callable[[], int]
) -> Table:
    """``table`` brought from ``version`` to the newest. Raises ``Unreadable``."""
    newest = len(migrations) + 1
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise Unreadable(line(), "the version is a whole number from 1")
    if version > newest:
        why = f"a newer smsmon wrote it (version {version}; this one reads up to {newest})"
        raise Unreadable(line(), why, newer=True)
    for migration in migrations[version - 1 :]:
        table = migration(table)
    return table


def dump(document: Document) -> bytes:
    """``document`` as the file's content."""
    # Imported here: reading the list, which every start does, needs no writer.
    import tomli_w

    parts = [HEADER, tomli_w.dumps({"version": len(MIGRATIONS) + 1, **document.extra})]
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
            added_at=_moment(table),
            paused=_paused(table),
            profile=_text(table, "profile") or DEFAULT_PROFILE,
            extra={key: value for key, value in table.items() if key not in _KNOWN},
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


def _moment(table: Mapping[str, Any]) -> float:
    """When it was added. A time without a zone is in this machine's, as a person writes it."""
    value = table.get("added", 0)
    try:
        if isinstance(value, datetime):
            return value.timestamp()
        if isinstance(value, date):
            return datetime.combine(value, time()).astimezone().timestamp()
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC).timestamp()
    except (OverflowError, ValueError, OSError):
        pass
    raise _BadKey("added", "added is a date and time: added = 2026-11-22T10:00:00Z")


def _has(key: str) -> Callable[[Table], bool]:
    return lambda table: key in table


def _has_key(place: int, key: str) -> Callable[[Table], bool]:
    def found(table: Table) -> bool:
        messages = table.get("message", [])
        return len(messages) > place + 1 or (len(messages) == place + 1 and key in messages[place])

    return found


def _line_of(text: str, found: Callable[[Table], bool]) -> int:
    """The first line after which ``found`` is true of what was read, from 1.

    The text as a whole is valid TOML, so nearly every run of its first lines is, too: halving
    finds the line with a dozen readings, and no second TOML parser is needed to know lines.
    """
    lines = text.split("\n")
    low, high = 0, len(lines)
    while low + 1 < high:
        middle = (low + high) // 2
        end, table = _read_from(lines, middle, high)
        if table is not None and not found(table):
            low = end
        else:
            high = middle
    return high


def _read_from(lines: list[str], start: int, limit: int) -> tuple[int, Table | None]:
    """The table of the first lines, from ``start`` on up to where no value is cut in two."""
    for end in range(start, min(start + _LOOK_AHEAD, limit)):
        try:
            return end, tomllib.loads("\n".join(lines[:end]))
        except tomllib.TOMLDecodeError:
            continue
    return limit, None
