"""`smsmon history changes` tells alerts beside what changed, for people, programs, spreadsheets."""

from __future__ import annotations

import csv
import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from smsmon.alerts import About, Acknowledgement, Subject
from smsmon.model import Event, EventKind
from smsmon.store.alerts import Over
from smsmon.store.sql.archive import TableArchive
from tests.cli.inside import Inside
from tests.store.places import local
from tests.store.test_alerts import episode

NOW = float(round(time.time()) - 3_600)


@pytest.fixture
async def program(tmp_path: Path) -> Inside:
    """Something happened to 1; an alert was over of 2, and one fires of a tag."""
    history = local(tmp_path)().history()
    history.start()
    history.record_event(Event(EventKind.COMPLETED, NOW, "1"))
    tag = Subject(About.TAG, "otp")
    known = replace(episode(), began_at=NOW, fired_at=NOW, label="=Win-back 0612345678")
    first, second = history.alerts.fire(
        [replace(known, subject=Subject(About.MESSAGE, "2", "default")),
         replace(known, rule="late", subject=tag)]
    )  # fmt: skip
    history.alerts.acknowledge([first], Acknowledgement("anna@ops1", NOW + 1, "ordered more"))
    history.alerts.end([Over(first, NOW + 60)])
    assert second
    await history.close()
    return Inside(tmp_path, {})


def told(program: Inside, *args: str) -> list[str]:
    code, out = program.run(["history", "changes", *args])
    assert code == 0, out
    return out.decode().splitlines()


def utc(moment: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))


def test_alerts_stand_beside_the_changes_the_worst_first(program: Inside) -> None:
    losses = f"losses {utc(NOW)}/{utc(NOW + 60)} anna@ops1"
    late = f"late {utc(NOW)}/"
    cells = [line.split("\t") for line in told(program)]
    assert [row[0] for row in cells] == ["2", "tag:otp", "1"]
    assert [row[6] for row in cells] == [losses, late, ""]

    rows = [*csv.DictReader(told(program, "--csv"))]
    assert [(row["id"], row["alerts"]) for row in rows] == [("2", losses), ("tag:otp", late),
                                                            ("1", "")]  # fmt: skip
    assert rows[0]["label"] == "'=Win-back 0612345678", "no formula of a spreadsheet"
    assert told(program, "--excel")[0].startswith("\ufeffid;label;")

    found = [json.loads(line) for line in told(program, "--json")][:3]
    assert [each["type"] for each in found] == ["message", "group", "message"]
    assert [[one["name"] for one in each["alerts"]] for each in found] == [["losses"], ["late"], []]
    assert found[0]["alerts"][0]["acknowledged"]["note"] == "ordered more"
    assert found[1]["group"] == "tag:otp"


def test_lines_are_written_as_csv_too(program: Inside) -> None:
    (line,) = csv.DictReader(told(program, "--lines", "--csv"))
    assert (line["when"], line["id"], line["before"]) == (utc(NOW), "1", "completed")
    assert program.run(["history", "changes", "--csv", "--json"])[0] == 2


def test_no_number_is_in_its_words_where_numbers_are_masked(program: Inside) -> None:
    for how in ([], ["--json"], ["--csv"]):
        assert "0612345678" not in "".join(told(program, *how, "--privacy"))


def test_the_care_for_the_history_tells_of_alerts(program: Inside) -> None:
    code, out = program.run(["history", "info", "--json"])
    assert (code, json.loads(out)["alerts"]) == (0, 2)
    code, out = program.run(["history", "prune", "--days", "0", "--force"])
    assert (code, out.decode().strip().endswith("1 alert.")) == (0, True)
    assert program.run(["history", "vacuum"])[0] == 0


def test_what_happened_to_many_is_asked_at_once(
    program: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TableArchive, "timeline", lambda *_: pytest.fail("asked one by one"))
    (line,) = told(program, "1", "2", "--lines")
    assert line.split("\t")[1:4] == ["1", "", "completed"]


async def test_lines_of_several_accounts_say_whose_each_is(tmp_path: Path) -> None:
    history = local(tmp_path)().history()
    history.start()
    history.record_event(Event(EventKind.REMOVED, NOW, "1", "default"))
    history.record_event(Event(EventKind.ADDED, NOW + 1, "1", "b"))
    await history.close()
    program = Inside(tmp_path, {})
    assert [line.split("\t")[-1] for line in told(program, "1")] == ["default", "b"]
    rows = csv.DictReader(told(program, "1", "--csv"))
    assert [row["account"] for row in rows] == ["default", "b"]
