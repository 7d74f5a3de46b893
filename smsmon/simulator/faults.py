"""Misbehaviour on purpose: what goes wrong, when, and for which messages.

A plan is a list of windows on the world's ``Clock``; the first that is open for a request
decides. Plans may be switched while the server runs, from any thread. Everything that is drawn
is drawn from a seed.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

import msgspec

from smsmon.simulator.wire import (
    DELIVERED,
    HTML_TYPE,
    JSON_TYPE,
    NOT_DELIVERED,
    WAITING,
    Answer,
    Format,
    encode,
    refusal,
)

QUEUED_TEXT = "Request queued for processing"
_GATEWAY = "<!DOCTYPE html><html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"
_PORTAL = (
    "<!DOCTYPE html><html><head><title>Connexion</title></head>"
    "<body>Identifiez-vous pour accéder au réseau.</body></html>"
)


@dataclass(frozen=True, slots=True)
class ServerError:
    """A gateway in front of a dead server."""

    status: int = 502


@dataclass(frozen=True, slots=True)
class Reset:
    """The connection is reset after some bytes of the response, head included."""

    after: int = 0


@dataclass(frozen=True, slots=True)
class Hang:
    """After some bytes of the response nothing more comes, until the client gives up."""

    after: int = 0


@dataclass(frozen=True, slots=True)
class Drip:
    """The right answer, one byte at a time."""

    every: float = 0.05
    """Real seconds between two bytes."""


@dataclass(frozen=True, slots=True)
class SlowStart:
    """The right answer, late: by ``delay`` real seconds at first, then ever less."""

    delay: float = 1.0
    lasts: float = 60.0
    """Seconds of the clock until there is no delay any more."""


@dataclass(frozen=True, slots=True)
class Garbage:
    """Bytes that are nothing, sent as JSON."""

    size: int = 400


@dataclass(frozen=True, slots=True)
class HtmlPage:
    """A captive portal's page, with a good status."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A well-formed response whose body ends in the middle."""

    keep: float = 0.5
    """The share of the body that is left."""


@dataclass(frozen=True, slots=True)
class WrongId:
    """Another message's report: well-formed, fresh, and not what was asked for."""

    id: str = "999"
    phone: str = "+33639980000"
    status: str = "Not delivered"


@dataclass(frozen=True, slots=True)
class Queued:
    """Success without a report: the gateway's answer to everything one day in July 2026."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """A control code, whatever was asked: 4, 10, 20, 30, 40, 96 …"""

    code: int = 10
    http_errors: bool = False
    latin1: bool = False
    """Its French text in Latin-1, which JSON does not allow."""


@dataclass(frozen=True, slots=True)
class TooMany:
    """A storm of 429."""

    retry_after: str | None = "2"
    """The header's text: seconds or an HTTP date. None: no header."""


@dataclass(frozen=True, slots=True)
class Echo:
    """A refusal that repeats the request, its key included."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows of a batch are not as they should be; all other answers are."""

    how: Literal["lies", "other ids", "swapped", "missing", "refused", "more", "words"]
    """``lies``: another status than bulk-status gives. ``other ids``: of other messages.
    ``swapped``: with the number and the status of the next row. ``missing``: left out.
    ``refused``: each an error of its own. ``more``: the same twice, the second time with another
    status, and one nobody asked for. ``words``: a status nobody knows."""
    share: float = 0.5
    """How many of its rows, from 0 to 1; whether one of them is hit never changes."""


@dataclass(frozen=True, slots=True)
class Raw:
    """Exactly this body."""

    body: bytes
    status: int = 200
    content_type: str = JSON_TYPE
    headers: tuple[tuple[str, str], ...] = ()


Trouble = (
    ServerError
    | Reset
    | Hang
    | Drip
    | SlowStart
    | Garbage
    | HtmlPage
    | Cut
    | WrongId
    | Queued
    | Refuse
    | TooMany
    | Echo
    | Rows
    | Raw
)
"""One way of misbehaving."""


BATCHES: Mapping[str, Trouble | None] = MappingProxyType(
    {
        "true": None,
        "unknown": Raw(_GATEWAY.format(404).encode(), 404, HTML_TYPE),
        "refused": Refuse(9),
        "cut": Cut(),
        "lies": Rows("lies"),
        "other-ids": Rows("other ids", share=1.0),
        "missing": Rows("missing"),
    }
)
"""How an account's batches can be, by a name: ``unknown`` is an address without the endpoint."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """How an answer goes over the wire. Times are real seconds: sockets know no other."""

    delay: float = 0.0
    """Before the first byte."""
    drip: float | None = None
    """Between one byte and the next."""
    stop_after: int | None = None
    """Bytes of the response after which nothing more is sent …"""
    reset: bool = False
    """… and then the connection is reset, rather than left hanging."""


WHOLE = Delivery()
"""At once, and all of it."""


@dataclass(frozen=True, slots=True)
class TroubleWindow:
    """When, where and how often one trouble strikes."""

    trouble: Trouble
    opens: float = -math.inf
    closes: float = math.inf
    """Moments on the world's ``Clock``; at ``closes`` all is well again."""
    ids: frozenset[str] | None = None
    """The messages that are hit; None: every request."""
    share: float = 1.0
    """How many of those requests are hit, from 0 to 1."""
    path: str | None = None
    """The one endpoint that is hit, as ``/multi-status``; None: all."""


