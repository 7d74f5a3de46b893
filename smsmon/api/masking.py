"""Dots in the place of the key: in answers that repeat it, and in the HTTP libraries' logs."""

from __future__ import annotations

import logging
import weakref
from collections.abc import Iterable

from smsmon.api.key import ApiKey
from smsmon.keylike import DOTS

_LOGGERS = ("httpx", *(f"httpcore.{name}" for name in ("connection", "http11", "proxy")))
SHORTEST_MASKED = 6
"""Shorter keys are no secret, and replacing them would tear answers apart."""


def without_key(text: str, key: ApiKey) -> str:
    """``text`` with dots wherever it repeats the key."""
    return text.replace(key.reveal(), DOTS) if len(key.reveal()) >= SHORTEST_MASKED else text


def body_without_key(body: bytes, key: ApiKey) -> bytes:
    """``body`` with dots wherever it repeats the key."""
    if len(key.reveal()) < SHORTEST_MASKED or key.reveal().encode() not in body:
        return body
    return body.replace(key.reveal().encode(), DOTS.encode())


def headers_without_key(
    headers: Iterable[tuple[bytes, bytes]], key: ApiKey
) -> list[tuple[bytes, bytes]]:
    """``headers`` with dots wherever they repeat the key: a redirect's target often does.

    Cookies are left out: none are ever sent.
    """
    kept = [(name, value) for name, value in headers if name.lower() != b"set-cookie"]
    return [(name, body_without_key(value, key)) for name, value in kept]


def tells_key(texts: Iterable[str], key: ApiKey) -> bool:
    """True if a decoded text holds the key: it came in disguise, as ``\\u0061`` for instance."""
    return len(key.reveal()) >= SHORTEST_MASKED and any(key.reveal() in text for text in texts)


class _Masked:
    """Keeps a key in the filter for as long as its client lives."""

    def __init__(self, key: ApiKey) -> None:
        self.key = key


class _KeyFilter(logging.Filter):
    """Puts dots for the keys of living clients in what the HTTP libraries log.

    At DEBUG they log the headers of answers, and those may repeat the URL of the request.
    """

    def __init__(self) -> None:
        super().__init__()
        self.masked: weakref.WeakSet[_Masked] = weakref.WeakSet()

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = without_living_keys(record.getMessage()), ()
        # Tracebacks are dropped: their frames have the request that has the key.
        record.exc_info = record.exc_text = None
        return True


_filter = _KeyFilter()


def without_living_keys(text: str) -> str:
    """``text`` with dots for the keys of all living clients."""
    for masked in list(_filter.masked):
        text = without_key(text, masked.key)
    return text


def mask_logs(key: ApiKey) -> object:
    """Keep ``key`` out of the HTTP libraries' logs for as long as the result is held."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_filter)
    masked = _Masked(key)
    _filter.masked.add(masked)
    return masked
