"""Signs of life over real loopback HTTP and on real files: given, or told why not, and in time."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from smsmon.locations import Locations
from smsmon.service import pings
from smsmon.service.pings import PingUrl, address_of
from smsmon.settings import load_settings
from smsmon.settings.secrets import KeySource

TOKEN = "0f8d2c1e-7777-secret"
ANSWERS: dict[str, bytes] = {
    "ok": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK",
    "none": b"HTTP/1.1 204 No Content\r\n\r\n",
    "endless": b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n" + b"x" * 100_000,
    "away": b"HTTP/1.1 302 Found\r\nLocation: /ok/" + TOKEN.encode() + b"\r\n\r\n",
    "broken": b"HTTP/1.1 500 No\r\nContent-Length: 30\r\n\r\n" + TOKEN.encode(),
    "garbage": b"\x00\xff\x1b[31m no HTTP\r\n\r\n",
    "closed": b"",
}


class Server:
    """Answers by the first part of the path; ``silent`` is never answered."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.port = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        method, target, _ = head.split(" ", 2)
        self.asked.append(f"{method} {target}")
        if target.startswith("/silent"):
            await reader.read()
        writer.write(ANSWERS.get(target.split("/")[1], b""))
        writer.close()

    def url(self, what: str) -> str:
        return f"http://127.0.0.1:{self.port}/{what}/{TOKEN}?status=up"


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    async with await asyncio.start_server(made.answer, "127.0.0.1", 0) as listening:
        made.port = listening.sockets[0].getsockname()[1]
        yield made


async def ping(url: str, folder: Path) -> str:
    settings = load_settings(Locations.under(folder), {})
    said = await PingUrl(KeySource("env", "PING_URL"), settings, {"PING_URL": url}).ping()
    assert TOKEN not in said
    assert "127.0.0.1" not in said
    return said.removeprefix("No sign of life to the address from environment variable PING_URL: ")


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("ok", ""),
        ("none", ""),
        ("endless", ""),
        ("away", "it redirects to another one (HTTP 302), which is not followed."),
        ("broken", "it answered HTTP 500."),
        ("garbage", "the connection was closed, or HTTP broken, before the answer was there."),
        ("closed", "the connection was closed, or HTTP broken, before the answer was there."),
        ("silent", "there was no answer within 0.3 s."),
    ],
)
async def test_what_the_other_side_says(
    what: str, said: str, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if what == "silent":
        monkeypatch.setattr(pings, "WITHIN", 0.3)
    assert await ping(server.url(what), tmp_path) == said
    assert server.asked == [f"GET /{what}/{TOKEN}?status=up"]


async def test_nobody_listens(server: Server, tmp_path: Path) -> None:
    url, server.port = server.url("ok"), 1
    assert await ping(server.url("ok"), tmp_path) == (
        "its host refused the connection: nothing listens there."
    )
    assert await ping(url, tmp_path) == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"http://example.com/{TOKEN}", "go over the network unencrypted"),
        (f"ftp://127.0.0.1/{TOKEN}", "must begin with https://"),
        (f"https://me:{TOKEN}@example.com/", "must not hold a user name or password"),
        (f"https://127.0.0.1:0/{TOKEN}", "names no host and port"),
        (f"https:///{TOKEN}", "names no host"),
        (f"https://example.com/{TOKEN} x", "characters that no URL has"),
        (f"example.com/{TOKEN}", "no scheme"),
        (" ", "is not set"),
    ],
)
async def test_an_address_that_is_none(text: str, said: str, tmp_path: Path) -> None:
    assert said in await ping(text, tmp_path)


def test_an_address_prints_as_dots() -> None:
    address = address_of(f" https://example.com/{TOKEN}\n")
    assert TOKEN not in f"{address} {address!r}"
    assert address.reveal() == f"https://example.com/{TOKEN}"


async def test_an_address_in_a_file_is_read_each_time(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "ping"
    settings = load_settings(Locations.under(tmp_path), {})
    url = PingUrl(KeySource("file", str(file)), settings, {})
    assert "cannot be read: No such file" in await url.ping()
    file.write_text(server.url("ok") + "\n")
    assert await url.ping() == ""


async def test_a_file_is_touched_and_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "run" / "alive"
    assert await pings.touch(file) == ""
    assert file.stat().st_mode & 0o777 == 0o600
    file.write_text("kept")
    os.utime(file, (1, 1))
    before = time.time()
    assert await pings.touch(file) == ""
    assert file.stat().st_mtime >= before - 1
    assert file.read_text() == "kept"


async def test_what_cannot_be_touched_is_told(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").touch()
    for name, why in (("pipe", "it is a pipe, not a file"), ("file/alive", "no folder")):
        assert why in await pings.touch(tmp_path / name)
