"""XML answers: positional, in the order of the JSON keys. Parsed with DTDs refused."""

from __future__ import annotations

import re
from typing import Any
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException, ElementTree

from smsmon.api.envelope import Envelope, first_words
from smsmon.api.errors import NotAReport
from smsmon.api.rows import code_of, flag_of

DEPTH_LIMIT = 16
"""Elements within elements. A report has 4."""
_FLAGS = {"true": True, "false": False}

_CONTROL = re.compile(rb"[\0-\x08\x0b\x0c\x0e-\x1f]")
_ILL_WRITTEN = re.compile(
    rb"<!\[CDATA\[.*?(?:\]\]>|\Z)|&(?!(?:amp|lt|gt|quot|apos|#[0-9]+|#x[0-9A-Fa-f]+);)|"
    + _CONTROL.pattern,
    re.DOTALL,
)
"""Whole CDATA, and in all other text what XML forbids, and programs write all the same."""
_INSTEAD = "\ufffd".encode()

_JUDGED_ROW = ("success", "code", "phoneNumber", "messageId", "status", "date", "stopSms")
"""The order of the keys in rows that say whether they succeeded."""


class _Entries:
    """Builds nested lists of texts out of ``<entry>`` elements: the target of the parser."""

    def __init__(self) -> None:
        self.root = ""
        self._open: list[list[Any]] = []
        self._text: list[list[str]] = []
        self.top: list[Any] | str = []

    def start(self, tag: str, _attributes: dict[str, str]) -> None:
        if not self._open:
            self.root = tag
        elif len(self._open) >= DEPTH_LIMIT:
            raise NotAReport("The answer is nested too deeply to be a report.")
        self._open.append([])
        self._text.append([])

    def data(self, text: str) -> None:
        if self._text:
            self._text[-1].append(text)

    def end(self, _tag: str) -> None:
        children = self._open.pop()
        text = "".join(self._text.pop())
        entry = children or text
        if self._open:
            self._open[-1].append(entry)
        else:
            self.top = entry

    def close(self) -> list[Any] | str:
        return self.top


def parse(body: bytes) -> Envelope:
    """The answer in ``body``, its rows as named values. Raises ``NotAReport``."""
    try:
        try:
            entries = _entries(body)
        except ParseError:
            entries = _entries(_ILL_WRITTEN.sub(_well_written, body))
    except DefusedXmlException:
        problem = "The answer is XML with a document type or entities of its own: refused."
    except ParseError:
        problem = "The answer is not whole XML."
    except (ValueError, LookupError):
        problem = "The answer is XML in an unknown encoding."
    else:
        if entries.root.rpartition("}")[2] != "result" or isinstance(entries.top, str):
            raise NotAReport("The answer is XML, but not one of the API's.")
        return _envelope(entries.top)
    raise NotAReport(problem)


def _entries(body: bytes) -> _Entries:
    entries = _Entries()
    parser = ElementTree.XMLParser(target=entries, forbid_dtd=True)
    # In one go: an endless token fed in parts is scanned anew with each part.
    parser.feed(body)
    parser.close()
    return entries


def _well_written(found: re.Match[bytes]) -> bytes:
    return b"&amp;" if found[0] == b"&" else _CONTROL.sub(_INSTEAD, found[0])


def _envelope(top: list[Any]) -> Envelope:
    success = flag_of(top[0])
    code = top[1].strip() if len(top) > 1 and isinstance(top[1], str) else None
    rest = top[2:]
    if success is not True:
        texts = _texts(rest)
        return Envelope(
            success=success,
            code=code,
            # Nothing names the entries of the details: a number among them is the code.
            causes=[
                text
                for part in rest
                if isinstance(part, list)
                for text in _texts(part)
                if len(text) <= 3
            ],
            words="; ".join(first_words(text for text in texts if not text.isdigit())),
        )
    rows = _rows(rest)
    ids = rest if rows is None else rest[:-1]
    return Envelope(
        success=success,
        code=code,
        ids=[one.strip() if isinstance(one, str) else one for one in ids],
        rows=rows,
    )


def _rows(rest: list[Any]) -> list[object] | None:
    """The rows, if what follows success and code ends in a list of them.

    An empty entry is an empty list where an id stands before it; alone it may be anything.
    """
    last = rest[-1] if rest else None
    if isinstance(last, list):
        # One row alone, without the list around it.
        rows = [last] if len(last) > 1 and all(isinstance(one, str) for one in last) else last
        return [named(row) for row in rows]
    return [] if len(rest) > 1 and not str(last).strip() else None


def _texts(entries: list[Any]) -> list[str]:
    texts: list[str] = []
    for entry in entries[:10]:
        texts += [entry.strip()] if isinstance(entry, str) else _texts(entry)
    return [text for text in texts if text][:10]


def named(row: list[Any] | str) -> object:
    """The row with the names that its JSON twin has, by their order."""
    if isinstance(row, str):
        return row
    flag, code = (one.strip() if isinstance(one, str) else "" for one in (*row, "", "")[:2])
    if flag.lower() in _FLAGS and code_of(code) is not None:
        id = row[3].strip() if len(row) > 3 and isinstance(row[3], str) else ""
        # A row need not say which message it is about; a status is never a number.
        judged = [key for key in _JUDGED_ROW if key != "messageId" or id.isdigit() or not id]
        return dict(zip(judged, [_FLAGS[flag.lower()], *row[1:]], strict=False))
    keys: tuple[str, ...] = ("phoneNumber", "status", "stopSMS", "date")
    # A third column of 0 or 1 is a flag: such a date would be of the first second of 1970.
    if len(row) == 3 and isinstance(row[2], str) and flag_of(row[2]) is None:
        keys = ("phoneNumber", "status", "date")
    return dict(zip(keys, row, strict=False))
