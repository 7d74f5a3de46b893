"""``watch`` records; ``find``, ``history`` and ``export`` tell. ``status --watch`` waits."""

from __future__ import annotations

import csv
import io
import json
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner

from smsmon.cli import smsmon
from smsmon.simulator.messages import Change, SimMessage, SimRecipient
from smsmon.simulator.thread import ServerThread
from tests.cli.program import TIMEOUT, Program
from tests.pty.terminal import Terminal
from tests.store.reports import START, Console, row

ARRIVING = "+33639980001"
"""Waiting at first; delivered a moment later."""
REFUSING = "+33639980002"
FAILED = "+33639980003"


def arriving(message_id: str, after: float) -> SimMessage:
    """A message with one recipient that is delivered ``after`` seconds from now."""
    sent = time.time() - 60
    return SimMessage(
        message_id,
        [
            SimRecipient(
                ARRIVING,
                (Change(sent, "Waiting"), Change(time.time() + after, "Delivered")),
            ),
            SimRecipient(REFUSING, (Change(sent, "Delivered", True),)),
            SimRecipient(FAILED, (Change(sent, "Not delivered"),)),
        ],
    )


def wait_for(path: Path) -> None:
    """Until there is such a file."""
    deadline = time.monotonic() + TIMEOUT
    while not path.exists():
        assert time.monotonic() < deadline, f"{path.name} never came"
        time.sleep(0.01)


class Recorded(NamedTuple):
    """What one run of ``watch`` left: a history, and what it printed."""

    program: Program
    news: list[dict[str, Any]]
    code: int
    err: str
    ended: str
    """When the watch had ended: half a minute later what it read is overdue, and that is told."""


@pytest.fixture(scope="module")
def recorded(api: ServerThread, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorded]:
    """One watch over a message that changes while it is watched."""
    program = Program(
        tmp_path_factory.mktemp("watch") / "home",
        {
            "SMSMON_BASE_URL": api.base_url,
            "SMSMON_API_KEY": api.key,
            "SMSMON_POLLING_MIN_INTERVAL": "1",
            "SMSMON_POLLING_MAX_INTERVAL": "2",
        },
    )
    program.run("add", "700", "--label", "=Sale", "--tag", "bf")
    hook = program.home / "hook"
    (program.home / "config.toml").write_text(
        f'[alerts.lost]\nwhen = "state:not_found"\nseverity = "critical"\n'
        f'command = ["sh", "-c", "env > {hook}.env; cat > {hook}.new; mv {hook}.new {hook}"]\n'
    )
    api.server.world.add(arriving("700", 3_600.0))
    process = subprocess.Popen(
        program.argv("watch"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=program.env(),
        text=True,
    )
    assert process.stdout is not None
    news = []
    try:
        for line in process.stdout:
            news.append(json.loads(line))
            if news[-1].get("kind") == "first_read":
                api.server.world.add(arriving("700", 0.0))
                program.run("add", "1")
            kinds = {each.get("kind", each["type"]) for each in news}
            if {"completed", "not_found", "alert"} <= kinds:
                break
        wait_for(hook)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=TIMEOUT)
    finally:
        process.kill()
        process.communicate()
    ended = datetime.fromtimestamp(int(time.time()) + 1, UTC).isoformat()
    yield Recorded(program, news, process.returncode, err, ended)
    api.server.world.remove("700")


def test_watch_prints_each_change_once_and_ends_properly_when_told(recorded: Recorded) -> None:
    (change,) = [each for each in recorded.news if each["type"] == "change"]
    assert (change["id"], change["phone"]) == ("700", ARRIVING)
    assert (change["before"], change["after"]) == ("waiting", "delivered")
    assert set(change) == {
        "type", "id", "phone", "before", "after", "raw_status", "stop_before", "stop", "date",
        "observed_at", "profile",
    }  # fmt: skip
    kinds = [each["kind"] for each in recorded.news if each["type"] == "event"]
    assert kinds.count("completed") == 1
    assert "added" in kinds, "what another shell adds is followed"
    assert recorded.code == 143
    assert recorded.err == "smsmon: This process asks the API.\n"


def test_watch_tells_an_alert_and_runs_its_command_without_the_key(recorded: Recorded) -> None:
    (alert,) = [each for each in recorded.news if each["type"] == "alert"]
    assert (alert["state"], alert["name"], alert["id"]) == ("firing", "lost", "1")
    assert (alert["severity"], alert["condition"]) == ("critical", "state:not_found")
    assert set(alert) == {
        "type", "number", "state", "name", "severity", "condition", "about", "subject", "id",
        "label", "facts", "since", "at", "already", "detail",
    }  # fmt: skip
    hook = recorded.program.home / "hook"
    (told,) = json.loads(hook.read_text())["alerts"]
    assert {"type": "alert", **told} | alert == {"type": "alert", **told}, "and more"
    assert "SMSMON_API_KEY" not in hook.with_suffix(".env").read_text()


