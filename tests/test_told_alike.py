"""Whatever tells a change tells the same: text, JSON, CSV, and every place of the console."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner

from smsmon.cli import smsmon
from smsmon.console import export
from smsmon.console.details import recipient_text, whole_timeline
from smsmon.console.dialogs.since import lines as since_lines
from smsmon.console.formats import Formats
from smsmon.console.tables.log import LogLine, event_line, transition_lines
from smsmon.filters.recipients import recipient_row
from smsmon.monitor.state import Applied
from smsmon.recipients import Recipient
from smsmon.shapes import news_json
from smsmon.store.local.reader import Reader
from smsmon.store.sql.happenings import timeline
from tests.store.reports import START, Console, phone, row
from tests.support.clock import VirtualClock

LEAK = "+33612345678"
"""A number that the API's own word quotes."""
OTHER = row(99, "Delivered")
"""Is in every report, and never changes."""


class Told(NamedTuple):
    """A change of one recipient, as it is to be told."""

    before: str | None
    after: str
    raw_status: str
    stop_before: bool
    stop: bool
    cell: str
    """In a table, beside the status before."""
    words: str


class Kind(NamedTuple):
    """The reports that come in, without ``OTHER``, and what the last one is told as."""

    reports: Sequence[Sequence[Recipient]]
    told: Told | None = None
    """None: it is no change of a recipient."""
    event: tuple[str, str] | None = None
    """The kind and the detail of the event that tells it."""


WAITS, DELIVERED, STOPPED = row(1), row(1, "Delivered"), row(1, "Waiting", stop=True)
ODD, LEAKING = row(1, "Odd"), row(1, f"Sent to {LEAK}")
KINDS = {
    "1": Kind([[], [WAITS]], Told(None, "waiting", "Waiting", False, False, "waiting",
                                  "new, Waiting")),
    "2": Kind([[], [STOPPED]], Told(None, "waiting", "Waiting", False, True, "waiting, stop",
                                    "new, Waiting, STOP")),
    "3": Kind([[], [ODD]], Told(None, "unknown", "Odd", False, False, "unknown (Odd)",
                                "new, Unknown (Odd)")),
    "4": Kind([[WAITS], [DELIVERED]], Told("waiting", "delivered", "Delivered", False, False,
                                           "delivered", "Waiting → Delivered")),
    "5": Kind([[WAITS], [row(1, "ko")]], Told("waiting", "not_delivered", "ko", False, False,
                                              "not_delivered", "Waiting → Not delivered")),
    "6": Kind([[WAITS], [ODD]], Told("waiting", "unknown", "Odd", False, False, "unknown (Odd)",
                                     "Waiting → Unknown (Odd)")),
    "7": Kind([[WAITS], [STOPPED]], Told("waiting", "waiting", "Waiting", False, True,
                                         "waiting, stop", "STOP")),
    "8": Kind([[STOPPED], [WAITS]], Told("waiting", "waiting", "Waiting", True, False,
                                         "waiting, stop withdrawn", "STOP withdrawn")),
    "9": Kind([[WAITS], [row(1, "Delivered", stop=True)]],
              Told("waiting", "delivered", "Delivered", False, True, "delivered, stop",
                   "Waiting → Delivered, STOP")),
    "10": Kind([[STOPPED], [row(1, "Delivered", stop=True)]],
               Told("waiting", "delivered", "Delivered", True, True, "delivered",
                    "Waiting → Delivered")),
    "11": Kind([[row(1, "Even")], [ODD]], Told("unknown", "unknown", "Odd", False, False,
                                               "unknown (Odd)", "Unknown (Odd)")),
    "12": Kind([[ODD], [row(1, "Odd", stop=True)]],
               Told("unknown", "unknown", "Odd", False, True, "unknown (Odd), stop",
                    "Unknown (Odd), STOP")),
    "13": Kind([[WAITS], [LEAKING]], Told("waiting", "unknown", f"Sent to {LEAK}", False, False,
                                          f"unknown (Sent to {LEAK})",
                                          f"Waiting → Unknown (Sent to {LEAK})")),
    "14": Kind([[WAITS], [row(1, date=int(START) + 9)]]),
    "15": Kind([[WAITS], [row(1, "WAITING")]]),
    "16": Kind([[WAITS], [row(1, stop=None)]]),
    "17": Kind([[WAITS], []], event=("absent", "1 of 2 known recipients not in the answer")),
    "18": Kind([[WAITS], [], [WAITS]], event=("listed again", "1 recipient is listed again")),
    "19": Kind([[WAITS], [], [DELIVERED]],
               Told("waiting", "delivered", "Delivered", False, False, "delivered",
                    "Waiting → Delivered"),
               ("listed again", "1 recipient is listed again")),
}  # fmt: skip
"""By the id of the message that it happens to."""


