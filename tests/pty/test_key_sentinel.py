"""A secret, the key or a target's address, stands nowhere but where it came from.

A marked one goes through the real console and the real commands, against servers that repeat
it, refuse it, or are not there, with all libraries logging at DEBUG and with faults of our own.
Looked for it is in all that was printed, logged and written, and in the process lists.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from smsmon import exit_codes
from smsmon.model import Entry
from smsmon.simulator.faults import HtmlPage, Raw, Refuse, TooMany, Trouble, TroubleWindow
from smsmon.simulator.messages import Change, SimMessage, SimRecipient
from smsmon.simulator.thread import ServerThread
from smsmon.simulator.world import World
from smsmon.store.local.watchlist import Watchlist
from tests.cli.program import printed
from tests.pty.console import environment
from tests.pty.screen import Screen
from tests.pty.sentinel import DISGUISED, KEY, MARKER, found, leaks
from tests.pty.terminal import Terminal

PROGRAM = (sys.executable, "-m", "tests.pty.sentinel")
GOOD, CLOSED = "300", "399"
"""A message that is read, and one whose server is not there."""


def raw(text: str, status: int = 200, **headers: str) -> Raw:
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Raw(text.encode(), status, headers=pairs)


def report(message_id: str, word: str) -> str:
    row = f'{{"phoneNumber": "{word}", "status": "{word}", "stopSMS": false, "date": "0"}}'
    return (
        f'{{"success": true, "code": 200, "message_id": "{message_id}",'
        f' "StatutResponse_List": [{row}]}}'
    )


TROUBLES: dict[str, Trouble] = {
    "310": Refuse(10),
    "311": raw(f'{{"success": false, "code": 10, "message": "Bad key {KEY}"}}'),
    "312": HtmlPage(),
    "313": raw(f"<html>/v1/bulk-status?apiKey={KEY} is not here</html>", 404),
    "314": raw(f'{{"success": false, "code": 777, "message": "{KEY}", "error": ["{KEY}"]}}'),
    "315": raw(report("315", KEY)),
    "316": raw(report("316", DISGUISED)),
    "317": raw("", 302, Location=f"https://{KEY}.example/?apiKey={KEY}"),
    "318": raw(f"apiKey={KEY}", 500, Set_Cookie=f"key={KEY}", X_Asked=f"apiKey={KEY}"),
    "319": TooMany(KEY),
}
"""Message → what its account's server says. Each has an account of its own, for some stop it."""
ALL = (GOOD, *TROUBLES, CLOSED)


@pytest.fixture(scope="module")
def server() -> Iterator[ServerThread]:
    people = [SimRecipient("+33600000001", (Change(1_517_989_111.0, "Waiting"),))]
    world = World(messages=[SimMessage(each, people) for each in (GOOD, *TROUBLES)])
    with ServerThread(world, key=KEY) as server:
        server.faults.windows = tuple(
            TroubleWindow(trouble, ids=frozenset({each})) for each, trouble in TROUBLES.items()
        )
        yield server


@dataclass
class Desk:
    """The program's files, its log, and what it was seen to print."""

    home: Path
    environ: dict[str, str]
    server: ServerThread

    def places(self, terminal: Terminal) -> dict[str, bytes]:
        painted = bytes(terminal.painted)
        rows = "".join(Screen(140, 40).feed(painted).rows)
        return {"terminal": painted, "screen": rows.encode()}

    def leaks(self, places: dict[str, bytes]) -> dict[str, str]:
        return leaks(places, self.home)

    def asked(self) -> Counter[str]:
        """How often each message was asked for."""
        by_id = self.server.server.requests.by_id
        return Counter({each: by_id[each] for each in (GOOD, *TROUBLES)})

    @property
    def log(self) -> str:
        return (self.home / "debug.log").read_text()

    @property
    def notes(self) -> list[str]:
        return [path.read_text() for path in (self.home / "crashes").glob("*")]