def test_find_tells_the_whole_story_of_a_number_in_any_spelling(recorded: Recorded) -> None:
    for spelling in (ARRIVING, "06 39 98 00 01"):
        (found,) = recorded.program.run("find", spelling, "--json").json["found"]
        assert (found["id"], found["status"], found["label"]) == ("700", "delivered", "=Sale")
        assert [each["before"] for each in found["changes"]] == ["waiting"]
    assert recorded.program.run("find", *["06", "39", "98", "00", "01"]).out.startswith(ARRIVING)
    plain = recorded.program.run("find", "3998000", "--privacy")
    assert [line.split("\t")[:2] for line in plain.out.splitlines()] == [
        ["+33 6 ·· ·· ·· 01", "700"],
        ["+33 6 ·· ·· ·· 02", "700"],
        ["+33 6 ·· ·· ·· 03", "700"],
    ]
    stops = {line.split("\t")[4] for line in plain.out.splitlines()}
    assert stops == {"yes", "no"}, "what the API said is not left open"
    nothing = recorded.program.run("find", "+33700000000")
    assert nothing.code == 4
    assert nothing.out == ""


@pytest.mark.parametrize(
    ("asked", "found"),
    [("took<10m", [ARRIVING]), ("took>10m", []), ("!took>10m", [ARRIVING, REFUSING, FAILED])],
)
def test_find_is_asked_how_long_it_took_as_observed(
    recorded: Recorded, asked: str, found: list[str]
) -> None:
    done = recorded.program.run("find", "3998000", "--filter", asked)
    assert [line.split("\t")[0] for line in done.out.splitlines()] == found


def test_the_limit_of_find_counts_rows_that_match(recorded: Recorded) -> None:
    run = recorded.program.run
    chosen = ("find", "3998000", "--filter", "status:not_delivered", "--limit")
    done = run(*chosen, "1")
    assert (done.code, done.err) == (0, ""), "a row that does not match takes no place"
    assert done.out.startswith(FAILED)
    ranged = run("find", "3998000", "--since", "2 h", "--limit", "2")
    assert len(ranged.out.splitlines()) == 2
    assert ranged.err == "There is more: the first 2 are shown. Give more digits, or --limit.\n"


@pytest.mark.parametrize("typed", ["06", "+33", "12", "", "not a number", "9" * 5_000])
def test_find_says_what_it_needs_where_there_is_nothing_to_search_for(
    recorded: Recorded, typed: str
) -> None:
    said = recorded.program.run("find", "--", typed)
    assert (said.code, said.out) == (2, "")
    assert "Nothing was searched" in said.err
    assert "no message" not in said.err


def test_history_tells_what_happened_and_how_long_it_took(recorded: Recorded) -> None:
    asked = ("history", "changes", "--json", "--since", "1h", "--until", recorded.ended)
    lines = recorded.program.run(*asked).out.splitlines()
    told = [json.loads(line) for line in lines]
    assert [each["after"] for each in told if each["type"] == "change"] == ["delivered"]
    assert "completed" in [each.get("kind") for each in told]
    short = [each for each in told if each["type"] == "message" and each["id"] == "700"]
    assert [(each["label"], each["delivered"], each["unread"]) for each in short] == [
        ("=Sale", 1, [])
    ]
    (row,) = recorded.program.run("history", "times", "--by", "tag", "--json").json["times"]
    assert (row["key"], row["measured"]) == ("bf", 1)
    info = recorded.program.run("history", "info", "--json").json
    assert (info["recipients"], info["changes"]) == (3, 1)
    assert recorded.program.run("history", "prune").out.startswith("Dropped 0 messages")


def test_what_happened_is_a_row_a_message_and_each_change_on_request(recorded: Recorded) -> None:
    run = recorded.program.run
    told = run("history", "changes", "--until", recorded.ended).out
    rows = [line.split("\t") for line in told.splitlines()]
    assert [row[0] for row in rows] == ["1", "700"], "what was not found is the worst"
    assert rows[1][1:6] == ["1", "", "", "", ""]
    assert "first read, completed" in rows[1][7]
    assert rows[1][8] == "=Sale"
    lines = run("history", "changes", "--lines").out
    assert f"\t700\t{ARRIVING}\twaiting\tdelivered\n" in lines
    assert f"\t700\t{ARRIVING}\t" in run("history", "changes", "700").out
    assert run("history", "changes", "--since", "2 h", "--until", "1 h").out == ""
    assert run("history", "changes", "--lines", "--since", "last week").out == ""
    refused = run("history", "changes", "--since", "soon")
    assert (refused.code, refused.out) == (2, "")
    assert "'soon' is no time that can be read. Say 22:00, yesterday 22:00" in refused.err


