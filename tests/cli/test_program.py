"""What holds for every command: help, version, errors, pipes, places, languages."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest

from smsmon import __version__
from smsmon.cli import COMMANDS, SECTIONS, smsmon
from tests.cli.program import TIMEOUT, Program

HEAVY = ("httpx", "httpcore", "h11", "ssl", "textual", "sqlite3", "msgspec", "asyncio", "rich")


def imported(program: Program, *args: str, **env: str | None) -> set[str]:
    """The names of ours and of the heavy libraries that a command imports."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "smsmon", *args],
        capture_output=True,
        timeout=TIMEOUT,
        env=program.env(**env),
        check=False,
        text=True,
    )
    return {
        line.rpartition("|")[2].strip()
        for line in done.stderr.splitlines()
        if line.startswith("import time:")
    }


@pytest.mark.parametrize("flag", ["--version", "--help"])
def test_help_and_version_import_nothing_heavy(offline: Program, flag: str) -> None:
    names = imported(offline, flag)
    assert "smsmon.cli" in names
    assert not names & {*HEAVY, "pathlib"}
    assert not imported(offline) & {"smsmon.cli", "click"}  # by the console, which needs a terminal


def test_looking_at_the_watchlist_imports_nothing_heavy(offline: Program) -> None:
    names = imported(offline, "ls")
    assert "smsmon.store.local.watchlist" in names
    left = ("filters", "tags", "recipients", "phones", "secret")
    assert not names & {*HEAVY, *(f"smsmon.{each}" for each in left)}
    told = imported(offline, "status", "--oneline")  # by many shells, again and again
    assert "sqlite3" in told
    assert told & set(HEAVY) == {"sqlite3", "msgspec"}


