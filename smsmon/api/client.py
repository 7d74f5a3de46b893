"""``SmsPartner``: the account's reports and balance, each read in one exchange."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from traceback import clear_frames
from types import TracebackType
from typing import Literal, Self, TypeVar
from urllib.parse import urlsplit

import httpx

from smsmon import __version__
from smsmon.api.address import DEFAULT_BASE_URL, check_base_url, proxy_for
from smsmon.api.backend import way_to
from smsmon.api.batches import PATH, Found, in_order, question, read_batch
from smsmon.api.decode import decode_balance, looks_like_xml, read, utf8
from smsmon.api.errors import MessageIdRequired, NotAReport, RateLimited, ServerTrouble, amended
from smsmon.api.exchange import Answer, exchange, http_date, refuse_redirect, retry_after
from smsmon.api.masking import mask_for
from smsmon.api.stream import trust
from smsmon.api.transport import KeyedTransport
from smsmon.batch import MOST_PAIRS, BatchAnswer, Pair
from smsmon.clock import Clock
from smsmon.model import Balance, ReadError, Report, Unchanged, is_message_id
from smsmon.recipients import Recipients
from smsmon.secret import ApiKey
from smsmon.text import safe, safe_bytes

__all__ = ["DEFAULT_BASE_URL", "AnswerFormat", "Exchange", "SmsPartner"]

AnswerFormat = Literal["json", "xml"]

DEFAULT_TIMEOUT = 10.0
"""Seconds for a whole exchange. Vendor samples use 10; production users found 5 too short."""
DEFAULT_BODY_LIMIT = 64 * 2**20
DEFAULT_KEEPALIVE = 300.0
"""Seconds an idle connection is kept at most: boxes in between forget quiet ones from about then
on (NAT gateways of clouds after 240 to 350 s) and tell neither side."""
PATIENCE = 1 / 3
"""Share of the deadline after which a used connection that brings nothing is doubted. What is
left is enough to connect and be answered; a slow server is still waited for meanwhile."""
CONNECTIONS = 16
THREAD_FROM = 1 << 16
"""Bodies from this size on, in bytes, are decoded in a thread. Smaller ones take 0.2 ms of the
event loop; up to 7 ms where nothing is as usual, or in XML."""

_Read = TypeVar("_Read")

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
        self._clock = clock
        self._timeout = timeout
        self._body_limit = body_limit
        self._format_query = "" if answer_format == "json" else f"&_format={answer_format}"
        self._mask = mask_for(key)
        parts = urlsplit(self.base_url)
        host, encrypted = parts.hostname or "", parts.scheme.lower() == "https"
        port = parts.port or (443 if encrypted else 80)
        party, backend = way_to(
            host,
            port,
            trust=trust(ca_file) if encrypted else None,
            proxy=proxy_for(self.base_url, proxy),
            hint="" if self.base_url == DEFAULT_BASE_URL else ", the base URL",
            keepalive=keepalive,
        )
        self._transport = KeyedTransport(
            party,
            backend,
            key,
            connections=CONNECTIONS,
            keepalive=keepalive,
            patience=timeout * PATIENCE,
        )
        self._client = httpx.AsyncClient(
            transport=self._transport,
            timeout=None,  # noqa: S113 - the deadline of the whole exchange stands for all of them
            follow_redirects=False,
            trust_env=False,
            event_hooks={"response": [refuse_redirect]},
        )
        self._room = asyncio.Semaphore(CONNECTIONS)
        self._headers = httpx.Headers(
            {
                "Accept": "application/json, application/xml",
                "Accept-Encoding": "gzip",
                "Connection": "keep-alive",
                "User-Agent": f"smsmon/{__version__}",
            }
        )

    def ask_before_repeating(self, may_repeat: Callable[[], bool]) -> None:
        """Have ``may_repeat`` asked before a request is sent a second time, because a connection
        that was used before brought nothing. True allows it, and it is a request like any other
        for every limit; without this, it is always allowed."""
        self._transport.may_repeat = may_repeat

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
        return await self._through_the_door(self._report(message_id, known))

    async def multi_status(self, pairs: Sequence[Pair]) -> BatchAnswer:
        """What is known of each of ``pairs`` (1 to ``MOST_PAIRS``, else ``ValueError``) now.

        Raises a ``ReadError`` as ``bulk_status`` does; of its codes those alone that concern the
        account or the address mean what they do there, all other refusals are of the batch.
        """
        if not 0 < len(pairs) <= MOST_PAIRS:
            raise ValueError(f"A batch has 1 to {MOST_PAIRS} pairs, not {len(pairs)}.")
        if not all(is_message_id(pair.message_id) for pair in pairs):
            raise MessageIdRequired
        return await self._through_the_door(self._batch(pairs))

    async def me(self) -> Balance:
        """The account's balance and credits. Raises a ``ReadError`` as ``bulk_status`` does."""
        return await self._through_the_door(self._balance())

    async def _through_the_door(self, reading: Awaitable[_Read]) -> _Read:
        """What ``reading`` gives. An error leaves masked, and without the frames that held the
        answer's texts."""
        try:
            return await reading
        except ReadError as error:
            failure = self._mask.error(error)
        failure.__cause__ = failure.__context__ = None
        raise failure.with_traceback(None)

    async def _report(self, message_id: str, known: bytes | None) -> Report | Unchanged:
        answer, asked_at, at = await self._ask(
            f"/bulk-status?messageId={message_id}{self._format_query}"
        )
        served_at = http_date(answer.headers.get("date", ""))
        if answer.digest == known and not _problem(answer):
            return Unchanged(message_id, answer.digest, asked_at, at, served_at)
        if len(answer.body) < THREAD_FROM:
            raw, recipients = self._decode(answer, message_id, at)
        else:
            raw, recipients = await asyncio.to_thread(self._decode, answer, message_id, at)
        return Report(message_id, recipients, answer.digest, asked_at, at, raw, served_at)

    async def _balance(self) -> Balance:
        # Always in JSON: its fields vary by account, and XML would give them without names.
        answer, _, at = await self._ask("/me")
        with _in_its_light(answer, at):
            found = decode_balance(answer.body, at)
        text = self._mask.text
        return replace(found, username=text(found.username), currency=text(found.currency))

    async def _batch(self, pairs: Sequence[Pair]) -> BatchAnswer:
        # Always in JSON: nothing tells how these rows look in XML, where they have no names.
        answer, asked_at, at = await self._ask(PATH, question(pairs))
        served_at = http_date(answer.headers.get("date", ""))
        if len(answer.body) < THREAD_FROM:
            found = self._decode_batch(answer, pairs, at)
        else:
            found = await asyncio.to_thread(self._decode_batch, answer, pairs, at)
        rows = tuple(in_order(found, pairs))
        return BatchAnswer(rows, asked_at, at, served_at, found.strangers, found.stranger)

    async def _ask(self, target: str, posted: bytes = b"") -> tuple[Answer, float, float]:
        """The answer, and when it was asked for and had arrived, on the wall clock.

        ``posted`` is the JSON object to send; without one it is a GET.
        """
        request = httpx.Request(
            "POST" if posted else "GET",
            self.base_url + target,
            headers=self._headers,
            content=posted or None,
        )
        if posted:
            request.headers["Content-Type"] = "application/json"
        left, start = self._clock.now(), self._clock.monotonic()
        answer = await exchange(
            self._client,
            request,
            room=self._room,
            deadline=self._timeout,
            body_limit=self._body_limit,
        )
        at = self._clock.now()
        latency = self._clock.monotonic() - start
        # Two measures, as the wall clock may be set back meanwhile and the other one stands still
        # while the machine sleeps; the earlier never makes an answer newer than it is.
        asked_at = min(left, at - latency)
        date = self._mask.text(answer.headers.get("date", ""))
        self.last_exchange = Exchange(at, latency, date)
        return answer, asked_at, at

    def _decode(self, answer: Answer, message_id: str, at: float) -> tuple[bytes, Recipients]:
        """The body and its recipients, both masked. Raises the ``ReadError`` that it stands for."""
        with _in_its_light(answer, at):
            found, rest = read(answer.body, message_id)
        raw, masked = answer.body, self._mask.recipients(found)
        if b"\0" in raw[:8]:
            raw = utf8(raw)  # in UTF-16 nobody could read it, and no mask either
        # What numbers and known words proved to be can hold no key, and is not searched for one;
        # but a row that names its phone twice could hide a text behind the second.
        if raw.count(b'"phoneNumber"') > len(found):
            rest = raw
        if masked is not found or self._mask.body(rest, numbers=True) != rest:
            raw = self._mask.body(utf8(raw), numbers=True)
        return raw, masked

    def _decode_batch(self, answer: Answer, pairs: Sequence[Pair], at: float) -> Found:
        """What the answer says of ``pairs``, masked. Raises the ``ReadError`` it stands for."""
        with _in_its_light(answer, at):
            found = read_batch(answer.body, pairs)
        for pair in found.unproven:
            row = found.rows[pair]
            raw, reason = self._mask.body(row.raw, numbers=True), self._mask.text(row.reason)
            found.rows[pair] = row._replace(raw=raw, reason=reason)
        found.stranger = self._mask.text(found.stranger)
        return found


