"""What is wrong with the settings: the console and `smsmon config check` find the same."""

from __future__ import annotations

import string
from pathlib import Path

import pytest
from textual.binding import Binding
from textual.keys import Keys

from smsmon.commands import console as start
from smsmon.commands.output import Failure
from smsmon.console.actions import EVERY_ACTION, key_name, wrong_key
from smsmon.locations import Locations
from smsmon.settings.checking import _columns
from smsmon.settings.loading import read
from smsmon.settings.telling import built_in_alerts
from tests.cli.inside import Inside
from tests.support.scene import SMALL, Scene

RULE = '[alerts.a]\nwhen = "waiting>0"\ncommand = '
OTHER = "[profiles.default]\n[profiles.other]\n"
STORE = 'store = "postgresql://smsmon@db.example/smsmon"\n'
NOT_STARTED: dict[str, tuple[str, str]] = {
    "not TOML": ("display =", "line 1: not valid TOML"),
    "a misspelt setting": ("[polling]\nbudgte = 1", "line 2: polling.budgte is not a setting."),
    "a table that is none": ("[pollin]\nbudget = 1", "line 1: pollin is not a setting."),
    "a number out of range": ("[polling]\nbudget = 0", "line 2: polling.budget must be a whole"),
    "a condition": ('[alerts.a]\nwhen = "zz:1"', "line 2: alerts.a.when: "),
    "no condition": ("[alerts.a]\nbell = true", "line 1: alerts.a needs when"),
    "a view of no table": (
        '[views.a]\ntable = "message"',
        'line 2: views.a.table must be one of "messages", "recipients", "log", "groups".',
    ),
    "no name for a view": ('[views."a b"]\nfilter = "x"', '"views.a b" is no name for a view'),
    "no such profile": ('profile = "x"', 'line 1: There is no profile "x"'),
    "two sources of a key": (
        OTHER + 'api_key_file = "f"\napi_key_env = "E"',
        "line 3: profile other has 2 sources",
    ),
    "intervals crossed": (
        "[polling]\nmin_interval = 9\nmax_interval = 5",
        "line 3: polling.max_interval must not be below",
    ),
    "no such action": ('[keymap]\n"message.ad" = "b"', "line 2: keymap: there is no action"),
    "a key for two": ('[keymap]\n"message.add" = "q"', "line 2: keymap: q would do both"),
    "a terminal's": ('[keymap]\n"message.add" = "ctrl+b"', "line 2: keymap: ctrl+b belongs"),
    "no such key": ('[keymap]\n"message.add" = "esc"', "line 2: keymap: There is no key"),
    "no key": ('[keymap]\n"app.quit" = ""', "line 2: keymap: app.quit has no key left"),
}
"""What nothing starts with: what stands in config.toml, and a part of what is said."""
GONE_ON_WITHOUT: dict[str, tuple[str, str]] = {
    "filter of a view": (
        '[views.a]\nfilter = "stauts:live"',
        "line 2: views.a.filter: There is no field stauts here. Did you mean state",
    ),
    "filter of another table": (
        '[views.b]\ntable = "recipients"\nfilter = "state:live"',
        "line 3: views.b.filter: There is no field state here.",
    ),
    "sort of a view": (
        '[views.c]\nsort = "-rat"',
        'line 2: views.c.sort: there is no column "rat". Did you mean rate?',
    ),
    "column of a view": (
        '[views.d]\ntable = "log"\ncolumns = ["at", "status"]',
        'line 3: views.d.columns: there is no column "status".',
    ),
    "theme": ('[display]\ntheme = "smsmon-drak"', "line 2: There is no theme"),
    "column": (
        '[display]\nmessage_columns = ["id", "lable"]',
        'line 2: display.message_columns: there is no column "lable". Did you mean label?',
    ),
    "column of recipients": (
        '[display]\nrecipient_columns = ["phone", "phone"]',
        "line 2: display.recipient_columns names",
    ),
    "no such alert command": (
        RULE + '["no-such-one"]',
        "line 3: alerts.a.command: no-such-one cannot be run: there is no such program",
    ),
    "alert command not executable": (
        RULE + '["HOME/plain"]',
        "line 3: alerts.a.command: HOME/plain cannot be run: it is not executable",
    ),
    "key file missing": (OTHER + 'api_key_file = "HOME/none"', "line 3: Profile other, key from"),
    "key file of others": (OTHER + 'api_key_file = "HOME/open"', "line 3: Profile other: Others"),
    "key variable not set": (OTHER + 'api_key_env = "NO_SUCH"', "line 3: No API key for profile"),
    "no such key command": (
        OTHER + 'api_key_command = ["no-such-one"]',
        "line 3: profiles.other.api_key_command: no-such-one cannot be run",
    ),
    "no such authorities": ('[network]\nca_file = "HOME/none.pem"', "line 2: The CA file"),
}
"""What the console goes on without, and says."""
ENVIRON = {"SMSMON_API_KEY": "0" * 40, "SMSMON_DISPLAY_CLOK": "1"}
VARIABLE = (
    "Environment variable SMSMON_DISPLAY_CLOK is none that smsmon reads. Did you mean"
    " SMSMON_DISPLAY_CLOCK?"
)


def at_home(home: Path, text: str) -> None:
    """Write config.toml, and the files that it may name."""
    home.joinpath("config.toml").write_text(text.replace("HOME", str(home)))
    for name, mode in (("plain", 0o600), ("open", 0o644)):
        home.joinpath(name).write_text("1" * 40)
        home.joinpath(name).chmod(mode)


