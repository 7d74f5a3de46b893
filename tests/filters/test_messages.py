"""One table of what is known of messages, which every part of the program reads."""

from __future__ import annotations

import json
import time
from functools import partial
from pathlib import Path

import pytest

from smsmon.commands.recorded import SUMMARY_COLUMNS
from smsmon.console.cells import plain
from smsmon.console.export import message_record
from smsmon.console.formats import Formats
from smsmon.console.live_table.content import usual_columns
from smsmon.console.tables.messages import MessageRows, message_columns
from smsmon.filters import Kind, parse
from smsmon.filters.messages import (
    MESSAGE_FIELDS,
    MESSAGES,
    RECORDED,
    RECORDED_FIELDS,
    STATE_WORDS,
    MessageField,
)
from smsmon.known import AccountState
from smsmon.model import Entry
from smsmon.monitor.board import Board
from smsmon.monitor.standing import began_at, message_fact, message_value, standing
from smsmon.monitor.state import MessageState
from smsmon.times import utc
from tests.cli.program import Program
from tests.store.reports import START, Console, report, row
from tests.support.clock import VirtualClock

NOW = START + 600
TYPES = {
    Kind.NUMBER: int,
    Kind.SHARE: int | float,
    Kind.MOMENT: int | float,
    Kind.WORD: str,
    Kind.FLAG: bool,
    Kind.TEXT: str | tuple,
}


class Wall:
    """Two messages on a board: one that was read, and one that never was."""

    trouble_below = 0.9

    def __init__(self) -> None:
        self.board = Board()
        self.board.watch(Entry("300", "spring", ("otp", "fr"), "a note", START - 60), START)
        self.board.watch(Entry("4000"), START)
        self.board.apply(report("300", [row(1, "Delivered"), row(2, "Waiting")], START), START)

    def account(self, profile: str) -> AccountState:
        return AccountState(profile)


@pytest.mark.parametrize("field", MESSAGES, ids=lambda field: field.name)
def test_a_field_is_whole(field: MessageField) -> None:
    wall, formats = Wall(), Formats(VirtualClock(NOW))
    read, unread = wall.board["300"], wall.board["4000"]
    for message in (read, unread):
        value = message_value(wall, message, NOW, field.name)
        assert value is None or isinstance(value, TYPES[field.kind])
    assert (began_at(wall, read, NOW, field.name) is not None) <= (field.kind is Kind.MOMENT)
    if field.shown:
        column = next(
            each for each in message_columns(wall, formats) if each.name == field.shown.name
        )
        assert column.title
        assert plain(column.cell(read, 20)) or field.name in ("label", "tag", "source")
        keys = MessageRows(wall, formats).values(column.name, ["300", "4000"])
        assert keys is not None
        assert sorted(key for key in keys if key is not None) is not None, "they compare"
    if field.exported:
        stands = standing(wall, read, NOW)
        assert field.exported in message_record(read, stands)
    assert field.help


def test_an_age_is_counted_from_a_moment_and_of_both_one_says_the_other() -> None:
    wall = Wall()
    read = wall.board["300"]
    for name in ("age", "read", "oldest"):
        began = began_at(wall, read, NOW, name)
        assert began is not None
        assert message_value(wall, read, NOW, name) == NOW - began


def test_what_is_sorted_by_state_begins_with_what_needs_eyes() -> None:
    assert {word.replace("_", " ") for word in STATE_WORDS} == {str(each) for each in MessageState}
    assert STATE_WORDS[:2] == ("stale", "not_found")


def test_texts_are_sorted_without_case_and_what_is_empty_as_unknown() -> None:
    label = next(each for each in MESSAGES if each.name == "label")
    facts = ("Été B", "", ("Otp", "fr"), (), None, 0)
    assert [*map(label.sort_key, facts)] == ["été b", None, "Otp fr", None, None, 0]


def test_names_and_places_in_exports_stay() -> None:
    wall = Wall()
    stands = standing(wall, wall.board["300"], NOW)
    record = message_record(wall.board["300"], stands)
    assert list(record)[:15] == [
        "id", "label", "tags", "state", "reason", "recipients", "delivered", "waiting",
        "not_delivered", "unknown", "stop", "delivery_rate", "read_at", "last_change_at", "absent",
    ]  # fmt: skip
    assert SUMMARY_COLUMNS[:17] == (
        "id", "label", "tags", "profile", "total", "delivered", "not_delivered", "waiting",
        "unknown", "stop", "delivery_rate", "first_read_at", "read_at", "last_change_at",
        "completed_at", "removed_at", "absent",
    )  # fmt: skip
    assert {each.recorded_as for each in RECORDED if each.recorded_as} <= {*SUMMARY_COLUMNS}


def test_the_history_can_be_asked_what_does_not_change_with_the_clock_of_a_console() -> None:
    only_watched = {each.name for each in MESSAGE_FIELDS} - {each.name for each in RECORDED_FIELDS}
    assert only_watched == {"state", "reason", "trouble", "note", "age", "oldest"}


def test_what_nobody_knows_of_a_message_is_no_number() -> None:
    wall = Wall()
    for field in MESSAGES:
        fact = message_fact(wall, wall.board["4000"], NOW, field)
        assert fact is False or fact != 0


def test_first_read_is_a_column_a_filter_a_condition_of_alerts_and_an_export(
    tmp_path: Path,
) -> None:
    wall, formats = Wall(), Formats(VirtualClock(NOW), utc=True)
    read = wall.board["300"]
    wall.board.apply(report("300", [row(1, "Delivered"), row(2, "Delivered")], NOW - 60), NOW - 60)
    columns = message_columns(wall, formats)
    column = next(each for each in columns if each.name == "first_read")
    assert column.cell(read, 12) == formats.moment(START)
    assert column.name not in usual_columns(columns)
    assert MessageRows(wall, formats).values("first_read", ["300", "4000"]) == [START, None]
    for message_id, matches in (("300", True), ("4000", False)):
        value_of = partial(message_value, wall, wall.board[message_id], NOW)
        assert parse("first_read>9m", MESSAGE_FIELDS).matches(value_of) is matches
    assert began_at(wall, read, NOW, "first_read") == START, "an alert knows when it will hold"
    assert message_record(read, standing(wall, read, NOW))["first_read_at"] == utc(START)
    recorded = float(int(time.time()) - 600)  # kept to the millisecond, told to the second
    with Console(tmp_path / "history.db") as console:
        console.watch("300")
        console.poll("300", [row(1, "Delivered")], recorded)
    program = Program(tmp_path)
    for wanted, rows in (("first_read<1m", 0), ("first_read>1m", 1)):
        done = program.run("export", "summary", "--filter", wanted, "--format", "jsonl")
        assert [json.loads(line)["first_read_at"] for line in done.out.splitlines()] == (
            [utc(recorded)] * rows
        )


def test_a_bare_word_is_looked_for_in_what_a_message_is_called_and_in_its_state() -> None:
    assert [each.name for each in MESSAGE_FIELDS if each.plain] == [
        "id", "label", "state", "tag", "note",
    ]  # fmt: skip
