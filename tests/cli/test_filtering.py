"""``--filter`` and ``--tag``: the same fields in every command, and the same words when wrong."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from smsmon.simulator.thread import ServerThread
from tests.cli.program import Program
from tests.pty.terminal import Terminal

WRONG = "qqqq:1"
SENTENCE = "--filter, character 1 ('qqqq'): There is no field qqqq here. "


@pytest.fixture(scope="module")
def known(api: ServerThread, tmp_path_factory: pytest.TempPathFactory) -> Program:
    """A home whose history knows 300 and 301; 301 is watched no longer, 302 was never read."""
    program = Program(
        tmp_path_factory.mktemp("known") / "home",
        {"SMSMON_BASE_URL": api.base_url, "SMSMON_API_KEY": api.key},
    )
    program.run("add", "300", "--label", "Sale", "--tag", "bf", "--note", "ask Anna")
    program.run("add", "301", "--label", "Codes", "--tag", "otp")
    program.watch_until(lambda said: said.count('"first_read"') == 2)
    program.run("rm", "301")
    program.run("add", "302", "--tag", "later")
    (program.home / "config.toml").write_text('[alerts.good]\nwhen = "delivered>1"\n')
    return program


def ids(program: Program, *args: str) -> list[str]:
    """The ids in the first column of what is printed, each once."""
    done = program.run(*args)
    assert (done.code, done.err) == (0, ""), done.err
    return [*dict.fromkeys(line.split("\t")[0] for line in done.out.splitlines())]


@pytest.mark.parametrize(
    ("args", "wanted"),
    [
        ((), ["300", "302"]),
        (("--tag", "BF"), ["300"]),
        (("--tag", "bf", "--tag", "later"), ["300", "302"]),
        (("--tag", "b"), []),
        (("--filter", "label:sale"), ["300"]),
        (("--filter", "note:anna age<1h"), ["300"]),
        (("--filter", "state:new"), ["302"]),
        (("--filter", "delivered:2 rate>99%"), ["300"]),
        (("--filter", "alert:good"), ["300"]),
        (("--filter", "trouble:no delivered:2"), ["300"]),
        (("--filter", "! delivered:2"), ["302"]),
        (("--filter", "delivered:2", "--tag", "later"), []),
    ],
)
def test_the_watchlist_is_asked_what_the_console_can_be_asked(
    known: Program, args: Sequence[str], wanted: list[str]
) -> None:
    assert ids(known, "ls", *args) == wanted
    if args:
        exported = ids(known, "export", "watchlist", "--format", "text", *args)
        assert [each.split()[0] for each in exported] == wanted


@pytest.mark.parametrize(
    ("args", "wanted"),
    [
        (("300", "301", "--filter", "failed>0"), ["301"]),
        (("300", "301", "--filter", "label:codes"), ["301"]),  # the history has its label
        (("300", "301", "--tag", "bf"), ["300"]),
        (("--tag", "bf"), ["300"]),
        (("--filter", "state:settled"), ["300"]),
        (("--filter", "label:nothing"), []),
        (("301", "--recipients", "--filter", "status:waiting"), ["301"]),
        (("300", "301", "--recipients", "--filter", "stop:yes delivered:1"), ["301"]),
        (("300", "--recipients", "--filter", "stop:yes"), []),
    ],
)
def test_what_is_read_now_is_chosen_by_what_it_says(
    known: Program, api: ServerThread, args: Sequence[str], wanted: list[str]
) -> None:
    known.run("rm", "302")  # the API does not know it
    assert ids(known, "status", *args) == wanted
    known.run("add", "302", "--tag", "later")


def test_what_the_watchlist_tells_is_not_asked_for(known: Program, api: ServerThread) -> None:
    before = len(api.server.requests)
    assert ids(known, "status", "300", "302", "--filter", "label:sale delivered>0") == ["300"]
    assert len(api.server.requests) - before == 1


def test_of_what_cannot_be_read_the_fault_is_told_whatever_is_chosen(known: Program) -> None:
    done = known.run("status", "300", "302", "--filter", "failed>0")
    assert (done.code, done.out) == (4, "")
    assert done.err.startswith("smsmon: 302: ")


def test_only_the_recipients_chosen_are_listed_and_count(known: Program) -> None:
    args = ("status", "301", "--recipients", "--filter", "status:not_delivered")
    done = known.run(*args, "--json", "--fail-on", "not-delivered", "--fail-on", "stop")
    (message,) = done.json["messages"]
    assert [each["status"] for each in message["recipients"]] == ["not_delivered"]
    assert message["counts"]["total"] == 3
    assert done.code == 6
    assert known.run(*args, "--fail-on", "waiting", "--fail-on", "stop").code == 0


@pytest.mark.parametrize(
    ("args", "wanted"),
    [
        ((), ["300", "301"]),
        (("--filter", "stop:yes"), ["301"]),
        (("--filter", "label:codes status:delivered"), ["301"]),
        (("--filter", "state:settled"), ["300"]),  # 301 is watched no longer
        (("--tag", "bf"), ["300"]),
        (("--filter", "waiting>0"), ["301"]),
    ],
)
def test_a_number_is_found_where_row_and_message_match(
    known: Program, args: Sequence[str], wanted: list[str]
) -> None:
    done = known.run("find", "+33600000001", *args)
    assert sorted(line.split("\t")[1] for line in done.out.splitlines()) == wanted


def test_a_number_in_no_row_that_matches_is_not_found(known: Program) -> None:
    done = known.run("find", "+33600000001", "--filter", "label:nothing")
    assert (done.code, done.out) == (4, "")
    assert done.err == "smsmon: None of the 2 rows found matches.\n"


@pytest.mark.parametrize(
    "command",
    [("ls",), ("status", "300"), ("status", "300", "--recipients"), ("find", "0612"),
     ("export", "recipients"), ("export", "changes"), ("export", "summary"),
     ("export", "watchlist"), ("history", "times"), ("history", "changes")],
)  # fmt: skip
def test_a_filter_that_cannot_be_read_is_wrong_usage_in_the_same_words(
    known: Program, api: ServerThread, command: Sequence[str]
) -> None:
    before = len(api.server.requests)
    done = known.run(*command, "--filter", WRONG)
    assert (done.code, done.out) == (2, "")
    assert SENTENCE in done.err
    assert done.err.count("\n") == 1
    assert len(api.server.requests) == before
    for option in ("--filter", "--tag"):
        assert option in known.run(*command[:1], *command[1:2], "--help").out


def test_times_are_of_the_messages_chosen(known: Program) -> None:
    assert ids(known, "history", "times", "--tag", "bf") == []


def test_thirty_arguments_that_are_no_ids_are_one_line(known: Program) -> None:
    wrong = [f"{each}x" for each in range(30)]
    for command in ("add", "status", "rm"):
        done = known.run(command, *wrong)
        assert (done.code, done.out) == (2, "")
        assert done.err.startswith("smsmon: 30 are no message ids: '0x', '1x', ")
        assert done.err.count("\n") == 1
    assert known.run("add", *wrong[:3]).err.count("is no message id") == 3


def test_thirty_ids_that_nobody_knows_are_one_line(known: Program) -> None:
    unknown = [str(each) for each in range(1001, 1031)]
    done = known.run("status", *unknown)
    assert done.code == 4
    assert done.err.startswith("smsmon: 30 not found: 1001, 1002, ")
    assert done.err.count("\n") == 1
    assert len(done.out.splitlines()) == 30, "a program gets a row of each"


@pytest.mark.parametrize(
    "command",
    [("ls",), ("status", "300", "301"), ("status", "301", "--recipients"), ("find", "0000000"),
     ("status", "300", *(str(each) for each in range(1001, 1031)))],
)  # fmt: skip
def test_what_a_person_reads_fits_80_columns_with_times_and_numbers_whole(
    known: Program, command: Sequence[str]
) -> None:
    label = "A campaign with a name that is longer than any screen can be wide, or nearly so"
    known.run("edit", "300", "--label", label)
    for columns in (80, 60):
        with Terminal(known.argv(*command), known.env(), (columns, 24)) as terminal:
            terminal.ended()
            # What a slow one says of its progress is written over.
            lines = [each.rpartition("\r")[2] for each in terminal.painted.decode().split("\r\n")]
        table = [line for line in lines if "smsmon: " not in line]
        assert max(map(len, table)) <= columns
        assert len(table) < 10, "thirty unknown ids are one line"
        assert not [word for word in " ".join(table).split() if word[:1].isdigit() and "…" in word]
        for told in re.findall(r"\d\d:\d\d\S*", "\n".join(table)):
            assert re.fullmatch(r"\d\d:\d\d(:\d\d)?", told)
    assert label in known.run("ls").out, "a program gets it whole"
    known.run("edit", "300", "--label", "Sale")


def test_what_happened_is_told_of_the_messages_chosen(known: Program) -> None:
    assert ids(known, "history", "changes", "--tag", "bf") == ["300"]
    assert ids(known, "history", "changes", "--filter", "label:nothing") == []
    told = known.run("history", "changes", "--lines", "--filter", "failed>0").out
    assert {line.split("\t")[1] for line in told.splitlines()} == {"301"}


def test_a_message_that_is_not_there_is_told_only_where_the_filter_lets_it_through(
    program: Program,
) -> None:
    program.run("add", "300", "999")
    done = program.run("status", "--all", "--filter", "failed>=0")
    assert (done.code, done.err) == (0, "")
    assert done.out.split("\t")[0] == "300"
    for expression in ("id:999", "state:not_found"):
        done = program.run("status", "--all", "--filter", expression)
        assert (done.code, "999: " in done.err) == (4, True)


def test_an_account_that_nobody_has_exports_nothing_and_says_so(known: Program) -> None:
    done = known.run("export", "summary", "--profile", "nope")
    assert (done.code, done.out) == (2, "")
    assert 'no profile "nope"' in done.err
    assert known.run("export", "summary", "--profile", "default").code == 0


def test_a_help_points_to_where_the_fields_are(known: Program) -> None:
    where = "smsmon export --help"
    assert where in " ".join(known.run("find", "--help").out.split())
    said = " ".join(known.run("export", "--help").out.split())
    assert where not in said
    assert "see below" in said
    assert "Fields of messages (" in said.partition("see below")[2]