def checked(home: Path) -> tuple[int, list[str]]:
    """The exit code of `smsmon config check`, and what it says."""
    code, said = Inside(home, {**ENVIRON, "PATH": "/usr/bin:/bin"}).run(["config", "check"])
    return code, [line.removeprefix("smsmon: ") for line in said.decode().splitlines()]


@pytest.mark.parametrize(("text", "part"), NOT_STARTED.values(), ids=NOT_STARTED)
def test_what_check_finds_keeps_the_console_from_starting_in_the_same_words(
    text: str, part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_home(tmp_path, text)
    code, said = checked(tmp_path)
    assert code == 2
    assert any(part in line for line in said), said
    monkeypatch.setattr(start, "need_terminal", lambda: None)
    for name, value in {**ENVIRON, "SMSMON_HOME": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(Failure) as refused:
        start.open_console()
    assert str(refused.value).splitlines() == said


@pytest.mark.parametrize(("text", "part"), GONE_ON_WITHOUT.values(), ids=GONE_ON_WITHOUT)
async def test_what_check_finds_the_console_says_when_it_goes_on_without(
    text: str, part: str, tmp_path: Path
) -> None:
    at_home(tmp_path, text)
    code, said = checked(tmp_path)
    assert code == 2
    assert said[0] == VARIABLE
    assert any(part.replace("HOME", str(tmp_path)) in line for line in said), said
    scene = Scene(tmp_path, [], environ={**ENVIRON, "SMSMON_DISPLAY_THEME": ""})
    async with scene.app.run_test(size=SMALL) as pilot:
        await scene.open(pilot)
        assert list(scene.app.complaints) == said


def test_all_is_told_at_once(tmp_path: Path) -> None:
    tables: dict[str, list[str]] = {}
    # One of each table: no TOML has the same one twice.
    for text, part in (*NOT_STARTED.values(), *GONE_ON_WITHOUT.values()):
        if text.startswith("["):
            tables.setdefault(text.splitlines()[0].split(".")[0].strip("[]"), [text, part])
    at_home(tmp_path, "\n".join(text for text, _ in tables.values()))
    code, said = checked(tmp_path)
    assert code == 2
    for _, part in tables.values():
        assert any(part.partition(": ")[2] in line for line in said), (part, said)


def test_all_is_well_tells_what_is_in_force(tmp_path: Path) -> None:
    at_home(tmp_path, '[display]\nutc = true\n[keymap]\n"message.add" = "b"\n')
    code, out = Inside(tmp_path, {"SMSMON_POLLING_BUDGET": "100"}).run(["config", "check"])
    assert code == 0
    assert out.decode().splitlines() == [
        f"All is well: {tmp_path}/config.toml. Profiles: default.",
        "polling.budget\t100\tenvironment SMSMON_POLLING_BUDGET",
        "display.utc\ttrue\tconfig.toml",
        'keymap.message.add\t"b"\tconfig.toml',
    ]


def test_keys_have_the_names_that_textual_gives_them() -> None:
    for char in string.printable.strip():
        if char != ",":
            assert [each.key for each in Binding.make_bindings([Binding(char, "")])] == [
                key_name(char)
            ]
    unsendable = {"return", "ctrl-at", "<any>", "<ignore>", "<scroll-up>", "<scroll-down>"}
    for key in {each.value for each in Keys} - unsendable:
        assert wrong_key(key) == "", key
    for action in EVERY_ACTION:
        for key in action.keys:
            assert wrong_key(key) == ""


async def test_the_columns_that_check_knows_are_those_of_the_tables(tmp_path: Path) -> None:
    at_home(tmp_path, RULE.partition("command")[0])
    scene = Scene(tmp_path, [])
    async with scene.app.run_test(size=SMALL) as pilot:
        await scene.open(pilot)
        picture = scene.screen.picture
        for pane, name in (
            (picture.messages, "message_columns"),
            (picture.recipients, "recipient_columns"),
        ):
            assert {column.name for column in pane.table.columns} == set(_columns()[name])


def test_a_reading_with_problems_has_the_rest_in_force(tmp_path: Path) -> None:
    at_home(tmp_path, '[polling]\nbudget = 0\nconcurrency = 3\n[alerts.a]\nwhen = "zz:1"\n')
    reading = read(Locations.under(tmp_path), {})
    assert reading.refused
    polling = reading.settings.polling
    assert (polling.budget, polling.concurrency) == (600, 3)
    assert reading.settings.alerts == built_in_alerts()


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ('store = "postgresql://"', "line 1: store: The address of the store makes no sense"),
        ('store = "postgresql://h/d?sslmod=x"', "line 1: store: The address of the store makes"),
        (STORE + 'store_password_file = "HOME/none"', "line 2: store_password_file: The password"),
        (STORE + 'store_password_file = "HOME/open"', "line 2: store_password_file: Others can"),
        (STORE + 'store_password_env = "NO_SUCH"', "line 2: store_password_env: The variable"),
        (
            'store = "postgresql://a:secret@h/d"\nstore_password_command = ["pass", "it"]',
            "line 1: store: the password in it is not used, but that of command pass: keep one.",
        ),
    ],
)
def test_a_store_that_can_never_be_opened_from_here_is_told(
    text: str, part: str, tmp_path: Path
) -> None:
    at_home(tmp_path, text)
    code, said = checked(tmp_path)
    assert code == 2
    assert any(part in line for line in said), said
