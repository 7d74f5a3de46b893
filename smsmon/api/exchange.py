"""One exchange: a request out, a bounded answer in, or a typed error.

A packed body is unpacked a bounded slice at a time: a bomb is noticed before it is held.

Foreign exceptions end here. What is raised instead is new, and raised outside the handler, so
that nothing of it leads back to frames that knew the key.
"""

from __future__ import annotations

import asyncio
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from hashlib import sha256

import httpx

from smsmon.api.address import host_of
from smsmon.api.errors import NetworkTrouble, NotAReport, TimedOut
from smsmon.api.transport import SAY
from smsmon.model import ReadError
from smsmon.text import safe

SLICE = 1 << 20
"""How much is unpacked at a time, in bytes: about 3 ms of the event loop."""
_GZIP, _ZLIB, _RAW = 31, 15, -15
GZIP_BEGINS = b"\x1f\x8b"
"""As no text does."""


class Unpacker:
    """Unpacks gzip, in one member or several, and deflate, in both forms that servers send."""

    def __init__(self, encoding: str) -> None:
        self._name = "gzip" if encoding.endswith("gzip") else "deflate"
        self._stream = zlib.decompressobj(_GZIP if self._name == "gzip" else _ZLIB)
        self._begun = b""
        """What the stream was fed so far, while a failure may still mean "the other form"."""
        self._fresh = True

    @property
    def finished(self) -> bool:
        return self._stream.eof

    def feed(self, packed: bytes) -> Iterator[bytes]:
        """The pieces that ``packed`` unpacks to. Raises ``NotAReport``."""
        while packed:
            if self.finished:
                packed = self._next_member(packed)
                if not packed:
                    return
            piece, packed = self._step(packed)
            if piece:
                yield piece

    def _step(self, packed: bytes) -> tuple[bytes, bytes]:
        try:
            piece = self._stream.decompress(packed, SLICE)
        except zlib.error:
            pass
        else:
            if self._fresh:
                self._begun += packed
                self._fresh = not piece and len(self._begun) < 64
            return piece, self._stream.unconsumed_tail or self._stream.unused_data
        if self._name == "deflate" and self._fresh:
            # RFC 9110 says zlib; some servers send it bare.
            begun, self._begun, self._fresh = self._begun + packed, b"", False
            self._stream = zlib.decompressobj(_RAW)
            return b"", begun
        raise NotAReport(f"The answer says it is {self._name} data and is not.")

    def _next_member(self, packed: bytes) -> bytes:
        """``packed``, with a stream to unpack it; empty if only padding is left."""
        if not packed.strip(b"\0"):
            return b""
        if self._name != "gzip" or not GZIP_BEGINS.startswith(packed[:2]):
            raise NotAReport(f"The answer goes on after the end of its {self._name} data.")
        self._stream = zlib.decompressobj(_GZIP)
        return packed


def unpacker_for(encoding: str) -> Unpacker | None:
    """What unpacks a body of this ``Content-Encoding``; None if it is not packed.

    Raises ``NotAReport`` for one that this program does not know.
    """
    layers = [one for part in encoding.lower().split(",") if (one := part.strip()) != "identity"]
    packed = [one for one in layers if one]
    if not packed:
        return None
    if len(packed) == 1 and packed[0] in ("gzip", "x-gzip", "deflate"):
        return Unpacker(packed[0])
    raise NotAReport(f"The answer is packed in a way not asked for: {safe(encoding, 40)}.")


DIGEST_SIZE = 16
"""Bytes kept of a SHA-256, which most processors compute themselves."""
RETRY_AFTER_END = 86_400.0
"""The longest wait a server can ask for, in seconds."""

Headers = dict[str, str]
"""The headers of an answer by their names in lower case; those that came twice are joined."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whole: the body unpacked, and its digest. It may repeat the key."""

    status: int
    headers: Headers = field(repr=False)
    body: bytes = field(repr=False)
    digest: bytes


