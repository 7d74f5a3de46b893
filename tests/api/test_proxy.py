"""Which proxy is used, and who is named when the way to the API fails: with real connections."""

from __future__ import annotations

import asyncio
import socket
import ssl
from base64 import b64encode
from contextlib import suppress
from pathlib import Path

import pytest

from smsmon.api.address import Proxy, proxy_for
from smsmon.api.client import CONNECTIONS, SmsPartner
from smsmon.clock import SystemClock
from smsmon.model import FaultKind, ReadError, Report
from smsmon.secret import ApiKey
from tests.api.bodies import report, rows
from tests.api.support import KEY, fault
from tests.api.test_client import CERTIFICATE
from tests.api.wire import Behaviour, Wire, answer, hang, reset, wire

GOOD = report(rows(3))
URL = "https://api.example/v1"
NAMES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY")
TRUSTED = ("SSL_CERT_FILE", "SSL_CERT_DIR")


@pytest.fixture(autouse=True)
def _no_proxy_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*NAMES, *TRUSTED):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names that lead to addresses of this machine, as a name server would say it."""
    known = {"api.example": "127.0.0.1", "proxy.example": "127.0.0.1"}
    real = socket.getaddrinfo

    def found(host: str, *rest: object, **more: object) -> object:
        if host == "localhost" or host[:1].isdigit():
            return real(host, *rest, **more)  # type: ignore[arg-type]
        if host not in known:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return real(known[host], *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", found)


async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
    """Connect to ``port`` of this machine, and carry bytes both ways."""
    there, back = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")

    async def carry(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            target.write(data)
            await target.drain()
        target.close()

    try:
        await asyncio.gather(carry(reader, back), carry(there, writer), return_exceptions=True)
    finally:
        back.close()
        with suppress(OSError):
            await back.wait_closed()


def tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


# --- which one --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environ", "setting", "found"),
    [
        ({}, None, None),
        ({"https_proxy": "http://p.example:3128"}, None, "p.example:3128 (from https_proxy)"),
        ({"HTTPS_PROXY": "p.example:3128"}, None, "p.example:3128 (from HTTPS_PROXY)"),
        ({"ALL_PROXY": "http://p.example"}, None, "p.example:80 (from ALL_PROXY)"),
        ({"all_proxy": "https://p.example"}, None, "p.example:443 (from all_proxy)"),
        ({"HTTPS_PROXY": "a.example:1", "ALL_PROXY": "b.example:1"}, None, "a.example:1 "),
        ({"https_proxy": "", "HTTPS_PROXY": "a.example:1"}, None, None),
        ({"HTTPS_PROXY": "a.example:1"}, "b.example:8080", "b.example:8080 (from network.proxy)"),
        ({"HTTPS_PROXY": "a.example:1"}, "", None),
        ({"HTTPS_PROXY": "a.example:1", "NO_PROXY": "api.example"}, None, None),
        ({"HTTPS_PROXY": "a.example:1", "no_proxy": ".example"}, None, None),
        ({"HTTPS_PROXY": "a.example:1", "no_proxy": "*"}, None, None),
        ({"HTTPS_PROXY": "a.example:1", "no_proxy": "other.example"}, None, "a.example:1 "),
        ({"HTTPS_PROXY": "a.example:1", "NO_PROXY": "*"}, "b.example:1", "b.example:1 "),
        ({"HTTP_PROXY": "a.example:1"}, None, None),
    ],
)
def test_proxy_and_what_names_it(
    environ: dict[str, str],
    setting: str | None,
    found: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    proxy = proxy_for(URL, setting)
    assert (proxy is None) is (found is None)
    assert str(proxy).startswith(f"the proxy {found}") or proxy is None
    assert proxy_for("https://127.0.0.1/v1", setting) is None


@pytest.mark.parametrize("name", ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])
@pytest.mark.parametrize(
    "bad",
    [
        "socks5://u:secret@p.example",
        "http://",
        "http://u:secret@[bad",
        "http://u:secret@p.example:99999",
        "http://u:secret p.example",
        "u:secret@p.example:x",
        "\x1b[31m",
    ],
)
def test_unusable_proxy_is_told_with_its_variable_and_without_its_password(
    name: str, bad: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, bad)
    with pytest.raises(ValueError, match=f"^{name}: The proxy ") as caught:
        proxy_for(URL, None)
    assert "secret" not in str(caught.value)
    assert str(caught.value).isprintable()
    with pytest.raises(ValueError, match=r"^network\.proxy: The proxy "):
        proxy_for(URL, bad)


def test_password_of_a_proxy_never_prints() -> None:
    proxy = proxy_for(URL, "http://us%65r:se%63ret@p.example:1")
    assert proxy is not None
    assert proxy.credentials == b"Basic " + b64encode(b"user:secret")
    for hidden in ("secret", "user", b64encode(b"user:secret").decode()):
        assert hidden not in f"{proxy} {proxy!r} {[proxy]}"


# --- what happens on the way ------------------------------------------------------------------


def through(proxy: Wire | int, **settings: object) -> SmsPartner:
    port = proxy if isinstance(proxy, int) else proxy.port
    return SmsPartner(
        ApiKey.parse(KEY),
        clock=SystemClock(),
        base_url=str(settings.get("base_url", URL)),
        proxy=f"http://{settings.get('login', '')}127.0.0.1:{port}",
        timeout=float(str(settings.get("timeout", 5.0))),
        ca_file=Path(CERTIFICATE),
    )


async def failing(partner: SmsPartner) -> tuple[FaultKind, str]:
    async with partner:
        with pytest.raises(ReadError) as caught:
            await partner.bulk_status("111")
    return caught.value.fault.kind, caught.value.fault.message


def says(head: str, body: str = "") -> Behaviour:
    async def behaviour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(f"{head}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
        await writer.drain()

    return behaviour


async def close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Close without a word."""


