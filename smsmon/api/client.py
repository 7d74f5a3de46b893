"""``SmsPartner``: the account's reports and balance, each read in one exchange."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import httpx

from smsmon import __version__
from smsmon.api.address import DEFAULT_BASE_URL, check_base_url, proxy_for
from smsmon.api.balance import decode_balance
from smsmon.api.decode import decode
from smsmon.api.errors import MessageIdRequired, NotAReport, RateLimited, ServerTrouble, amended
from smsmon.api.exchange import Answer, exchange, http_date, retry_after
from smsmon.api.key import ApiKey
from smsmon.api.masking import body_without_key, mask_logs, tells_key, without_key
from smsmon.api.transport import KeyedTransport, connection_pool
from smsmon.clock import Clock
from smsmon.model import Balance, ReadError, Report, Unchanged, is_message_id
from smsmon.recipients import Recipients
from smsmon.text import safe, safe_bytes

__all__ = ["DEFAULT_BASE_URL", "AnswerFormat", "Exchange", "SmsPartner"]

AnswerFormat = Literal["json", "xml"]

DEFAULT_TIMEOUT = 10.0
"""Seconds for a whole exchange. Vendor samples use 10; production users found 5 too short."""
DEFAULT_BODY_LIMIT = 64 * 2**20
DEFAULT_KEEPALIVE = 960.0
"""Seconds an idle connection is kept: a minute more than the longest poll interval."""
CONNECTIONS = 16
THREAD_FROM = 1 << 16
"""Bodies from this size on, in bytes, are decoded in a thread. Smaller ones take 0.2 ms of the
event loop; up to 7 ms where nothing is as usual, or in XML."""

_JSON_TYPES = frozenset({"application/json", "text/json", "text/javascript"})
_XML_TYPES = frozenset({"application/xml", "text/xml"})


@dataclass(frozen=True, slots=True)
class Exchange:
    """How the last exchange that brought an answer went."""

    at: float
    """When the answer had arrived, by our clock."""
    latency: float
    """Seconds from the request to the whole answer."""
    date_header: str = ""

    @property
    def server_date(self) -> float | None:
        """The server's own clock, epoch seconds, from its ``Date`` header."""
        return http_date(self.date_header)


