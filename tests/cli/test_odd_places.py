"""Places, variables and locales that are not as they should be: a sentence, and never a fault."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from smsmon import exit_codes
from smsmon.locations import here
from tests.cli.inside import Inside
from tests.cli.program import Program
from tests.files.kinds import NOBODY, as_user, root_only

PLAIN = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
"""A locale that knows ASCII alone, and a Python that leaves it so."""
ACCOUNT = {"SMSMON_API_KEY": "a" * 40, "SMSMON_BASE_URL": "http://127.0.0.1:9"}
COMMANDS = [
    ("config", "show"),
    ("config", "check"),
    ("config", "init"),
    ("doctor", "--offline"),
    ("locate",),
    ("ls",),
    ("add", "300"),
    ("rm", "300"),
    ("history", "info"),
    ("history", "changes"),
    ("find", "0600000001"),
    ("export", "recipients"),
    ("status", "300"),
]
FILES = ["", "config.toml", "watchlist.toml", "history.db", "state", "crashes", "exports"]


@pytest.mark.parametrize("name", FILES)
def test_a_link_to_itself_in_the_place_of_a_file_is_no_fault(name: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    if name:
        home.mkdir()
    os.symlink(name or "home", home / name if name else home)
    for args in COMMANDS:
        code, output = Inside(home, ACCOUNT).run(args)
        assert code != exit_codes.CRASH, output


@root_only
@pytest.mark.parametrize("mode", [0o000, 0o644, 0o755], ids=oct)
def test_a_home_of_somebody_else_is_no_fault(mode: int, tmp_path: Path) -> None:
    inside = Inside(tmp_path / "home", ACCOUNT)
    for args in COMMANDS:  # once as root, who may load the modules that they need
        inside.run(args)
    inside.home.chmod(mode)
    for args in COMMANDS:
        with as_user(tmp_path, NOBODY):
            code, output = inside.run(args)
        assert code != exit_codes.CRASH, output


@pytest.mark.parametrize("home", ["", "home"], ids=["a home in full", "one seen from there"])
def test_a_folder_that_is_gone_while_we_are_in_it_is_no_fault(
    home: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    for args in (*COMMANDS, ("import", "x"), ("export", "recipients", "-o", "x.csv")):
        code, output = Inside(Path(home) if home else tmp_path / "home", ACCOUNT).run(args)
        assert code != exit_codes.CRASH, output
        assert b"is gone" in output or not home or args[0] == "import"
    assert here().is_absolute()  # where the demo and the console export to


@pytest.mark.parametrize("name", ["config.toml", "watchlist.toml"])
def test_a_file_that_is_nested_without_end_is_no_fault(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("a = " + "[" * 5_000 + "]" * 5_000)
    for args in COMMANDS:
        code, output = Inside(tmp_path, ACCOUNT).run(args)
        assert code != exit_codes.CRASH, output


def test_the_first_settings_file_is_the_same_in_every_locale(offline: Program) -> None:
    config = offline.home / "config.toml"
    assert offline.run("config", "init", **PLAIN).code == exit_codes.OK
    written = config.read_bytes()
    config.unlink()
    assert offline.run("config", "init").code == exit_codes.OK
    assert config.read_bytes() == written
    assert offline.run("config", "check", **PLAIN).code == exit_codes.OK


@pytest.mark.parametrize("locale", ["C", "xx_XX.nothing", "é\x1b[31m"])
def test_no_locale_is_a_fault(locale: str, program: Program) -> None:
    program.run("add", "300", "--label", "é漢字\U0001f600")
    for args in (("doctor", "--offline"), ("ls",), ("ls", "--json"), ("export", "watchlist")):
        assert program.run(*args, **{**PLAIN, "LC_ALL": locale}).code != exit_codes.CRASH, args


@pytest.mark.parametrize("zone", ["", "Nowhere/Land", ":", "UTC-99", "\x1b[31m", "x" * 9999])
def test_no_time_zone_is_a_fault(zone: str, program: Program) -> None:
    assert program.run("status", "300", "--recipients", TZ=zone).code == exit_codes.OK


@pytest.mark.parametrize(
    "proxy", ["http://[", "http://:0", "socks5://127.0.0.1:9", "://", "http://é", "http://a b"]
)
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_an_unusable_proxy_is_told(variable: str, proxy: str, tmp_path: Path) -> None:
    inside = Inside(
        tmp_path, {**ACCOUNT, "SMSMON_BASE_URL": "https://sms.invalid", variable: proxy}
    )
    for args in (("doctor",), ("status", "300"), ("balance",)):
        code, output = inside.run(args)
        assert code in (exit_codes.USAGE, exit_codes.TROUBLE), output
        assert b"proxy" in output.lower()


@pytest.mark.parametrize(
    "args",
    [
        ("find", "6" * 5_000),
        ("find", "+" + "6" * 5_000),
        ("history", "changes", "--since", "999999999999d"),
        ("history", "times", "--since", "999999999999d"),
        ("history", "changes", "--since", "0001-01-01"),
        ("history", "changes", "--since", "9999-12-31T23:59:59-14:00"),
        ("history", "changes", "--limit", "9" * 400),
        ("history", "prune", "--days", "nan"),
        ("history", "prune", "--days", "inf"),
        ("history", "prune", "--days", "9" * 400),
        ("status", "300", "--timeout", "nan"),
        ("simulate", "--speed", "nan"),
        ("demo", "--speed", "inf"),
    ],
    ids=lambda args: " ".join(args)[:40],
)
def test_no_number_is_too_large(args: tuple[str, ...], tmp_path: Path) -> None:
    Inside(tmp_path, ACCOUNT).run(["add", "300"])
    Inside(tmp_path, ACCOUNT).run(["watch", "--for", "0.1s"])
    code, output = Inside(tmp_path, ACCOUNT).run(args)
    assert code != exit_codes.CRASH, output
    assert code == exit_codes.USAGE or args[0] in ("history", "find")


@pytest.mark.parametrize("words", [None, "smsmon sta", "smsmon 'unclosed"])
@pytest.mark.parametrize("asked", ["bash_complete", "bash_source", "zsh_complete", "x", "", "_"])
def test_no_question_of_a_shell_is_a_fault(asked: str, words: str | None, tmp_path: Path) -> None:
    told = {} if words is None else {"COMP_WORDS": words, "COMP_CWORD": "1"}
    code, output = Inside(tmp_path, {"_SMSMON_COMPLETE": asked, **told}).run(["locate"])
    assert code in (exit_codes.OK, exit_codes.USAGE)
    assert b"Traceback" not in output


@pytest.mark.parametrize(
    "variable", ["SMSMON_POLLING_BUDGET", "SMSMON_DISPLAY_UTC", "SMSMON_PROFILE"]
)
def test_a_variable_of_any_bytes_is_told(variable: str, tmp_path: Path) -> None:
    inside = Inside(tmp_path, {variable: os.fsdecode(b"\xff\x9b31m")})
    code, output = inside.run(["config", "check"])
    assert code == exit_codes.USAGE
    assert "\x9b" not in output.decode()
