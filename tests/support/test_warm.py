"""A command begun by the warm process is answered as one that is started."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.cli.program import TIMEOUT, Program, started
from tests.support import warm


@pytest.mark.parametrize(
    ("command", "given"),
    [
        ("--version", b""),
        ("nothing", b""),
        ("config check", b""),
        ("import -", b"".join(b"%d\n" % (1_000_000 + n) for n in range(10_000))),
        ("add -", b"\xff\n"),
        ("export --watchlist --output /nowhere/at/all.csv", b""),
        ("console", b""),
    ],
    ids=["ok", "wrong usage", "a variable", "much given", "bytes", "no such folder", "console"],
)
def test_it_is_answered_as_one_that_is_started(command: str, given: bytes, tmp_path: Path) -> None:
    told = []
    for run in (warm.run, started):
        env = Program(tmp_path / run.__module__).env(SMSMON_DISPLAY_PLAIN="à la carte")
        assert warm.can_begin(env)
        told.append(run(command.split(), env, given, TIMEOUT))
    begun, other = told
    assert begun == other


def test_one_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    program = Program(tmp_path)
    with pytest.raises(subprocess.TimeoutExpired):
        warm.run(["simulate"], program.env(), b"", 0.2)
    assert program.run("--version").code == 0


@pytest.mark.parametrize("name", ["LC_ALL", "PYTHONUTF8", "TZ", "LANG"])
def test_what_python_is_set_up_by_is_left_to_a_start(name: str, tmp_path: Path) -> None:
    assert not warm.can_begin(Program(tmp_path).env(**{name: "C"}))