FACTS = ("before", "after", "raw_status", "stop_before", "stop")
LAST = {name: START + 60 * (len(kind.reports) - 1) for name, kind in KINDS.items()}
"""When the last report of each message came."""


class Lived(NamedTuple):
    """What the last report of each message was told as, and where all is recorded."""

    home: Path
    applied: dict[str, Applied]
    console: Console

    def run(self, *args: str) -> str:
        """What a command prints."""
        done = CliRunner().invoke(smsmon, args, env={"SMSMON_HOME": str(self.home)})
        assert done.exit_code == 0, done.output
        return done.stdout


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    home = tmp_path_factory.mktemp("alike")
    applied = {}
    with Console(home / "history.db") as console:
        for name, kind in KINDS.items():
            console.watch(name)
            for number, rows in enumerate(kind.reports):
                applied[name] = console.poll(name, [*rows, OTHER], START + 60 * number)
    return Lived(home, applied, console)


def utc(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"


def facts(lines: Iterable[dict[str, Any]]) -> dict[str, list[tuple[Any, ...]]]:
    """Message → what lines of JSON tell of its last report: its change, its event."""
    found: dict[str, list[tuple[Any, ...]]] = {name: [] for name in KINDS}
    for line in lines:
        last, profile = utc(LAST[line["id"]]), line["profile"]
        if line.get("observed_at") == last and line.get("phone"):
            assert (line["phone"], profile) == (phone(1), "default")
            found[line["id"]].append(tuple(line[name] for name in FACTS))
        elif last in (line.get("at"), line.get("observed_at")):
            kind = (line.get("kind") or line["event"]).replace("_", " ")
            found[line["id"]].append((kind, line["detail"]))
    return found


CHANGES = {name: [kind.told[:5]] if kind.told else [] for name, kind in KINDS.items()}
EVENTS = {name: [kind.event] if kind.event else [] for name, kind in KINDS.items()}
WHOLE = {name: CHANGES[name] + EVENTS[name] for name in KINDS}
ABOUT = ("absent", "listed again")


def without_others(told: dict[str, list[tuple[Any, ...]]]) -> dict[str, list[tuple[Any, ...]]]:
    """Without the events that are of the message only: it is read, it is complete."""
    return {
        name: [each for each in those if len(each) == len(FACTS) or each[0] in ABOUT]
        for name, those in told.items()
    }


def test_watch_tells_it(lived: Lived) -> None:
    lines = [line for each in lived.applied.values() for line in news_json(each, private=False)]
    assert without_others(facts(lines)) == WHOLE


def test_history_tells_it_in_json_and_text(lived: Lived) -> None:
    lines = lived.run("history", "changes", "--json", *KINDS).splitlines()
    assert without_others(facts(map(json.loads, lines))) == WHOLE
    rows = {
        tuple(line.split("\t")) for line in lived.run("history", "changes", *KINDS).splitlines()
    }
    for name, kind in KINDS.items():
        last = {each[2:] for each in rows if each[:2] == (utc(LAST[name]), name)}
        told = {each for each in last if each[0]}
        said = {each[1:] for each in last if each[1].replace("_", " ") in ABOUT}
        cell = kind.told and (phone(1), kind.told.before or "", kind.told.cell)
        assert told == ({cell} if cell else set())
        event = kind.event and (kind.event[0].replace(" ", "_"), kind.event[1])
        assert said == ({event} if event else set())


def test_exports_tell_it_in_jsonl_and_csv(lived: Lived) -> None:
    lines = lived.run("export", "changes", "--format", "jsonl", *KINDS).splitlines()
    assert facts(map(json.loads, lines)) == WHOLE
    rows = list(csv.DictReader(io.StringIO(lived.run("export", "changes", *KINDS))))
    words = {"yes": True, "no": False}
    for each in rows:
        each["phone"] = each["phone"].removeprefix("'")
    read = [{name: words.get(text, text or None) for name, text in each.items()} for each in rows]
    assert facts(read) == WHOLE
    stops = lived.run("export", "changes", "--format", "jsonl", "--filter", "stop:yes")
    assert '"event":"' not in stops


def test_find_tells_it_and_who_is_no_longer_listed(lived: Lived) -> None:
    found = json.loads(lived.run("find", phone(1), "--json"))["found"]
    assert facts(line for each in found for line in each["changes"]) == CHANGES
    assert {each["id"]: each["absent_since"] for each in found if each["absent"]} == {
        "17": utc(LAST["17"])
    }
    rows = [line.split("\t") for line in lived.run("find", phone(1)).splitlines()]
    assert {each[1] for each in rows if each[8]} == {"17"}


def shown(lines: Iterable[LogLine], formats: Formats) -> dict[str, list[tuple[str, str]]]:
    """Message → what the log exports of its last report."""
    found: dict[str, list[tuple[str, str]]] = {name: [] for name in KINDS}
    records = [export.log_record(line, formats) for line in lines]
    for each in csv.DictReader(io.StringIO(export.as_csv(records))):
        event = each["what"].partition(": ")[0]
        if each["at"] == utc(LAST[each["id"]]) and (each["phone"] or event in ABOUT):
            found[each["id"]].append((each["phone"].removeprefix("'"), each["what"]))
    return found


def test_the_log_of_the_console_tells_it_live_and_of_the_past(lived: Lived) -> None:
    formats = Formats(VirtualClock(START), utc=True)
    expected: dict[str, set[tuple[str, str]]] = {}
    for name, kind in KINDS.items():
        expected[name] = {(phone(1), kind.told.words)} if kind.told else set()
        expected[name] |= {("", ": ".join(kind.event))} if kind.event else set()
    live: list[LogLine] = []
    past: list[LogLine] = []
    with Reader(lived.home / "history.db") as reader:
        for name, applied in lived.applied.items():
            live += [*transition_lines(applied.transitions), *map(event_line, applied.events)]
            past += since_lines(reader.ask(partial(timeline, message_id=name)))
    for told in (shown(live, formats), shown(past, formats)):
        assert {name: set(those) for name, those in told.items()} == expected
        assert sum(map(len, told.values())) == sum(map(len, expected.values())), "once each"


def test_a_recipient_in_full_tells_it(lived: Lived) -> None:
    formats = Formats(VirtualClock(START), utc=True)
    with Reader(lived.home / "history.db") as reader:
        for name, kind in KINDS.items():
            past = reader.ask(partial(timeline, message_id=name)).transitions
            watched = lived.console.board[name]
            slot = watched.recipients.phones.find(phone(1))
            changes = [each for each in past if each.slot == slot]
            seen = lived.console.board.transitions(name, slot)
            whole = whole_timeline(changes, seen)
            assert whole == changes, "the same change is told once"
            text = str(recipient_text(recipient_row(watched, slot), whole, (), (), formats))
            lines = text.partition("Timeline\n")[2].splitlines()
            if kind.told:
                assert lines[0].endswith(f" {kind.told.words}")
            else:
                changed = [line for line in lines if "in the answer" not in line]
                assert len(changed) == 1, "how it was first seen"


def test_privacy_masks_numbers_wherever_it_is_told(lived: Lived) -> None:
    flags = "--privacy", "--"
    commands = (
        ("history", "changes", *flags, *KINDS),
        ("history", "changes", "--json", *flags, *KINDS),
        ("export", "changes", *flags, *KINDS),
        ("export", "changes", "--format", "jsonl", *flags, *KINDS),
        ("export", "recipients", *flags, *KINDS),
        ("find", "--json", *flags, phone(1)),
        ("find", *flags, phone(1)),
    )
    told = [lived.run(*command) for command in commands]
    news = [news_json(each, private=True) for each in lived.applied.values()]
    told.append(repr([line for lines in news for line in lines]))
    formats = Formats(VirtualClock(START), utc=True, masked=True)
    lines = [line for each in lived.applied.values() for line in transition_lines(each.transitions)]
    records = [export.log_record(line, formats) for line in lines]
    told += [export.as_csv(records), export.as_json(records), export.as_lines(records)]
    told.append("\n".join(str(record["what"]) for record in records))
    for text in told:
        digits = "".join(each for each in text if each.isdigit())
        assert "·" in text
        assert not any(number[3:] in digits for number in (phone(1), phone(99), LEAK))