@pytest.fixture
def desk(tmp_path: Path, server: ServerThread) -> Desk:
    home = tmp_path / "home"
    home.mkdir()
    (home / "key").write_text(KEY + "\n")
    (home / "key").chmod(0o600)
    nowhere = "http://127.0.0.1:9/v1"  # the port of the discard service, which nobody runs
    accounts = [
        f'[profiles.a{each}]\nbase_url = "{nowhere if each == CLOSED else server.base_url}"\n'
        f'api_key_file = "{home / "key"}"\n'
        for each in ALL
    ]
    (home / "chat").mkdir()
    (home / "chat" / "key").write_text(f"{server.base_url}/{KEY}".replace("http:", "json:"))
    (home / "chat" / "key").chmod(0o600)
    target = f'[targets.chat]\nurl_file = "{home / "chat" / "key"}"\n'
    (home / "config.toml").write_text(f'profile = "a{GOOD}"\n' + "".join(accounts) + target)
    Watchlist(home / "watchlist.toml").add(
        Entry(each, f"Message {each}", profile=f"a{each}") for each in ALL
    )
    environ = environment(
        home,
        SENTINEL_LOG=str(home / "debug.log"),
        TEXTUAL_LOG=str(home / "textual.log"),
        SMSMON_POLLING_BUDGET="2000",
    )
    return Desk(home, environ, server)


@pytest.fixture
def terminals() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def command_lines(pid: int) -> bytes:
    """What the process list says of a process and of those it started."""
    lines = Path(f"/proc/{pid}/cmdline").read_bytes()
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            lines += command_lines(int(child))
    return lines


def test_search_finds_every_spelling_of_the_key() -> None:
    import base64
    from urllib.parse import quote

    url = f"https://x/?apiKey={KEY}"
    for text in (
        url,
        quote(url),
        "".join(f"%{ord(char):02X}" for char in KEY),
        DISGUISED,
        *(base64.b64encode(b"x" * before + KEY.encode()).decode() for before in range(3)),
        "\x1b[31m".join((KEY[:3], KEY[3:7], KEY[7:9])),
        KEY.encode("utf-16-le").decode(),
        KEY.encode().hex(),
    ):
        assert found(f"before {text} after".encode()), text
    assert not found(f"{MARKER[:-1]} and nothing else".encode())


def test_console_shows_writes_and_logs_no_key(desk: Desk, terminals: ExitStack) -> None:
    before = desk.asked()
    environ = {**desk.environ, "SMSMON_API_KEY": KEY}
    terminal = terminals.enter_context(Terminal(PROGRAM, environ))
    terminal.wait_until(lambda: not before.keys() - (desk.asked() - before), "an answer of each")
    # The log has room for the last few lines only: the reason of one stands under the cursor.
    terminal.press(b"G")
    terminal.wait_for("nothing listens there")
    terminal.wait_quiet(0.2)
    terminal.press(b"\x1b[H")
    # Every message with its fault and a copy of it, what was answered, the log, the help.
    terminal.press(b"wq" + b"Yj" * len(ALL) + b"wqltU?")
    terminal.wait_quiet(0.3)
    listed = command_lines(terminal.process.pid)
    terminal.press(b"\x1b")
    terminal.wait_quiet(0.2)
    terminal.press(b"q")
    assert terminal.ended() == exit_codes.OK
    assert "httpcore" in desk.log
    assert not (desk.home / "textual.log").exists()
    assert desk.leaks({**desk.places(terminal), "process list": listed}) == {}


@pytest.mark.parametrize(
    ("faults", "key"),
    [
        ("session:Session.open watching:Watching.remove", "d"),
        ("api.client:SmsPartner.bulk_status store.local.watchlist:Watchlist.poll_changes", ""),
    ],
    ids=["in workers", "in a read and in a thread"],
)
def test_failures_the_console_lives_through_show_no_key(
    desk: Desk, terminals: ExitStack, faults: str, key: str
) -> None:
    terminal = broken(desk, terminals, faults, key)
    terminal.wait_until(lambda: len(desk.notes) >= 2, "two notes")
    terminal.press(b"q")
    assert terminal.ended() == exit_codes.OK
    for kind in ("LookupError", "ArithmeticError"):
        assert any(f".{kind}: " in note and "sentinel.py" in note for note in desk.notes)
    assert desk.leaks(desk.places(terminal)) == {}


