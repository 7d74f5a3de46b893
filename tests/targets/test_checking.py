"""What can be wrong with targets is told with its line, and never with the address itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from smsmon.console.checks import complaints, refused
from smsmon.locations import Locations
from smsmon.settings.loading import read
from tests.cli.inside import Inside

ADDRESS = "slack://T1JJ3T3L2/A1BRTD4JD/hunter2hunter2"
CHAT = '[targets.chat]\ncommand = ["true"]\n'
REFUSED = {
    "[targets.chat]": "targets.chat needs one of url_file, url_env, url_command and command",
    "[targets.chat]\nover = false": "line 1: targets.chat needs one of",
    '[targets.chat]\nurl_env = "A"\ncommand = ["true"]': "line 3: targets.chat has 2 ways",
    f'[targets.chat]\nurl = "{ADDRESS}"': "line 2: targets.chat.url is not a setting: an address",
    f'[targets.chat]\nurl_file = "{ADDRESS}"': "line 2: targets.chat.url_file looks like",
    f'[targets.chat]\nurl_env = "{ADDRESS}"': "line 2: targets.chat.url_env looks like",
    f'[targets.chat]\nurl_command = ["{ADDRESS}"]': "targets.chat.url_command looks like an addr",
    f'[targets.chat]\ncommand = ["{ADDRESS}"]': "line 2: targets.chat.command looks like",
    f'{CHAT}escalate_to = "{ADDRESS}"': "line 3: targets.chat.escalate_to looks",
    f'[targets."{ADDRESS}"]\ncommand = ["true"]': "is no name for a target",
    f'[alerts.a]\nwhen = "waiting>0"\ntargets = ["{ADDRESS}"]': "alerts.a.targets looks like",
    f'[watch]\nping_url_file = "{ADDRESS}"': "name that file in ping_url_file.",
    f'{CHAT}quiet = "22:00-27:00"': "line 3: targets.chat.quiet: A day has the hours 00 to 23.",
}
GONE_ON_WITHOUT = {
    '[alerts.a]\nwhen = "waiting>0"\ntargets = ["chta"]\n' + CHAT: (
        'line 3: alerts.a.targets: there is no target "chta". Did you mean chat?'
    ),
    f'{CHAT}escalate_to = "lead"': 'escalate_to: there is no target "lead". Known: chat',
    f'{CHAT}escalate_to = "chat"': "line 3: targets.chat.escalate_to: it escalates in a circle",
    f'{CHAT}escalate_to = "b"\n[targets.b]\ncommand = ["true"]\nescalate_to = "chat"': (
        "it escalates in a circle: b → chat → b."
    ),
    '[targets.chat]\ncommand = ["no-such-one"]': "targets.chat.command: no-such-one cannot be run",
    '[targets.chat]\nurl_command = ["no-such-one"]': "url_command: no-such-one cannot be run",
    '[targets.chat]\nurl_env = "NO_SUCH"': "cannot be had. The variable NO_SUCH is not set.",
    '[targets.chat]\nurl_file = "HOME/none"': "none cannot be read: No such file or directory.",
    '[targets.chat]\nurl_file = "HOME/word"': "word holds no address. The address has no scheme",
    '[targets.chat]\nurl_file = "HOME/open"': "chat: Others can read the address (mode 0644)",
}


def told(home: Path, text: str) -> tuple[bool, list[str]]:
    """Whether smsmon refuses these settings, and what it says of them."""
    for name, mode, content in (("word", 0o600, "hunter2"), ("open", 0o644, ADDRESS)):
        (home / name).write_text(content)
        (home / name).chmod(mode)
    (home / "config.toml").write_text(text.replace("HOME", str(home)))
    reading = read(Locations.under(home), {"SMSMON_API_KEY": "0" * 40})
    return refused(reading), list(complaints(reading))


@pytest.mark.parametrize(("text", "part"), REFUSED.items())
def test_what_tells_nobody_or_tells_a_secret_is_refused(
    text: str, part: str, tmp_path: Path
) -> None:
    is_refused, said = told(tmp_path, text)
    assert is_refused
    assert any(part in line for line in said), said
    assert "hunter2" not in str(said)
    assert "T1JJ3T3L2" not in str(said)


@pytest.mark.parametrize(("text", "part"), GONE_ON_WITHOUT.items())
def test_what_cannot_be_told_is_said_and_smsmon_goes_on(
    text: str, part: str, tmp_path: Path
) -> None:
    is_refused, said = told(tmp_path, text)
    assert not is_refused
    assert len(said) == 1
    assert part in said[0]
    assert "hunter2" not in str(said)


def test_an_address_pasted_anywhere_is_repeated_by_no_command(tmp_path: Path) -> None:
    for text in REFUSED:
        (tmp_path / "config.toml").write_text(text)
        for command in (["config", "check"], ["config", "show"], ["doctor", "--offline"]):
            _, said = Inside(tmp_path, {}).run(command)
            assert b"hunter2" not in said


def test_without_apprise_it_is_said_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smsmon.targets.apprise_target.find_spec", lambda _: None)
    monkeypatch.setenv("CHAT", ADDRESS)
    _, said = told(tmp_path, '[targets.chat]\nurl_env = "CHAT"')
    assert len(said) == 1
    assert "targets.chat: apprise is missing, which tells it: install smsmon[notify]" in said[0]


def test_targets_that_are_well_are_not_spoken_of(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text(ADDRESS)
    (tmp_path / "mine").chmod(0o600)
    chain = '[targets.lead]\nurl_file = "HOME/mine"\nquiet = "22:00-07:00"\n'
    rule = '[alerts.a]\nwhen = "waiting>0"\ntargets = ["chat", "lead"]\n'
    assert told(tmp_path, f'{rule}{CHAT}escalate_to = "lead"\n{chain}') == (False, [])
