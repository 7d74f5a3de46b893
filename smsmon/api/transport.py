"""The HTTP transport, and the one place where the key meets a request.

The client above never has the key in a URL, so nothing of it (its log, its exceptions, their
tracebacks) can show it. The transport below has, so nothing of it may pass upwards: answers are
cleaned of the key, exceptions are replaced, and its loggers are filtered.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import httpcore
import httpx

from smsmon import files
from smsmon.api.key import ApiKey
from smsmon.api.masking import headers_without_key
from smsmon.keylike import place_shown
from smsmon.text import safe


class KeyedTransport(httpx.AsyncBaseTransport):
    """Adds the key to a copy of every request, and takes it out of every answer's headers.

    Stands on ``httpcore`` itself, as httpx's own transport does: the copy that has the key is
    the only request made here, and it is made of bytes.
    """

    def __init__(self, pool: httpcore.AsyncConnectionPool, key: ApiKey) -> None:
        self._pool = pool
        self._key = key

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        answer = await self._pool.handle_async_request(
            httpcore.Request(
                request.method,
                httpcore.URL(
                    scheme=url.raw_scheme,
                    host=url.raw_host,
                    port=url.port,
                    target=b"%b%bapiKey=%b"
                    % (url.raw_path, b"&" if url.query else b"?", self._key.reveal().encode()),
                ),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(
            answer.status,
            headers=headers_without_key(answer.headers, self._key),
            stream=_Stream(answer),
            extensions=answer.extensions,
        )

    async def aclose(self) -> None:
        await self._pool.aclose()


class _Stream(httpx.AsyncByteStream):
    """The body of an answer, as it comes."""

    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._answer.aiter_stream()

    async def aclose(self) -> None:
        await self._answer.aclose()


def connection_pool(
    base_url: str, *, proxy: str | None, ca_file: Path | None, connections: int, keepalive: float
) -> httpcore.AsyncConnectionPool:
    """The connections to ``base_url``, direct or through ``proxy``, kept ``keepalive`` seconds.

    Raises ``ValueError`` when the CA file cannot be used.
    """
    tls = tls_context(base_url, ca_file)
    if proxy is None:
        return httpcore.AsyncConnectionPool(
            ssl_context=tls,
            max_connections=connections,
            max_keepalive_connections=connections,
            keepalive_expiry=keepalive,
        )
    try:
        through = httpx.Proxy(proxy)
    except httpx.InvalidURL:
        raise ValueError("The proxy is not a URL.") from None
    return httpcore.AsyncHTTPProxy(
        proxy_url=str(through.url),
        proxy_auth=through.raw_auth,
        ssl_context=tls,
        proxy_ssl_context=tls if through.url.scheme == "https" else None,
        max_connections=connections,
        max_keepalive_connections=connections,
        keepalive_expiry=keepalive,
    )


def tls_context(base_url: str, ca_file: Path | None) -> ssl.SSLContext:
    """What verifies the server: ``ca_file`` alone if given, else the environment's or certifi's.

    Raises ``ValueError`` when the file cannot be used.
    """
    if base_url.startswith("http://"):
        # No TLS on loopback: this context trusts nobody, and costs 20 ms less.
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    what = f"CA file {safe(place_shown(str(ca_file)), 200)}"
    try:
        if ca_file is not None:
            files.must_be_file(ca_file)
            return ssl.create_default_context(cafile=str(ca_file))
        what = "file of CAs that SSL_CERT_FILE or SSL_CERT_DIR names"  # as httpx looks at them
        if named := os.environ.get("SSL_CERT_FILE"):
            files.must_be_file(named)
        return httpx.create_ssl_context()
    except (OSError, ssl.SSLError) as error:
        reason = "it holds no certificates" if isinstance(error, ssl.SSLError) else error.strerror
    except ValueError:
        reason = "its name is no path"
    raise ValueError(f"The {what} cannot be used: {reason}.")
