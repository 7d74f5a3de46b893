"""``status --oneline``: how it stands in a few characters, and never better than it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from smsmon.alerts import Severity
from smsmon.commands.knowledge import Outlook
from smsmon.commands.oneline import pieces, told
from smsmon.monitor.state import MessageState
from smsmon.simulator.thread import ServerThread
from tests.cli.inside import Inside
from tests.cli.outlooks import ALERT, CALM, NOW, STOPPED, stood

TROUBLED = replace(
    stood(MessageState.STALE, MessageState.NOT_FOUND, MessageState.LIVE),
    alerts=[ALERT, ALERT],
    accounts=[STOPPED],
)


@pytest.mark.parametrize(
    ("seen", "line", "in_ascii"),
    [
        (CALM, "sms ✓94.7% …10", "sms 94.7% delivered 10 waiting"),
        (TROUBLED, "sms ◆2 ○1 !1 ∅1 ✓94.7% …15",
         "sms 2 alerts 1 not read 1 stale 1 not found 94.7% delivered 15 waiting"),
        (replace(CALM, holder=None), "sms ✓94.7% …10", "sms 94.7% delivered 10 waiting"),
        (replace(CALM, holder=None, read_at=NOW - 720), "sms ✓94.7% …10 old 12 m",
         "sms 94.7% delivered 10 waiting old 12 m"),
        (replace(stood(MessageState.NEW, read=None), holder=None), "sms never read",
         "sms never read"),
        (stood(), "sms nothing watched", "sms nothing watched"),
        (replace(stood(), alerts=[ALERT]), "sms ◆1 nothing watched", "sms 1 alert nothing watched"),
    ],
)  # fmt: skip
def test_what_needs_eyes_stands_first_and_what_is_old_says_so(
    seen: Outlook, line: str, in_ascii: str
) -> None:
    assert told(pieces(seen), ascii_alone=False, tmux=False) == line
    plain = told(pieces(seen), ascii_alone=True, tmux=False)
    assert plain == in_ascii
    assert plain.isascii()


def test_colours_are_those_of_tmux_and_only_where_they_are_wished() -> None:
    warned = replace(CALM, alerts=[replace(ALERT, severity=Severity.WARNING)])
    assert told(pieces(warned), ascii_alone=False, tmux=True) == (
        "sms #[fg=yellow]◆1#[default] ✓94.7% …10"
    )
    grave = told(pieces(TROUBLED), ascii_alone=False, tmux=True)
    assert grave.startswith("sms #[fg=red]◆2#[default] #[fg=red]○1#[default]")


def test_it_is_told_by_the_store_alone_and_ends_well(tmp_path: Path, api: ServerThread) -> None:
    home = tmp_path / "home"
    inside = Inside(home, {"SMSMON_BASE_URL": api.base_url, "SMSMON_API_KEY": api.key})
    inside.run(["add", "300", "301", "--tag", "otp"])
    inside.watch_until(lambda said: said.count(b'"first_read"') == 2)
    nobody = Inside(home, {"SMSMON_BASE_URL": "http://127.0.0.1:1", "LC_ALL": "C.UTF-8"})
    assert nobody.run(["status", "--oneline"]) == (0, "sms ✓75.0% …1\n".encode())
    assert nobody.run(["status", "--oneline", "300"]) == (0, "sms ✓100.0%\n".encode())
    ascii_alone = nobody.run(["status", "--oneline", "--tag", "otp"], {"LC_ALL": "C"})
    assert ascii_alone == (0, b"sms 75.0% delivered 1 waiting\n")
    assert nobody.run(["status", "--oneline", "--json"])[0] == 2
    (home / "watchlist.toml").write_text("broken")
    code, said = nobody.run(["status", "--oneline"])
    assert (code, said.startswith(b"sms not known\n")) == (0, True)
