"""Reports and errors as the API spells them: JSON, and XML by position.

An ``Answer`` is what the server is to send; nothing here knows a socket.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from types import MappingProxyType
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

Format = Literal["json", "xml"]
WAITING, DELIVERED, NOT_DELIVERED = "Waiting", "Delivered", "Not delivered"
"""The three words of the reference."""

JSON_TYPE = "application/json"
XML_TYPE = "text/xml; charset=UTF-8"
HTML_TYPE = "text/html; charset=UTF-8"

GZIP_FROM = 512
"""Bodies shorter than this, in bytes, are not worth compressing."""

ERROR_TEXTS: Mapping[int, str] = MappingProxyType(
    {
        1: "Une clé API est nécessaire",
        2: "Un numéro de téléphone est nécessaire",
        3: "Un identifiant de message est nécessaire",
        4: "Message non trouvé",
        10: "Clé API incorrecte",
        20: "Compte désactivé",
        30: "Compte bloqué",
        40: "Accès à l'API refusé",
        96: "Cette adresse IP n'est pas autorisée",
        429: "Trop de requêtes, réessayez plus tard",
    }
)
_HTTP_OF_CODE = MappingProxyType({1: 401, 2: 400, 3: 400, 4: 404, 429: 429})

_OPERATOR_WORDS = {DELIVERED: "DELIVRD", NOT_DELIVERED: "UNDELIV", WAITING: "ENROUTE"}
_OTHER_WORDS = {DELIVERED: "delivered", NOT_DELIVERED: "ko", WAITING: "waiting"}


class Look(NamedTuple):
    """What a row says, apart from whom and when."""

    status: str
    stop: bool
    dated: bool
    error: int


class Row(NamedTuple):
    """One recipient in the report of a moment; ``since`` is when its status became this one."""

    phone: str
    look: Look
    since: float


@dataclass(frozen=True, slots=True)
class Spelling:
    """How answers are written. The defaults are the reference's; the rest has been seen too."""

    words: Literal["reference", "other pages", "operator"] = "reference"
    stop: Literal["stopSMS", "stopSms", "digit", "missing"] = "stopSMS"
    """``digit``: ``"stopSms": "0"``."""
    date: Literal["text", "number", "paris", "zero", "null", "empty", "missing"] = "text"
    """``paris``: local time in words. From ``zero`` on: ways of giving none at all."""
    no_date: Literal["zero", "null", "empty", "missing"] = "missing"
    """How a row without a date says so."""
    phone_key: Literal["phoneNumber", "number"] = "phoneNumber"
    national: bool = False
    """French numbers as ``06…``."""
    id_key: Literal["message_id", "messageId"] = "message_id"
    id_number: bool = False
    http_errors: bool = False
    """Errors come with a 4xx status; else with 200, except 429."""


@dataclass(slots=True)
class Answer:
    """One response: its status, its body, and its headers beyond the usual."""

    body: bytes
    content_type: str = JSON_TYPE
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    _packed: bytes | None = field(default=None, repr=False)

    @property
    def packed(self) -> bytes | None:
        """The body gzipped, once and always to the same bytes; None: not worth it."""
        if self._packed is None and len(self.body) >= GZIP_FROM:
            # The fastest level: it serves loopback, and every change packs anew.
            self._packed = gzip.compress(self.body, compresslevel=1, mtime=0)
        return self._packed

    @property
    def size(self) -> int:
        """Bytes held in memory."""
        return len(self.body) + len(self._packed or b"")


def report(message_id: str, rows: Iterable[Row], spelling: Spelling, fmt: Format) -> Answer:
    """The answer of ``bulk-status`` with these rows."""
    return encode(
        {
            "success": True,
            "code": 200,
            spelling.id_key: int(message_id) if spelling.id_number else message_id,
            "StatutResponse_List": [row_fields(row, spelling) for row in rows],
        },
        fmt,
    )