def test_on_a_terminal_what_needs_no_look_is_one_line(recorded: Recorded) -> None:
    asked = ("history", "changes", "--since", "1h", "--until", recorded.ended)
    argv = recorded.program.argv(*asked)
    with Terminal(argv, recorded.program.env()) as terminal:
        terminal.ended()
        said = terminal.painted.decode().splitlines()
    assert said[0].startswith("What happened: ")
    assert said[1].split()[0] == "MESSAGE"
    assert said[2].split()[0] == "1"
    assert said[-1] == "1 more without trouble: 1 ✓"


def test_ranges_are_said_alike_by_every_command(recorded: Recorded) -> None:
    run = recorded.program.run
    assert run("export", "changes", "--since", "1 hour ago").out.count("\n") == 2
    assert run("export", "changes", "--since", "3 h", "--until", "2 h").out.count("\n") == 1
    assert run("history", "times", "--since", "22:00", "--until", "now").out != ""
    assert run("history", "times", "--since", "last week").out == ""
    found = run("find", ARRIVING, "--since", "2 h")
    assert found.code == 0
    early = run("find", ARRIVING, "--until", "2 h ago")
    assert (early.code, early.out) == (4, "")


@pytest.mark.parametrize(
    "option", [("--since", "last week"), ("--until", "2 h ago"), ("--tag", "nobody")]
)
def test_times_say_that_nothing_matches_where_something_was_observed(
    recorded: Recorded, option: tuple[str, str]
) -> None:
    argv = recorded.program.argv("history", "times", *option)
    with Terminal(argv, recorded.program.env()) as terminal:
        terminal.ended()
        said = terminal.painted.decode().splitlines()
    assert said == ["No delivery that was observed matches."]


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (("recipients", "--since", "1h"), "--since and --until are for changes"),
        (("summary", "--until", "1h ago"), "--since and --until are for changes"),
        (("watchlist", "--since", "1h"), "--since and --until are for changes"),
        (("watchlist", "--profile", "b"), "--profile is for what was read"),
        (("summary", "--format", "toml"), "Only a watchlist is written as text or toml"),
    ],
)
def test_export_refuses_what_it_would_not_heed(
    recorded: Recorded, args: Sequence[str], sentence: str
) -> None:
    done = recorded.program.run("export", *args)
    assert (done.code, done.out) == (2, "")
    assert sentence in done.err


@pytest.mark.parametrize("what", ["recipients", "changes", "summary", "watchlist"])
def test_export_names_the_ids_that_nobody_knows_after_the_others(
    recorded: Recorded, what: str
) -> None:
    done = recorded.program.run("export", what, "700", "424242")
    assert done.code == 4
    assert "700" in done.out
    place = "on the watchlist" if what == "watchlist" else "in the history"
    assert done.err == f"smsmon: Not {place}: 424242.\n"
    assert recorded.program.run("export", what, "700").code == 0


def test_export_filters_masks_and_is_safe_for_spreadsheets(recorded: Recorded) -> None:
    program = recorded.program
    rows = list(csv.DictReader(io.StringIO(program.run("export", "recipients").out)))
    assert [row["phone"] for row in rows] == [f"'{p}" for p in (ARRIVING, REFUSING, FAILED)]
    assert rows[0]["label"] == "'=Sale"

    stops = program.run(
        "export", "recipients", "--filter", "stop:yes", "--format", "jsonl", "--privacy"
    )
    (stop,) = map(json.loads, stops.out.splitlines())
    assert (stop["phone"], stop["stop"], stop["country"]) == ("+33 6 ·· ·· ·· 02", True, "FR")

    (change,) = map(
        json.loads, program.run("export", "changes", "--format", "jsonl").out.splitlines()
    )
    assert change["phone"] == ARRIVING

    wrong = program.run("export", "recipients", "--filter", "statuss:waiting")
    assert wrong.code == 2
    assert "character 1 ('statuss')" in wrong.err
    assert "Did you mean status" in wrong.err


def test_export_writes_a_file_whole_or_not_at_all(recorded: Recorded, tmp_path: Path) -> None:
    target = tmp_path / "summary.csv"
    done = recorded.program.run("export", "summary", "700", "-o", str(target))
    assert (done.code, done.out) == (0, "")
    (row,) = csv.DictReader(io.StringIO(target.read_text()))
    assert (row["total"], row["delivered"], row["stop"]) == ("3", "2", "1")
    assert row["delivery_rate"] == "0.6667"
    failed = recorded.program.run("export", "summary", "-o", str(tmp_path / "none" / "x.csv"))
    assert failed.code == 2
    assert [file.name for file in tmp_path.iterdir()] == ["summary.csv"]


