"""Bodies into reports: what ``bulk-status`` answers, in JSON or XML, honest or not.

Pure: no I/O, no clock. A report or a ``ReadError`` comes out, for whatever bytes come in.
"""

from __future__ import annotations

from smsmon.api import decode_json, decode_xml
from smsmon.api.charset import utf8
from smsmon.api.envelope import Envelope, check_report
from smsmon.api.errors import NotAReport, amended
from smsmon.api.rows import Columns
from smsmon.model import ReadError
from smsmon.recipients import Recipients
from smsmon.text import safe_bytes

_XML_STARTS = (b"<?xml", b"<result", b"<!DOCTYPE result")


def decode(body: bytes, message_id: str) -> Recipients:
    """The recipients that ``body`` reports for ``message_id``.

    Raises the ``ReadError`` that the body stands for, with the beginning of it as excerpt.
    """
    return read(body, message_id)[0]


def read(body: bytes, message_id: str) -> tuple[Recipients, bytes]:
    """As `decode`, and with it the part of the body that was not proven to be numbers and words
    that the API is known to use: what else stands there can stand in that part only."""
    text = utf8(body)
    try:
        if _is_json(text):
            return decode_json.decode(text, message_id)
        columns = Columns(message_id)
        columns.extend(check_report(decode_xml.parse(text), message_id))
        return columns.build(), text
    except ReadError as error:
        raise amended(error, excerpt=safe_bytes(text)) from None


def parse(body: bytes) -> Envelope:
    """The envelope of an answer of any endpoint. Raises ``NotAReport``."""
    text = utf8(body)
    return decode_json.parse(text) if _is_json(text) else decode_xml.parse(text)


def looks_like_xml(body: bytes) -> bool:
    """True if ``body`` begins as XML does, and JSON does not."""
    return utf8(body[:256]).startswith(b"<")


def _is_json(text: bytes) -> bool:
    """True for JSON, false for XML; raises ``NotAReport`` for what can be neither."""
    if not text:
        raise NotAReport("The answer is empty.")
    if not text.startswith(b"<"):
        return True
    if text.startswith(_XML_STARTS):
        return False
    raise NotAReport("The answer is a web page or some such, not a report.")
