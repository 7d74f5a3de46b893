"""The HTTP transport, and the one place where the key meets a request.

The client above never has the key in a URL, so nothing of it (its log, its exceptions, their
tracebacks) can show it. The transport below has, so nothing of it may pass upwards: answers are
cleaned of the key, exceptions are replaced, and its loggers are filtered.
"""

from __future__ import annotations

import logging
import ssl
import weakref
from pathlib import Path

import httpx

from smsmon.api.key import DOTS, ApiKey

_LOGGERS = ("httpx", *(f"httpcore.{name}" for name in ("connection", "http11", "proxy", "socks")))
SHORTEST_MASKED = 6
"""Shorter keys are no secret, and replacing them would tear answers apart."""


class KeyedTransport(httpx.AsyncBaseTransport):
    """Adds the key to a copy of every request, and takes it out of every answer's headers."""

    def __init__(self, inner: httpx.AsyncBaseTransport, key: ApiKey) -> None:
        self._inner = inner
        self._key = key

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._inner.handle_async_request(
            httpx.Request(
                request.method,
                request.url.copy_add_param("apiKey", self._key.reveal()),
                headers=request.headers,
                stream=request.stream,
                extensions=request.extensions,
            )
        )
        mask(response.headers, self._key)
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


def mask(headers: httpx.Headers, key: ApiKey) -> None:
    """Put dots where ``headers`` repeat the key, and drop cookies: none are ever sent."""
    headers.pop("set-cookie", None)
    for name, value in headers.items():
        if key.reveal() in value:
            headers[name] = without_key(value, key).encode("ascii", "replace").decode()


def without_key(text: str, key: ApiKey) -> str:
    """``text`` with dots wherever it repeats the key."""
    return text.replace(key.reveal(), DOTS) if len(key.reveal()) >= SHORTEST_MASKED else text


def body_without_key(body: bytes, key: ApiKey) -> bytes:
    """``body`` with dots wherever it repeats the key."""
    if len(key.reveal()) < SHORTEST_MASKED or key.reveal().encode() not in body:
        return body
    return body.replace(key.reveal().encode(), DOTS.encode())


class _KeyFilter(logging.Filter):
    """Masks the keys of living clients in what the HTTP libraries log.

    They log the headers of answers, and a redirect's target often repeats the whole URL.
    """

    def __init__(self) -> None:
        super().__init__()
        self._keys: weakref.WeakSet[_Masked] = weakref.WeakSet()

    def add(self, masked: _Masked) -> None:
        self._keys.add(masked)

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        for masked in self._keys:
            message = without_key(message, masked.key)
        record.msg, record.args = message, ()
        record.exc_info = record.exc_text = None
        return True


class _Masked:
    """Keeps a key in the filter for as long as its client lives."""

    def __init__(self, key: ApiKey) -> None:
        self.key = key


_filter = _KeyFilter()


def mask_logs(key: ApiKey) -> object:
    """Keep ``key`` out of the HTTP libraries' logs for as long as the result is held."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_filter)
    masked = _Masked(key)
    _filter.add(masked)
    return masked


def tls_context(base_url: str, ca_file: Path | None) -> ssl.SSLContext:
    """What verifies the server: ``ca_file`` alone if given, else the environment's or certifi's.

    Raises ``ValueError`` when the file cannot be used.
    """
    if base_url.startswith("http://"):
        # No TLS on loopback: this context trusts nobody, and costs 20 ms less.
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if ca_file is None:
        return httpx.create_ssl_context()
    try:
        return ssl.create_default_context(cafile=str(ca_file))
    except (OSError, ssl.SSLError) as error:
        reason = error.strerror or "it holds no certificates"
    raise ValueError(f"The CA file {ca_file} cannot be used: {reason}.")