@pytest.mark.parametrize(
    "name",
    ["watchlist.toml", "history.db", "history.db-wal", ".history.db.lock", "config.toml", "link",
     "second", "", "new/"],
)  # fmt: skip
def test_export_replaces_no_file_of_smsmon_itself(recorded: Recorded, name: str) -> None:
    home = recorded.program.home
    (home / "link").unlink(missing_ok=True)
    (home / "link").symlink_to("watchlist.toml")
    (home / "second").unlink(missing_ok=True)
    (home / "second").hardlink_to(home / "watchlist.toml")
    files = [each for each in home.glob("*.*") if each.suffix != ".db-shm"]  # readers write there
    before = {each: each.read_bytes() for each in files}
    refused = recorded.program.run("export", "watchlist", "-o", name and f"{home}/{name}")
    assert (refused.code, refused.out) == (2, "")
    assert {each: each.read_bytes() for each in files} == before


def test_an_exported_watchlist_is_imported_again(recorded: Recorded, offline: Program) -> None:
    for form in (["--format", "csv"], ["--excel"], ["--format", "jsonl"], ["--format", "toml"]):
        written = recorded.program.run("export", "watchlist", *form).out
        assert offline.run("import", "-", input=written).code == 0
        both = [program.run("ls", "--json").json for program in (recorded.program, offline)]
        assert both[0] == both[1]
        assert offline.run("rm", *[each["id"] for each in both[1]["messages"]]).code == 0


@pytest.mark.parametrize("what", ["recipients", "changes", "summary", "watchlist"])
def test_csv_that_opens_by_a_click_has_semicolons_and_says_it_is_unicode(
    recorded: Recorded, what: str
) -> None:
    plain = recorded.program.run("export", what).out
    opened = recorded.program.run("export", what, "--excel").out
    assert opened.startswith("\ufeff")
    rows = csv.reader(io.StringIO(opened.removeprefix("\ufeff")), delimiter=";")
    assert list(rows) == list(csv.reader(io.StringIO(plain)))
    refused = recorded.program.run("export", what, "--excel", "--format", "jsonl")
    assert (refused.code, refused.out) == (2, "")


def test_status_watch_waits_until_all_is_final(program: Program, api: ServerThread) -> None:
    api.server.world.add(arriving("701", 1.5))
    fast = {"SMSMON_POLLING_MIN_INTERVAL": "1", "SMSMON_POLLING_MAX_INTERVAL": "2"}
    done = program.run(
        "status", "701", "--watch", "--deadline", "20s", "--json", "--fail-on", "waiting", **fast
    )
    assert done.json["messages"][0]["counts"]["waiting"] == 0
    assert done.code == 0
    assert done.err == "", "no progress where no terminal is"


def test_status_watch_ends_at_its_deadline_and_fails_on_what_is_named(
    program: Program, api: ServerThread
) -> None:
    api.server.world.add(arriving("702", 3_600.0))
    done = program.run("status", "702", "--watch", "--deadline", "2s", "--fail-on", "waiting")
    assert done.code == 6
    assert done.out.startswith("702\tok\t3\t1\t1\t1")
    refused = program.run("status", "910", "--watch", "--deadline", "20s")
    assert refused.code == 3, "a refused account is not waited for"


def test_pruning_by_a_clock_far_ahead_needs_to_be_forced(
    recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = time.time() + 100 * 86_400
    monkeypatch.setattr("smsmon.commands.history.time.time", lambda: later)
    run = partial(CliRunner().invoke, smsmon, env={"SMSMON_HOME": str(recorded.program.home)})
    refused = run(["history", "prune"])
    assert "add --force if it is right" in f"{refused.exception} {refused.output}"
    assert refused.exit_code != 0
    assert run(["history", "prune", "--force"]).output.startswith("Dropped 0 messages")


def test_on_a_terminal_no_rows_are_no_line(recorded: Recorded) -> None:
    argv = recorded.program.argv("find", "+33700000000")
    with Terminal(argv, recorded.program.env()) as terminal:
        terminal.ended()
        said = terminal.painted.decode().splitlines()
    assert said == ["smsmon: This number is in no message that the history knows."]


def test_a_person_is_shown_the_first_of_many_times(offline: Program) -> None:
    with Console(offline.home / "history.db") as console:
        for id in map(str, range(500, 603)):
            console.watch(id)
            console.poll(id, [row(1)], START)
            console.poll(id, [row(1, "Delivered")], START + 5)
    with Terminal(offline.argv("history", "times"), offline.env()) as terminal:
        assert terminal.ended() == 0
    lines = terminal.painted.decode().splitlines()
    assert (len(lines), lines[-1][:11]) == (102, "And 3 more:")
    assert len(offline.run("history", "times").out.splitlines()) == 103
