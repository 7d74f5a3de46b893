"""``smsmon alert test``: one test to each target, and which arrived."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.inside import Inside

SETTINGS = """
[targets.page]
command = ["sh", "-c", "cat > 'HOME/got'"]
[targets.broken]
command = ["sh", "-c", "echo the pager is down >&2; exit 3"]
[targets.chat]
url_file = "HOME/none"
[alerts.late]
when = "waiting>0"
command = ["sh", "-c", "cat > 'HOME/late'"]
"""


@pytest.fixture
def program(tmp_path: Path) -> Inside:
    (tmp_path / "config.toml").write_text(SETTINGS.replace("HOME", str(tmp_path)))
    return Inside(tmp_path, {"PATH": "/usr/bin:/bin"})


def test_each_target_gets_one_and_it_is_told_which_arrived(program: Inside) -> None:
    code, said = program.run(["alert", "test"])
    lines = [line.split("\t") for line in said.decode().splitlines()]
    assert code == 5
    assert [line[:2] for line in lines] == [
        ["page", "yes"],
        ["broken", "no"],
        ["chat", "no"],
        ["command:late", "yes"],
    ]
    assert lines[1][3] == (
        "Target broken: the alert command sh failed (exit code 3): the pager is down"
    )
    assert lines[2][3].startswith("Target chat has no address: The address file ")
    for name, target in (("got", "page"), ("late", "command:late")):
        got = json.loads((program.home / name).read_text())
        assert got["title"] == f"Test from smsmon for {target}"
        assert (got["test"], got["alerts"][0]["name"]) == (True, "test")


def test_one_that_is_named_is_told_alone(program: Inside) -> None:
    code, said = program.run(["alert", "test", "page", "page", "--json"])
    assert code == 0
    (told,) = json.loads(said)["targets"]
    assert {**told, "seconds": 0} == {
        "target": "page",
        "arrived": True,
        "seconds": 0,
        "why_not": None,
    }
    assert not (program.home / "late").exists()


def test_a_target_that_is_not_there_is_told_and_nobody_is_disturbed(program: Inside) -> None:
    code, said = program.run(["alert", "test", "page", "chta"])
    assert (code, said) == (2, b"smsmon: There is no target 'chta'. Did you mean chat?\n")
    assert not (program.home / "got").exists()


def test_without_targets_it_says_what_to_add(tmp_path: Path) -> None:
    code, said = Inside(tmp_path, {}).run(["alert", "test"])
    assert code == 2
    assert b"Nobody is told of alerts: add [targets.NAME] to config.toml." in said
