"""What a source would take, and how each stands."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from smsmon.clock import SystemClock
from smsmon.sources.standing import Standing, Turn, look
from tests.cli.inside import Inside

CONFIG = r"""
[sources.codes]
file = "{home}/sms.log"
match = 'sent (?P<id>\S+) to (?P<phone>\S+)'
tags = ["otp"]

[sources.tool]
command = ["sh", "-c", "echo '{{\"success\":true,\"message_id\":300}}'; echo oops >&2; exit 3"]
answers = true

[sources.gone]
file = "{home}/gone.log"
answers = true
"""
LOG = "sent 1 to 0612345678\nsent 300 to 0612345678\n\x1b[2Jhello\nsent abc to 1\nhalf of a li"


@pytest.fixture
def inside(tmp_path: Path) -> Inside:
    (tmp_path / "config.toml").write_text(CONFIG.format(home=tmp_path))
    (tmp_path / "sms.log").write_text(LOG)
    return Inside(tmp_path, {})


def test_what_would_be_taken_of_the_last_lines_is_shown_and_why_not(inside: Inside) -> None:
    code, said = inside.run(["source", "try", "codes", "--lines", "3", "--json", "--privacy"])
    taken, other, left_out = map(json.loads, said.decode().splitlines())
    assert code == 0
    assert (taken["result"], taken["id"], taken["tags"]) == ("taken", "300", ["otp"])
    assert taken["phone"] == "+33 6 ·· ·· ·· 78"
    assert "0612345678" not in said.decode()
    assert other == {"line": "�[2Jhello", "result": "other"}
    assert "digits" in left_out["why"]


@pytest.mark.parametrize(
    ("name", "code", "told"),
    [
        ("tool", 0, "smsmon: sh ended with exit code 3: oops."),
        ("gone", 2, "gone.log cannot be read (No such file or directory)."),
        ("nobody", 2, "There is no source 'nobody' in config.toml. Known: codes, tool, gone."),
    ],
)
def test_what_cannot_be_read_is_said(inside: Inside, name: str, code: int, told: str) -> None:
    found, said = inside.run(["source", "try", name])
    assert found == code
    assert told in said.decode()


def test_the_list_tells_how_each_stands(inside: Inside) -> None:
    turn = Turn(inside.home / "state" / "sources" / "codes.json", SystemClock())
    assert turn.take()
    turn.tell(Standing("watch 7", 1.0, 2, 3, 4, 5.0, trouble="The store is gone."))
    code, said = inside.run(["source", "ls", "--json"])
    codes, tool, _ = json.loads(said)
    assert code == 2
    assert (codes["read_by"], codes["taken"], codes["known"]) == ("watch 7", 2, 3)
    assert (codes["trouble"], tool["read_by"]) == ("The store is gone.", None)
    turn.let_go()
    _, said = inside.run(["source", "ls"])
    assert "sh …\t\t\t\t\tnot read now" in said.decode()


def test_who_looks_while_it_is_told_how_a_source_stands_finds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, write = tmp_path / "codes.json", os.pwrite
    turn, found = Turn(path, SystemClock()), []

    def pwrite(handle: int, data: bytes, offset: int) -> int:
        written = write(handle, data, offset)
        found.append(look(path))
        return written

    assert turn.take()
    monkeypatch.setattr(os, "pwrite", pwrite)
    told = [Standing("watch 7", trouble="The store is gone."), Standing("watch 7"), Standing()]
    for each in told:
        turn.tell(each)
    turn.let_go()
    assert found == [(each, True) for each in told]


def test_the_doctor_tells_what_is_there_to_read_and_what_is_wrong(inside: Inside) -> None:
    _, said = inside.run(["doctor", "--offline", "--json"])
    found = {
        (each["part"], each["name"]): each["health"]
        for each in json.loads(said)["findings"]
        if each["part"].startswith("source ")
    }
    assert found == {
        ("source codes", "log"): "good",
        ("source codes", "reading"): "note",
        ("source tool", "command"): "good",
        ("source tool", "reading"): "note",
        ("source gone", "log"): "poor",
        ("source gone", "reading"): "note",
    }