def test_no_headless_command_imports_textual(program: Program) -> None:
    # One process for all of them: the import is refused, so that a command that needs it fails.
    script = """
import sys
import click

class Refused:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("textual", "rich"):
            raise ImportError(f"a headless command imports {name}")

sys.meta_path.insert(0, Refused())
from smsmon.cli import smsmon
from smsmon.commands.output import Failure

for line in sys.stdin.read().splitlines():
    try:
        smsmon.main(line.split(), standalone_mode=False)
    except (click.exceptions.Exit, Failure):
        pass
    print("DONE", line)
"""
    commands = """
add 300
ls
status 300 --csv
status 300 --watch --deadline 5
watch --for 0.2
find 0612345678
history changes
history times
history info
alert ls
alert history
alert try failed>0
check
check --ask
history prune
export recipients --filter status:delivered
export summary
balance
edit 300 --label x
pause 300
resume 300
doctor
store check
locate
config show
config check
config schema
completion zsh
source ls
status --group tag
export groups
rm 300
""".strip()
    done = subprocess.run(
        [sys.executable, "-c", script],
        input=commands,
        capture_output=True,
        timeout=TIMEOUT,
        env=program.env(),
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    ran = [line.removeprefix("DONE ") for line in done.stdout.splitlines() if "DONE" in line]
    assert ran == commands.splitlines()
    named = {line.split()[0] for line in ran}
    assert set(COMMANDS) - named == {"demo", "simulate", "import"}


def test_help_lists_every_command_and_exit_code(offline: Program) -> None:
    done = offline.run("--help")
    assert done.code == 0
    for name, entry in COMMANDS.items():
        assert f"  {name} " in done.out
        assert entry.help in " ".join(done.out.split())
        assert entry.section in SECTIONS
    for code in (0, 2, 3, 4, 5, 130):
        assert f" {code}  " in done.out
    assert offline.run("--version").out == f"smsmon {__version__}\n"


def test_wrong_usage_is_one_sentence_and_exit_2(offline: Program) -> None:
    for args, sentence in (
        (("stauts",), "There is no command 'stauts'. Did you mean `smsmon status`?"),
        (("status",), "No message id was given. Give ids as arguments, `-` to read stdin,"),
        (("ls", "--jsn"), "--json"),
        (("simulate", "--port", "99999"), "--port"),
        (("simulate", "--host", "0.0.0.0"), "this machine only"),
        (("--api-key", "x"), "No such option"),
    ):
        done = offline.run(*args)
        assert done.code == 2
        assert done.out == ""
        assert done.err.startswith("smsmon: ")
        assert sentence in done.err
        assert done.err.count("\n") == 1


@pytest.mark.parametrize("group", ["history", "config", "alert"])
def test_a_group_by_itself_names_its_commands_and_its_help_cuts_none(
    offline: Program, group: str
) -> None:
    alone = offline.run(group)
    assert (alone.code, alone.out) == (2, "")
    assert alone.err.startswith(f"smsmon: `smsmon {group}` needs one of: ")
    assert alone.err.endswith(f" See `smsmon {group} --help`.\n")
    assert alone.err.count("\n") == 1
    assert "..." not in offline.run(group, "--help").out.partition("Commands:")[2]


def test_no_line_of_any_help_is_cut_off_at_80_columns() -> None:
    def wide(command: click.Command, path: str, above: click.Context | None) -> list[str]:
        context = click.Context(command, above, path, terminal_width=80)
        found = [each for each in command.get_help(context).splitlines() if len(each) > 80]
        if isinstance(command, click.Group):
            for name in command.list_commands(context):
                under = command.get_command(context, name)
                assert under is not None
                found += wide(under, name, context)
        return [] if path == "completion" else found  # there each is a line to copy

    assert wide(smsmon, "smsmon", None) == []


def test_the_console_asks_for_a_terminal(offline: Program) -> None:
    for args, over_ssh in (((), "smsmon"), (("demo",), "smsmon demo")):
        done = offline.run(*args)
        assert done.code == 2
        assert "needs a terminal" in done.err
        assert f"`ssh -t HOST {over_ssh}`" in done.err
    assert not offline.home.exists()


def test_a_reader_that_goes_away_ends_the_command_quietly(offline: Program) -> None:
    offline.run("add", "-", input="\n".join(f"{i} label" for i in range(1, 5_000)))
    process = subprocess.Popen(
        offline.argv("ls"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=offline.env(),
    )
    assert process.stdout is not None
    process.stdout.read(10)
    process.stdout.close()
    _, err = process.communicate(timeout=TIMEOUT)
    assert (process.returncode, err) == (141, b"")


def test_closed_streams_end_no_command_with_a_traceback(offline: Program) -> None:
    offline.run("add", "300")
    for shell in (
        "ls >&-",
        "ls 2>&-",
        "status - <&-",
        "nonsense 2>&-",
        "nonsense 2>/dev/full",
        "ls >/dev/full",
        "--help >/dev/full",
        "--version 1</dev/null",
    ):
        command = " ".join(offline.argv()) + " " + shell
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            capture_output=True,
            timeout=TIMEOUT,
            env=offline.env(),
            check=False,
            text=True,
        )
        assert "Traceback" not in done.stderr, shell
        assert "Exception ignored" not in done.stderr, shell
        assert done.returncode in (0, 2, 5, 141), shell


@pytest.mark.parametrize("locale", ["C", "POSIX", "fr_FR.ISO-8859-1"])
def test_any_locale_prints_what_it_can(offline: Program, locale: str) -> None:
    offline.run("add", "300", "--label", "Été ✔")
    environ = {"LANG": None, "LC_ALL": locale}
    if "ISO" in locale:
        environ["PYTHONIOENCODING"] = "latin-1"
    done = subprocess.run(
        offline.argv("ls", "--json"),
        capture_output=True,
        timeout=TIMEOUT,
        env=offline.env(**environ),
        check=True,
    )
    import json

    assert json.loads(done.stdout)["messages"][0]["label"] == "Été ✔"


def test_no_home_is_said_and_smsmon_home_mends_it(offline: Program) -> None:
    # A user without an entry in the password file, as in a container run with --user.
    script = (
        "import pwd, sys\n"
        "def nobody(uid): raise KeyError(uid)\n"
        "pwd.getpwuid = nobody\n"
        "sys.argv = ['smsmon', 'ls']\n"
        "from smsmon.run import main\n"
        "main()\n"
    )
    for home, code in ((None, 2), (str(offline.home), 0)):
        done = subprocess.run(
            [sys.executable, "-c", script],
            capture_output=True,
            timeout=TIMEOUT,
            env=offline.env(HOME=None, SMSMON_HOME=home),
            check=False,
            text=True,
        )
        assert done.returncode == code
        assert ("set SMSMON_HOME" in done.stderr) == bool(code)


def test_a_read_only_home_can_be_looked_at(offline: Program) -> None:
    offline.run("add", "300")
    done = offline.run("ls")
    before = done.out
    os.chmod(offline.home, 0o500)
    try:
        assert offline.run("ls").out == before
        if os.geteuid() != 0:  # root writes everywhere
            refused = offline.run("add", "301")
            assert refused.code == 2
            assert str(offline.home) in refused.err
    finally:
        os.chmod(offline.home, 0o700)


def test_files_stand_where_xdg_says_without_smsmon_home(offline: Program, tmp_path: Path) -> None:
    data = tmp_path / "data"
    offline.run("add", "300", SMSMON_HOME=None, HOME=str(tmp_path), XDG_DATA_HOME=str(data))
    assert (data / "smsmon" / "watchlist.toml").is_file()
    assert not offline.home.exists()


def test_a_fault_of_the_program_leaves_a_note_without_key_or_locals(offline: Program) -> None:
    key = "5e417131" * 5
    script = (
        "import sys, smsmon.store.local.watchlist as w\n"
        "def broken(self):\n"
        f"    local_value = '{key}'\n"
        f"    raise RuntimeError('GET /v1?apiKey={key}&x \\x1b[2J')\n"
        "w.Watchlist.load = broken\n"
        "sys.argv = ['smsmon', 'ls']\n"
        "from smsmon.run import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        timeout=TIMEOUT,
        env=offline.env(SMSMON_API_KEY=key),
        check=False,
        text=True,
    )
    (note,) = (offline.home / "crashes").iterdir()
    assert done.returncode == 70
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert str(note) in done.stderr
    text = note.read_text()
    assert "RuntimeError" in text
    assert " in broken" in text
    assert key not in text + done.stderr
    assert "local_value" not in text
    assert "\x1b" not in text
    assert note.stat().st_mode & 0o777 == 0o600


def test_simulate_prints_its_address_and_stops_cleanly_on_ctrl_c(offline: Program) -> None:
    process = subprocess.Popen(
        offline.argv("simulate", "--seed", "7", "--speed", "10"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=offline.env(),
        text=True,
    )
    try:
        assert process.stdout is not None
        account = dict(
            process.stdout.readline().strip().removeprefix("export ").split("=", 1)
            for _ in range(2)
        )
        ids = process.stdout.readline().removeprefix("# Messages: ").split()
        done = offline.run("status", ids[0], "--json", **account)
        assert done.code == 0
        assert done.json["messages"][0]["counts"]["total"] > 0
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=TIMEOUT)
        assert (process.returncode, err) == (130, "")
    finally:
        process.kill()
        process.communicate()


def test_ctrl_c_ends_a_reading_command_with_130(program: Program) -> None:
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            # The moment at which the request is out and hanging, told to the test.
            "import sys, smsmon.commands.reading as r\n"
            "ask = r._ask\n"
            "async def told(*a):\n"
            "    print('asking', flush=True)\n"
            "    return await ask(*a)\n"
            "r._ask = told\n"
            "sys.argv = ['smsmon', 'status', '980']\n"
            "from smsmon.run import main\n"
            "main()\n",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=program.env(),
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "asking\n"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=TIMEOUT)
    assert (process.returncode, out, err) == (130, "", "")


@pytest.mark.parametrize(("module", "code"), [("select", -signal.SIGINT), ("click", 130)])
def test_ctrl_c_while_the_program_is_loaded_ends_it_without_a_word(
    offline: Program, tmp_path: Path, module: str, code: int
) -> None:
    """At first, and when the signals are heeded already."""
    (tmp_path / f"{module}.py").write_text(
        "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(60)\n"
    )
    done = offline.run("ls", PYTHONPATH=str(tmp_path))
    assert (done.code, done.out, done.err) == (code, "", "")