@dataclass(slots=True)
class FaultPlan:
    """The windows in force. Empty: the API is healthy."""

    windows: tuple[TroubleWindow, ...] = ()
    seed: int = 1
    _asked: Counter[str] = field(default_factory=Counter, repr=False)

    def only(
        self,
        trouble: Trouble,
        ids: Iterable[str] | None = None,
        share: float = 1.0,
        path: str | None = None,
    ) -> None:
        """From now on only this, until told otherwise."""
        hit = None if ids is None else frozenset(ids)
        self.windows = (TroubleWindow(trouble, ids=hit, share=share, path=path),)

    def clear(self) -> None:
        """All is well."""
        self.windows = ()

    def strike(
        self, message_id: str, at: float, path: str = "", batch: Collection[str] = ()
    ) -> TroubleWindow | None:
        """The window that decides a request about that message (``""``: none) at that moment.

        ``batch`` are the messages that a batch is about. Counts the request: which of them a
        ``share`` hits depends on the seed, the message and how often that was asked for.
        """
        self._asked[message_id] += 1
        for place, window in enumerate(self.windows):
            if not window.opens <= at < window.closes:
                continue
            if window.path not in (None, path):
                continue
            if window.ids is not None and window.ids.isdisjoint((message_id, *batch)):
                continue
            if window.share < 1 and self._draw(place, message_id) >= window.share:
                continue
            return window
        return None

    def _draw(self, place: int, message_id: str) -> float:
        return share_of(f"{self.seed}:{place}:{message_id}:{self._asked[message_id]}")


def share_of(text: str) -> float:
    """A number from 0 to below 1 that follows from ``text``, spread evenly."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=6).digest(), "big") / 2**48


def spoil(trouble: Trouble, answer: Answer, fmt: Format, asked: str = "") -> Answer:
    """What is sent in the place of the right ``answer``; ``asked`` is the request's own text."""
    match trouble:
        case ServerError(status=status):
            return Answer(_GATEWAY.format(status).encode(), HTML_TYPE, status)
        case Garbage(size=size):
            return Answer(hashlib.shake_256(answer.body).digest(size), answer.content_type)
        case HtmlPage():
            return Answer(_PORTAL.encode(), HTML_TYPE)
        case Cut(keep=keep):
            kept = answer.body[: int(len(answer.body) * keep)]
            return Answer(kept, answer.content_type, answer.status)
        case WrongId():
            return _wrong_id(trouble, fmt)
        case Queued():
            return encode({"success": True, "code": 200, "message": QUEUED_TEXT}, fmt)
        case Refuse(code=code, http_errors=http_errors, latin1=latin1):
            refused = refusal(code, fmt, http_errors=http_errors)
            if latin1:
                refused.body = refused.body.decode().encode("latin-1")
            return refused
        case TooMany(retry_after=retry_after):
            refused = refusal(429, fmt)
            if retry_after is not None:
                refused.headers = (("Retry-After", retry_after),)
            return refused
        case Echo():
            text = f"Requête invalide : {asked}"
            return encode({"success": False, "code": 55, "message": text}, fmt)
        case Rows():
            return _with_rows(answer, trouble)
        case Raw():
            return Answer(trouble.body, trouble.content_type, trouble.status, trouble.headers)
        case Reset() | Hang() | Drip() | SlowStart():
            return answer


def delivery(trouble: Trouble, since: float) -> Delivery:
    """How it is sent, ``since`` seconds of the clock after the window opened."""
    match trouble:
        case Reset(after=after):
            return Delivery(stop_after=after, reset=True)
        case Hang(after=after):
            return Delivery(stop_after=after)
        case Drip(every=every):
            return Delivery(drip=every)
        case SlowStart(delay=delay, lasts=lasts):
            return Delivery(delay=delay * min(1.0, max(0.0, 1 - since / lasts)))
        case _:
            return WHOLE


_OTHER_STATUS = {DELIVERED: NOT_DELIVERED, NOT_DELIVERED: WAITING, WAITING: DELIVERED}


def _with_rows(answer: Answer, trouble: Rows) -> Answer:
    if b'"messageId"' not in answer.body:
        return answer  # no batch
    fields = msgspec.json.decode(answer.body)
    rows = fields["StatutResponse_List"]
    fields["StatutResponse_List"] = [
        row
        for place, (right, following) in enumerate(zip(rows, [*rows[1:], *rows[:1]], strict=True))
        for row in (
            _spoilt(trouble.how, place, right, following) if _hit(right, trouble) else [right]
        )
    ]
    return encode(fields, "json", answer.status)


def _hit(row: dict[str, Any], trouble: Rows) -> bool:
    return share_of(f"{trouble.how}:{row['messageId']}:{row.get('phoneNumber')}") < trouble.share


def _spoilt(
    how: str, place: int, row: dict[str, Any], following: dict[str, Any]
) -> list[dict[str, Any]]:
    """The rows that stand in the place of the right one."""
    status = row.get("status", "")
    lie = {**row, "status": _OTHER_STATUS.get(status, status)}
    match how:
        case "lies":
            return [lie]
        case "other ids":
            return [{**lie, "messageId": 9_000_000 + place}]
        case "swapped":
            return [{**following, "messageId": row["messageId"]}]
        case "missing":
            return []
        case "refused":
            kept = {key: row[key] for key in row if key in ("phoneNumber", "messageId")}
            return [{"success": False, "code": 9, **kept, "status": "Erreur interne"}]
        case "more":
            return [row, lie, {**row, "messageId": 9_000_000 + place}]
        case _:
            return [{**row, "status": "Vu"}]


def _wrong_id(trouble: WrongId, fmt: Format) -> Answer:
    row = {
        "phoneNumber": trouble.phone,
        "status": trouble.status,
        "stopSMS": True,
        "date": "1517989111",
    }
    return encode(
        {"success": True, "code": 200, "message_id": trouble.id, "StatutResponse_List": [row]}, fmt
    )
