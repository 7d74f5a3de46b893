"""``alert try``: what a rule would have done, and what nobody can know of it."""

from __future__ import annotations

import json
from datetime import UTC
from pathlib import Path

import pytest

from smsmon.alerts import About, Episode, Severity, Subject
from smsmon.rules import rule_of
from smsmon.settings.telling import Alert
from smsmon.simulator.thread import ServerThread
from smsmon.trying import Trial
from tests.cli.inside import Inside

NOW, DAY = 1_764_000_000.0, 86_400.0  # 24 Nov 2025 16:00 UTC
RULE = rule_of("tried", Alert(when="failed>0"))


def episode(days_ago: float, lasted: float | None = 600, *, old: bool = False) -> Episode:
    at = NOW - days_ago * DAY
    return Episode(
        "tried", Subject(About.MESSAGE, "300"), Severity.WARNING, "failed>0", at, at,
        over_at=None if lasted is None else at + lasted, old=old,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("days", "episodes", "told"),
    [
        (30, [], "It would not have fired in the last 30 d."),
        (30, [episode(3), episode(2), episode(2.01)],
         "It would have fired 3 times in the last 30 d, 0.1 a day, most on 22 Nov (2), for 30 m in"
         " all."),
        (30, [episode(30, 60, old=True), episode(0.5, None)],
         "It would have fired 2 times in the last 30 d, 0.1 a day, most on 24 Nov (1), for 12 h 1 m"
         " in all, 1 held already when that began, 1 would fire now."),
        (0.25, [episode(0.1, None)], "It would have fired 1 time in the last 6 h, for 2 h 24 m in"
         " all, and would fire now."),
        (0.25, [episode(0.1)], "It would have fired 1 time in the last 6 h, for 10 m in all."),
    ],
)  # fmt: skip
def test_all_of_it_is_told_in_a_sentence(days: float, episodes: list[Episode], told: str) -> None:
    assert Trial(RULE, NOW - days * DAY, NOW, episodes, UTC).told() == told


@pytest.fixture(scope="module")
def inside(tmp_path_factory: pytest.TempPathFactory, api: ServerThread) -> Inside:
    """What was watched: a message of which one recipient of three was not reached."""
    home: Path = tmp_path_factory.mktemp("tried") / "home"
    it = Inside(home, {"SMSMON_BASE_URL": api.base_url, "SMSMON_API_KEY": api.key})
    assert it.run(["alert", "try", "failed>0"])[0] == 2, "nothing is recorded yet"
    it.run(["add", "301", "--label", "\x1b[31m0612345678", "--tag", "otp"])
    it.watch_until(lambda said: b'"first_read"' in said)
    (home / "config.toml").write_text('[alerts.losses]\nwhen = "failed>0"\nfor = "1h"\n')
    return it


def test_a_condition_is_tried_and_what_is_not_known_is_said(inside: Inside) -> None:
    code, output = inside.run(["alert", "try", "failed>0"])
    row, doubt = output.decode().splitlines()
    assert code == 0
    fired, over, subject, *_, label = row.split("\t")
    assert (bool(fired), over, subject) == (True, "", "301")
    assert label == "\N{REPLACEMENT CHARACTER}[31m0612345678"
    assert doubt.startswith("This history begins at ")

    code, output = inside.run(["alert", "try", "failed>0", "--json", "--privacy"])
    told = json.loads(output)
    assert (told["name"], told["times"], told["firing"]) == (None, 1, 1)
    assert told["not_known"] == [doubt]
    assert told["alerts"][0]["already"]
    assert "0612345678" not in output.decode()


def test_a_rule_is_tried_with_other_options_than_the_settings_have(inside: Inside) -> None:
    for args, times in (((), 0), (("--for", "0s"), 1), (("--for", "0s", "--about", "tag"), 0)):
        told = json.loads(inside.run(["alert", "try", "losses", "--json", *args])[1])
        assert (told["name"], told["times"]) == ("losses", times)


def test_of_balances_that_nobody_recorded_that_is_said(inside: Inside) -> None:
    code, output = inside.run(
        ["alert", "try", "balance<50", "--about", "account", "--until", "balance>75"]
    )
    assert code == 0
    assert b"No balance of default was recorded" in output


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (("loses",), "There is no rule 'loses'. Did you mean losses?"),
        (("zzfield:1",), "There is no field"),
        (("balance<50",), "The condition cannot be read, character 1"),
        (("group:otp p90>20s",), " With --about tag or source or label"),
        (("read>5m",), "It asks for read, of which the history keeps no past."),
        (("failed>0", "--about", "moon"), "is not one of"),
        (("failed>0", "--for", "soon"), "is no duration"),
        ((" ",), "The condition asks for nothing."),
    ],
)
def test_what_cannot_be_tried_is_refused(
    inside: Inside, args: tuple[str, ...], sentence: str
) -> None:
    code, output = inside.run(["alert", "try", *args])
    assert (code, sentence in output.decode()) == (2, True), output
