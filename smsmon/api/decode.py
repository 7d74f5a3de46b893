"""Bodies into values: what ``bulk-status`` and ``me`` answer, in JSON or XML, well formed or not.

Pure: no I/O, no clock. A report, a balance or a ``ReadError`` comes out, for whatever bytes come
in. Their encoding is put aside first: what an answer means hangs on its ASCII characters alone,
and no two of the encodings take these for one another; of all others only the look of a text is
at stake. So nothing is refused for its encoding, and nothing can be mistaken.
"""

from __future__ import annotations

import codecs
import re
from contextlib import suppress
from typing import Any

import msgspec

from smsmon.api import decode_json, decode_xml
from smsmon.api.envelope import Envelope, check_report, check_success
from smsmon.api.errors import NotAReport, amended
from smsmon.api.rows import ColumnBuilder
from smsmon.model import Balance, ReadError
from smsmon.recipients import Recipients
from smsmon.text import safe, safe_bytes

_AROUND = b" \t\r\n\0"
_BOM_8 = codecs.BOM_UTF8
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_PROLOG = re.compile(rb"\A(?:<\?.*?\?>\s*|<!--.*?-->\s*)+", re.DOTALL)
"""What stands before the element of XML; nothing that is said there counts."""
_DECLARED = re.compile(rb"<\?xml[^>]*encoding\s*=\s*[\"']([A-Za-z0-9._-]+)", re.IGNORECASE)
_OF_ASCII = re.compile(
    r"(?:x-)?(?:iso|latin|windows|cp|ibm|mac|koi|big5|gb|euc|shift)", re.IGNORECASE
)
"""How encodings are called that ASCII is a part of."""


def utf8(body: bytes) -> bytes:
    """``body`` as UTF-8 without a mark, the prolog of XML, and white space and NULs around it.

    What XML declares is often of another step on its way: it counts where the bytes are not UTF-8.
    They are then read as that or, one by one, as Windows-1252, of which Latin-1 is a part.
    """
    if body.isascii() and body[:1] in b"{<" and body[-1:] in b"}>":
        return _PROLOG.sub(b"", body)
    if encoding := _wide(body):
        text = body.decode(encoding, "replace").strip("\ufeff\0 \t\r\n")
    else:
        body = body.strip(_AROUND)
        while body.startswith(_BOM_8):
            body = body.removeprefix(_BOM_8).lstrip(_AROUND)
        text = _narrow(body)
    return _PROLOG.sub(b"", text.encode("utf-8", "replace"))


def _narrow(body: bytes) -> str:
    declared = _DECLARED.match(body)
    name = declared[1].decode() if declared else ""
    for encoding in ("utf-8", name) if _OF_ASCII.match(name) else ("utf-8",):
        with suppress(LookupError, UnicodeError):
            text = body.decode(encoding)
            if text.startswith("<?xml") or not declared:
                return text
    return body.decode("utf-8", _AS_WINDOWS_1252)


def _wide(body: bytes) -> str:
    """The encoding of ``body`` if its characters have two or four bytes; else empty.

    Without a mark, the NULs of its first two characters tell, as RFC 4627 has it: both JSON and
    XML begin with two that are ASCII.
    """
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return encoding
    if body[:256].count(0) * 3 < len(body[:256]):
        return ""  # a few NULs are padding
    nulls = bytes(1 if byte else 0 for byte in body[:4])
    return {
        b"\1\0\1\0": "utf-16-le",
        b"\0\1\0\1": "utf-16-be",
        b"\1\0\0\0": "utf-32-le",
        b"\0\0\0\1": "utf-32-be",
    }.get(nulls, "")


def _windows_1252(error: UnicodeError) -> tuple[str, int]:
    """What stands for the bytes that ended the decoding: each as Windows-1252, or Latin-1."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    wrong = error.object[error.start : error.end]
    return "".join(
        bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in wrong
    ), error.end


_AS_WINDOWS_1252 = "smsmon.windows-1252"
codecs.register_error(_AS_WINDOWS_1252, _windows_1252)


_XML_STARTS = re.compile(rb"<(?:[\w.-]+:)?result|<!DOCTYPE result")


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
        columns = ColumnBuilder(message_id)
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
    if _XML_STARTS.match(text):
        return False
    raise NotAReport("The answer is a web page or some such, not a report.")


_AMOUNT = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{1,12})?")


def decode_balance(body: bytes, fetched_at: float) -> Balance:
    """The account that ``body`` describes. Raises the ``ReadError`` that it stands for."""
    try:
        answer = parse(body)
        check_success(answer)
        return _balance(answer.fields, fetched_at)
    except ReadError as error:
        raise amended(error, excerpt=safe_bytes(body)) from None


def _balance(answer: dict[str, Any], fetched_at: float) -> Balance:
    credits = answer.get("credits")
    if not isinstance(credits, dict):
        raise NotAReport("The answer claims success but holds no credits.")
    user = answer.get("user")
    username = user.get("username") if isinstance(user, dict) else None
    currency = credits.get("currency")
    return Balance(
        username=safe(username) if isinstance(username, str) else "",
        amount=_amount(credits.get("solde")) or _amount(credits.get("balance")),
        currency=safe(currency, 8) if isinstance(currency, str) else "",
        credits=_count(credits.get("creditSms")),
        credits_eco=_count(credits.get("creditSmsECO", credits.get("creditSmsLowCost"))),
        credits_hlr=_count(credits.get("creditHlr")),
        to_send=_count(credits.get("toSend")),
        fetched_at=fetched_at,
    )


def _amount(value: object) -> str:
    """A decimal as the API wrote it; empty when it is none."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = f"{value:.12g}"
    return value if isinstance(value, str) and _AMOUNT.fullmatch(value) else ""


def _count(value: object) -> int | None:
    try:
        return msgspec.convert(value, int, strict=False)
    except msgspec.ValidationError:
        return None