async def exchange(
    client: httpx.AsyncClient,
    request: httpx.Request,
    *,
    room: asyncio.Semaphore,
    deadline: float,
    body_limit: int,
) -> Answer:
    """Send ``request`` and read its answer, of ``body_limit`` bytes at most.

    Waits for ``room`` first. ``deadline`` is in seconds and for everything. Raises a ``ReadError``
    for whatever goes wrong, whose sentence may repeat what the server said: the key, for instance.
    """
    failure: ReadError
    waiting = "the connections were still busy with other requests"

    def say(words: str) -> None:
        nonlocal waiting
        waiting = words

    try:
        async with asyncio.timeout(deadline), room:
            waiting = "there was no answer"
            request.extensions[SAY] = say
            response = await client.send(request, stream=True)
            waiting = "the answer was not complete"
            try:
                return await _read(response, body_limit)
            finally:
                await response.aclose()
    except TimeoutError:
        failure = TimedOut(f"After {deadline:g} s {waiting}.")
    except ReadError as error:
        failure = error
    except Exception as error:  # whatever it is: its frames know the key
        host = safe(request.url.host)
        failure = NetworkTrouble(f"The exchange with {host} failed ({type(error).__name__}).")
    except BaseException as error:
        error.__cause__ = error.__context__ = None
        raise error.with_traceback(None)  # noqa: B904 - it is the same one, cut loose
    failure.__cause__ = failure.__context__ = None
    raise failure.with_traceback(None)


def _headers(pairs: Iterable[tuple[bytes, bytes]]) -> Headers:
    headers: Headers = {}
    for name, value in pairs:
        key, text = name.decode("ascii").lower(), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers


async def _read(response: httpx.Response, limit: int) -> Answer:
    headers = _headers(response.headers.raw)
    unpacker = unpacker_for(headers.get("content-encoding", ""))
    length = headers.get("content-length", "")
    if length.isdecimal() and int(length[:15]) > limit:
        raise _too_large(limit)
    pieces: list[bytes] = []
    digest = sha256()
    size = packed = 0
    async for raw in response.aiter_raw():
        if not packed and unpacker is None and raw.startswith(GZIP_BEGINS):
            unpacker = Unpacker("gzip")  # the header that says so was lost on the way
        packed += len(raw)
        for piece in unpacker.feed(raw) if unpacker else (raw,):
            size += len(piece)
            if size > limit or packed > limit:
                raise _too_large(limit)
            digest.update(piece)
            pieces.append(piece)
            if unpacker and size > SLICE:
                await asyncio.sleep(0)
    if unpacker and not unpacker.finished and packed:
        raise NotAReport("The answer was cut short: its packed data has no end.")
    body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
    return Answer(response.status_code, headers, body, digest.digest()[:DIGEST_SIZE])


def _too_large(limit: int) -> NotAReport:
    return NotAReport(f"The answer is larger than {limit / 2**20:.3g} MiB: not read further.")


async def refuse_redirect(response: httpx.Response) -> None:
    """The client's hook for every response. Raises ``NotAReport`` for a redirect."""
    status = response.status_code
    if not 300 <= status < 400:
        return
    location = _headers(response.headers.raw).get("location")
    if location is None:
        raise NotAReport(f"The server answered HTTP {status}, and no report.")
    host = host_of(location) or safe(response.request.url.host)
    raise NotAReport(
        f"The server redirects to the host {host} (HTTP {status}): not followed, the key goes to "
        "the configured host only. Is a login page in between?"
    )


def retry_after(headers: Headers, now: float) -> float | None:
    """Seconds that the server asks to be left alone, from a number or a date; None if unsaid.

    ``now`` stands in for the server's own clock where the answer does not tell it.
    """
    told = [*filter(None, map(str.strip, headers.get("retry-after", "").split(",")))]
    numbers = [float(each) for each in told if _SECONDS.fullmatch(each)]
    written = ", ".join(each for each in told if not _SECONDS.fullmatch(each))
    moments = [each / 1000 if each >= _MILLI_FROM else each for each in numbers]
    moments = [each for each in moments if each >= _EPOCH_FROM]
    if written:
        if (date := http_date(written)) is None:
            return None
        moments.append(date)
    server_now = http_date(headers.get("date", ""))
    since = now if server_now is None else server_now
    waits = [each for each in numbers if each < _EPOCH_FROM] + [each - since for each in moments]
    # Said twice, by the server and by what is before it: the longer counts.
    return min(max(*waits, 0.0), RETRY_AFTER_END) if waits else None


_SECONDS = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_EPOCH_FROM = 1e9
"""From here on a number of seconds is a moment: they are counted from 1970."""
_MILLI_FROM = 1e12
"""From here on it is one in milliseconds."""


def http_date(text: str) -> float | None:
    """Epoch seconds of an HTTP date, in any of its three forms; None if it is none."""
    try:
        moment = parsedate_to_datetime(text)
        # One that names no zone is of Greenwich, not of where this machine is (RFC 9110, 5.6.7).
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
