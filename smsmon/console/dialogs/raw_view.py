"""An answer as it was received, laid out to be read. Pure.

The layout only adds line breaks and indents: order, spelling and escapes stay those of the
answer. That also works for an answer of which only the beginning was kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.content import Content

from smsmon.console import cells
from smsmon.console.looks import Tone
from smsmon.console.tones import styled
from smsmon.phones import without_numbers
from smsmon.text import safe

if TYPE_CHECKING:
    from smsmon.sharing import Polling

SHOWN_LIMIT = 512 * 1024
"""Bytes of an answer laid out at most."""
_INDENT = "  "
_DEEPEST = 20
"""Levels that are indented; deeper ones stand below this one."""
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Page:
    """An answer as lines that are safe to print."""

    lines: tuple[str, ...]
    form: str
    """``JSON``, ``XML``, or empty: shown as it came."""
    shown: int
    """Bytes that are laid out."""
    whole: int
    """Bytes that the answer had."""


def page(raw: bytes, full_length: int, *, masked: bool = False) -> Page:
    """``raw``, the beginning of an answer of ``full_length`` bytes, laid out.

    ``masked`` hides the digits of phone numbers, but for the last two.
    """
    shown = raw[:SHOWN_LIMIT]
    whole = max(full_length, len(raw))
    text = _decoded(shown, cut=len(shown) < whole)
    form = _form(text, cut=len(shown) < whole)
    if masked:
        text = without_numbers(text)
    lines = {"JSON": _json_lines, "XML": _xml_lines}.get(form, _plain_lines)(text)
    return Page(tuple(safe(line, len(line) + 1) for line in lines), form, len(shown), whole)


def none_at_hand(polling: Polling | None, *, read: bool) -> str:
    """Why no answer of a message can be shown; ``read``: it was read, here or elsewhere."""
    if not read:
        why = "it has not been read yet"
    elif polling is None or polling.here:
        why = "none that came since the start was another than the one before"
    elif polling.holder is None:
        why = "nobody polls"
    else:
        why = f"{polling.holder} reads it, and keeps the answers"
    return f"No answer of this message is at hand: {why}."


def facts(what: Page) -> Content:
    """One line: the form, the size, and what is left out."""
    if not what.whole:
        return styled("The answer was empty.", Tone.DIM)
    form = what.form or "neither JSON nor XML, shown as it came"
    size = styled(f"{form} · {cells.count(what.whole)} bytes", Tone.DIM)
    left_out = what.whole - what.shown
    if not left_out:
        return size
    beginning = f" · only the first {what.shown // 1024:,} kB: {cells.count(left_out)} left out"
    return Content.assemble(size, styled(beginning, Tone.WARN))


def _decoded(raw: bytes, *, cut: bool) -> str:
    raw = raw.removeprefix(_BOM)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        if cut and error.start > len(raw) - 4:  # the cut fell inside a character
            return raw[: error.start].decode("utf-8")
        return raw.decode("latin-1")


def _form(text: str, *, cut: bool) -> str:
    """What it parses as; of a cut text, what it begins like."""
    head = text.lstrip()[:100].lower()
    if head.startswith(("{", "[")):
        return "JSON" if cut or _is_json(text) else ""
    if re.match(r"<(?!!doctype html|html)[?!a-z_]", head):
        return "XML" if cut or _is_xml(text) else ""
    return ""


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _is_xml(text: str) -> bool:
    from defusedxml import ElementTree  # rarely needed, and not free to load

    try:
        ElementTree.fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", text))
    except (ElementTree.ParseError, ValueError, RecursionError):
        return False
    return True


def _plain_lines(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        yield line.removesuffix("\r").expandtabs(4)


_JSON_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[{}\[\],:]|[^\s"{}\[\],:]+', re.DOTALL)


def _json_lines(text: str) -> Iterator[str]:
    line: list[str] = []
    depth = 0
    opened = False
    for piece in _JSON_TOKEN.findall(text):
        if piece in "}]":
            depth = max(0, depth - 1)
            if not opened:
                yield "".join(line)
                line = [_INDENT * min(depth, _DEEPEST)]
            line.append(piece)
            opened = False
            continue
        if opened:
            yield "".join(line)
            line = [_INDENT * min(depth, _DEEPEST)]
        opened = piece in "{["
        line.append(": " if piece == ":" else piece)
        if opened:
            depth += 1
        elif piece == ",":
            yield "".join(line)
            line = [_INDENT * min(depth, _DEEPEST)]
    if line:
        yield "".join(line)


_XML_TOKEN = re.compile(
    r"<!--.*?(?:-->|\Z)|<!\[CDATA\[.*?(?:\]\]>|\Z)"
    r"|<[^>\"']*+(?:(?:\"[^\"]*\"?|'[^']*'?)[^>\"']*+)*+>?|[^<]++",
    re.DOTALL,
)
_BREAK = re.compile(r"\s*[\r\n\t]\s*")


def _xml_lines(text: str) -> Iterator[str]:
    line = ""
    depth = 0
    opened = False
    for piece in _XML_TOKEN.findall(text):
        piece = _BREAK.sub(" ", piece.strip())
        if not piece:
            continue
        markup = piece.startswith("<") and not piece.startswith("<![CDATA[")
        closes = piece.startswith("</")
        depth -= closes
        if opened and (closes or not markup):
            line += piece
            opened = not markup
            continue
        if line:
            yield line
        line = _INDENT * max(0, min(depth, _DEEPEST)) + piece
        opened = markup and not closes and piece[1:2] not in "!?" and not piece.endswith("/>")
        depth += opened
    if line:
        yield line
