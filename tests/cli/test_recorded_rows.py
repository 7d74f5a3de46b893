"""Which rows an export has, and which of them a filter lets through."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from smsmon.commands import recorded
from smsmon.commands.filtering import chosen
from smsmon.commands.grouped import recorded_groups
from smsmon.commands.knowledge import Knowledge, as_listed, listed
from smsmon.commands.recorded import KINDS, RowsWanted, records
from smsmon.filters.messages import MESSAGE_FIELDS
from smsmon.groups import Dimension
from smsmon.known import Key, Summary
from smsmon.model import Entry
from smsmon.monitor.board import Board
from smsmon.monitor.standing import message_value
from smsmon.settings import Settings
from smsmon.settings.telling import Alert
from smsmon.store.archive import Archive
from tests.store.places import Process, memory
from tests.store.reports import START, row

SETTINGS = Settings(alerts={"late": Alert(when="oldest>30s")})


@pytest.fixture(scope="module")
def archive() -> Iterator[Archive]:
    """Two messages: of one a recipient was delivered, said STOP, and was left out for a while."""
    place = memory(Path())

    async def fill() -> None:
        async with Process(place) as console:
            console.watch("1", label="Sale")
            console.watch("2", profile="other")
            console.poll("1", [row(1), row(2), row(3, "Perhaps")], START)
            console.poll("1", [row(1, "Delivered"), row(2), row(3, "Perhaps")], START + 10)
            console.poll("1", [row(1, "Delivered"), row(3, "Perhaps")], START + 20)
            third = [row(1, "Delivered", True), row(2), row(3, "Perhaps")]
            console.poll("1", third, START + 30)
            console.poll("2", [row(4, "Not delivered")], START + 5)

    asyncio.run(fill())
    with place().archive() as archive:
        yield archive


def rows(archive: Archive, kind: str, text: str = "", **asked: Any) -> list[dict[str, object]]:
    wanted = KINDS[kind]
    keys = asked.pop("keys", [("1", "default"), ("2", "other")])
    choice = chosen(text, asked.pop("tagged", ()), wanted.fields())
    known = Knowledge(SETTINGS, asked.pop("entries", ()), archive, choice.fields, START + 100)
    request = RowsWanted(keys, choice, known, **asked)
    found = [row for block in wanted.blocks(archive, request) for row in records(block)]
    assert all(each.keys() == {*wanted.columns} for each in found)
    return found


@pytest.mark.parametrize(
    ("text", "ids"),
    [("", ["1", "2"]), ("waiting>0", ["1"]), ("waiting:0", ["2"]), ("label:sale", ["1"])],
)
def test_a_summary_has_the_messages_that_the_filter_lets_through(
    archive: Archive, text: str, ids: list[str]
) -> None:
    found = rows(archive, "summary", text)
    assert [each["id"] for each in found] == ids
    assert [each["delivered"] for each in found] == [{"1": 1, "2": 0}[id] for id in ids]
    assert rows(archive, "summary", text, keys=[]) == []


@pytest.mark.parametrize(
    ("text", "phones"),
    [
        ("", [1, 2, 3, 4]),
        ("status:delivered", [1]),
        ("status:unknown", [3]),
        ("stop:yes", [1]),
        ("!status:waiting", [1, 3, 4]),
    ],
)
def test_recipients_are_those_that_the_filter_lets_through_in_their_order(
    archive: Archive, text: str, phones: list[int]
) -> None:
    found = rows(archive, "recipients", text)
    assert [each["phone"] for each in found] == [f"+336{number:08d}" for number in phones]
    assert [each["id"] for each in found] == ["2" if number == 4 else "1" for number in phones]


def test_changes_and_what_was_left_out_stand_in_the_order_of_time(archive: Archive) -> None:
    found = rows(archive, "changes")
    told = [(each["after"], each["stop"], each["event"]) for each in found]
    assert told == [
        ("delivered", False, None),
        (None, None, "absent"),
        (None, None, "listed_again"),
        ("delivered", True, None),
    ] or told == [told[0], told[1], ("delivered", True, None), (None, None, "listed_again")]
    assert [each["observed_at"] for each in found] == sorted(
        str(each["observed_at"]) for each in found
    )
    assert {each["id"] for each in found} == {"1"}


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ({"since": START + 10}, 4),
        ({"since": START + 10.001}, 3),
        ({"since": START + 30}, 2),
        ({"since": START + 31}, 0),
        ({"profile": "default"}, 4),
        ({"profile": "other"}, 0),
    ],
)
def test_changes_are_those_from_a_moment_on_and_of_an_account(
    archive: Archive, asked: dict[str, Any], count: int
) -> None:
    assert len(rows(archive, "changes", **asked)) == count


@pytest.mark.parametrize(
    ("text", "count"),
    [("stop:yes", 1), ("stop:no", 1), ("status:delivered", 2), ("age<75s", 2), ("age<85s", 3)],
)
def test_a_filter_asks_what_is_so_after_a_change(archive: Archive, text: str, count: int) -> None:
    assert len(rows(archive, "changes", text)) == count


WATCHED = (Entry("1", "Sale", ("promo", "fr"), "call Anna", added_at=START - 60),)


@pytest.mark.parametrize(
    ("kind", "text", "tagged", "ids"),
    [
        ("summary", "state:live", (), {"1"}),  # nobody knows of one that is not watched
        ("summary", "!state:live", (), {"2"}),
        ("summary", "note:anna age>2m", (), {"1"}),
        ("summary", "oldest>1m", (), {"1"}),
        ("summary", "alert:late", (), {"1"}),
        ("summary", "", ("promo",), {"1"}),
        ("summary", "failed>0", ("promo",), set()),
        ("summary", "", ("none", "FR"), {"1"}),
        ("recipients", "label:sale status:delivered", (), {"1"}),
        ("recipients", "profile:other", (), {"2"}),
        ("recipients", "recipients>1 !status:waiting", (), {"1"}),
        ("recipients", "sale", (), set()),  # words: in what is known of recipients
        ("recipients", "", ("promo",), {"1"}),
        ("changes", "label:sale stop:yes", (), {"1"}),
        ("changes", "label:nothing", (), set()),
        ("changes", "", ("promo",), {"1"}),
    ],
)
def test_rows_are_asked_for_what_is_known_of_their_message_too(
    archive: Archive, kind: str, text: str, tagged: tuple[str, ...], ids: set[str]
) -> None:
    found = rows(archive, kind, text, tagged=tagged, entries=WATCHED)
    assert {each["id"] for each in found} == ids


@pytest.mark.parametrize("with_recipients", [False, True])
def test_a_message_is_known_as_a_console_knows_it_that_starts_now(
    archive: Archive, with_recipients: bool
) -> None:
    key, now = ("1", "default"), START + 100
    asked = frozenset({"oldest"} if with_recipients else ())
    known = Knowledge(SETTINGS, WATCHED, archive, asked, now)
    (row,) = known.of([key])
    console = Board().restore(WATCHED[0], next(iter(archive.load([key]))), now)
    console.note_last_poll(archive.polls()[key])
    for field in MESSAGE_FIELDS:
        if with_recipients or field.name != "oldest":
            value = known.value(row, field.name)
            assert value == message_value(known, console, now, field.name), field.name


@pytest.mark.parametrize("kind", KINDS)
def test_rows_are_the_same_however_many_come_at_once(
    archive: Archive, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = rows(archive, kind)
    monkeypatch.setattr(recorded, "ROWS", 2)
    assert rows(archive, kind) == at_once


def test_what_people_changed_stands_though_nobody_who_polls_has_recorded_it(
    archive: Archive,
) -> None:
    said = (Entry("1", "Winter", ("cold",)), Entry("2", "Moved", profile="default"))
    entries = listed(SETTINGS, said)
    keys = Knowledge(SETTINGS, said, archive, frozenset()).belonging()
    assert keys == [("1", "default"), ("2", "default")]
    found = rows(archive, "summary", keys=keys, entries=said)
    assert {r["id"]: (r["label"], r["tags"], r["total"]) for r in found} == {
        "1": ("Winter", ["cold"], 3),
        "2": ("Moved", [], None),
    }
    recipients = rows(archive, "recipients", keys=keys, entries=said)
    assert {(r["id"], r["label"]) for r in recipients} == {("1", "Winter")}
    short = as_listed(archive.in_short(START, START + 100), entries)
    assert {(r.message_id, r.label) for r in short} == {("1", "Winter"), ("2", "")}
    sought = as_listed(archive.find_number("+33600000001").sightings, entries)
    assert [each.label for each in sought] == ["Winter"]


@pytest.mark.parametrize("of", [Knowledge.of, None])
def test_what_is_read_while_it_is_looked_for_does_not_look_read_of_nobody(of: Any) -> None:
    places = before, after = memory(Path()), memory(Path())

    async def fill() -> None:
        for place in places:
            async with Process(place) as console:
                console.watch("1")
                if place is after:
                    console.poll("1", [row(1, "Delivered")], START)

    asyncio.run(fill())
    with before().archive() as old, after().archive() as new:
        seen = Mock(wraps=old)

        def summaries(wanted: list[Key]) -> list[Summary]:
            seen.polls, seen.load = new.polls, new.load  # it is read now
            return old.summaries(wanted)

        seen.summaries = summaries
        entries, now = [Entry("1", added_at=START)], START + 1
        if of is not None:
            (found,) = of(Knowledge(SETTINGS, entries, seen, frozenset(), now), [("1", "default")])
            assert (found.read_at, found.counts.total) == (None, 0)
        else:
            groups, at = recorded_groups(SETTINGS, entries, seen, Dimension.PROFILE, now=now)
            (group,) = groups.rows(Dimension.PROFILE, at).values()
            assert (group.messages, group.unread, group.sent) == (1, 1, 1)