@contextmanager
def _in_its_light(answer: Answer, at: float) -> Iterator[None]:
    """Judge what is wrong with a body by the head of its answer too, and refuse a body that is
    good where its head says that it is none of the API's. Raises ``ReadError``."""
    try:
        yield
    except ReadError as error:
        raise _judged(answer, error, at) from None
    except Exception as error:  # a fault of ours: where it was is told, not what it held
        clear_frames(error.__traceback__)
        raise
    if problem := _problem(answer):
        told = NotAReport(problem, safe_bytes(answer.body))
        raise _judged(answer, told, at) if answer.status in (429, 503) else told


def _judged(answer: Answer, error: ReadError, at: float) -> ReadError:
    """``error`` in the light of the HTTP status, where the body alone does not say enough."""
    status = answer.status
    fault = error.fault
    if isinstance(error, NotAReport) or fault.code is None:
        if status == 429:
            error = RateLimited()
        elif status >= 500:
            error = ServerTrouble(f"The server is in trouble: HTTP {status}.")
        elif status >= 400:
            error = NotAReport(f"HTTP {status}, and not in SMS Partner's words: {fault.message}")
    if isinstance(error, RateLimited | ServerTrouble):
        amended(error, retry_after=retry_after(answer.headers, at))
    return amended(error, excerpt=fault.excerpt)


def _problem(answer: Answer) -> str:
    """Why a good body is no answer of the API all the same; empty when it is one."""
    if not 200 <= answer.status < 300:
        return f"The answer looks like a report, but comes with HTTP {answer.status}."
    told = answer.headers.get("content-type")
    if told is None:
        return ""
    # Said twice by some, and then in one line.
    types = {each.partition(";")[0].strip().lower() for each in told.split(",")}
    if types <= (_XML_TYPES if looks_like_xml(answer.body) else _JSON_TYPES):
        return ""
    label = safe(", ".join(sorted(types)), 60) or "nothing"
    return f"The answer looks like a report, but is labelled {label}."
