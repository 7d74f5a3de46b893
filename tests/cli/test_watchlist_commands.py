"""``add``, ``rm``, ``ls``: the watchlist from a shell."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from pathlib import Path

import pytest

from smsmon.locations import Locations
from smsmon.model import Arrival, Entry
from smsmon.store import ThisMachine, open_store
from tests.cli.program import Program
from tests.pty.terminal import Terminal


def test_what_is_added_is_listed_and_what_is_removed_is_gone(offline: Program) -> None:
    assert offline.run("ls").out == ""
    added = offline.run("add", "300", "301", "--label", "Black Friday [b]", "--tag", "bf")
    assert (added.code, added.out, added.err) == (0, "", "Added 300, 301.\n")
    assert offline.run("add", "300", "--note", "Monday").err == "Already watched: 300.\n"

    listed = offline.run("ls", "--json").json["messages"]
    assert [(each["id"], each["label"], each["tags"], each["note"]) for each in listed] == [
        ("300", "Black Friday [b]", ["bf"], "Monday"),
        ("301", "Black Friday [b]", ["bf"], ""),
    ]
    assert set(listed[0]) == {
        "id", "label", "tags", "note", "note_by", "note_at", "added_at", "paused", "profile",
        "source",
    }  # fmt: skip
    assert listed[0]["added_at"].endswith("Z")

    removed = offline.run("rm", "300", "999")
    assert removed.code == 4
    assert removed.err == "Removed 300.\nsmsmon: Not on the watchlist: 999.\n"
    assert [line.split("\t")[:3] for line in offline.run("ls").out.splitlines()] == [
        ["301", "Black Friday [b]", "bf"]
    ]
    assert stat.S_IMODE((offline.home / "watchlist.toml").stat().st_mode) == 0o600


def test_what_came_by_itself_is_listed_and_edited_like_all_else(offline: Program) -> None:
    came = [Entry(str(id), "a code", ("otp",), arrival=Arrival("log", 60.0)) for id in (7, 8, 9)]
    store = open_store(Locations.under(offline.home), ThisMachine())
    store.arrivals().take(came)
    offline.run("add", "300")
    assert offline.run("edit", "8", "--label", "kept").code == 0
    assert offline.run("rm", "9").code == 0
    assert [(each["id"], each["label"], each["source"])
            for each in offline.run("ls", "--json").json["messages"]] == [
        ("300", "", None), ("8", "kept", None), ("7", "a code", "log"),
    ]  # fmt: skip
    assert offline.run("ls").out.splitlines()[-1].endswith("\tlog")
    assert '"7"' not in (offline.home / "watchlist.toml").read_text()
    assert len(offline.run("export", "watchlist").out.splitlines()) == 1 + 3


def test_a_person_is_spared_the_columns_in_which_nothing_stands(offline: Program) -> None:
    offline.run("add", "300", "--label", "Sale")
    offline.run("add", "301")
    with Terminal(offline.argv("ls"), offline.env()) as terminal:
        assert terminal.ended() == 0
    head, sale, bare = terminal.painted.decode().split("\r\n")[:3]
    assert head.split() == ["ID", "LABEL", "PROFILE", "ADDED"]
    assert sale.split()[:3] == ["300", "Sale", "default"]
    assert bare.split()[:3] == ["301", "–", "default"]
    assert offline.run("ls").out.splitlines()[0].count("\t") == 7, "a program gets them all"


def test_a_person_is_spared_the_many_that_came_by_themselves(offline: Program) -> None:
    came = [Entry(str(id), arrival=Arrival("log", 60.0)) for id in range(500, 601)]
    open_store(Locations.under(offline.home), ThisMachine()).arrivals().take(came)
    offline.run("add", "300")

    def painted(*options: str) -> str:
        with Terminal(offline.argv("ls", *options), offline.env()) as terminal:
            assert terminal.ended() == 0
        return " ".join(terminal.painted.decode().split())

    assert "101 came by themselves, from log: `smsmon status --group source`" in painted()
    assert (" 300 " in painted(), " 500 " in painted()) == (True, False)
    assert " 500 " in painted("--filter", "source:log")
    assert len(offline.run("ls").out.splitlines()) == 102, "a program gets them all"


def test_a_list_is_taken_whole_or_not_at_all(offline: Program) -> None:
    done = offline.run("add", "-", input="300 good\nthree hundred\n301\n")
    assert done.code == 2
    assert "stdin, line 2" in done.err
    assert done.err.endswith("None of the others was taken either.\n")
    assert not (offline.home / "watchlist.toml").exists()
    assert offline.run("add", "-", input="").code == 2


def test_a_broken_watchlist_is_named_by_line_and_never_overwritten(offline: Program) -> None:
    offline.home.mkdir()
    file = offline.home / "watchlist.toml"
    file.write_text('version = 1\n\n[[message]\nid = "300"\n')
    for command in (("ls",), ("add", "301"), ("rm", "300")):
        done = offline.run(*command)
        assert done.code == 2
        assert done.out == ""
        assert "watchlist.toml, line 3" in done.err
    assert file.read_text() == 'version = 1\n\n[[message]\nid = "300"\n'


def test_outside_text_reaches_the_terminal_as_text(offline: Program) -> None:
    offline.run("add", "300", "--label", "a\x1b]52;c;eA==\x07b\u202ec")
    done = offline.run("ls")
    assert "\x1b" not in done.out
    assert "\u202e" not in done.out
    assert done.out.split("\t")[1] == "a�]52;c;eA==�b�c"
    for hostile in ("\x1b[2J", "--\x1b[2J", "--label=\x1b[2J"):
        assert "\x1b" not in offline.run("rm", hostile).err


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = Program(tmp_path / "file" / "home").run("add", "300")
    assert done.code == 2
    assert str(tmp_path / "file" / "home") in done.err


@pytest.mark.parametrize(
    "words",
    [
        ("--profile", "nope", "ls"),
        ("--profile", "nope", "rm", "300"),
        ("--profile", "nope", "history", "times"),
        ("add", "301", "--profile", "nope"),
        ("edit", "300", "--profile", "nope"),
        ("add", "-"),
        ("import", "-"),
    ],
)
def test_a_profile_that_does_not_exist_is_refused(offline: Program, words: Sequence[str]) -> None:
    offline.run("add", "300", "--profile", "default")
    before = (offline.home / "watchlist.toml").read_text()
    done = offline.run(*words, input="id,profile\n302,nope\n" if words[-1] == "-" else "")
    assert (done.code, done.out) == (2, "")
    assert 'There is no profile "nope". Known: default.' in done.err
    assert (offline.home / "watchlist.toml").read_text() == before


def test_a_profile_that_the_environment_names_and_nobody_has_is_refused(offline: Program) -> None:
    for words in (("ls",), ("add", "300"), ("rm", "300")):
        done = offline.run(*words, SMSMON_PROFILE="nope")
        assert (done.code, done.out) == (2, "")
        assert done.err.startswith(
            "smsmon: Environment variable SMSMON_PROFILE: There is no profil"
        )
    assert not offline.home.exists()
    assert offline.run("ls", SMSMON_PROFILE="default").code == 0


ANSWERS = (
    '{"success":true,"code":200,"message_id":300,"nb_sms":1}\n'
    '{"success":true,"SMSResponse_List":[{"success":true,"message_id":301},'
    '{"success":true,"message_id":300}]}'
)


def test_what_the_api_answered_to_sends_is_watched(offline: Program) -> None:
    added = offline.run("add", "--from-send-answers", "--tag", "otp", input=ANSWERS)
    assert (added.code, added.out, added.err) == (0, "", "Added 2, watched already 1.\n")
    assert [line.split("\t")[0] for line in offline.run("ls").out.splitlines()] == ["300", "301"]

    refused = offline.run("add", "--from-send-answers", input='{"success":false,"code":9}\n')
    assert refused.code == 2
    assert "line 1: the send was refused (code 9)" in refused.err
    assert "No line of stdin tells of a message: 1 line left out." in refused.err


def test_a_log_is_followed_through_its_rotation(offline: Program, tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.write_text("sent id=100\n")
    argv = ("add", "--follow", "--file", str(log), "--match", "sent id=(?P<id>[0-9]+)")
    with Terminal(offline.argv(*argv), offline.env()) as terminal:
        terminal.wait_for("ctrl+c ends it")
        for number in range(300, 303):
            with log.open("a") as file:
                file.write(f"other\nsent id={number}\n")
            terminal.wait_for(f"Added {number}.")
            log.rename(log.with_name(f"app.log.{number}"))
        terminal.press(b"\x03")
        assert terminal.ended() == 130
    assert [line.split("\t")[0] for line in offline.run("ls").out.splitlines()] == [
        "300", "301", "302",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("argv", "why"),
    [
        (["--match", "("], "--match: It is no regular expression"),
        (["--match", "x", "300"], "none can be given beside them"),
        (["--follow", "300"], "--follow needs --from-send-answers or --match"),
        (["--follow", "--from-send-answers"], "--follow needs --file"),
        (["--match", "(?P<id>.)", "--from-send-answers"], "two ways"),
    ],
)
def test_options_of_lines_that_do_not_fit_say_what_to_do(
    offline: Program, argv: list[str], why: str
) -> None:
    refused = offline.run("add", *argv)
    assert refused.code == 2
    assert why in refused.err
