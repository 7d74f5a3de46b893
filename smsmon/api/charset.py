"""Bodies in whatever encoding, as the UTF-8 that the decoders read. Pure.

What an answer means hangs on its ASCII characters alone, and no two encodings below take these
for one another; of all others only the look of a text is at stake. So nothing is refused for its
encoding, and nothing can be mistaken.
"""

from __future__ import annotations

import codecs
import re

_AROUND = b" \t\r\n\0"
_BOM_8 = codecs.BOM_UTF8
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARATION = re.compile(rb"<\?xml[^>]*\?>\s*")
_DECLARES_UTF8 = re.compile(
    rb"<\?xml(?![^>]*encoding)|<\?xml[^>]*encoding\s*=\s*[\"']utf-?8[\"']", re.IGNORECASE
)
_DECLARES_WIDE = re.compile(
    rb"\A<\?xml[^>]*encoding\s*=\s*[\"'](?:utf|ucs)-?(?:2|4|16|32)[^>]*\?>\s*", re.IGNORECASE
)
"""What a program writes that makes a text for itself in UTF-16, and sends it in UTF-8."""


def utf8(body: bytes) -> bytes:
    """``body`` as UTF-8 without a mark, and without white space and NULs around it.

    Bytes that are not UTF-8 are read as Windows-1252, of which Latin-1 is a part. XML that
    declares another encoding is left to its parser.
    """
    if body.isascii() and body[:1] in b"{<" and body[-1:] in b"}>":
        return _DECLARES_WIDE.sub(b"", body) if body.startswith(b"<?xml") else body
    encoding = _wide(body)
    if encoding:
        text = body.decode(encoding, "replace").strip("\ufeff\0 \t\r\n")
        return _DECLARATION.sub(b"", text.encode("utf-8", "replace"), count=1)
    body = body.strip(_AROUND)
    while body.startswith(_BOM_8):
        body = body.removeprefix(_BOM_8).lstrip(_AROUND)
    if body.startswith(b"<?xml"):
        body = _DECLARES_WIDE.sub(b"", body)
        if not _DECLARES_UTF8.match(body) and body.startswith(b"<?xml"):
            return body
    return body.decode("utf-8", _AS_WINDOWS_1252).encode("utf-8")


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