def row_fields(row: Row, spelling: Spelling) -> dict[str, Any]:
    """One recipient's row, its keys in the order of the reference."""
    look = row.look
    if look.error:
        return {
            "success": False,
            "code": look.error,
            spelling.phone_key: row.phone,
            "status": look.status,
        }
    fields: dict[str, Any] = {
        spelling.phone_key: _national(row.phone) if spelling.national else row.phone,
        "status": _word(look.status, spelling),
    }
    match spelling.stop:
        case "stopSMS":
            fields["stopSMS"] = look.stop
        case "stopSms":
            fields["stopSms"] = look.stop
        case "digit":
            fields["stopSms"] = "1" if look.stop else "0"
        case "missing":
            pass
    match spelling.date if look.dated else spelling.no_date:
        case "text":
            fields["date"] = str(int(row.since))
        case "number":
            fields["date"] = int(row.since)
        case "paris":
            fields["date"] = _in_paris(int(row.since))
        case "zero":
            fields["date"] = "0"
        case "null":
            fields["date"] = None
        case "empty":
            fields["date"] = ""
        case "missing":
            pass
    return fields


def batch_row(row: Row, message_id: int | str, spelling: Spelling) -> dict[str, Any]:
    """A row of ``multi-status``: it judges itself, and says which message it is about."""
    fields = row_fields(row, _in_batches(spelling))
    fields["messageId"] = message_id
    if row.look.error:
        return fields
    return {"success": True, "code": 200, **fields, "isSpam": "0"}


@cache
def _in_batches(spelling: Spelling) -> Spelling:
    """The reference has the STOP flag of ``multi-status`` as a digit."""
    return replace(spelling, stop="digit") if spelling.stop == "stopSMS" else spelling


def not_found_row(phone: str, message_id: int | str) -> dict[str, Any]:
    """A row of ``multi-status`` about a message that has no such recipient."""
    look = Look("Numéro introuvable", stop=False, dated=False, error=4)
    return batch_row(Row(phone, look, 0.0), message_id, Spelling())


def refusal(code: int, fmt: Format, *, http_errors: bool = False) -> Answer:
    """An error in the API's own words. Codes without a text of their own get a general one."""
    text = ERROR_TEXTS.get(code, "Une erreur est survenue")
    status = 429 if code == 429 else _HTTP_OF_CODE.get(code, 403) if http_errors else 200
    if fmt == "json":
        return encode({"success": False, "code": code, "message": text}, fmt, status)
    # Unlike a report's, an error's text has been seen as bare text, not as CDATA.
    entries = f"<entry>false</entry><entry>{code}</entry><entry>{_escaped(text)}</entry>"
    return Answer(_document(entries), XML_TYPE, status)


def encode(fields: Mapping[str, Any], fmt: Format, status: int = 200) -> Answer:
    """``fields`` as a JSON object, or as XML that keeps their order and drops their names."""
    if fmt == "json":
        return Answer(msgspec.json.encode(fields), JSON_TYPE, status)
    return Answer(_document("".join(map(_entry, fields.values()))), XML_TYPE, status)


def _document(entries: str) -> bytes:
    xml = f"<?xml version='1.0' encoding='UTF-8'?>\n<result>{entries}</result>\n"
    return xml.encode()


def _entry(value: Any) -> str:
    match value:
        case bool():
            inner = "true" if value else "false"
        case str():
            inner = "<![CDATA[" + value.replace("]]>", "]]]]><![CDATA[>") + "]]>"
        case Mapping():
            inner = "".join(map(_entry, value.values()))
        case Sequence():
            inner = "".join(map(_entry, value))
        case None:
            inner = ""
        case _:
            inner = str(value)
    return f"<entry>{inner}</entry>"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _word(status: str, spelling: Spelling) -> str:
    match spelling.words:
        case "operator":
            return _OPERATOR_WORDS.get(status, status)
        case "other pages":
            return _OTHER_WORDS.get(status, status)
        case _:
            return status


def _national(phone: str) -> str:
    return "0" + phone[3:] if phone.startswith("+33") else phone


@cache
def _paris() -> ZoneInfo:
    return ZoneInfo("Europe/Paris")


def _in_paris(epoch: int) -> str:
    return datetime.fromtimestamp(epoch, _paris()).strftime("%Y-%m-%d %H:%M:%S")