@pytest.mark.parametrize(
    ("fault", "key"),
    [
        ("console.app:ConsoleApp.get_default_screen", ""),
        ("console.dialogs.help:HelpScreen.compose", "?"),
    ],
    ids=["at start", "in a screen"],
)
def test_crash_of_the_console_shows_no_key(
    desk: Desk, terminals: ExitStack, fault: str, key: str
) -> None:
    terminal = broken(desk, terminals, fault, key)
    assert terminal.ended() == exit_codes.CRASH
    assert b"fault of smsmon itself" in terminal.painted
    assert any("LookupError" in note and "sentinel.py" in note for note in desk.notes)
    assert desk.leaks(desk.places(terminal)) == {}


def broken(desk: Desk, terminals: ExitStack, faults: str, key: str) -> Terminal:
    """A console with faults in it, in which a key was pressed."""
    named = " ".join(f"smsmon.{fault}" for fault in faults.split())
    terminal = terminals.enter_context(
        Terminal(PROGRAM, {**desk.environ, "SENTINEL_FAULTS": named})
    )
    if key:
        terminal.wait_for(f"Message {GOOD}")
        terminal.wait_quiet(0.2)
        terminal.press(key.encode())
    return terminal


def run(
    desk: Desk, *words: str, until: Callable[[str], bool] | None = None, **environ: str
) -> tuple[int, dict[str, bytes]]:
    """A command's exit code, and what it printed; one that lasts ends after ``until`` of that."""
    done = printed([*PROGRAM, *words], {**desk.environ, **environ}, until)
    assert "Traceback" not in done.err, done.err
    return done.code, {"stdout": done.out.encode(), "stderr": done.err.encode()}


@pytest.mark.parametrize(
    "command",
    [
        ("status", *ALL),
        ("balance",),
        ("doctor",),
        ("config", "show"),
        ("locate",),
        ("alert", "test"),
        ("watch",),
    ],
    ids=lambda words: words[0],
)
def test_command_prints_writes_and_logs_no_key(desk: Desk, command: tuple[str, ...]) -> None:
    before = desk.asked()

    def seen(said: str) -> bool:
        return "first_read" in said and not before.keys() - (desk.asked() - before)

    until = seen if command[0] == "watch" else None
    _, told = run(desk, *command, until=until, SMSMON_API_KEY=KEY)
    assert told["stdout"]
    assert desk.leaks(told) == {}


@pytest.mark.parametrize(
    ("command", "fault", "code"),
    [
        (("status", GOOD), "api.client:SmsPartner.bulk_status", exit_codes.CRASH),
        (("balance",), "api.client:SmsPartner.me", exit_codes.CRASH),
        (("watch", GOOD), "api.client:SmsPartner.bulk_status", exit_codes.TERMINATED),
        (("watch",), "store.local.history:LocalHistory.start", exit_codes.CRASH),
        (("alert", "test"), "targets.apprise_target:AppriseTarget.tell", exit_codes.CRASH),
    ],
    ids=["status", "balance", "watch, in a read", "watch, at start", "alert test"],
)
def test_crash_of_a_command_shows_no_key(
    desk: Desk, command: tuple[str, ...], fault: str, code: int
) -> None:
    def told_of(said: str) -> bool:
        return "fault of smsmon itself" in said

    until = told_of if code == exit_codes.TERMINATED else None
    ended, told = run(desk, *command, until=until, SENTINEL_FAULTS=f"smsmon.{fault}")
    assert ended == code
    assert told_of(told["stderr"].decode())
    assert len(desk.notes) == 1
    assert desk.leaks(told) == {}