class SmsPartner:
    """One account of SMS Partner, over one pool of connections. Reads only.

    ``timeout`` is in seconds and for the whole exchange, ``body_limit`` in bytes after
    decompression, ``keepalive`` in seconds. Raises ``ValueError`` for settings that cannot be.
    """

    def __init__(
        self,
        key: ApiKey,
        *,
        clock: Clock,
        base_url: str = DEFAULT_BASE_URL,
        answer_format: AnswerFormat = "json",
        timeout: float = DEFAULT_TIMEOUT,
        body_limit: int = DEFAULT_BODY_LIMIT,
        proxy: str | None = None,
        ca_file: Path | None = None,
        keepalive: float = DEFAULT_KEEPALIVE,
    ) -> None:
        self.base_url = check_base_url(base_url)
        self.last_exchange: Exchange | None = None
        self._key = key
        self._clock = clock
        self._timeout = timeout
        self._body_limit = body_limit
        self._format_query = "" if answer_format == "json" else f"&_format={answer_format}"
        self._masked = mask_logs(key)
        pool = connection_pool(
            self.base_url,
            proxy=proxy_for(self.base_url, proxy),
            ca_file=ca_file,
            connections=CONNECTIONS,
            keepalive=keepalive,
        )
        self._headers = httpx.Headers(
            {
                "Accept": "application/json, application/xml",
                "Accept-Encoding": "gzip",
                "User-Agent": f"smsmon/{__version__}",
            }
        )
        self._client = httpx.AsyncClient(
            transport=KeyedTransport(pool, key),
            timeout=None,  # noqa: S113 - the deadline of the whole exchange stands for all of them
            follow_redirects=False,
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close every connection."""
        with suppress(Exception):  # a connection that cannot be closed well is closed all the same
            await self._client.aclose()

    async def bulk_status(self, message_id: str, known: bytes | None = None) -> Report | Unchanged:
        """The report of a message, or ``Unchanged`` if its digest is ``known``.

        Raises a ``ReadError`` of ``smsmon.api.errors``, and nothing else.
        """
        if not is_message_id(message_id):
            raise MessageIdRequired
        answer, asked_at, at = await self._get(
            f"/bulk-status?messageId={message_id}{self._format_query}"
        )
        if answer.digest == known and not _problem(answer):
            return Unchanged(message_id, answer.digest, asked_at, at)
        if len(answer.body) < THREAD_FROM:
            raw, outcome = self._decode(answer, message_id, at)
        else:
            raw, outcome = await asyncio.to_thread(self._decode, answer, message_id, at)
        if isinstance(outcome, ReadError):
            raise outcome.with_traceback(None)  # without the frames that held the answer's texts
        return Report(message_id, outcome, answer.digest, asked_at, at, raw)

    async def me(self) -> Balance:
        """The account's balance and credits. Raises a ``ReadError`` as ``bulk_status`` does."""
        # Always in JSON: its fields vary by account, and XML would give them without names.
        answer, _, at = await self._get("/me")
        outcome = self._decode_balance(answer, at)
        if isinstance(outcome, ReadError):
            raise outcome.with_traceback(None)
        return outcome

    async def _get(self, target: str) -> tuple[Answer, float, float]:
        """The answer, and when it was asked for and had arrived, on the wall clock."""
        left, start = self._clock.now(), self._clock.monotonic()
        answer = await exchange(
            self._client,
            httpx.Request("GET", self.base_url + target, headers=self._headers),
            deadline=self._timeout,
            body_limit=self._body_limit,
        )
        at = self._clock.now()
        latency = self._clock.monotonic() - start
        # Two measures, as the wall clock may be set back meanwhile and the other one stands still
        # while the machine sleeps; the earlier never makes an answer newer than it is.
        asked_at = min(left, at - latency)
        self.last_exchange = Exchange(at, latency, answer.headers.get("date", ""))
        return answer, asked_at, at

    def _decode(
        self, answer: Answer, message_id: str, at: float
    ) -> tuple[bytes, Recipients | ReadError]:
        """The body less the key, and its recipients or what it stands for instead."""
        body = body_without_key(answer.body, self._key)
        try:
            found = decode(body, message_id)
        except ReadError as error:
            return body, self._judge(answer, error, at)
        texts = chain(found.vocabulary, found.phones.others, found.reasons.values())
        return body, self._doubt(answer, body, texts) or found

    def _decode_balance(self, answer: Answer, at: float) -> Balance | ReadError:
        body = body_without_key(answer.body, self._key)
        try:
            found = decode_balance(body, at)
        except ReadError as error:
            return self._judge(answer, error, at)
        return self._doubt(answer, body, (found.username, found.currency)) or found

    def _doubt(self, answer: Answer, body: bytes, texts: Iterable[str]) -> NotAReport | None:
        """Why an answer whose body is good is refused all the same; None when it is not."""
        if tells_key(texts, self._key):
            return NotAReport("The answer repeats the API key in disguise.")
        problem = _problem(answer)
        if not problem:
            return None
        return NotAReport(without_key(problem, self._key), safe_bytes(body))

    def _judge(self, answer: Answer, error: ReadError, at: float) -> ReadError:
        """``error`` in the light of the HTTP status, where the body alone does not say enough."""
        status = answer.status
        fault = error.fault
        if isinstance(error, NotAReport) or fault.code is None:
            if status == 429:
                error = RateLimited()
            elif status >= 500:
                error = ServerTrouble(f"The server is in trouble: HTTP {status}.")
            elif status >= 400:
                error = NotAReport(
                    f"HTTP {status}, and not in SMS Partner's words: {fault.message}"
                )
        if isinstance(error, RateLimited | ServerTrouble):
            amended(error, retry_after=retry_after(answer.headers, at))
        return amended(
            error,
            message=without_key(error.fault.message, self._key),
            excerpt=without_key(fault.excerpt, self._key),
        )


def _problem(answer: Answer) -> str:
    """Why a good body is no answer of the API all the same; empty when it is one."""
    if not 200 <= answer.status < 300:
        return f"The answer looks like a report, but comes with HTTP {answer.status}."
    told = answer.headers.get("content-type")
    if told is None:
        return ""
    media_type = told.partition(";")[0].strip().lower()
    fits = _XML_TYPES if answer.body[:256].lstrip()[:1] == b"<" else _JSON_TYPES
    if media_type in fits:
        return ""
    return f"The answer looks like a report, but is labelled {safe(media_type, 60) or 'nothing'}."