PROXIES: dict[str, tuple[Behaviour | bytes, str]] = {
    "refuses": (says("HTTP/1.1 403 No"), "did not connect to api.example (HTTP 403)."),
    "wants a password": (says("HTTP/1.1 407 Who?"), "(HTTP 407): it wants a user name and"),
    "cannot reach it": (says("HTTP/1.1 502 Bad"), "(HTTP 502): it works, but does not reach api"),
    "is a web server": (says("HTTP/1.1 404 No", "<html>"), "did not connect to api.example"),
    "shows a page": (b"<html>hello</html>\r\n\r\n", "did not answer in HTTP"),
    "speaks SSH": (b"SSH-2.0-OpenSSH_9\r\n\r\n", "did not answer in HTTP"),
    "closes": (close, "closed the connection."),
    "resets": (reset, "the connection."),
    "pushes": (b"HTTP/1.1 200 OK\r\n\r\nmore", "said more than it was asked."),
    "pushes a page": (answer(b"<html>"), "said more than it was asked."),
}


@pytest.mark.parametrize("name", PROXIES)
async def test_proxy_that_fails_is_named_with_its_setting(name: str) -> None:
    behaviour, told = PROXIES[name]
    async with wire(behaviour) as proxy:
        kind, message = await failing(through(proxy))
        assert KEY.encode() not in proxy.heads[0]
    assert kind is FaultKind.NETWORK
    assert message.startswith(f"The proxy 127.0.0.1:{proxy.port} (from network.proxy) ")
    assert told in message


async def test_proxy_that_does_not_take_the_password_is_told_without_it() -> None:
    async with wire(says("HTTP/1.1 407 Who?")) as proxy:
        _, message = await failing(through(proxy, login="user:hidden@"))
        head = proxy.heads[0]
    assert b"Proxy-Authorization: Basic " + b64encode(b"user:hidden") in head
    assert "does not take the user name and password in network.proxy" in message
    assert "hidden" not in message


async def test_address_of_the_api_in_version_6_is_told_to_the_proxy_in_brackets() -> None:
    async with wire(says("HTTP/1.1 403 No")) as proxy:
        await failing(through(proxy, base_url="https://[2001:db8::1]/v1"))
        assert proxy.heads[0].startswith(b"CONNECT [2001:db8::1]:443 HTTP/1.1\r\n")
        assert b"\r\nHost: [2001:db8::1]:443\r\n" in proxy.heads[0]


