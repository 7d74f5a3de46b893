"""The doctor tells whether each target can be told, and tells nobody anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from smsmon.commands.doctor.targets import looked_at
from smsmon.settings import Settings
from smsmon.settings.telling import Alert, Target

SECRET = "s3cr3tM7XQ"


def found(settings: Settings) -> dict[tuple[str, str], tuple[str, str]]:
    """Part and name of each finding → its health, and what it says."""
    told = {
        (each.part, each.name): (str(each.health), f"{each.detail} {each.advice}".rstrip())
        for each in looked_at(settings)
    }
    assert SECRET not in str(told)
    return told


def test_commands_that_cannot_be_run_are_bad() -> None:
    settings = Settings(
        alerts={"late": Alert(when="waiting>0", command=["no-such-one"])},
        targets={"page": Target(command=["true", SECRET])},
    )
    assert found(settings) == {
        ("target page", "command"): ("good", "true"),
        ("alert late", "command"): (
            "bad",
            "no-such-one cannot be run: there is no such program on PATH",
        ),
    }


def test_addresses_are_read_and_understood_and_never_shown(tmp_path: Path) -> None:
    for name, mode, address in (
        ("good", 0o600, f"slack://T1JJ3T3L2/A1BRTD4JD/{SECRET}{SECRET}abcd"),
        ("open", 0o644, f"nosuch://host/{SECRET}"),
    ):
        (tmp_path / name).write_text(address)
        (tmp_path / name).chmod(mode)
    settings = Settings(
        targets={each: Target(url_file=f"{tmp_path}/{each}") for each in ("good", "open", "none")}
    )
    told = found(settings)
    assert told["target good", "apprise"] == (
        "good",
        "Slack; nothing was sent Whether it arrives is told by `smsmon alert test good`.",
    )
    assert told["target open", "address file"][0] == "poor"
    assert told["target open", "apprise"][0] == "bad"
    assert "no address that apprise takes" in told["target open", "apprise"][1]
    assert told["target none", "address"][0] == "bad"


def test_without_apprise_it_is_said_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "good").write_text(f"slack://{SECRET}")
    monkeypatch.setattr("smsmon.targets.apprise_target.find_spec", lambda _: None)
    told = found(Settings(targets={"chat": Target(url_file=f"{tmp_path}/good")}))
    assert "install smsmon[notify]" in told["target chat", "apprise"][1]
