"""The smaller commands: rows of ``status``, ``edit``, ``import``, ``config``, ``doctor`` …"""

from __future__ import annotations

import csv
import io
import shutil
from pathlib import Path

import pytest

from smsmon.cli import COMMANDS, Commands, smsmon
from smsmon.commands.doctor import Health, finding, verdict
from smsmon.commands.doctor.machine import environment, stores, terminal
from smsmon.locations import Locations
from smsmon.simulator.faults import Refuse, Rows, ServerError, Trouble
from smsmon.simulator.thread import ServerThread
from tests.cli.program import Program


def test_the_table_of_commands_says_what_each_says_of_itself() -> None:
    import click

    assert isinstance(smsmon, Commands)
    for name, entry in COMMANDS.items():
        with click.Context(smsmon) as ctx:
            command = smsmon.get_command(ctx, name)
        assert command is not None
        assert command.name == name
        assert (command.help or "").split("\n\n")[0].replace("\n", " ") == entry.help


def test_status_prints_recipients_as_rows_and_csv_and_masks_them(program: Program) -> None:
    rows = program.run("status", "301", "--recipients", "--privacy").out.splitlines()
    assert [row.split("\t")[:5] for row in rows] == [
        ["301", "+33 6 ·· ·· ·· 01", "delivered", "Delivered", "yes"],
        ["301", "+33 6 ·· ·· ·· 03", "not_delivered", "Not delivered", "no"],
        ["301", "+33 6 ·· ·· ·· 04", "waiting", "Waiting", "no"],
    ]
    done = program.run("status", "301", "--csv", "--fail-on", "stop", "--fail-on", "unknown")
    (row,) = csv.DictReader(io.StringIO(done.out))
    assert (row["total"], row["not_delivered"], row["stop"]) == ("3", "1", "1")
    assert done.code == 6
    masked = program.run("status", "301", "--json", SMSMON_DISPLAY_PRIVACY="true").json
    assert masked["messages"][0]["recipients"][0]["phone"] == "+33 6 ·· ·· ·· 01"


def test_messages_are_read_by_the_profile_the_watchlist_names(
    program: Program, api: ServerThread
) -> None:
    program.home.mkdir()
    (program.home / "config.toml").write_text(
        f'[profiles.default]\n[profiles.test]\nbase_url = "{api.base_url}"\n'
        'api_key_command = ["printf", "not-the-key"]\n'
    )
    program.run("add", "300", "--profile", "test")
    done = program.run("status", "300", "301", "--json")
    assert [each["state"] for each in done.json["messages"]] == ["error", "ok"]
    assert done.code == 3
    assert program.run("status", "300", "--profile", "default").code == 0
    unknown = program.run("status", "300", "--profile", "prod")
    assert unknown.code == 2
    assert 'no profile "prod"' in unknown.err


def test_all_reads_the_whole_watchlist(program: Program) -> None:
    assert program.run("status", "--all").code == 2
    program.run("add", "300", "301")
    ids = [line.split("\t")[0] for line in program.run("status", "--all").out.splitlines()]
    assert ids == ["300", "301"]


def test_a_message_of_an_unknown_profile_keeps_none_of_the_others_from_being_read(
    program: Program,
) -> None:
    program.run("add", "300", "301")
    watchlist = program.home / "watchlist.toml"
    listed = watchlist.read_text().replace('id = "300"', 'id = "300"\nprofile = "gone"')
    watchlist.write_text(listed)
    for more in ((), ("--watch", "--deadline", "5")):
        done = program.run("status", "--all", "--json", *more)
        assert [each["state"] for each in done.json["messages"]] == ["error", "ok"]
        assert "There is no profile gone in config.toml (known: default)" in done.err
        assert done.code == 3
    assert program.run("status", "300").code == 2


