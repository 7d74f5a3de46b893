"""What a team's store needs is loaded when it is first asked, and what keeps one from being opened
is told by us, without the password."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from smsmon.secret import DOTS
from smsmon.settings import Settings
from smsmon.store.errors import StoreError
from smsmon.store.team import open_team

_FIRST_PAINT = """
import asyncio, sys
from pathlib import Path
from textual.css.stylesheet import Stylesheet
from smsmon.console.app import ConsoleApp
from smsmon.locations import Locations
from smsmon.settings import Settings

apply, styled = Stylesheet.apply, []
def counted(self, node, **options):
    styled.append(node)
    apply(self, node, **options)

def painted(app):
    print(*sys.modules)
    print(*(each.id for each in styled if each.id))
    app.exit()

Stylesheet.apply = counted

ConsoleApp._start = painted  # called after the first paint
app = ConsoleApp(Settings(store=sys.argv[1]), Locations.under(Path(sys.argv[2])), reread=None)
asyncio.run(app.run_async(headless=True, size=(140, 40)))
"""
_LATER = """
click sqlite3 psycopg httpx httpcore h11 phonenumbers plotext textual.widgets._text_area
<<<<<<< HEAD
smsmon.store.sql smsmon.store.past smsmon.store.arrivals smsmon.store.local.files
=======
smsmon.console.tables.filter_bar smsmon.filters.prompt
smsmon.store.sql smsmon.store.past smsmon.store.together smsmon.store.local.files
>>>>>>> 7100583b (Load what a filter is typed in when one is typed)
smsmon.store.team.database smsmon.alerting.looking smsmon.monitor.alerts smsmon.sharing
smsmon.watching smsmon.grouping smsmon.sources smsmon.console.opening smsmon.console.operations
smsmon.console.export smsmon.console.dialogs
"""


@pytest.mark.parametrize("store", ["", "postgresql://ops@db.example/smsmon"])
def test_the_first_paint_waits_for_nothing_that_it_does_not_show(
    tmp_path: Path, store: str
) -> None:
    argv = [sys.executable, "-c", _FIRST_PAINT, store, str(tmp_path)]
    ran = subprocess.run(argv, check=True, capture_output=True, text=True)
    loaded, styled = (line.split() for line in ran.stdout.splitlines())
    assert "smsmon.console.screen" in loaded
    assert not {*loaded} & {*_LATER.split()}
    assert "messages" in styled
    assert len(styled) == len({*styled}) + 1, "styled twice: only what says nothing yet may be"


def test_an_address_that_makes_no_sense_is_refused_without_its_text() -> None:
    store = open_team(Settings(store="postgresql://ops:secret@db example"))
    with pytest.raises(StoreError) as refused:
        store.watchlist().load()
    assert "secret" not in str(refused.value)


def test_nothing_is_said_in_the_words_of_the_driver() -> None:
    said = (
        "import logging, smsmon.store.team.database;"
        "logging.getLogger('psycopg').warning('error ignored terminating')"
    )
    ran = subprocess.run([sys.executable, "-c", said], check=True, capture_output=True)
    assert not ran.stderr


def why_not(address: str) -> str:
    """What is said of a store that cannot be connected to."""
    with pytest.raises(StoreError) as refused:
        open_team(Settings(store=address)).watchlist().load()
    return str(refused.value)


@pytest.mark.parametrize("host", ["a..b", ".example", "x" * 64 + ".example", "x" * 300])
def test_what_no_host_can_be_called_is_told(host: str) -> None:
    assert "no host can have this name" in why_not(f"postgresql://ops@{host}/sms")


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!I", len(body) + 4) + body


@pytest.fixture
def telltale() -> str:
    """The address of a server that asks for a password as it is, and repeats it."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            line, _ = server.accept()
            with line:
                while struct.unpack("!II", line.recv(1_000)[:8])[1] != 3 << 16:
                    line.sendall(b"N")  # no TLS
                line.sendall(_message(b"R", struct.pack("!I", 3)))
                told = line.recv(1_000)[5:-1]
                line.sendall(_message(b"E", b"SFATAL\0C28000\0MNobody is called " + told + b"\0\0"))

    threading.Thread(target=serve, daemon=True).start()
    return f"127.0.0.1:{server.getsockname()[1]}/sms"


@pytest.mark.parametrize("where", ["address", "variable", "file"])
def test_a_server_that_repeats_the_password_is_told_without_it(
    where: str, telltale: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "passwords").write_text("*:*:*:*:Hunter2\n")
    (tmp_path / "passwords").chmod(0o600)
    if where == "variable":
        monkeypatch.setenv("PGPASSWORD", "Hunter2")
    elif where == "file":
        monkeypatch.setenv("PGPASSFILE", str(tmp_path / "passwords"))
    said = why_not(f"postgresql://ops{':Hunter2' * (where == 'address')}@{telltale}")
    assert f"Nobody is called {DOTS}" in said


def test_a_password_file_that_libpq_would_complain_of_past_us_is_told_by_us(
    telltale: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    for name, why in {"a\x1b[31m": "others can read it", "pipe": "a pipe", ".": "a folder"}.items():
        place = tmp_path / name
        if name == "pipe":
            os.mkfifo(place)
        elif name != ".":
            place.write_text("*:*:*:*:Hunter2\n")
        monkeypatch.setenv("PGPASSFILE", str(place))
        said = why_not(f"postgresql://ops@{telltale}")
        assert "is not read, since" in said
        assert why in said
        assert "\x1b" not in said
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("name", ["PGSERVICEFILE", "PGSSLROOTCERT", "PGSSLKEY"])
def test_nobody_waits_for_a_pipe_that_libpq_is_to_read(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.setenv(name, str(tmp_path / "pipe"))
    assert "it is a pipe, not a file" in why_not("service=sms")
