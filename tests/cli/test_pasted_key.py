"""A key pasted where it does not belong is repeated by no command."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from smsmon import exit_codes
from smsmon.settings.leaves import leaves
from tests.cli.inside import Inside

KEYS = {
    "hex": "5e41713109ab5e41713109ab5e41713109ab0123",
    "HEX": "5E41713109AB5E41713109AB5E41713109AB0123",
    "letters first": "ab41713109ab5e41713109ab5e41713109ab0123",
    "short enough for a name": "c0ffee13109ab5e41713109ab5e41713",
    "base62": "q7RtB2xLw9ZkV4mNcY8sHd3PjF6gUa1E",
}
PLACES = [
    "[profiles.default]\napi_key_env = KEY",
    "[profiles.default]\napi_key_file = KEY",
    "[profiles.default]\napi_key_command = [KEY]",
    "[profiles.default]\napi_key_command = ['echo WORD']",
    "[profiles.default]\napi_key_command = ['echo', KEY]",
    "[profiles.default]\napi_key_command = KEY",
    "[profiles.default]\napi_key = KEY",
    "[profiles.default]\nWORD = KEY",
    "[profiles.WORD]",
    "[profiles.WORD]\napi_key_file = KEY",
    "[profiles.a]\n[profiles.WORD]",
    "[profiles.WORD]\n[profiles.WORD]",
    "[WORD]\n[WORD]",
    "[WORD]",
    "[WORD]\nx = 1",
    "WORD",
    "WORD = ",
    "WORD = 1\nWORD = 2",
    "x = WORD",
    "KEY",
    "api_key = KEY",
    "profile = KEY",
    "[polling]\nbudget = KEY",
    "[network]\nproxy = KEY",
    "[network]\nproxy = 'http://user:WORD@proxy.example:1'",
    "[network]\nproxy = 'http://WORD:80'",
    "[network]\nca_file = KEY",
    "[display]\ntheme = KEY",
    "[display]\nmessage_columns = [KEY]",
    "[profiles.default]\nbase_url = KEY",
    "[profiles.default]\nbase_url = 'https://api.smspartner.fr/v1?apiKey=WORD'",
    "[profiles.default]\nbase_url = 'https://WORD@api.smspartner.fr/v1'",
    "[profiles.default]\nbase_url = 'https://WORD/v1'",
    "[profiles.default]\nbase_url = 'https://127.0.0.1/WORD'",
    "[profiles.default]\nanswer_format = KEY",
    "[alerts.WORD]\nwhen = 'stale'",
    "[alerts.a]\nwhen = KEY\ncommand = [KEY]",
    "[keymap]\nWORD = KEY",
]
VARIABLES = [
    "SMSMON_HOME",
    "SMSMON_BASE_URL",
    "SMSMON_WORD",
    *sorted(leaf.variable for leaf in leaves().values() if leaf.variable),
]
ARGUMENTS = [
    ("--profile", "KEY", "config", "show"),
    ("--profile=KEY",),
    ("status", "300", "--profile", "KEY"),
    ("status", "300", "--timeout", "KEY"),
    ("status", "300", "--KEY"),
    ("add", "300", "--profile", "KEY"),
    ("edit", "300", "--profile", "KEY"),
    ("KEY",),
    ("config", "KEY"),
    ("locate", "KEY"),
    ("watch", "--for", "KEY"),
    ("history", "changes", "--since", "KEY"),
    ("completion", "KEY"),
    ("add", "KEY"),
    ("status", "300", "KEY"),
    ("export", "recipients", "--filter", "KEY:x"),
    ("export", "recipients", "--filter", "status:KEY"),
    ("import", "-"),
    ("add", "-"),
]
COMMANDS = [
    ("config", "show"),
    ("config", "show", "--json"),
    ("config", "check"),
    ("doctor", "--offline"),
    ("doctor", "--offline", "--json"),
    ("locate",),
    ("status", "300"),
]


@pytest.fixture
def inside(tmp_path: Path) -> Inside:
    """The program, with no account."""
    (tmp_path / "home").mkdir()
    return Inside(tmp_path / "home", {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"})


def told(inside: Inside, key: str, args: Sequence[str], **env: str) -> None:
    """Run a command, whose output must not have eight characters of the key in a row; its stdin
    has the key."""
    code, output = inside.run(args, env, given=f"300\n{key}\n".encode())
    whole = output.decode().lower()
    assert code != exit_codes.CRASH, whole
    pieces = {key.lower()[start : start + 8] for start in range(len(key) - 7)}
    assert not [piece for piece in pieces if piece in whole], (args, code, whole)


def asked(turn: int) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every command, and every key; at the next turn each command with the next key."""
    keys = [*KEYS.values()]
    for number, args in enumerate(COMMANDS):
        yield keys[(turn + number) % len(keys)], args


@pytest.mark.parametrize("place", PLACES)
def test_a_key_in_the_settings_file_is_not_repeated(place: str, inside: Inside) -> None:
    for key, args in asked(PLACES.index(place)):
        text = re.sub("WORD", key, re.sub("KEY", json.dumps(key), place))
        (inside.home / "config.toml").write_text(text)
        told(inside, key, args)


@pytest.mark.parametrize("variable", VARIABLES)
def test_a_key_in_a_variable_is_not_repeated(variable: str, inside: Inside) -> None:
    for key, args in asked(VARIABLES.index(variable)):
        told(inside, key, args, **{variable.replace("WORD", key.upper()): key})


@pytest.mark.parametrize("args", ARGUMENTS, ids=" ".join)
def test_a_key_in_an_argument_is_not_repeated(args: tuple[str, ...], inside: Inside) -> None:
    for key in KEYS.values():
        told(inside, key, [each.replace("KEY", key) for each in args])


def test_what_is_no_key_is_shown(inside: Inside) -> None:
    (inside.home / "config.toml").write_text(
        """\
profile = "production-eu-west-1"
[profiles.production-eu-west-1]
api_key_command = ["/usr/local/bin/fetch-smspartner-key", "x"]
[profiles.black_friday_2026]
api_key_env = "SMSPARTNER_PRODUCTION_API_KEY_FR"
[profiles.night]
api_key_file = "~/.config/smsmon/keys/production-2026"
"""
    )
    _, output = inside.run(["config", "show"])
    for each in (
        "production-eu-west-1",
        "/usr/local/bin/fetch-smspartner-key",
        "black_friday_2026",
        "SMSPARTNER_PRODUCTION_API_KEY_FR",
        "~/.config/smsmon/keys/production-2026",
    ):
        assert each in output.decode()
