"""A batch over real HTTP: one request, the key in its body, an answer for every pair.

How connections, bodies and failures are dealt with is one way for all requests, and tested with
those of one message; here is what a body that is sent, and its key, add to it.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
from contextlib import suppress
from typing import Any

import pytest

from smsmon.api import client as client_module
from smsmon.api.errors import MessageIdRequired
from smsmon.batch import MOST_PAIRS, BatchAnswer, Outcome, Pair
from smsmon.model import FaultKind, ReadError
from smsmon.monitor.source import BatchSource
from smsmon.secret import DOTS
from tests.api.support import KEY, client
from tests.api.test_batches import GOOD, ONE, READ, REFUSED, TWO, body, row
from tests.api.test_desync import LIE, chunked
from tests.api.test_key_leaks import DISGUISED, FAILURES, bound_of, echo, everything_of
from tests.api.wire import Behaviour, answer, cut, flood, hang, reset, wire

ASKED = (
    b'{"apiKey":"%b","SMSStatut_List":[{"phoneNumber":"+33600000001","messageId":111},'
    b'{"phoneNumber":"+33600000002","messageId":222}]}' % KEY.encode()
)
"""The body of a request for both pairs."""


async def read(*answers: bytes | Behaviour, **settings: Any) -> BatchAnswer:
    async with wire(*answers) as server, client(server, **settings) as partner:
        return await partner.multi_status([ONE, TWO])


async def test_one_request_asks_for_all_with_the_key_in_its_body_alone() -> None:
    async with wire(answer(body(row()))) as server, client(server) as partner:
        assert isinstance(partner, BatchSource)
        found = await partner.multi_status([ONE, TWO])
        await partner.multi_status([ONE, TWO])
        assert server.connections == 1
    head, _ = server.heads
    assert head.startswith(b"POST /v1/multi-status HTTP/1.1\r\n")
    assert b"\r\nContent-Type: application/json\r\n" in head
    assert KEY.encode() not in head
    assert server.bodies == [ASKED, ASKED]
    assert [each.outcome for each in found.rows] == [Outcome.READ, Outcome.MISSING]
    assert found.rows[0].recipient == READ
    assert found.asked_at <= found.fetched_at


@pytest.mark.parametrize("size", [0, MOST_PAIRS + 1])
async def test_no_request_goes_out_that_is_none(size: int) -> None:
    async with wire(answer(body())) as server, client(server) as partner:
        with pytest.raises(ValueError, match="1 to 500 pairs"):
            await partner.multi_status([ONE] * size)
        for wrong in ("", "12x", "1" * 33):
            with pytest.raises(MessageIdRequired):
                await partner.multi_status([ONE, Pair(wrong, ONE.phone)])
    assert server.heads == []


async def test_the_largest_batch_is_read_beside_the_event_loop() -> None:
    pairs = [Pair(str(2270000 + n), f"+336000{n:05}") for n in range(MOST_PAIRS)]
    rows = [row(messageId=int(pair.message_id), phoneNumber=pair.phone) for pair in pairs]
    whole = body(*reversed(rows))
    assert len(whole) > client_module.THREAD_FROM
    head = "Content-Encoding: gzip\nDate: Fri, 27 Nov 2026 10:00:00 GMT"
    packed = answer(gzip.compress(whole), headers=head)
    async with wire(packed) as server, client(server) as partner:
        found = await partner.multi_status(pairs)
    assert [each.pair for each in found.rows] == pairs
    assert {each.outcome for each in found.rows} == {Outcome.READ}
    assert json.loads(found.rows[7].raw) == rows[7]
    assert found.served_at == 1795773600.0


ENDS: list[tuple[bytes | Behaviour, FaultKind, str]] = [
    (answer(b"x", status="404 Not Found"), FaultKind.BAD_RESPONSE, "HTTP 404, and not in SMS"),
    (answer(b"", status="405 No"), FaultKind.BAD_RESPONSE, "HTTP 405, and not in SMS"),
    (answer(b"", status="413 Large"), FaultKind.BAD_RESPONSE, "HTTP 413"),
    (answer(body(GOOD), status="500 Oops"), FaultKind.BAD_RESPONSE, "comes with HTTP 500"),
    (answer(body(GOOD), content_type="text/html"), FaultKind.BAD_RESPONSE, "labelled text/html"),
    (answer(b"", status="503 Busy", headers="Retry-After: 9"), FaultKind.SERVER, "HTTP 503"),
    (
        answer(b"", status="307 Moved", headers="Location: https://login.example/v1/multi-status"),
        FaultKind.BAD_RESPONSE,
        "redirects to the host login.example",
    ),
    (answer(b"", headers="Content-Length: 99999999"), FaultKind.NETWORK, "broke HTTP"),
    (cut(answer(body(GOOD))[:-5]), FaultKind.NETWORK, "before its answer was complete"),
    (flood(b"HTTP/1.1 200 OK\r\n\r\n", b"[" * 1000), FaultKind.BAD_RESPONSE, "larger than 1 MiB"),
    (
        answer(gzip.compress(b" " * 2**21), headers="Content-Encoding: gzip"),
        FaultKind.BAD_RESPONSE,
        "larger than 1 MiB",
    ),
    (reset, FaultKind.NETWORK, "127.0.0.1 (reset|closed) the connection"),
    (hang, FaultKind.TIMEOUT, "After 0.3 s there was no answer"),
]


@pytest.mark.parametrize(("end", "kind", "words"), ENDS, ids=[words for *_, words in ENDS])
async def test_whatever_ends_a_batch_says_so_and_is_asked_once(
    end: bytes | Behaviour, kind: FaultKind, words: str
) -> None:
    async with (
        wire(end) as server,
        client(server, timeout=0.3, body_limit=2**20) as partner,
    ):
        with pytest.raises(ReadError, match=words) as caught:
            await partner.multi_status([ONE, TWO])
        assert len(server.heads) == 1
    assert caught.value.fault.kind is kind


@pytest.mark.parametrize("allowed", [True, False])
async def test_a_batch_that_a_dead_connection_swallowed_is_asked_again_if_it_may_be(
    allowed: bool,
) -> None:
    async with (
        wire(answer(body(GOOD)), reset, answer(body(GOOD))) as server,
        client(server) as partner,
    ):
        partner.ask_before_repeating(lambda: allowed)
        await partner.multi_status([ONE, TWO])
        if allowed:
            assert (await partner.multi_status([ONE, TWO])).rows[0].recipient == READ
        else:
            with pytest.raises(ReadError):
                await partner.multi_status([ONE, TWO])
        assert server.bodies == [ASKED] * (3 if allowed else 2)


RIGHT, WRONG = answer(body(GOOD)), answer(body(row(status="Not delivered")))


async def early(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """What a server does that reads no bodies: it takes the body for one more request."""
    writer.write(RIGHT)
    await writer.drain()
    writer.write(answer(b"", status="400 Bad Request") + WRONG)
    await writer.drain()
    await reader.read()


@pytest.mark.parametrize(
    "first",
    [RIGHT + LIE, RIGHT + WRONG, chunked(body(GOOD), WRONG), RIGHT + WRONG[:20], early],
    ids=["a report", "a batch", "chunks", "a beginning", "an answer to the body"],
)
async def test_what_comes_behind_an_answer_is_no_answer_to_the_next(
    first: bytes | Behaviour,
) -> None:
    async with wire(first, RIGHT) as server, client(server) as partner:
        for _ in range(2):
            with suppress(ReadError):
                await partner.multi_status([ONE])
        assert (await partner.multi_status([ONE])).rows[0].recipient == READ
        assert server.connections == 2


async def test_a_report_of_one_message_is_no_batch_and_a_batch_no_report() -> None:
    lone = row(success=..., code=..., messageId=...)
    lone = {key: value for key, value in lone.items() if value is not ...}
    found = await read(answer(body(lone)))
    assert [each.outcome for each in found.rows] == ["missing", "missing"]
    async with wire(answer(body(GOOD, row(messageId=112)))) as server, client(server) as partner:
        report = await partner.bulk_status("112")
        assert [each.reason for each in report.recipients] == ["about message 111", ""]  # type: ignore[union-attr]


# --- the key in the body


ECHOES: dict[str, bytes | Behaviour] = {
    "the body in an error": answer(echo(ASKED.decode().replace('"', '\\"'))),
    "the body as a page": answer(b"<html>%b</html>" % ASKED, status="400 Bad Request"),
    "the body itself": answer(ASKED),
    "the body in a gateway's words": answer(ASKED, status="502 Bad Gateway"),
    "the body as a status line": cut(b"HTTP/1.1 %b\r\n\r\n" % ASKED),
    "the body as a header": answer(
        body(GOOD), headers=f"X-Asked: {ASKED.decode()}", status="400 x"
    ),
    "in the place of a word": answer(body(row(status=KEY), row(messageId=222, status="x"), code=4)),
}


@pytest.mark.parametrize("name", [*FAILURES, *ECHOES])
async def test_no_failure_of_a_batch_shows_the_key(
    name: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    for logger in ("", "httpx", "httpcore", "asyncio"):
        caplog.set_level(logging.DEBUG, logger=logger)
    async with (
        wire({**FAILURES, **ECHOES}[name]) as server,
        client(server.base_url, timeout=bound_of(name), body_limit=2**20) as partner,
    ):
        with pytest.raises(ReadError) as caught:
            await partner.multi_status([ONE, TWO])
        shown = everything_of(caught.value) + repr(partner) + repr(vars(partner))
        assert server.bodies[0] == ASKED
    assert KEY not in shown + caplog.text + "".join(capfd.readouterr())
    assert any(record.name.startswith("httpcore") for record in caplog.records)


async def test_a_row_that_repeats_the_key_has_dots_in_all_that_is_kept_of_it() -> None:
    hidden = [
        row(isSpam=KEY),
        row(status=f"lost {KEY}"),
        row(note=f"apiKey={KEY}"),
        row(REFUSED, status=DISGUISED),
        row(date=KEY),
        {**row(), KEY: KEY},
    ]
    for each in hidden:
        found = await read(answer(body(each)))
        assert KEY not in repr(found)
        assert DOTS.encode() in found.rows[0].raw
    # Named twice, a member is what it says last, and shows what it said first.
    plain = body(row())
    for name in (b"phoneNumber", b"phone\\u004eumber", b"messageId"):
        twice = plain.replace(
            b'{"success":true,"code":200,"ph',
            b'{"%b":"%b","success":true,"code":200,"ph' % (name, KEY.encode()),
        )
        assert twice != plain
        found = await read(answer(twice))
        assert found.rows[0].recipient == READ
        assert KEY not in repr(found)
    found = await read(answer(body(row(messageId=KEY), GOOD)))
    assert (found.strangers, KEY in found.stranger) == (1, False)


async def test_a_good_batch_logs_no_key_and_its_rows_are_as_they_came(
    caplog: pytest.LogCaptureFixture,
) -> None:
    for logger in ("", "httpx", "httpcore", "asyncio"):
        caplog.set_level(logging.DEBUG, logger=logger)
    found = await read(answer(body(GOOD, REFUSED | {"messageId": 222, "phoneNumber": TWO.phone})))
    assert "HTTP Request: POST" in caplog.text
    assert "send_request_body" in caplog.text
    assert KEY not in caplog.text
    assert [json.loads(each.raw)["messageId"] for each in found.rows] == [111, 222]


async def test_a_batch_that_is_cancelled_or_crashes_carries_no_frame_that_knew_the_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = asyncio.Event()

    async def hang_once_asked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await hang(reader, writer)

    def crash(*_: object) -> None:
        raise RuntimeError("a bug of ours")

    async with wire(hang_once_asked, answer(ASKED)) as server, client(server) as partner:
        reading = asyncio.create_task(partner.multi_status([ONE, TWO]))
        await asked.wait()
        reading.cancel()
        with pytest.raises(asyncio.CancelledError) as cancelled:
            await reading
        monkeypatch.setattr(client_module, "read_batch", crash)
        with pytest.raises(RuntimeError) as crashed:
            await partner.multi_status([ONE, TWO])
    assert KEY not in everything_of(cancelled.value) + everything_of(crashed.value)
