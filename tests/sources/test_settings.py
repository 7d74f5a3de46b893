"""The settings of sources: what can be used, and what is said, with its line, of what cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from smsmon.locations import Locations
from smsmon.settings import SettingsError, load_settings
from smsmon.settings.loading import read

GOOD = r"""
[sources.codes]
file = "/var/log/shop/sms.log"
match = 'sent (?P<id>[0-9]+) to (?P<phone>\S+)'
tags = ["otp"]
leave = "30m"

[sources.tool]
stdin = true
answers = true
"""


def home(folder: Path, text: str) -> Locations:
    (folder / "config.toml").write_text(text)
    return Locations.under(folder)


def test_sources_are_read(tmp_path: Path) -> None:
    sources = load_settings(home(tmp_path, GOOD), {}).sources
    assert list(sources) == ["codes", "tool"]
    assert sources["codes"].leave_after == 1800
    assert sources["tool"].leave_after == 3600


FILE = 'file = "/x"\n'
MATCH = 'match = "(?P<id>.)"\n'


@pytest.mark.parametrize(
    ("table", "line", "told"),
    [
        (MATCH, 1, "sources.s needs one of file, command and stdin: nothing can be read."),
        (FILE, 1, "sources.s needs one of match and answers: no line is understood."),
        (FILE + "stdin = false\nanswers = false\n", 1, "needs one of match and answers"),
        (FILE + MATCH + 'command = ["x"]\n', 4, "sources.s has 2 ways (file, command): keep one."),
        (FILE + MATCH + "answers = true\n", 4, "has 2 readings (match, answers): keep one."),
        ('file = "x"\n' + MATCH, 2, "sources.s.file: Write its path in full"),
        (FILE + 'match = "("\n', 3, "sources.s.match: It is no regular expression: missing )"),
        (FILE + 'match = "id=(.)"\n', 3, "It needs a group named id: (?P<id>[0-9]+)."),
        (FILE + 'match = "(?P<id>.)(?P<x>.)"\n', 3, "There is no use for a group named x"),
        (FILE + MATCH + 'leave = "soon"\n', 4, 'sources.s.leave must be a text such as "1h".'),
        (FILE + MATCH + 'leave = "3d"\n', 4, "It is longer than two days"),
        (FILE + MATCH + 'profile = "x"\n', 4, "there is no such profile. Known: default."),
        (FILE + MATCH + 'fiel = "x"\n', 4, "Did you mean sources.s.file?"),
        ("stdin = true\n" + MATCH + f"[sources.t]\nstdin = true\n{MATCH}", 5, "sources.s reads"),
    ],
)
def test_what_cannot_be_used_is_told_with_its_line(
    tmp_path: Path, table: str, line: int, told: str
) -> None:
    locations = home(tmp_path, f"[sources.s]\n{table}")
    with pytest.raises(SettingsError) as caught:
        load_settings(locations, {})
    (problem,) = caught.value.problems
    assert problem.startswith(f"{locations.config}, line {line}: ")
    assert told in problem
    read(locations, {})  # what is left can be gone on with
