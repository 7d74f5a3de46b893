"""What is completed, by the protocol that the scripts of the shells speak."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

import pytest

from smsmon.commands.shells import _split
from smsmon.locations import Locations
from smsmon.model import Arrival, Entry
from smsmon.store import ThisMachine, open_store
from tests.cli.program import TIMEOUT, Program
from tests.cli.test_program import HEAVY, imported

RULE = '[alerts.bf-losses]\nwhen = "tag:bf failed>9"\n'


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    program = Program(tmp_path_factory.mktemp("completing") / "home")
    program.run("add", "300", "--label", "Black Friday, FR: new", "--tag", "bf", "--tag", "two wo")
    program.run("add", "301", "--label", "Codes", "--tag", "otp")
    (program.home / "config.toml").write_text("[profiles.default]\n[profiles.shop]\n" + RULE)
    return program


def asked(program: Program, line: str) -> list[tuple[str, str, str]]:
    """Type, value and description of what may follow, as zsh is told."""
    words = line.split(" ")
    done = program.run(
        _SMSMON_COMPLETE="zsh_complete", COMP_WORDS=line, COMP_CWORD=str(len(words) - 1)
    )
    assert (done.code, done.err) == (0, "")
    told = done.out.removesuffix("\n").split("\n")
    return [*zip(told[::3], told[1::3], told[2::3], strict=True)] if done.out.strip() else []


def in_bash(program: Program, line: str, **env: str) -> list[str]:
    """What bash is told for a line with the cursor at its end: type and value."""
    done = program.run(
        _SMSMON_COMPLETE="bash_complete",
        COMP_LINE=line,
        COMP_POINT=str(len(line.encode())),
        **env,
    )
    assert (done.code, done.err) == (0, "")
    return done.out.splitlines()


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("smsmon bal", [("plain", "balance", "Ask the API what the account holds.")]),
        ("smsmon rm ", [("plain", "300", "Black Friday, FR: new"), ("plain", "301", "Codes")]),
        ("smsmon rm 300 ", [("plain", "301", "Codes")]),
        ("smsmon rm 301 3", [("plain", "300", "Black Friday, FR: new")]),
        ("smsmon status --tag o", [("plain", "otp", "1 message")]),
        ("smsmon alert ack bf", [("plain", "bf-losses", "tag:bf failed>9")]),
        ("smsmon alert try bf", [("plain", "bf-losses", "tag:bf failed>9")]),
        ("smsmon alert ack bf-losses tag:o", [("plain", "tag\\:otp", "1 message")]),
        ("smsmon alert ack bf-losses acc", [("plain", "account:default", "_"),
                                            ("plain", "account:shop", "_")]),
        ("smsmon alert ack bf-losses --until 2", [("plain", "2h", "in two hours")]),
        ("smsmon alert silence 30", [("plain", "300", "Black Friday, FR: new"),
                                     ("plain", "301", "Codes")]),
        ("smsmon check -w bal", [("plain", "balance=", "money left, of each account")]),
        ("smsmon edit 300 --tags +bf,-t", [("plain", "+bf,-two wo", "1 message")]),
        ("smsmon --profile sh", [("plain", "shop", "https://api.smspartner.fr/v1")]),
        ("smsmon add --profile sh", [("plain", "shop", "https://api.smspartner.fr/v1")]),
        ("smsmon ls --filter fai",
         [("part", "failed>", "how many are not delivered"),
          ("part", "failed_share>", "not delivered ÷ recipients")]),
        ("smsmon ls --filter state:not", [("plain", "state:not_found", "_")]),
        ("smsmon ls --filter tag:b", [("plain", "tag:bf", "_")]),
        ("smsmon ls --filter phon", []),
        ("smsmon export recipients --filter phon",
         [("part", "phone\\:", "any part of the number")]),
        ("smsmon export summary --filter phon", []),
        ("smsmon status --filter phon", []),
        ("smsmon status --recipients --filter phon",
         [("part", "phone\\:", "any part of the number")]),
        ("smsmon export summary --format js", [("plain", "jsonl", "_")]),
        ("smsmon export summary --since la",
         [("plain", "last night", "22:00 to 08:00"), ("plain", "last week", "Monday to Sunday")]),
        ("smsmon import some", [("file", "some", "_")]),
        ("smsmon rm --file ", [("file", "", "_")]),
        ("smsmon export summary -o x", [("file", "x", "_")]),
        ("smsmon find 06", []),
        ("smsmon ls --filter qqq:", []),
        ("smsmon nonsense ", []),
    ],
)  # fmt: skip
def test_what_may_follow(program: Program, line: str, found: list[tuple[str, str, str]]) -> None:
    if "nonsense" in line:
        done = program.run(_SMSMON_COMPLETE="zsh_complete", COMP_WORDS=line, COMP_CWORD="2")
        assert (done.out, done.err) == ("", "")
    else:
        assert asked(program, line) == found


def test_every_field_is_offered_where_nothing_is_typed(program: Program) -> None:
    names = {value.rstrip(">:\\") for _, value, _ in asked(program, "smsmon ls --filter ")}
    assert {"state", "failed_share", "tag", "alert", "trouble"} <= names
    of_recipients = {value for _, value, _ in asked(program, "smsmon find 06 --filter ")}
    assert {"phone\\:", "label\\:"} <= of_recipients


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("smsmon rm ", ["plain,300", "plain,301"]),
        ("smsmon ls --filter state:st", ["plain,stale"]),
        ("smsmon ls --filter 'state:st", ["plain,state:stale"]),
        ("smsmon ls --filter=state:st", ["plain,stale"]),
        ("smsmon ls --filter='state:st", ["plain,state:stale"]),
        ("smsmon ls --filter 'state:new wait", ["part,state:new waiting>",
                                               "part,state:new waiting_share>"]),
        ("smsmon ls --filter 'note", ["part,note:", "part,note:word"]),
        ("smsmon ls --tag tw", ["plain,two\\ wo"]),
        ('smsmon ls --tag "tw', ["plain,two wo"]),
        ("smsmon ls --filter label:b", ["plain,\\\"Black\\ Friday,\\ FR:\\ new\\\""]),
        ("smsmon import so", ["file,so"]),
        ("smsmon export summary --fo", ["plain,--format"]),
    ],
)  # fmt: skip
def test_bash_is_told_what_stands_behind_its_last_word_break(
    program: Program, line: str, found: list[str]
) -> None:
    assert in_bash(program, line) == found


def test_a_colon_that_breaks_no_word_is_told_too(program: Program) -> None:
    found = in_bash(program, "smsmon ls --filter state:st", COMP_WORDBREAKS=" \t\n")
    assert found == ["plain,state:stale"]


def test_scripts_of_earlier_versions_go_on_working(program: Program) -> None:
    done = program.run(
        _SMSMON_COMPLETE="bash_complete", COMP_WORDS="smsmon\nrm\n30", COMP_CWORD="2"
    )
    assert done.out.split() == ["plain,300", "plain,301"]


@pytest.mark.parametrize(
    ("line", "split"),
    [
        ("smsmon rm ", (["smsmon", "rm", ""], "", 0)),
        ("smsmon  ls 'a b", (["smsmon", "ls", "a b"], "'", 0)),
        ('smsmon x="a b', (["smsmon", "x=a b"], '"', 2)),
        ("smsmon a\\ b:c", (["smsmon", "a b:c"], "", 4)),
        ("smsmon 'a' ", (["smsmon", "a", ""], "", 0)),
    ],
)
def test_a_line_is_split_as_bash_does(line: str, split: tuple[list[str], str, int]) -> None:
    assert _split(line, " \t\n\"'><=;|&(:") == split


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize(
    "words",
    [("rm", ""), ("ls", "--filter", "tag:"), ("ls", "--tag", ""), ("status", "--profile", ""),
     ("locate", ""), ("", ), ("ls", "--filter", 'label:"')],
)  # fmt: skip
def test_completing_makes_no_file_and_says_nothing_where_nothing_is(
    offline: Program, shell: str, words: Sequence[str]
) -> None:
    line = " ".join(("smsmon", *words))
    env = {"COMP_WORDS": line, "COMP_CWORD": str(len(words)), "COMP_LINE": line,
           "COMP_POINT": str(len(line))}  # fmt: skip
    if shell == "fish":
        env["COMP_CWORD"] = words[-1]
    done = offline.run(_SMSMON_COMPLETE=f"{shell}_complete", **env)
    assert done.err == ""
    assert not offline.home.exists()


def test_broken_files_complete_nothing_without_a_word(offline: Program) -> None:
    offline.home.mkdir()
    for name in ("watchlist.toml", "config.toml", "history.db"):
        (offline.home / name).write_text("[[broken")
    for line in ("smsmon rm ", "smsmon ls --filter tag:", "smsmon ls --profile "):
        done = offline.run(
            _SMSMON_COMPLETE="bash_complete", COMP_LINE=line, COMP_POINT=str(len(line))
        )
        assert (done.out.strip(), done.err) == ("", "")
    assert {each.name for each in offline.home.iterdir()} == {
        "watchlist.toml", "config.toml", "history.db",
    }  # fmt: skip


def test_of_what_came_by_itself_few_are_offered(offline: Program) -> None:
    came = [Entry(str(id), arrival=Arrival("log", 60.0)) for id in range(500, 602)]
    open_store(Locations.under(offline.home), ThisMachine()).arrivals().take(came)
    offline.run("add", "5000")
    assert in_bash(offline, "smsmon rm ") == ["plain,5000"]
    assert len(in_bash(offline, "smsmon rm 50")) == 11


def test_completing_loads_neither_the_network_nor_the_history(program: Program) -> None:
    # The classes of what a filter asks for are made by msgspec.
    for line, may in (
        ("smsmon rm ", ""),
        ("smsmon ls --filter state:", "msgspec"),
        ("smsmon st", ""),
    ):
        names = imported(
            program, _SMSMON_COMPLETE="bash_complete", COMP_LINE=line, COMP_POINT=str(len(line))
        )
        assert "smsmon.commands.shells" in names
        assert not names & {*HEAVY, "smsmon.api", "smsmon.console"} - {may}


@pytest.mark.parametrize(("shell", "check"), [("bash", "-n"), ("zsh", "-n"), ("fish", "-n")])
def test_the_scripts_are_sound(offline: Program, shell: str, check: str) -> None:
    import shutil

    path = shutil.which(shell)
    if path is None:
        pytest.skip(f"there is no {shell} here")
    script = offline.run("completion", shell).out
    done = subprocess.run(
        [path, check], input=script, capture_output=True, timeout=TIMEOUT, check=False, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
