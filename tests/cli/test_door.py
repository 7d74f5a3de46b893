"""One door for all that commands print, and no way around it."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from smsmon.commands.door import Door
from tests.cli.program import TIMEOUT, Program
from tests.hostile.corpus import CORPUS, NAME
from tests.hostile.terminal import PIPED, odd_characters, seen
from tests.pty.terminal import Terminal

ROOT = Path(__file__).parents[2]
WAYS_AROUND = {
    "print": "print('x')",
    "print to stderr": "import sys\nprint('x', file=sys.stderr)",
    "pprint": "import pprint\npprint.pprint('x')",
    "click.echo": "import click\nclick.echo('x')",
    "click.echo, by itself": "from click import echo\necho('x')",
    "click.echo, handed on": "import click\nsay = click.echo",
    "click.secho": "import click\nclick.secho('x')",
    "a pager": "import click\nclick.echo_via_pager('x')",
    "a question": "import click\nclick.confirm('x')",
    "stdout": "import sys\nsys.stdout.write('x')",
    "stdout, by itself": "from sys import stdout\nstdout.write('x')",
    "stdout's bytes": "import sys\nsys.stdout.buffer.write(b'x')",
    "stderr": "import sys\nsys.stderr.write('x')",
    "the first stdout": "import sys\nsys.__stdout__.write('x')",
    "the descriptor": "import os\nos.write(1, b'x')",
    "a traceback": "import traceback\ntraceback.print_exc()",
    "a log": "import logging\nlogging.basicConfig()",
}


@pytest.mark.parametrize("way", WAYS_AROUND)
@pytest.mark.parametrize("place", ["smsmon/commands/watchlist.py", "smsmon/store/local/files.py"])
def test_the_linter_finds_every_way_around_the_door(way: str, place: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--select", "TID251,T20",
         "--stdin-filename", place, "-"],
        input=WAYS_AROUND[way] + "\n",
        capture_output=True,
        cwd=ROOT,
        check=False,
        text=True,
    )  # fmt: skip
    assert done.returncode == 1, f"nothing is said of:\n{WAYS_AROUND[way]}"


HOSTILE = "".join(text for text in CORPUS.values() if len(text) < 1000).replace("\0", "")
WHATEVER_PRINTS = f"""
import logging, sys, threading, traceback, warnings
import click
from smsmon.commands import watchlist

HOSTILE = {HOSTILE!a} + "\\udc9b"

def prints(*_):
    print(HOSTILE)
    print(HOSTILE, file=sys.stderr)
    click.echo(HOSTILE)
    click.secho(HOSTILE, fg="red", err=True)
    sys.stdout.writelines([HOSTILE, "\\n"])
    warnings.warn(HOSTILE)
    logging.getLogger("httpx").error(HOSTILE)
    try:
        raise ValueError(HOSTILE)
    except ValueError:
        traceback.print_exc()
    def fails():
        raise LookupError(HOSTILE)
    thread = threading.Thread(target=fails)
    thread.start()
    thread.join()
    raise click.UsageError(HOSTILE)

watchlist.open_watchlist = prints
sys.argv = ["smsmon", "rm", "300"]
from smsmon.run import main
main()
"""


def test_whatever_prints_passes_through_the_door(offline: Program) -> None:
    argv = [sys.executable, "-c", WHATEVER_PRINTS]
    done = subprocess.run(argv, capture_output=True, env=offline.env(), timeout=TIMEOUT)
    assert done.returncode == 2
    told = (done.stdout + done.stderr).decode()
    assert told.count("PWNED") >= 10  # it came out, as text
    assert odd_characters(told, PIPED) == []
    with Terminal(argv, offline.env()) as terminal:
        terminal.ended()
        assert seen(terminal.painted.decode().replace("\t", " ")).obeyed == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("config", "init"),
        ("config", "check"),
        ("config", "show"),
        ("config", "show", "--json"),
        ("history", "info"),
        ("history", "changes"),
        ("doctor", "--offline"),
        ("doctor", "--offline", "--json"),
        ("locate",),
        ("locate", "config"),
        ("locate", "--json"),
        ("ls",),
        ("add", "300"),
        ("export", "summary"),
        ("--help",),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("made", [False, True], ids=["no home yet", "home"])
def test_names_from_the_environment_come_out_as_plain_text(
    tmp_path: Path, arguments: tuple[str, ...], made: bool
) -> None:
    home = tmp_path / NAME
    if made:
        home.mkdir()
    away = Program(home, {f"SMSMON_{HOSTILE[:300].replace('=', '')}": HOSTILE})
    done = away.run(*arguments)
    assert odd_characters(done.out + done.err, "\n\t") == []
    assert done.code in (0, 2)
    with Terminal(away.argv(*arguments), away.env()) as terminal:
        terminal.ended()
        assert seen(terminal.painted.decode()).obeyed == []


def test_a_path_that_cannot_be_printed_is_spelled_out_in_json(tmp_path: Path) -> None:
    home = tmp_path / "a\x1bb"
    away = Program(home)
    done = away.run("locate", "config")
    assert (done.code, done.out) == (2, "")
    assert "--json" in done.err
    assert away.run("locate", "config", "--json").json == {"config": str(home / "config.toml")}


@pytest.mark.parametrize(
    ("signs", "term", "locale", "shown"),
    [
        ("auto", "xterm", "fr_FR.UTF-8", "✓ 1 … é"),
        ("auto", "linux", "fr_FR.UTF-8", "+ 1 . e"),
        ("auto", "xterm", "C", "+ 1 . e"),
        ("ascii", "xterm", "fr_FR.UTF-8", "+ 1 . e"),
        ("unicode", "linux", "C", "✓ 1 … é"),
    ],
)
def test_signs_on_a_terminal_are_what_it_has_and_in_a_pipe_what_they_are(
    signs: str, term: str, locale: str, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("TERM", term), ("LC_ALL", locale), ("SMSMON_DISPLAY_SIGNS", signs)):
        monkeypatch.setenv(name, value)
    ours, theirs = pty.openpty()
    heard, told = os.pipe()
    try:
        for descriptor in (theirs, told):
            Door(descriptor, "utf-8").write("✓ 1 … é\n")
        assert os.read(ours, 100).decode() == f"{shown}\r\n"
        assert os.read(heard, 100).decode() == "✓ 1 … é\n"
    finally:
        for descriptor in (ours, theirs, heard, told):
            os.close(descriptor)
