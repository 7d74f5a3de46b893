"""Misbehaviour on purpose: what goes wrong, when, and for which messages.

A plan is a list of windows on the world's ``Clock``; the first that is open for a request
decides. Plans may be switched while the server runs, from any thread. Everything that is drawn
is drawn from a seed.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from smsmon.simulator.wire import HTML_TYPE, JSON_TYPE, Answer, Format, encode, refusal

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
    | Raw
)
"""One way of misbehaving."""


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


@dataclass(slots=True)
class FaultPlan:
    """The windows in force. Empty: the API is healthy."""

    windows: tuple[TroubleWindow, ...] = ()
    seed: int = 1
    _asked: Counter[str] = field(default_factory=Counter, repr=False)

    def only(self, trouble: Trouble, ids: Iterable[str] | None = None, share: float = 1.0) -> None:
        """From now on only this, until told otherwise."""
        self.windows = (
            TroubleWindow(trouble, ids=None if ids is None else frozenset(ids), share=share),
        )

    def clear(self) -> None:
        """All is well."""
        self.windows = ()

    def strike(self, message_id: str, at: float) -> TroubleWindow | None:
        """The window that decides a request about that message (``""``: none) at that moment.

        Counts the request: which of them a ``share`` hits depends on the seed, the message
        and how often that was asked for.
        """
        self._asked[message_id] += 1
        for place, window in enumerate(self.windows):
            if not window.opens <= at < window.closes:
                continue
            if window.ids is not None and message_id not in window.ids:
                continue
            if window.share < 1 and self._draw(place, message_id) >= window.share:
                continue
            return window
        return None

    def _draw(self, place: int, message_id: str) -> float:
        text = f"{self.seed}:{place}:{message_id}:{self._asked[message_id]}"
        return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=6).digest(), "big") / 2**48


def spoil(trouble: Trouble, answer: Answer, fmt: Format) -> Answer:
    """What is sent in the place of the right ``answer``."""
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
