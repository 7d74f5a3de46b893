"""One exchange: a request out, a bounded answer in, or a typed error.

Foreign exceptions end here. What is raised instead is new, and raised outside the handler, so
that nothing of it leads back to frames that knew the key.
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from hashlib import sha256

import httpcore
import httpx

from smsmon.api.address import host_of
from smsmon.api.errors import NetworkTrouble, NotAReport, TimedOut
from smsmon.model import ReadError
from smsmon.text import safe

DIGEST_SIZE = 16
"""Bytes kept of a SHA-256, which most processors compute themselves."""
_SLICE = 1 << 20
"""How much is decompressed at a time, in bytes: about 3 ms of the event loop."""
RETRY_AFTER_END = 86_400.0
"""The longest wait a server can ask for, in seconds."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whole: the body decompressed, and its digest."""

    status: int
    headers: httpx.Headers
    body: bytes = field(repr=False)
    """As it came: it may repeat the key, so it is not for showing."""
    digest: bytes


async def exchange(
    client: httpx.AsyncClient, request: httpx.Request, *, deadline: float, body_limit: int
) -> Answer:
    """Send ``request`` and read its answer, of ``body_limit`` bytes at most.

    ``deadline`` is in seconds and for everything. Raises a ``ReadError`` for whatever goes wrong.
    """
    failure: ReadError
    answered = False
    try:
        async with asyncio.timeout(deadline):
            response = await client.send(request, stream=True)
            answered = True
            try:
                if response.is_redirect:
                    raise _redirect(response)
                return await _read(response, body_limit)
            finally:
                await response.aclose()
    except TimeoutError:
        missing = "the answer was not complete" if answered else "there was no answer"
        failure = TimedOut(f"After {deadline:g} s {missing}.")
    except ReadError as error:
        failure = error
    except Exception as error:  # whatever the HTTP library raises: its frames know the key
        failure = _explained(error, safe(request.url.host))
    except BaseException as error:
        error.__cause__ = error.__context__ = None
        raise error.with_traceback(None)  # noqa: B904 - it is the same one, cut loose
    failure.__cause__ = failure.__context__ = None
    raise failure.with_traceback(None)


async def _read(response: httpx.Response, limit: int) -> Answer:
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "", "gzip", "x-gzip"):
        raise NotAReport(f"The answer is packed in a way not asked for: {safe(encoding, 40)}.")
    if int(response.headers.get("content-length", "0")) > limit:
        raise _too_large(limit)
    unpacker = _Gunzip() if encoding.endswith("gzip") else None
    assert isinstance(response.stream, httpx.AsyncByteStream)  # noqa: S101 - for the type
    pieces: list[bytes] = []
    digest = sha256()
    size = packed = 0
    async for raw in response.stream:
        packed += len(raw)
        for piece in unpacker.feed(raw) if unpacker else (raw,):
            size += len(piece)
            if size > limit or packed > limit:
                raise _too_large(limit)
            digest.update(piece)
            pieces.append(piece)
            if unpacker and size > _SLICE:
                await asyncio.sleep(0)
    if unpacker and not unpacker.finished and packed:
        raise NotAReport("The answer was cut short: its gzip data has no end.")
    body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
    return Answer(response.status_code, response.headers, body, digest.digest()[:DIGEST_SIZE])


class _Gunzip:
    """Unpacks gzip a bounded slice at a time: a bomb is noticed before it is held."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(wbits=31)

    def feed(self, packed: bytes) -> Iterator[bytes]:
        while packed:
            if self.finished:
                raise NotAReport("The answer goes on after the end of its gzip data.")
            try:
                piece = self._stream.decompress(packed, _SLICE)
            except zlib.error:
                piece = None
            if piece is None:
                raise NotAReport("The answer says it is gzip data and is not.")
            packed = self._stream.unconsumed_tail or self._stream.unused_data
            if piece:
                yield piece

    @property
    def finished(self) -> bool:
        return self._stream.eof


def _too_large(limit: int) -> NotAReport:
    return NotAReport(f"The answer is larger than {limit / 2**20:.3g} MiB: not read further.")


def _redirect(response: httpx.Response) -> NotAReport:
    location = response.headers.get("location")
    if location is None:
        return NotAReport(f"The server answered HTTP {response.status_code}, and no report.")
    host = host_of(location) or safe(response.request.url.host)
    return NotAReport(
        f"The server redirects to the host {host} (HTTP {response.status_code}): not followed, "
        "the key goes to the configured host only. Is a login page in between?"
    )


def _explained(error: BaseException, host: str) -> ReadError:
    """The typed error that tells why no answer came from ``host``."""
    for cause in _chain(error):
        match cause:
            case socket.gaierror():
                told = f"The name {host} could not be resolved: check the network and DNS."
            case ssl.SSLCertVerificationError():
                reason = safe(cause.verify_message or "not trusted")
                told = f"TLS: the certificate of {host} is not valid ({reason}): nothing was sent."
            case ssl.SSLError():
                told = f"TLS with {host} failed ({safe(cause.reason or 'not TLS')})."
            case ConnectionRefusedError():
                told = f"{host} refused the connection: nothing listens there."
            case ConnectionResetError() | BrokenPipeError():
                told = f"{host} reset the connection."
            case TimeoutError():
                return TimedOut(f"{host} did not answer the attempt to connect.")
            case httpcore.ProxyError():
                told = f"The proxy did not connect to {host}."
            case _:
                continue
        return NetworkTrouble(told)
    if isinstance(error, httpcore.RemoteProtocolError):
        told = f"{host} closed the connection, or broke HTTP, before its answer was complete."
    elif isinstance(error, httpcore.NetworkError):
        told = f"{host} could not be reached."
    else:
        told = f"The exchange with {host} failed ({type(error).__name__})."
    return NetworkTrouble(told)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """``error`` and everything that led to it, the deepest last; each once."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        current = waiting.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        waiting += [current.__context__, current.__cause__]
        if isinstance(current, BaseExceptionGroup):
            waiting += current.exceptions


def retry_after(headers: httpx.Headers, now: float) -> float | None:
    """Seconds that the server asks to be left alone, from a number or a date; None if unsaid.

    ``now`` stands in for the server's own clock where the answer does not tell it.
    """
    told = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", told):
        return min(float(told), RETRY_AFTER_END)
    until = http_date(told)
    if until is None:
        return None
    server_now = http_date(headers.get("date", ""))
    return min(max(until - (now if server_now is None else server_now), 0.0), RETRY_AFTER_END)


def http_date(text: str) -> float | None:
    """Epoch seconds of an HTTP date; None if it is none."""
    try:
        return parsedate_to_datetime(text).timestamp() if text else None
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
