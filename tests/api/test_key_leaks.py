"""A marked key goes through every failure, and is looked for wherever it must not be.

Searched are the errors with all that is chained to them and the variables of their frames,
the logs of the HTTP libraries at DEBUG, standard output and error, and what a read gives.
"""

from __future__ import annotations

import asyncio
import gc
import gzip
import logging
import pickle
import socket
import ssl
import traceback

import httpx
import pytest

from smsmon.api import client as client_module
from smsmon.api.transport import KeyedTransport
from smsmon.model import ReadError, Report
from smsmon.secret import DOTS
from tests.api.bodies import report, rows
from tests.api.support import KEY, client, read
from tests.api.test_client import CERTIFICATE
from tests.api.wire import Behaviour, answer, cut, drip, flood, hang, reset, wire

GOOD = report(rows(2))
LOCATION = f"Location: https://login.example/?back=/v1/bulk-status?messageId=111&apiKey={KEY}"
DISGUISED = "".join(f"\\u{ord(char):04x}" for char in KEY)


def echo(text: str) -> bytes:
    return f'{{"success": false, "code": 777, "message": "{text}", "error": "{text}"}}'.encode()


FAILURES: dict[str, bytes | Behaviour] = {
    "code 10 that repeats the key": answer(
        f'{{"success": false, "code": 10, "message": "Bad key {KEY}"}}'.encode()
    ),
    "unknown code that repeats it": answer(echo(KEY)),
    "disguised": answer(echo(DISGUISED)),
    "key as a phone and a status": answer(
        report([{"phoneNumber": KEY, "status": KEY, "stopSMS": False, "date": "0"}], "112")
    ),
    "page that repeats the URL": answer(
        f"<html>/v1/bulk-status?apiKey={KEY} not found</html>".encode(), status="404 Not Found"
    ),
    "gateway that repeats the URL": answer(f"apiKey={KEY}".encode(), status="502 Bad Gateway"),
    "packed": answer(gzip.compress(f"apiKey={KEY}".encode()), headers="Content-Encoding: gzip"),
    "redirect that hands the URL on": answer(b"", status="302 Found", headers=LOCATION),
    "redirect that cannot be read": answer(
        b"", status="302 Found", headers=f"Location: https://[{KEY}/"
    ),
    "redirect to a host named so": answer(
        b"", status="302 Found", headers=f"Location: https://{KEY}.example/"
    ),
    "content type": answer(GOOD, content_type=f"text/{KEY}"),
    "encoding": answer(GOOD, headers=f"Content-Encoding: {KEY}"),
    "retry-after": answer(b"", status="429 Slow", headers=f"Retry-After: {KEY}\nDate: {KEY}"),
    "status line": answer(b"", status=f"500 {KEY}"),
    "cookie": answer(b"", status="500 Oops", headers=f"Set-Cookie: key={KEY}"),
    "status line that is none": cut(f"HTTP/1.1 {KEY}\r\n\r\n".encode()),
    "not http": cut(f"GET /?apiKey={KEY}\r\n\r\n".encode()),
    "cut": cut(answer(GOOD)[:-5]),
    "closed": cut(b""),
    "reset": reset,
    "hang": hang,
    "drip": drip(answer(GOOD), 0.01),
    "too large": flood(b"HTTP/1.1 200 OK\r\n\r\n", KEY.encode() * 1000),
    "deep": answer(b"[" * 100_000),
    "empty": answer(b""),
}


def bound_of(failing: str) -> float:
    """Seconds that an answer may take: few where it never ends, else more than enough."""
    return 1.0 if failing in ("hang", "drip") else 30.0


@pytest.fixture(autouse=True)
def _log_everything(caplog: pytest.LogCaptureFixture) -> None:
    for name in ("", "httpx", "httpcore", "asyncio"):
        caplog.set_level(logging.DEBUG, logger=name)


def everything_of(error: BaseException) -> str:
    """All texts that any crash report could print of ``error``, and of what led to it."""
    texts: list[str] = []
    waiting: list[BaseException | None] = [error]
    seen: set[int] = set()
    while waiting:
        current = waiting.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        # Even causes that are suppressed: some reports print them all the same.
        waiting += [current.__cause__, current.__context__]
        texts += [repr(current), str(current), repr(current.args), repr(vars(current))]
        report = traceback.TracebackException.from_exception(current, capture_locals=True)
        texts += report.format()
        for frame, _ in traceback.walk_tb(current.__traceback__):
            if "/tests/" not in frame.f_code.co_filename or frame.f_code.co_name == "send":
                texts += [repr(value) for value in frame.f_locals.values()]
    return "\n".join(texts).replace(f"KEY = '{KEY}'", "")