def test_an_unknown_profile_is_told_once_whatever_the_number_of_its_messages(
    program: Program,
) -> None:
    program.run("add", *map(str, range(300, 310)))
    watchlist = program.home / "watchlist.toml"
    listed = watchlist.read_text()
    for id in range(301, 310):
        listed = listed.replace(f'id = "{id}"', f'id = "{id}"\nprofile = "gone"')
    watchlist.write_text(listed)
    done = program.run("status", "--all")
    assert [line.split("\t")[1] for line in done.out.splitlines()] == ["ok", *["error"] * 9]
    (told,) = done.err.splitlines()
    assert "There is no profile gone in config.toml (known: default)" in told
    assert done.code == 3


@pytest.mark.parametrize("command", ["add", "edit", "import"])
def test_a_profile_that_there_is_not_is_refused_with_those_there_are(
    offline: Program, command: str
) -> None:
    offline.run("add", "300")
    (offline.home / "config.toml").write_text("[profiles.main]\n[profiles.test]\n")
    before = (offline.home / "watchlist.toml").read_text()
    if command == "import":
        done = offline.run("import", "-", input="id,profile\n301,main\n302,nope\n")
    else:
        done = offline.run(command, "300", "--profile", "nope")
    assert done.code == 2
    assert 'no profile "nope". Known: main, test.' in done.err
    assert (offline.home / "watchlist.toml").read_text() == before


def test_edit_changes_what_is_given_and_only_that(offline: Program) -> None:
    offline.run("add", "300", "--label", "one", "--tag", "x", "--note", "n")
    assert offline.run("edit", "300", "--tags", '-x a, +"b c"').err == "Changed 300.\n"
    done = offline.run("pause", "300", "999")
    assert done.code == 4
    assert done.err == "Paused 300.\nsmsmon: Not on the watchlist: 999.\n"
    (entry,) = offline.run("ls", "--json").json["messages"]
    assert (entry["label"], entry["tags"], entry["note"], entry["paused"]) == (
        "one", ["a", "b c"], "n", True,
    )  # fmt: skip
    offline.run("resume", "300")
    assert offline.run("ls").out.split("\t")[3] == ""
    assert offline.run("edit", "300").code == 2
    assert "no tag after +" in offline.run("edit", "300", "--tags", "+").err
    offline.run("edit", "300", "--tags", "-b", "--tag", "c d")
    offline.run("add", "301", "--tag", "c d", "--tags", 'e, "f g"')
    tags = [each["tags"] for each in offline.run("ls", "--json").json["messages"]]
    assert tags == [["a", "b c", "c d"], ["c d", "e", "f g"]], "one spelling is as good as another"
    offline.run("edit", "300", "--tag", "-c d", "--tag", "+a")
    for given, kept in (("more", ["a", "b c", "more"]), ("=x y", ["x", "y"]), ("", [])):
        offline.run("edit", "300", "--tags", given)
        assert offline.run("ls", "--json").json["messages"][0]["tags"] == kept


def test_import_takes_the_good_lines_and_names_the_bad_ones(offline: Program) -> None:
    pasted = "id;label\n300;One\nthree;Three\n300;Again\n301;Two\n"
    strict = offline.run("import", "-", "--strict", input=pasted)
    assert strict.code == 2
    assert not offline.home.exists()
    done = offline.run("import", "-", input=pasted)
    assert done.code == 2
    assert "stdin, line 3" in done.err
    assert "Added 2, watched already 0, 1 duplicate merged.\n" in done.err
    assert [line.split("\t")[:2] for line in offline.run("ls").out.splitlines()] == [
        ["300", "Again"],
        ["301", "Two"],
    ]
    assert offline.run("import", "/no/such/file").code == 2


def test_import_tells_what_it_leaves_out_and_why(offline: Program, tmp_path: Path) -> None:
    phones = tmp_path / "list.csv"
    phones.write_text("\n".join(f"06123456{n:02}" for n in range(30)))
    for command in (["import", str(phones)], ["add", "--file", str(phones)]):
        refused = offline.run(*command)
        assert (refused.code, refused.out) == (2, "")
        assert "line 1: it looks like a phone number" in refused.err
        assert "… and 10 more." in refused.err
    assert "30 lines left out" in offline.run("import", str(phones)).err
    assert not offline.home.exists()