async def test_dead_proxy_is_not_taken_for_the_api(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        kind, told = await failing(SmsPartner(ApiKey.parse(KEY), clock=SystemClock()))
    assert kind is FaultKind.NETWORK
    assert told == (
        f"The proxy 127.0.0.1:{port} (from HTTPS_PROXY) refused the connection: nothing listens"
        " there."
    )


async def test_silent_proxy_is_named_when_the_time_is_over() -> None:
    async with wire(hang) as proxy:
        kind, message = await failing(through(proxy, timeout=0.2))
    assert kind is FaultKind.TIMEOUT
    assert message == (
        f"After 0.2 s the proxy 127.0.0.1:{proxy.port} (from network.proxy) had not connected to"
        " api.example."
    )


@pytest.mark.usefixtures("names")
async def test_name_of_a_proxy_that_is_unknown_is_told_as_the_proxys(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("all_proxy", "http://typo.example:3128")
    _, told = await failing(SmsPartner(ApiKey.parse(KEY), clock=SystemClock(), base_url=URL))
    assert told == (
        "The name typo.example of the proxy typo.example:3128 (from all_proxy) could not be"
        " resolved: check the network, DNS, and all_proxy."
    )


@pytest.mark.usefixtures("names")
async def test_name_of_the_api_that_is_unknown_is_told_as_the_apis() -> None:
    _, told = await fault("https://typo.example/v1")
    assert told.message == (
        "The name typo.example could not be resolved: check the network, the base URL and DNS."
    )


async def test_name_in_the_certificate_is_checked_through_a_proxy() -> None:
    async with wire(answer(GOOD), tls=tls()) as server:

        async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await tunnel(reader, writer, server.port)

        async with wire(connect) as proxy:
            partner = through(proxy, base_url=f"https://api.invalid:{server.port}/v1")
            _, message = await failing(partner)
            assert message.startswith("TLS: the certificate of api.invalid through the proxy")
            assert "Hostname mismatch" in message
            assert message.endswith("Trusted is only what network.ca_file names.")
            assert server.heads == []
            assert all(KEY.encode() not in head for head in proxy.heads)


async def test_report_is_read_through_a_tunnel_with_the_authority_of_the_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Loopback is reached without a proxy; here the certificate's own name plays a far host.
    monkeypatch.setattr("smsmon.api.address.is_loopback", lambda _: False)
    async with wire(answer(GOOD), tls=tls()) as server:

        async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await tunnel(reader, writer, server.port)

        async with (
            wire(connect) as proxy,
            through(proxy, base_url=f"https://localhost:{server.port}/v1") as partner,
        ):
            for _ in range(2):
                assert isinstance(await partner.bulk_status("111"), Report)
            assert proxy.connections == 1
            assert KEY.encode() in server.heads[0]
            assert KEY.encode() not in proxy.heads[0]
            assert proxy.heads[0].startswith(f"CONNECT localhost:{server.port} ".encode())


async def test_report_is_read_through_a_tunnel_inside_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smsmon.api.address.is_loopback", lambda _: False)
    async with wire(answer(GOOD), tls=tls()) as server:

        async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await tunnel(reader, writer, server.port)

        async with wire(connect, tls=tls()) as proxy:
            partner = SmsPartner(
                ApiKey.parse(KEY),
                clock=SystemClock(),
                base_url=f"https://localhost:{server.port}/v1",
                proxy=f"https://localhost:{proxy.port}",
                ca_file=CERTIFICATE,
            )
            async with partner:
                for _ in range(2):
                    assert isinstance(await partner.bulk_status("111"), Report)
            assert proxy.connections == 1
            assert KEY.encode() not in proxy.heads[0]


async def test_tunnels_in_which_tls_fails_hold_no_room() -> None:
    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await writer.drain()

    async with wire(connect) as proxy, through(proxy) as partner:
        for _ in range(3 * CONNECTIONS):
            with pytest.raises(ReadError, match=r"^TLS with api\.example through the proxy"):
                await partner.bulk_status("111")


async def test_proxy_that_opens_tls_is_told_with_the_setting_that_trusts_it() -> None:
    async with wire(answer(GOOD), tls=tls()) as server:

        async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await tunnel(reader, writer, server.port)

        async with wire(connect) as proxy:
            partner = SmsPartner(
                ApiKey.parse(KEY),
                clock=SystemClock(),
                base_url=URL,
                proxy=f"http://127.0.0.1:{proxy.port}",
            )
            _, message = await failing(partner)
    assert "the certificate of api.example through the proxy 127.0.0.1" in message
    assert "name its authority in network.ca_file" in message


async def test_proxy_spoken_to_by_tls_is_named_when_that_fails() -> None:
    async with wire(answer(GOOD)) as plain:
        proxy = Proxy("127.0.0.1", plain.port, True, "network.proxy")
        partner = SmsPartner(
            ApiKey.parse(KEY),
            clock=SystemClock(),
            base_url=URL,
            proxy=f"https://127.0.0.1:{plain.port}",
            timeout=1.0,
        )
        _, message = await failing(partner)
    assert f"TLS with {proxy}" in message
