"""Completion as it is lived: real shells, in a terminal, with the tab key."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.program import Program
from tests.pty.terminal import Terminal

BIN = Path(sys.executable).parent
STARTED = {
    "bash": ["--norc", "--noprofile", "-i"],
    "zsh": ["-f", "-i"],
    "fish": ["--no-config", "-i"],
}
LOADED = {
    "bash": "PS1='> '; bind 'set bell-style none'; source {script}; cd {folder}",
    "zsh": "PS1='> '; unsetopt beep; autoload -U compinit; compinit -u -d {folder}/dump;"
    " source {script}; cd {folder}",
    "fish": "function fish_prompt; echo -n '> '; end; source {script}; cd {folder}",
}


@pytest.fixture(params=STARTED, scope="module")
def shell(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Terminal]:
    """A shell that completes smsmon, in a folder with one file; one line after the other."""
    name, path = request.param, shutil.which(request.param)
    if path is None:
        pytest.skip(f"there is no {name} here")
    tmp_path = tmp_path_factory.mktemp(name)
    offline = Program(tmp_path / "home")
    offline.run("add", "2270141", "--label", "Black Friday", "--tag", "promo")
    offline.run("add", "300", "--label", "Codes", "--tag", "otp")
    script = tmp_path / f"smsmon.{name}"
    script.write_text(offline.run("completion", name).out)
    folder = tmp_path / "here"
    folder.mkdir()
    (folder / "many ids.csv").touch()
    env = offline.env(PATH=f"{BIN}:/usr/bin:/bin", TERM="dumb" if name != "fish" else "xterm",
                      HOME=str(tmp_path), XDG_CONFIG_HOME=str(tmp_path))  # fmt: skip
    with Terminal([path, *STARTED[name]], env, (200, 24)) as terminal:
        terminal.press(LOADED[name].format(script=script, folder=folder).encode() + b"\r")
        terminal.press(b"echo rea''dy\r")
        terminal.wait_for("ready")
        yield terminal
        terminal.press(b"\x03exit\r")


@pytest.mark.parametrize(
    ("typed", "then", "whole"),
    [
        ("smsmon bal", "", "smsmon balance"),
        ("smsmon rm 22", "", "smsmon rm 2270141"),
        ("smsmon rm 300 ", "", "smsmon rm 300 2270141"),
        ("smsmon ls --tag pro", "", "smsmon ls --tag promo"),
        ("smsmon ls --filter state:not", "", "smsmon ls --filter state:not_found"),
        ("smsmon ls --filter 'state:live tag:ot", "", "smsmon ls --filter state:live tag:otp"),
        ("smsmon export recipients --filter 'country:fr pho", "06'",
         "smsmon export recipients --filter country:fr phone:06"),
        ("smsmon export summary --format js", "", "smsmon export summary --format jsonl"),
        ("smsmon import ma", "", "smsmon import many ids.csv"),
    ],
)  # fmt: skip
def test_a_tab_completes(shell: Terminal, typed: str, then: str, whole: str) -> None:
    start = len(shell.painted)
    shell.press(f"{typed}\t{then}".encode())
    # The line itself says what became of it: to its beginning, a command before it, and return.
    shell.press(b"\x01echo it is''= \r")
    shell.wait_for(f"it is= {whole}", start)
    assert b"Traceback" not in shell.painted