async def failure(server_url: str, **settings: object) -> tuple[BaseException, str]:
    """What a read of message 111 ends with, and everything it could show."""
    async with client(server_url, **settings) as partner:
        try:
            await partner.bulk_status("111")
        except ReadError as error:
            return error, everything_of(error) + repr(partner) + repr(vars(partner))
    raise AssertionError("the read did not fail")


async def test_no_failure_shows_the_key(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    for name, failing in FAILURES.items():
        caplog.clear()
        async with wire(failing) as server:
            error, shown = await failure(server.base_url, timeout=bound_of(name), body_limit=2**20)
            assert KEY.encode() in server.heads[0], name
        assert isinstance(error, ReadError), name
        assert KEY not in shown, name
        assert KEY not in repr(error.fault), name
        assert KEY not in caplog.text, name
        assert not [record for record in caplog.records if record.exc_info], f"{name}: a traceback"
        assert any(record.name.startswith("httpcore") for record in caplog.records), name
        out, err = capfd.readouterr()
        assert KEY not in out + err, name
        del error
    gc.collect()  # a task whose error nobody took is told by then
    assert KEY not in caplog.text
    assert not [record for record in caplog.records if record.exc_info], "a traceback in the log"


async def test_refused_connection_and_tls_show_no_key(caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        _, shown = await failure(f"http://127.0.0.1:{unused.getsockname()[1]}/v1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    async with wire(answer(GOOD), tls=context) as server:
        _, more = await failure(server.base_url)
    assert KEY not in shown + more + caplog.text


async def test_no_log_of_a_good_read_shows_the_key(caplog: pytest.LogCaptureFixture) -> None:
    async with wire(answer(GOOD, headers=f"X-Request: /v1/bulk-status?apiKey={KEY}")) as server:
        await read(server)
    assert "HTTP Request: GET" in caplog.text
    assert DOTS in caplog.text
    assert KEY not in caplog.text


async def test_key_repeated_in_a_report_is_dots_in_the_report_and_in_raw() -> None:
    body = report(
        [*rows(1), {"phoneNumber": "+33600000009", "status": KEY, "stopSMS": 0, "date": 0}]
    )
    async with wire(answer(body)) as server:
        found = await read(server)
    assert found.recipients[1].raw_status == DOTS
    assert KEY.encode() not in found.raw
    assert DOTS.encode() in found.raw
    assert KEY not in repr(found)


async def test_key_repeated_in_the_balance_is_dots() -> None:
    body = f'{{"success": true, "code": 200, "user": {{"username": "{KEY}"}}, "credits": {{}}}}'
    async with wire(answer(body.encode())) as server, client(server) as partner:
        assert (await partner.me()).username == DOTS
    disguised = body.replace(KEY, DISGUISED)
    async with wire(answer(disguised.encode())) as server, client(server) as partner:
        assert (await partner.me()).username == DOTS


async def test_cancelled_read_carries_no_frame_that_knew_the_key() -> None:
    asked = asyncio.Event()

    async def hang_once_asked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await hang(reader, writer)

    async with wire(hang_once_asked) as server, client(server) as partner:
        reading = asyncio.create_task(partner.bulk_status("111"))
        await asked.wait()
        reading.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await reading
    assert KEY not in everything_of(caught.value)


@pytest.mark.parametrize("way", ["cancelled", "crashed", "timed out"])
async def test_frames_below_the_client_are_cut_off_however_they_end(
    way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached = asyncio.Event()

    async def send(self: KeyedTransport, request: httpx.Request, _: object) -> object:
        url = f"{request.url}&apiKey={self._key.reveal()}"
        reached.set()
        if way == "crashed":
            raise LookupError(url)
        return await asyncio.Event().wait()

    monkeypatch.setattr(KeyedTransport, "_send", send)
    async with client("http://127.0.0.1:1/v1", timeout=0.05) as partner:
        reading = asyncio.create_task(partner.bulk_status("111"))
        if way == "cancelled":
            await reached.wait()
            reading.cancel()
        with pytest.raises((ReadError, asyncio.CancelledError)) as caught:
            await reading
    assert KEY not in everything_of(caught.value)


async def test_crash_of_our_own_while_decoding_shows_no_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def crash(*_: object) -> None:
        raise RuntimeError("a bug of ours")

    monkeypatch.setattr(client_module, "read", crash)
    async with wire(answer(GOOD + KEY.encode())) as server, client(server) as partner:
        with pytest.raises(RuntimeError) as caught:
            await partner.bulk_status("111")
    assert KEY not in everything_of(caught.value)


async def test_client_itself_never_has_the_key_in_a_url_or_in_what_it_prints() -> None:
    async with wire(answer(GOOD)) as server, client(server) as partner:
        found = await partner.bulk_status("111")
        assert isinstance(found, Report)
        assert KEY not in repr(partner) + repr(vars(partner)) + repr(vars(partner._client))
        with pytest.raises(TypeError):
            pickle.dumps(partner._transport._key)