@pytest.mark.parametrize(
    "content", [b"PK\x03\x04\n2270142\n", b"\xd0\xcf\x11\xe0\n7\n", b"%PDF-1.7\n300\n"]
)
def test_a_file_that_is_no_text_is_named_and_gives_no_id(
    offline: Program, tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "ids.csv"
    file.write_bytes(content)
    refused = offline.run("import", str(file))
    assert refused.code == 2
    assert "spreadsheet" in refused.err or "PDF" in refused.err
    assert not offline.home.exists()


def test_a_list_is_read_as_a_spreadsheet_saves_it(offline: Program, tmp_path: Path) -> None:
    table = "telephone;identifiant;libellé\n+33612345678;300;Été\n"
    for encoding in ("cp1252", "utf-16", "utf-8-sig"):
        saved = tmp_path / f"{encoding}.csv"
        saved.write_bytes(table.encode(encoding))
        done = offline.run("import", str(saved))
        assert done.code == 0
        assert ("was read as Windows-1252" in done.err) == (encoding == "cp1252")
        assert offline.run("ls", "--json").json["messages"][0]["label"] == "Été"
        assert offline.run("rm", "300").code == 0


def test_balance_prints_the_account(program: Program, api: ServerThread) -> None:
    shape = program.run("balance", "--json").json
    assert set(shape) == {
        "profile", "username", "amount", "currency", "credits", "credits_eco", "credits_hlr",
        "to_send", "fetched_at",
    }  # fmt: skip
    assert shape["currency"] == "EUR"
    assert program.run("balance", SMSMON_API_KEY="wrong").code == 3


def test_config_init_never_overwrites_and_check_names_what_is_wrong(offline: Program) -> None:
    path = offline.home / "config.toml"
    assert offline.run("config", "init").out == f"{path}\n"
    assert path.stat().st_mode & 0o777 == 0o600
    assert offline.run("config", "check").code == 0
    assert offline.run("config", "check", SMSMON_BUGET="1").code == 2
    path.write_text("[poling]\nbudget = 1\n")
    again = offline.run("config", "init")
    assert again.code == 2
    assert "is left as it is" in again.err
    assert path.read_text() == "[poling]\nbudget = 1\n"
    check = offline.run("config", "check")
    assert check.code == 2
    assert "line 1: poling is not a setting. Did you mean polling?" in check.err


def test_config_show_and_schema_print_what_is_in_force(program: Program, api: ServerThread) -> None:
    done = program.run("config", "show", "--utc", "--json")
    told = {each["name"]: (each["value"], each["origin"]) for each in done.json["settings"]}
    assert told["display.utc"] == (True, "flag")
    assert told["profiles.default.base_url"] == (api.base_url, "environment SMSMON_BASE_URL")
    assert api.key not in done.out
    schema = program.run("config", "schema").json
    assert schema["$defs"]["Polling"]["properties"]["budget"]["maximum"] == 2000


def test_locate_names_the_files_and_completion_completes(offline: Program) -> None:
    assert offline.run("locate", "watchlist").out == f"{offline.home / 'watchlist.toml'}\n"
    assert offline.run("locate", "--json").json["config"] == str(offline.home / "config.toml")
    assert offline.run("locate", "nothing").code == 2
    script = offline.run("completion", "bash").out
    assert "_SMSMON_COMPLETE=bash_complete" in script
    completed = offline.run(
        _SMSMON_COMPLETE="bash_complete", COMP_WORDS="smsmon st", COMP_CWORD="1"
    )
    assert completed.out == "plain,status\nplain,store\n"


def test_doctor_examines_without_telling_secrets(program: Program, api: ServerThread) -> None:
    program.run("add", "300")
    done = program.run("doctor", "--json", HTTPS_PROXY="http://user:s3cret@proxy.example:1")
    found = {(each["part"], each["name"]): each for each in done.json["findings"]}
    assert done.code == 0
    assert found["account default", "key"]["detail"] == (
        "found in environment variable SMSMON_API_KEY"
    )
    assert found["account default", "round trip"]["health"] == "good"
    assert found["account default", "clock"]["health"] == "good"
    assert found["account default", "batches"] | {"part": "", "name": ""} == {
        "part": "",
        "name": "",
        "health": "good",
        "detail": "answered; compared before they are used",
        "advice": "",
    }
    assert found["files", "watchlist"]["detail"].endswith("watchlist.toml, mode 0600")
    assert api.key not in done.out
    assert "s3cret" not in done.out


BATCHES = [
    (ServerError(404), "note", "HTTP 404, and not in SMS Partner's words: ", 0),
    (Refuse(9), "note", "SMS Partner refuses to read several messages at once, with code 9", 0),
    (Refuse(96), "bad", "SMS Partner refuses access: this address (IP) is not authorised", 3),
    (Rows("missing", share=1.0), "note", "not understood (the answer has no row of it)", 0),
    (Rows("refused", share=1.0), "note", "not understood (refused with code 9: ", 0),
    (ServerError(502), "poor", "The server is in trouble: HTTP 502.", 0),
]


@pytest.mark.parametrize(("trouble", "health", "detail", "code"), BATCHES, ids=str)
def test_doctor_tells_whether_batches_are_answered(
    program: Program, api: ServerThread, trouble: Trouble, health: str, detail: str, code: int
) -> None:
    of_all_tests = api.faults.windows
    api.faults.only(trouble, path="/multi-status")
    done = program.run("doctor", "--json")
    api.faults.windows = of_all_tests
    (found,) = (each for each in done.json["findings"] if each["name"] == "batches")
    assert found["health"] == health
    assert found["detail"].startswith(detail)
    assert ("read one by one" in found["detail"] + found["advice"]) is (code == 0)
    assert done.code == code


@pytest.mark.parametrize(
    ("environ", "code"),
    [
        ({"SMSMON_API_KEY": "wrong"}, 3),
        ({"SMSMON_BASE_URL": "http://127.0.0.1:1/v1"}, 5),
        ({"SMSMON_POLLING_BUDGET": "0"}, 2),
    ],
)
def test_doctor_ends_with_what_is_worst(
    program: Program, environ: dict[str, str], code: int
) -> None:
    done = program.run("doctor", **environ)
    assert done.code == code
    assert "✖" in done.out


GOOD, POOR, BAD, SKIPPED = Health.GOOD, Health.POOR, Health.BAD, Health.SKIPPED


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ([("a", GOOD)], "All is well."),
        ([("a", GOOD), ("b", SKIPPED)], "All that was looked at is well."),
        ([("a", GOOD), ("b", POOR)], "1 thing to mend: files, b."),
        ([("a", POOR), ("b", BAD), ("c", GOOD)], "2 things to mend: files, b; files, a."),
        ([("a", BAD), ("b", BAD), ("a", BAD)], "3 things to mend: files, a (2); files, b."),
    ],
)
def test_doctor_ends_with_a_verdict_that_names_the_worst_first(
    found: list[tuple[str, Health]], told: str
) -> None:
    assert verdict([finding("files", name, health, "") for name, health in found]) == told


def test_the_verdict_is_the_last_line_and_a_key_of_the_json(program: Program) -> None:
    done = program.run("doctor", SMSMON_API_KEY=None)
    last = done.out.splitlines()[-1]
    assert "to mend: account default, key" in last
    assert program.run("doctor", "--json", SMSMON_API_KEY=None).json["verdict"] == last


def test_doctor_names_a_disk_that_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=4096)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    found = {each.name: each for each in stores(Locations.under(tmp_path))}
    assert found["data folder"].health is Health.BAD
    assert "4,096 B free" in found["data folder"].detail
    assert "Free some room" in found["data folder"].advice


def test_doctor_names_a_variable_that_slows_every_start() -> None:
    (found,) = environment({"PYTHONDONTWRITEBYTECODE": "1"})
    assert found.name == "PYTHONDONTWRITEBYTECODE"


def test_doctor_knows_terminals_that_hurt() -> None:
    found = {each.name: each for each in terminal({"TERM": "dumb", "NO_COLOR": "1"})}
    assert found["TERM"].health == "poor"
    assert found["colours"].detail == "none (NO_COLOR is set)"
    found = {each.name: each for each in terminal({"TERM": "xterm-256color"})}
    assert found["colours"].detail == "256"
