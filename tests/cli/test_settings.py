"""Settings: which source wins, and how a mistake is told."""

from __future__ import annotations

import re
import tempfile
import tomllib
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from smsmon.locations import Locations
from smsmon.settings import Loaded, SettingsError, load
from smsmon.settings.leaves import leaves
from smsmon.settings.loading import unknown_variables
from smsmon.settings.printing import commented_file, json_schema, values
from smsmon.settings.secrets import KeySource
from smsmon.toml_lines import line_of


def loaded(
    folder: Path, text: str = "", environ: dict[str, str] | None = None, **flags: Any
) -> Loaded:
    """The settings of a folder whose config.toml says ``text``."""
    locations = Locations.under(folder)
    if text:
        locations.config.write_text(text, encoding="utf-8")
    dotted = {tuple(name.split("__")): value for name, value in flags.items()}
    return load(locations, environ or {}, dotted)


def problems(folder: Path, text: str, environ: dict[str, str] | None = None) -> tuple[str, ...]:
    """What is said about settings that cannot be used, without the file's path."""
    with pytest.raises(SettingsError) as caught:
        loaded(folder, text, environ)
    return tuple(each.replace(f"{folder}/", "") for each in caught.value.problems)


def test_flags_outrank_environment_outranks_file_outranks_default(tmp_path: Path) -> None:
    text = "[polling]\nbudget = 100\nconcurrency = 2\n[display]\nutc = true\n"
    environ = {"SMSMON_POLLING_BUDGET": "200", "SMSMON_DISPLAY_UTC": "false"}
    found = loaded(tmp_path, text, environ, display__utc=True, display__privacy=None)
    polling = found.settings.polling
    assert (polling.budget, polling.concurrency, polling.max_interval) == (200, 2, 900)
    assert found.settings.display.utc is True
    told = {each.name: each.origin for each in values(found)}
    assert told["polling.budget"] == "environment SMSMON_POLLING_BUDGET"
    assert told["polling.concurrency"] == "config.toml"
    assert told["polling.max_interval"] == "default"
    assert told["display.utc"] == "flag"
    assert told["display.privacy"] == "default", "a flag that was not given is none"


def test_every_problem_is_told_at_once_with_file_line_and_what_was_expected(
    tmp_path: Path,
) -> None:
    text = """\
profil = "x"

[polling]
budgte = 1
min_interval = "often"
concurrency = [
  1,
]

[display]
timeout = 5

[profiles.prod]
answer_format = "yaml"
base_url = "http://sms.example/v1"
"""
    assert problems(tmp_path, text, {"SMSMON_DISPLAY_UTC": "sometimes"}) == (
        "config.toml, line 1: profil is not a setting. Did you mean profile?",
        "config.toml, line 4: polling.budgte is not a setting. Did you mean polling.budget?",
        "config.toml, line 5: polling.min_interval must be a number from 1 to 3600.",
        "config.toml, line 6: polling.concurrency must be a whole number from 1 to 64.",
        "config.toml, line 11: display.timeout is not a setting. Did you mean network.timeout?",
        'config.toml, line 14: profiles.prod.answer_format must be one of "json", "xml".',
        "config.toml, line 15: profiles.prod.base_url: The base URL http://sms.example would send"
        " the API key unencrypted: use https:// (http:// is for this machine only).",
        "Environment variable SMSMON_DISPLAY_UTC must be true or false.",
    )


