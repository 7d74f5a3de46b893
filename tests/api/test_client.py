"""The client against a real server on loopback: what it asks, keeps and gives."""

from __future__ import annotations

import asyncio
import gzip
import ssl
from pathlib import Path

import pytest

from smsmon import __version__
from smsmon.api.client import THREAD_FROM
from smsmon.api.errors import MessageIdRequired
from smsmon.model import Report, Unchanged
from smsmon.recipients import Status
from tests.api.bodies import report, rows, xml_report
from tests.api.support import KEY, client, read
from tests.api.wire import answer, wire

CERTIFICATE = Path(__file__).parent.parent / "data" / "tls" / "localhost.pem"
GOOD = report(rows(3))


async def test_request_is_a_get_with_the_key_and_the_id() -> None:
    async with wire(answer(GOOD)) as server:
        await read(server)
    line, *headers = server.heads[0].decode().split("\r\n")
    assert line == f"GET /v1/bulk-status?messageId=111&apiKey={KEY} HTTP/1.1"
    assert "Accept-Encoding: gzip" in headers
    assert f"User-Agent: smsmon/{__version__}" in headers
    assert not any(header.lower().startswith(("referer", "cookie")) for header in headers)


async def test_report_holds_recipients_digest_time_and_raw() -> None:
    async with wire(answer(GOOD)) as server:
        found = await read(server)
    assert found.message_id == "111"
    assert [one.status for one in found.recipients] == [
        Status.DELIVERED,
        Status.WAITING,
        Status.NOT_DELIVERED,
    ]
    assert found.raw == GOOD
    assert found.fetched_at > 0
    assert len(found.digest) == 16


async def test_xml_is_asked_for_by_name_and_gives_the_same_report() -> None:
    body = xml_report(rows(3))
    async with wire(answer(body, content_type="text/xml; charset=UTF-8")) as server:
        found = await read(server, answer_format="xml")
    assert b"&_format=xml&" in server.heads[0]
    async with wire(answer(GOOD)) as server:
        assert found.recipients == (await read(server)).recipients


async def test_known_answer_is_unchanged_and_not_decoded() -> None:
    async with wire(answer(GOOD)) as server, client(server) as partner:
        first = await partner.bulk_status("111")
        assert isinstance(first, Report)
        again = await partner.bulk_status("111", first.digest)
        assert isinstance(again, Unchanged)
        assert (again.message_id, again.digest) == ("111", first.digest)


async def test_known_body_under_a_failing_status_is_not_unchanged() -> None:
    answers = (answer(GOOD), answer(GOOD, status="500 Oops"))
    async with wire(*answers) as server, client(server) as partner:
        first = await partner.bulk_status("111")
        with pytest.raises(Exception, match="HTTP 500"):
            await partner.bulk_status("111", first.digest)


async def test_connection_is_kept_for_the_next_poll() -> None:
    async with wire(answer(GOOD)) as server, client(server) as partner:
        for _ in range(3):
            await partner.bulk_status("111")
        assert server.connections == 1
        assert len(server.heads) == 3


async def test_connection_closed_by_the_server_in_between_is_opened_anew() -> None:
    async with wire(answer(GOOD, headers="Connection: close")) as server, client(server) as partner:
        await partner.bulk_status("111")
        await partner.bulk_status("111")
        assert len(server.heads) == 2


async def test_gzip_is_unpacked() -> None:
    packed = answer(gzip.compress(GOOD), headers="Content-Encoding: gzip")
    async with wire(packed) as server:
        found = await read(server)
    assert found.raw == GOOD


async def test_same_report_packed_otherwise_is_unchanged() -> None:
    answers = [
        answer(gzip.compress(GOOD, level), headers="Content-Encoding: gzip") for level in (1, 9)
    ]
    async with wire(*answers) as server, client(server) as partner:
        first = await partner.bulk_status("111")
        assert isinstance(await partner.bulk_status("111", first.digest), Unchanged)


async def test_large_report_arrives_whole() -> None:
    body = report(rows(20_000))
    assert len(body) > THREAD_FROM
    async with wire(answer(body)) as server:
        found = await read(server)
    assert len(found.recipients) == 20_000


@pytest.mark.parametrize("bad", ["", "abc", "1&x=2", "１", "1" * 33, " 1"])
async def test_what_is_no_id_is_never_sent(bad: str) -> None:
    async with wire(answer(GOOD)) as server, client(server) as partner:
        with pytest.raises(MessageIdRequired):
            await partner.bulk_status(bad)
        assert server.connections == 0


async def test_last_exchange_tells_latency_and_the_servers_clock() -> None:
    dated = answer(GOOD, headers="Date: Sun, 22 Nov 2026 10:00:00 GMT")
    async with wire(dated) as server, client(server) as partner:
        before, _ = partner.last_exchange, await partner.bulk_status("111")
        exchange = partner.last_exchange
    assert before is None
    assert exchange is not None
    assert 0 < exchange.latency < 5
    assert exchange.server_date == 1795341600


async def test_a_report_tells_when_it_was_asked_for() -> None:
    async with wire(answer(GOOD)) as server, client(server) as partner:
        found = await partner.bulk_status("111")
        same = await partner.bulk_status("111", found.digest)
    assert 0 < found.asked_at < found.fetched_at <= same.asked_at < same.fetched_at


async def test_last_exchange_without_a_date_tells_none() -> None:
    async with wire(answer(GOOD, headers="Date: whenever")) as server, client(server) as partner:
        await partner.bulk_status("111")
        assert partner.last_exchange is not None
        assert partner.last_exchange.server_date is None


async def test_requests_run_side_by_side() -> None:
    arrived = asyncio.Event()
    waiting = 0

    async def together(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal waiting
        waiting += 1
        if waiting == 3:
            arrived.set()
        await arrived.wait()
        writer.write(answer(GOOD))
        await writer.drain()

    async with wire(together) as server, client(server) as partner:
        found = await asyncio.gather(*(partner.bulk_status("111") for _ in range(3)))
    assert len(found) == 3


async def test_cookies_are_not_sent_back() -> None:
    async with wire(answer(GOOD, headers="Set-Cookie: a=b")) as server, client(server) as partner:
        await partner.bulk_status("111")
        await partner.bulk_status("111")
    assert b"cookie" not in server.heads[1].lower()


async def test_certificate_of_the_given_ca_is_accepted() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    async with wire(answer(GOOD), tls=context) as server:
        found = await read(server, ca_file=CERTIFICATE)
    assert len(found.recipients) == 3


async def test_loopback_is_never_reached_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    async with wire(answer(GOOD)) as server:
        await read(server)
        await read(server, proxy="http://127.0.0.1:9")


def test_ca_file_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing")
    for path, reason in ((tmp_path / "none.pem", "No such file"), (empty, "no certificates")):
        with pytest.raises(ValueError, match=f"{path.name} cannot be used: .*{reason}"):
            client("https://localhost/v1", ca_file=path)
