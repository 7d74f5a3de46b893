"""Files that the settings name: one that cannot be used, and a key that others can read, are told
by every command that reads them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from smsmon import exit_codes
from smsmon.simulator.thread import ServerThread
from tests.cli.program import Program

UNUSABLE = ["~nosuchuser/x", "~nosuchuser", "none", ".", "empty", "two-words", "a\\u0000b", "loop"]
"""Paths that lead to no key and to no certificates; the last is a link to itself."""


@pytest.fixture
def keyed(api: ServerThread, tmp_path: Path) -> Program:
    """The program with an account whose key is in a file."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "key").write_text(f"{api.key}\n")
    (home / "key").chmod(0o600)
    (home / "empty").touch(0o600)
    (home / "two-words").write_text("two words\n")
    os.symlink("loop", home / "loop")
    return Program(home, {"SMSMON_BASE_URL": api.base_url})


def write(program: Program, name: str, setting: str = "api_key_file") -> None:
    """Let the settings name a file of the home folder, or one that stands as it is."""
    path = name if name.startswith("~") else f"{program.home}/{name}"
    table = "network" if setting == "ca_file" else "profiles.default"
    (program.home / "config.toml").write_text(f'[{table}]\n{setting} = "{path}"\n')


COMMANDS = [("status", "300"), ("balance",), ("doctor", "--offline"), ("config", "check")]


@pytest.mark.parametrize("args", COMMANDS)
@pytest.mark.parametrize("name", UNUSABLE)
def test_a_key_file_that_cannot_be_used_is_told(
    args: tuple[str, ...], name: str, keyed: Program
) -> None:
    write(keyed, name)
    done = keyed.run(*args)
    assert done.code == exit_codes.USAGE, done
    assert "default" in done.out + done.err


@pytest.mark.parametrize("args", [("status", "300"), ("doctor",), ("config", "check")])
@pytest.mark.parametrize("name", UNUSABLE)
def test_a_ca_file_that_cannot_be_used_is_told(
    args: tuple[str, ...], name: str, keyed: Program
) -> None:
    write(keyed, name, "ca_file")
    # The discard service of this machine: the file is looked at before anybody is asked.
    address = "https://127.0.0.1:9/v1"
    done = keyed.run(*args, SMSMON_API_KEY="a" * 40, SMSMON_BASE_URL=address)
    assert done.code == exit_codes.USAGE, done
    assert "CA file" in done.out + done.err


@pytest.mark.parametrize("name", ["no-such-file", "a\tb", "~nosuchuser/x"])
@pytest.mark.parametrize("args", [("status", "300"), ("doctor",)])
def test_a_variable_that_names_no_certificates_is_told(
    args: tuple[str, ...], name: str, offline: Program
) -> None:
    address = "https://127.0.0.1:9/v1"
    env = {"SMSMON_API_KEY": "a" * 40, "SMSMON_BASE_URL": address, "SSL_CERT_FILE": name}
    done = offline.run(*args, **env)
    assert done.code == exit_codes.USAGE, done
    assert "SSL_CERT_FILE" in done.out + done.err


@pytest.mark.parametrize("args", [*COMMANDS, ("watch", "--for", "0.1s")])
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o622, 0o600])
def test_a_key_file_that_others_can_read_is_told_once_and_used(
    args: tuple[str, ...], mode: int, keyed: Program
) -> None:
    write(keyed, "key")
    (keyed.home / "key").chmod(mode)
    done = keyed.run(*args)
    looks = args == ("config", "check") and mode != 0o600
    assert done.code == (exit_codes.USAGE if looks else exit_codes.OK), done
    told = (done.out + done.err).count("Others can read the key")
    assert told == (0 if mode == 0o600 else 1)