def test_what_the_file_has_wrong_stands_in_the_file_whatever_outranks_it(tmp_path: Path) -> None:
    text = '[polling]\nbudget = 0\n[profiles.default]\nbase_url = "http://sms.example"\n'
    environ = {"SMSMON_POLLING_BUDGET": "100", "SMSMON_BASE_URL": "https://sms.example"}
    assert [each.partition(" must ")[0][:40] for each in problems(tmp_path, text, environ)] == [
        "config.toml, line 2: polling.budget",
        "config.toml, line 4: profiles.default.ba",
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("polling = 3", "line 1: polling must be a table: write [polling]"),
        ("a = 1\nb = \n", "line 2: not valid TOML"),
        ("[polling]\nmin_interval = 10\nmax_interval = 5", "max_interval must not be below"),
        ('[profiles."bad name"]\n', "is no name for a profile"),
        ('profile = "x"', 'There is no profile "x". Known: default.'),
        ("[profiles.a]\n[profiles.b]", "several profiles (a, b) and none is chosen"),
        (
            '[profiles.a]\napi_key_file = "f"\napi_key_env = "E"',
            "profile a has 2 sources for its key",
        ),
        ('"\\u001b[2J" = 1', "line 1: �[2J is not a setting"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    told = problems(tmp_path, text)
    assert any(sentence in each for each in told), told


def test_a_key_in_the_file_is_refused_and_never_repeated(tmp_path: Path) -> None:
    key = "5e417131" * 5
    for text in (
        f'[profiles.a]\napi_key = "{key}"',
        f'[profiles.a]\napi_key_env = "{"a" + key}"',
        f'[profiles.a]\napi_key_file = "{key}"',
        f'[profiles.a]\napi_key_command = "{key}"',
        f'api_key = "{key}"',
    ):
        told = "\n".join(problems(tmp_path, text))
        assert key not in told
        assert "line" in told


def test_files_that_are_no_settings_are_named(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_bytes(b"[display]\n# \xe9t\xe9\n")
    with pytest.raises(SettingsError, match="line 2: not UTF-8"):
        loaded(tmp_path)
    config.unlink()
    config.mkdir()
    with pytest.raises(SettingsError, match="cannot be read"):
        loaded(tmp_path)


def test_the_only_profile_is_the_current_one(tmp_path: Path) -> None:
    settings = loaded(tmp_path, '[profiles.prod]\napi_key_file = "k"\n').settings
    assert settings.profile == "prod"
    assert settings.current.key_source == KeySource("file", "k")


def test_the_environment_rules_the_current_profile_and_no_other(tmp_path: Path) -> None:
    text = """\
profile = "prod"
[profiles.prod]
api_key_file = "prod-key"
[profiles.test]
api_key_command = ["pass", "show", "test"]
base_url = "https://test.example/v1"
"""
    environ = {"SMSMON_API_KEY": "k", "SMSMON_BASE_URL": "https://env.example/v1"}
    settings = loaded(tmp_path, text, environ).settings
    assert settings.profiles["prod"].key_source == KeySource("env", "SMSMON_API_KEY")
    assert settings.profiles["prod"].base_url == "https://env.example/v1"
    assert settings.profiles["test"].base_url == "https://test.example/v1"

    # One account's key must not reach another account's address: a profile that a flag names
    # keeps what the file says of it.
    named = loaded(tmp_path, text, environ, profile="test").settings.current
    assert named.key_source == KeySource("command", ("pass", "show", "test"))
    assert named.base_url == "https://test.example/v1"


def test_config_show_keeps_secrets_of_commands_and_proxies(tmp_path: Path) -> None:
    text = """\
[profiles.default]
api_key_command = ["vault", "-token=s3cret", "read"]
[targets.page]
command = ["curl", "-u", "ops:s3cret", "-d@-", "https://page.example"]
[targets.chat]
url_command = ["sh", "-c", "echo slack://s3cret"]
[alerts.losses]
when = "failed>9"
command = ["wall", "s3cret"]
[sources.codes]
command = ["tail-log", "--password", "s3cret"]
answers = true
[network]
proxy = "http://user:s3cret@proxy.example:3128"
"""
    found = loaded(tmp_path, text)
    assert "s3cret" not in repr(list(values(found)))
    assert "s3cret" not in str(found.settings.current.key_source)


def test_the_initial_file_changes_nothing_and_uncommented_is_valid(tmp_path: Path) -> None:
    text = commented_file()
    assert loaded(tmp_path, text).settings == loaded(tmp_path / "none").settings
    uncommented = re.sub(r"^#(?=[a-z_]+ = |\[)", "", text, flags=re.MULTILINE)
    # One source of a key, one way of a target or to get lines is allowed; the file shows all.
    several = r"^((api_key|store_password)_(env|command)|url_(env|file|command)) .*$"
    uncommented = uncommented.replace('command = ["journalctl"', '# ["journalctl"')
    uncommented = re.sub(several, "", uncommented, flags=re.MULTILINE)
    (tmp_path / "open").mkdir()
    origins = loaded(tmp_path / "open", uncommented).origins
    concrete = [path for path in leaves() if "*" not in path]
    concrete = [path for path in concrete if not re.match(several, f"{path[-1]} ")]
    assert set(concrete) <= set(origins), "every setting stands in the file"


def test_every_setting_is_documented_in_file_and_schema(tmp_path: Path) -> None:
    text = " ".join(commented_file().replace("\n# ", " ").split())
    schema = str(json_schema())
    for leaf in leaves().values():
        assert leaf.doc in text
        assert leaf.doc in schema


def test_misspelt_variables_are_noticed() -> None:
    environ = {"SMSMON_HOME": "", "SMSMON_DISPLAY_UTC": "", "SMSMON_BASEURL": "", "HOME": ""}
    assert unknown_variables(environ) == ["SMSMON_BASEURL"]


KEYS = st.text("ab", min_size=1, max_size=3)
TABLES = st.recursive(
    st.integers() | st.text(max_size=5) | st.lists(st.integers(), max_size=3),
    lambda inner: st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=8,
)


@given(st.dictionaries(KEYS, TABLES, min_size=1, max_size=4), st.data())
def test_line_of_points_at_the_statement_that_sets_a_key(
    table: dict[str, Any], data: st.DataObject
) -> None:
    text = "# a comment\n\n" + tomli_w.dumps(table)
    path: tuple[str, ...] = ()
    value: Any = table
    while isinstance(value, dict) and value:
        name = data.draw(st.sampled_from(sorted(value)))
        path, value = (*path, name), value[name]
    line = line_of(text, path)
    assert line is not None
    statement = text.split("\n")[line - 1]
    assert path[-1] in statement
    assert not statement.startswith("#")
    before = tomllib.loads("\n".join(text.split("\n")[: line - 1]))
    for name in path[:-1]:
        before = before.get(name, {})
    assert path[-1] not in before


NAMES = st.sampled_from(["budget", "utc", "proxy", "api_key_env", "base_url", "budgte"]) | KEYS


@given(
    st.dictionaries(
        st.sampled_from(["polling", "profiles", "keymap", "display", "x"]),
        st.dictionaries(NAMES, TABLES | st.booleans(), max_size=3) | TABLES,
    )
)
def test_any_toml_gives_settings_or_sentences(table: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        text = tomli_w.dumps(table)
        try:
            loaded(Path(folder), text)
        except SettingsError as error:
            for problem in error.problems:
                assert problem.endswith((".", "?"))
                assert problem.isprintable()
