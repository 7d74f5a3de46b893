"""Hostile values for every option, argument and variable of every command, found by looking.

Nothing here names an option: a command that is new is fuzzed by being there.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

import click

from smsmon import exit_codes
from smsmon.cli import smsmon
from smsmon.settings.leaves import leaves
from smsmon.simulator.messages import Change, SimMessage, SimRecipient
from smsmon.simulator.thread import ServerThread
from smsmon.simulator.world import World
from tests.cli.inside import ENDS, Inside
from tests.hostile.corpus import CORPUS, NAME
from tests.hostile.terminal import odd_characters
from tests.support import installed

KEY = "5e41713109ab5e41713109ab5e41713109ab0123"
LASTING = {"watch", "simulate", "--watch"}
"""Words of commands that last until they are told to stop."""
SOON = 0.2
"""Seconds after which they are."""
AT_WORK = 1.0
"""As much for one in a process of its own, which has to start."""
HANGS = 15.0
"""Seconds after which any other command is taken to hang."""

NUMBERS = (
    "0", "-1", "1", "1e400", "-1e400", "1e-400", "nan", "NaN", "inf", "-inf", "infinity", "0x10",
    "1_000", "٣", "１２",
    "9" * 19, "9" * 400, "-" + "9" * 5_000, "1" * 5_000, "1." + "0" * 5_000,
    ".5", "1e5", "+33" + "6" * 5_000, "06", "+", "0" * 5_000 + "1", "18446744073709551616",
)  # fmt: skip
MOMENTS = (
    "999999999999d", "1" * 400 + "d", "1e309s", "9" * 5_000 + "h", "0s", "-5m", "1d1d1d", "10 m",
    "9999-12-31T23:59:59", "0001-01-01", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00",
    "2026-13-45", "2026-01-01T00:00:00+99:99", "1969-12-31", "2026-W01-1", "-2026-01-01",
    "106751991167d", "1970-01-01T00:00:00Z", "2026-03-29T02:30",
)  # fmt: skip
CONDITIONS = (
    "status:", ":", "!", "!!", '"', "a:b:c", "failed_share>5%%", "/(/", "/[/", "/(?P</",
    "/a{9999999}/", "took>999999999999d", "rate<nan%", "rate<inf%", "recipients>" + "9" * 5_000,
    "id:" + "9" * 5_000, "sent<0001-01-01", "sent>9999-12-31", "a..b", "1..", "..", "phone:+",
    "country:", "id:9..1", "recipients:1.." + "9" * 400, "/" + "(" * 500 + ")" * 500 + "/",
    "read>1e400s", "\\", "tag:\\",
)  # fmt: skip
TEXTS = (
    "", " ", "-", "--", "---", "=1+1", "@x", "%s%n", "{0}", "\n", "\r\n\r\n", "\t", "é",
    "x" * 100_000, "\udcff\udc80", "a\udc9b[31m", NAME, "300,301", "$(id)", "`id`", "*", "?", "-h",
    "default", "300", *(text.replace("\0", "")[:500] for text in CORPUS.values()),
)  # fmt: skip
PATHS = (
    "loop", "folder", "fifo", "missing/parent/x", "~nosuchuser", "~nosuchuser/x", "~", ".", "..",
    "./", "file/below", "n" * 300, "n/" * 3_000, "binary", "utf16", "list.csv", "unreadable",
    "dangling", "key", "list.toml", "empty", "database",
)  # fmt: skip
VALUES = (*NUMBERS, *MOMENTS, *CONDITIONS, *TEXTS, *PATHS)
"""Nothing with a NUL: neither an argument nor a variable can hold one."""

PROXIES = (
    "http://", "http://[", "http://:0", "socks5://127.0.0.1:9", "://", "http://a:b@c:d",
    "http://x:99999", "http://" + "x" * 300, "http://127.0.0.1:9", "127.0.0.1:9",
    "http://\x1b[31m", "http://é.example", "http://xn--", "http://.", "http://a..b",
    "https://127.0.0.1:9",
)  # fmt: skip
TERMINALS = ("", "dumb", "xterm-256color", "\x1b[31m", "-1", "0", "9" * 5_000, "nan", "x" * 10_000)
VARIABLES = (
    "SMSMON_HOME", "SMSMON_API_KEY", "SMSMON_BASE_URL",
    *sorted(leaf.variable for leaf in leaves().values() if leaf.variable), "HOME",
    "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "TMPDIR",
    "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "NO_PROXY", "no_proxy",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE", "TERM", "COLORTERM", "COLUMNS", "LINES",
    "NO_COLOR", "TMUX", "STY", "EDITOR", "VISUAL", "PAGER", "LANG", "LC_ALL", "LANGUAGE", "TZ",
    "USER", "LOGNAME", "PATH", "SHELL", "_SMSMON_COMPLETE",
)  # fmt: skip
READING = (
    ("config", "show"), ("config", "check"), ("doctor", "--offline"), ("doctor",), ("locate",),
    ("ls",), ("status", "300"), ("balance",), ("history", "info"), ("history", "changes"),
    ("find", "0600000001"), ("export", "recipients"), ("alert", "ls"), ("check",),
    ("status", "--oneline"), (),
)  # fmt: skip
"""Commands that look at everything, and write nothing outside of their folder."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """One run of the program."""

    args: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    encoding: str = "utf-8"

    @property
    def lasts(self) -> bool:
        """True if it may last until it is told to stop: by its nature, or by its limit."""
        return not LASTING.isdisjoint(self.args) or "SMSMON_POLLING_BUDGET" in self.env

    @property
    def is_plugin(self) -> bool:
        """True for what monitoring systems run, and understand by four codes."""
        return self.args[:1] == ("check",)

    def __repr__(self) -> str:
        def short(text: str) -> str:
            return ascii(text if len(text) < 200 else f"{text[:60]}… ({len(text):,} characters)")

        args = " ".join(short(each) for each in self.args)
        env = " ".join(f"{name}={short(value)}" for name, value in self.env.items())
        return f"<{env} smsmon {args}>"


Found = tuple[tuple[str, ...], click.Command]


def commands() -> list[Found]:
    """Every command with the words that call it, the group itself first."""

    def below(words: tuple[str, ...], command: click.Command) -> Iterator[Found]:
        yield words, command
        if isinstance(command, click.Group):
            context = click.Context(command)
            for name in command.list_commands(context):
                inner = command.get_command(context, name)
                assert inner is not None
                yield from below((*words, name), inner)

    return list(below((), smsmon))


def plausible(parameter: click.Parameter) -> str:
    """A value that the parameter most likely takes."""
    kind = parameter.type
    if isinstance(kind, click.Choice):
        return str(next(iter(kind.choices)))
    if isinstance(kind, click.IntRange | click.FloatRange):
        return str(kind.min if kind.min is not None else 1)
    if kind.name in ("integer", "float"):
        return "1"
    if kind.name in ("duration", "moment"):
        return "1s"
    return {"number": "0600000001", "file": "list.csv"}.get(str(parameter.name), "300")


def with_value(words: Sequence[str], command: click.Command, at: int, value: str) -> Invocation:
    """The command with ``value`` for its parameter at that place, and what it needs besides."""
    options: list[str] = []
    arguments: list[str] = []
    for place, parameter in enumerate(command.params):
        given = value if place == at else plausible(parameter) if parameter.required else None
        if given is None:
            continue
        if isinstance(parameter, click.Argument):
            arguments.append(given)
        elif isinstance(parameter, click.Option):
            name = parameter.opts[-1]
            options.append(name if parameter.is_flag or parameter.count else f"{name}={given}")
    if not arguments and any(isinstance(each, click.Argument) for each in command.params):
        arguments = ["300"]
    return Invocation((*words, *options, *(["--"] if arguments else []), *arguments))


def every_parameter() -> list[tuple[Sequence[str], click.Command, int]]:
    """Each parameter of each command, by its place."""
    return [
        (words, command, place)
        for words, command in commands()
        for place in range(len(command.params))
    ]


def every_option(values: Sequence[str] = VALUES) -> list[Invocation]:
    """Each value for each parameter of each command."""
    return [
        with_value(words, command, place, value)
        for words, command, place in every_parameter()
        for value in (values[:1] if getattr(command.params[place], "is_flag", False) else values)
    ]


def every_variable() -> list[Invocation]:
    """Each value for each variable, of the commands that read everything in turn."""
    values = (*NUMBERS, *TEXTS, *PATHS, *PROXIES, *TERMINALS)
    turn = cycle(READING)
    return [Invocation(next(turn), {name: value}) for name in VARIABLES for value in values]


class Stage:
    """A home with everything in it, made anew for each run; an API that answers."""

    def __init__(self, folder: Path, api: ServerThread) -> None:
        self._template = folder / "template"
        self.room = folder / "room"
        self._api = api
        _furnish(self._template)
        self._fresh()
        self._program = Inside(
            self.room / "home",
            {
                "HOME": str(self.room / "folder"),
                "PATH": "/usr/bin:/bin",
                "SMSMON_API_KEY": KEY,
                "SMSMON_BASE_URL": api.base_url,
                "LANG": "C.UTF-8",
            },
        )
        for args in (
            ("add", "300", "301", "--label", NAME, "--tag", "a"),
            ("watch", "--for", "0.5s"),
        ):
            code, output = self._program.run(args)
            assert code == exit_codes.OK, output
        shutil.copytree(self.room / "home", self._template / "home", dirs_exist_ok=True)

    def run(self, invocation: Invocation) -> tuple[int, bytes]:
        """Run it in a room that is as it was at first."""
        self._fresh()
        return self._program.run(
            invocation.args,
            invocation.env,
            given=b"300\n\xff\x00\x1b[31m\n",
            encoding=invocation.encoding,
            interrupt=SOON if invocation.lasts else HANGS,
            lasts=invocation.lasts,
        )

    def troubles_apart(self, invocation: Invocation) -> list[str]:
        """As `troubles`, in a process of its own, which is told to stop if it lasts."""
        self._fresh()
        installed.require()
        process = subprocess.Popen(
            [sys.executable, "-m", "smsmon", *invocation.args],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**self._program.environ, "SMSMON_HOME": str(self.room / "home"), **invocation.env},
            cwd=self.room,
        )
        try:
            output, _ = process.communicate(timeout=AT_WORK if invocation.lasts else HANGS)
        except subprocess.TimeoutExpired:
            process.terminate()
            output, _ = process.communicate(timeout=ENDS)
        text = output.decode(invocation.encoding, "surrogateescape")
        code = -process.returncode if process.returncode < 0 else process.returncode
        if code in (signal.SIGTERM, exit_codes.TERMINATED):
            code = exit_codes.INTERRUPTED
        return troubles(code, text, lasts=invocation.lasts, plugin=invocation.is_plugin)

    def troubles(self, invocation: Invocation) -> list[str]:
        """What is wrong with how it ran; nothing when all is well."""
        code, output = self.run(invocation)
        text = output.decode(invocation.encoding, "surrogateescape")
        return troubles(code, text, lasts=invocation.lasts, plugin=invocation.is_plugin)

    def _fresh(self) -> None:
        shutil.rmtree(self.room, ignore_errors=True)
        shutil.copytree(self._template, self.room, symlinks=True, ignore=_fifos)
        os.mkfifo(self.room / "fifo")
        os.chdir(self.room)


CODES = {*exit_codes.MEANINGS} - {exit_codes.CRASH}
PLUGIN_CODES = {0, 1, 2, 3}


def troubles(code: int, text: str, *, lasts: bool, plugin: bool = False) -> list[str]:
    """What must not be of a command's end."""
    text = text.removeprefix("\ufeff")  # for spreadsheets
    found = []
    if code not in (PLUGIN_CODES if plugin else CODES):
        found.append(f"exit code {code}")
    if code == exit_codes.INTERRUPTED and not lasts:
        found.append("it hangs")
    if "a fault of smsmon itself" in text:
        found.append("a crash")
    if "Traceback" in text:
        found.append("a traceback")
    if odd := odd_characters(text, "\n\t\r"):
        found.append(f"control characters {odd[:5]!a}")
    if pieces := [KEY[at : at + 8] for at in range(len(KEY) - 7) if KEY[at : at + 8] in text]:
        found.append(f"pieces of the key: {pieces[0]}")
    place = max(0, text.find("Traceback"))
    return [f"{each}: {text[place:][-400:]!a}" for each in found]


def world() -> World:
    """Two messages."""
    recipients = [SimRecipient(f"+3360000000{n}", (Change(1.5e9, "Delivered"),)) for n in range(3)]
    return World(messages=[SimMessage("300", recipients), SimMessage("301", recipients[:1])])


def _furnish(folder: Path) -> None:
    for name in ("home", "folder"):
        (folder / name).mkdir(parents=True)
    os.symlink("loop", folder / "loop")
    os.symlink("nowhere", folder / "dangling")
    for name, content in {
        "file": b"x",
        "binary": bytes(range(256)) * 8,
        "utf16": "300\n301\n".encode("utf-16"),
        "list.csv": b"id;label\n300;x\n301;\x1b[31m\n",
        "list.toml": b"[[messages]]\nid = 300\nlabel = '\\u001b[31m'\n",
        "unreadable": b"300\n",
        "empty": b"",
        "key": KEY.encode(),
        "database": b"SQLite format 3\0" + b"\xff" * 4096,
    }.items():
        (folder / name).write_bytes(content)
    (folder / "unreadable").chmod(0)


def _fifos(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if name == "fifo"]
