"""Bodies into reports: what ``bulk-status`` answers, in JSON or XML, honest or not.

Pure: no I/O, no clock. A report or a ``ReadError`` comes out, for whatever bytes come in.
"""

from __future__ import annotations

from smsmon.api import decode_json, decode_xml
from smsmon.api.envelope import Envelope, check_report
from smsmon.api.errors import NotAReport, amended
from smsmon.api.rows import Columns
from smsmon.model import ReadError
from smsmon.recipients import Recipients
from smsmon.text import safe_bytes

_BOM = b"\xef\xbb\xbf"
_XML_STARTS = (b"<?xml", b"<result", b"<!DOCTYPE result")


def decode(body: bytes, message_id: str) -> Recipients:
    """The recipients that ``body`` reports for ``message_id``.

    Raises the ``ReadError`` that the body stands for, with the beginning of it as excerpt.
    """
    try:
        if _is_json(body):
            return decode_json.decode(body, message_id)
        columns = Columns(message_id)
        columns.extend(check_report(decode_xml.parse(body), message_id))
        return columns.build()
    except ReadError as error:
        raise amended(error, excerpt=safe_bytes(body)) from None


def parse(body: bytes) -> Envelope:
    """The envelope of an answer of any endpoint. Raises ``NotAReport``."""
    return decode_json.parse(body) if _is_json(body) else decode_xml.parse(body)


def _is_json(body: bytes) -> bool:
    """True for JSON, false for XML; raises ``NotAReport`` for what can be neither."""
    head = body[:256].lstrip()
    if head.startswith(b"{"):
        return True
    if not head and not body.strip():
        raise NotAReport("The answer is empty.")
    if head.startswith(_BOM):
        raise NotAReport("The answer starts with a byte-order mark: something rewrites answers.")
    if not head.startswith(b"<"):
        return True
    if head.startswith(_XML_STARTS):
        return False
    raise NotAReport("The answer is a web page or some such, not a report.")
