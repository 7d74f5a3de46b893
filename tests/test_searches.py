"""One number, three ways to ask for it: the filter, the console's dialog, the history."""

from __future__ import annotations

import asyncio
from functools import partial
from itertools import compress
from pathlib import Path
from typing import NamedTuple

import pytest

from smsmon import phones
from smsmon.commands.filtering import Choice
from smsmon.commands.knowledge import Knowledge
from smsmon.commands.recorded import KINDS, RowsWanted, records
from smsmon.console.tables.found import search, understood
from smsmon.countries import by_country
from smsmon.filters import Filter, parse
from smsmon.filters.recipients import RECIPIENT_FIELDS, recipient_column
from smsmon.monitor.board import Board
from smsmon.settings import Settings
from smsmon.store.local.archive import LocalArchive
from tests.store.reports import START, Console, row

COUNTRIES = {
    "+33612345678": "FR",
    "+590690123456": "GP",
    "+262639123456": "YT",
    "+596696123456": "MQ",
    "+14165550123": "CA",
    "+12425550123": "BS",
    "+77015550123": "KZ",
    "+447781100100": "GG",
    "+32470123456": "BE",
    "+390698765432": "IT",
    "+88213300655": "",
    "+80012345678": "",
    "+878101234567": "",
    "3615 77": "",
    "06-12-34-56-79-x": "",
}


class Known(NamedTuple):
    """What a console and its history know."""

    board: Board
    path: Path


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Known:
    """A board and its history with a number of each kind, all delivered after ten seconds."""
    path = tmp_path_factory.mktemp("searches") / "history.db"
    with Console(path) as console:
        console.watch("300")
        console.poll("300", [row(phone) for phone in COUNTRIES], START)
        console.poll("300", [row(phone, "Delivered") for phone in COUNTRIES], START + 10)
    return Known(console.board, path)


def filtered(known: Known, expression: str) -> list[str]:
    column = known.board["300"].recipients.phones
    mask = parse(expression, RECIPIENT_FIELDS).mask(lambda _: column, len(column))
    return [phone for phone, is_wanted in zip(column, mask, strict=True) if is_wanted]


@pytest.mark.parametrize(
    ("typed", "phone"),
    [
        ("+33 (0)6 12 34 56 78", "+33612345678"),
        ("+33 6.12.34.56.78", "+33612345678"),
        ("0033 6 12 34 56 78", "+33612345678"),
        ("33612345678", "+33612345678"),
        ("06 12 34 56 78", "+33612345678"),
        ("06\u00a012\u202f34 56 78", "+33612345678"),
        ("0690 12 34 56", "+590690123456"),
        ("+590 (0)690 12 34 56", "+590690123456"),
        ("0639123456", "+262639123456"),
        ("0696-123456", "+596696123456"),
        ("0470 12 34 56", "+32470123456"),
        ("06 9876 5432", "+390698765432"),
        ("+1 (416) 555-0123", "+14165550123"),
        ("00800 1234 5678", "+80012345678"),
        ("361577", "3615 77"),
        ("36 15 77", "3615 77"),
        ("+33 6 12 34 56 79", ""),
        ("0612345679", "06-12-34-56-79-x"),
    ],
)
def test_filter_dialog_and_history_find_the_same(known: Known, typed: str, phone: str) -> None:
    expected = {phone} - {""}
    with LocalArchive(known.path) as archive:
        history = archive.find_number(typed)
    assert {each.recipient.phone for each in history.sightings} == expected
    on_board = asyncio.run(search(known.board, understood(typed)))
    assert {each.place.phone for each in on_board} == expected
    assert set(filtered(known, f'phone:"{typed}"')) == expected


def test_screen_filter_export_and_history_tell_the_same_country(known: Known) -> None:
    watched = known.board["300"]
    expected = {
        region: {phone for phone, its in COUNTRIES.items() if its == region}
        for region in COUNTRIES.values()
    }
    told = {phone: phones.region(phone) for phone in COUNTRIES}
    assert told == COUNTRIES
    by_rows = {region: sum(counts) for region, counts in by_country(watched.recipients).items()}
    assert by_rows == {region: len(numbers) for region, numbers in expected.items()}
    with LocalArchive(known.path) as archive:
        times = archive.delivery_times("country")
        assert {each.key: each.measured for each in times} == by_rows
        for region, numbers in expected.items():
            wanted = parse(f"country:{region}" if region else "country:/^$/", RECIPIENT_FIELDS)
            known_of = Knowledge(Settings(), (), archive, frozenset(), START)
            asked = RowsWanted(archive.messages(), Choice(wanted, Filter()), known_of)
            blocks = KINDS["recipients"].blocks(archive, asked)
            rows = [row for block in blocks for row in records(block)]
            assert {row["phone"] for row in rows} == numbers
            assert {row["country"] for row in rows} == {region}
            mask = wanted.mask(partial(recipient_column, watched, START), len(COUNTRIES))
            assert {*compress(watched.recipients.phones, mask)} == numbers
