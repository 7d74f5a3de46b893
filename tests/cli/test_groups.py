"""Groups at the command line: by what is recorded, and nobody is asked."""

from __future__ import annotations

import asyncio
import csv
import json
import re
import time
from pathlib import Path

import pytest

from smsmon.model import Arrival
from smsmon.store.local import LocalStore
from tests.cli.program import Program
from tests.pty.terminal import Terminal
from tests.store.places import Process
from tests.store.reports import row

UNREAD = "+33639980304"
"""Whom a message is for that nobody had read, as its source says."""


async def record(home: Path) -> None:
    """Codes of the last minutes, one of which left, and one that nobody had read."""
    now = time.time()

    def place() -> LocalStore:
        return LocalStore(home / "watchlist.toml", home / "history.db")

    entries = []
    async with Process(place) as console:
        for number, (tag, word, took) in enumerate(
            (("otp", "Delivered", 4), ("otp", "Delivered", 40), ("otp", "Waiting", 0),
             ("reset", "Not delivered", 9), ("otp", "", 0))
        ):  # fmt: skip
            id, sent = str(300 + number), now - 200
            came = Arrival("app", 60.0, "" if word else UNREAD, sent)
            console.watch(id, label="to +33639980001", tags=(tag,), arrival=came, added_at=sent + 1)
            console.board[id].promise = 600.0
            entries.append(console.board[id].entry)
            place().arrivals().take(entries[-1:])
            if word:
                date = int(sent + took)
                console.poll(id, [row(number, word, date=date)], sent + 100, sent + 99)
        await console.history.flush()
        console.history.watching(entries[1:])
    place().arrivals().leave(["300"])


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    program = Program(tmp_path_factory.mktemp("groups") / "home")
    program.home.mkdir()
    asyncio.run(record(program.home))
    return program


def test_status_tells_of_groups_what_is_recorded_and_asks_nobody(program: Program) -> None:
    done = program.run("status", "--group", "tag")
    assert (done.code, done.err) == (0, "")
    rows = [line.split("\t") for line in done.out.splitlines()]
    assert [each[0] for each in rows] == ["otp", "reset"]
    told = program.run("status", "--group", "tag", "--json").json
    assert told["by"] == "tag"
    otp, reset = told["groups"]
    assert [str(value if value is not None else "") for value in otp.values()][:-1] == rows[0]
    assert {name: otp[name] for name in ("messages", "unread", "sent", "sent_5m", "waiting")} == {
        "messages": 3, "unread": 1, "sent": 4, "sent_5m": 4, "waiting": 1,
    }  # fmt: skip
    assert (otp["within_10s"], otp["not_known_10s"]) == (0.3333, 1), "300 left, and still counts"
    assert (otp["delivered"], otp["delivery_rate"]) == (2, 1.0)
    assert (reset["not_delivered"], reset["delivery_rate"]) == (1, 0.0)
    assert sum(each["failed"] for each in reset["per_minute"]) == 1
    assert len(otp["per_minute"]) == 60


def test_of_the_list_what_is_read_often_enough_is_not_asked_for(program: Program) -> None:
    done = program.run("status", "--tag", "reset", "--json")
    (told,) = done.json["messages"]
    assert (done.code, told["id"], told["state"]) == (0, "303", "ok")
    assert told["counts"]["not_delivered"] == len(told["recipients"]) == 1
    named = program.run("status", "303", "--tag", "reset")
    assert "No API key" in named.err, "what is named is asked for"


@pytest.mark.parametrize(("number", "exact"), [(UNREAD, True), ("980304", False)])
def test_a_number_is_found_that_only_a_source_tells_of(
    program: Program, number: str, exact: bool
) -> None:
    (found,) = (told := program.run("find", number, "--json").json)["found"]
    assert (told["exact"], found["id"], found["phone"]) == (exact, "304", UNREAD)
    assert (found["status"], found["raw_status"], found["read_at"]) == (
        "unknown", "not read yet", None,
    )  # fmt: skip
    assert program.run("find", number, "--filter", "tag:reset").code == 4


@pytest.mark.parametrize(("by", "called"), [("country", "France"), ("minute", r"\d+:\d\d:00")])
def test_a_person_reads_the_names_that_the_console_shows(
    program: Program, by: str, called: str
) -> None:
    with Terminal(program.argv("status", "--group", by), program.env()) as terminal:
        assert terminal.ended() == 0
    _, first, *_ = terminal.painted.decode().splitlines()
    assert re.match(f"{called} ", first)


def test_groups_are_chosen_by_their_figures_and_their_messages(program: Program) -> None:
    slow = program.run("status", "--group", "tag", "--filter", "p90>30s waiting_oldest>60s")
    assert slow.out.startswith("otp\t")
    assert len(slow.out.splitlines()) == 1
    one = program.run("status", "--group", "source", "--tag", "reset").out
    assert one.startswith("app\t1\t1\t")
    named = program.run("status", "301", "--group", "profile").out
    assert named.startswith("default\t1\t1\t")
    wrong = program.run("status", "--group", "tag", "--filter", "state:stale")
    assert (wrong.code, "There is no field state here" in wrong.err) == (2, True)


def test_groups_are_exported_as_csv_and_as_json_lines(program: Program) -> None:
    done = program.run("export", "groups", "--group", "label", "--privacy")
    (found,) = csv.DictReader(done.out.splitlines())
    assert (found["sent"], "39980001" in found["group"]) == ("5", False)
    lines = program.run("export", "groups", "--format", "jsonl").out.splitlines()
    assert [json.loads(each)["group"] for each in lines] == ["otp", "reset"]
    assert program.run("export", "summary", "--group", "tag").code == 2
