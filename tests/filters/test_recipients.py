"""One table of what is known of recipients, alike for one of them and for all of a message."""

from __future__ import annotations

import pytest

from smsmon.commands import recorded
from smsmon.commands.find import find
from smsmon.commands.status import status
from smsmon.console.export import recipient_record
from smsmon.console.formats import Formats
from smsmon.console.tables.recipients import RecipientRows, recipient_columns
from smsmon.filters import Coded, Kind
from smsmon.filters.messages import MESSAGES
from smsmon.filters.recipients import (
    RECIPIENT_COLUMNS,
    RECIPIENT_FIELDS,
    RECIPIENTS,
    RecipientField,
    recipient_row,
)
from smsmon.model import Entry
from smsmon.monitor.board import Board
from smsmon.monitor.state import Watched
from smsmon.settings.printing import json_schema
from smsmon.shapes import known_json
from tests.store.reports import START, report, row
from tests.support.clock import VirtualClock


def seen() -> Watched:
    """Four recipients: delivered later on, waiting with a STOP, unknown, and no longer listed."""
    board = Board()
    board.watch(Entry("300"), START)
    first = [row(1, "Waiting"), row(2, "Waiting", stop=True), row(3, "odd"), row(4, "Delivered")]
    board.apply(report("300", first, START), START)
    board.apply(report("300", [row(1, "Delivered"), *first[1:3]], START + 40), START + 40)
    return board["300"]


@pytest.mark.parametrize("field", RECIPIENTS, ids=lambda field: field.name)
def test_a_field_is_whole_and_alike_of_one_and_of_all(field: RecipientField) -> None:
    watched = seen()
    rows = [recipient_row(watched, slot) for slot in range(4)]
    column = field.column(watched)
    if isinstance(column, Coded):
        of_all = [column.meanings[code] for code in column.codes]
    else:
        of_all = [each or None if field.kind is Kind.MOMENT else each for each in column]
    assert of_all == [field.of(each) for each in rows]
    asked = field.values(watched, START + 60)
    if not isinstance(asked, Coded):
        of_one = [field.value(each, START + 60) for each in rows]
        assert of_one == list(asked)
    assert field.help
    if field.shown:
        formats = Formats(VirtualClock(START + 60), utc=True)
        shown = next(each for each in recipient_columns(formats) if each.name == field.shown.name)
        assert [shown.cell(each, 20) is not None for each in rows] == [True] * 4
        keys = RecipientRows(watched, formats).values(shown.name, range(4))
        some = RecipientRows(watched, formats).values(shown.name, [2, 0])
        assert keys is not None
        assert some is not None
        assert [*some] == [keys[2], keys[0]]
        assert type(some) is type(keys) or isinstance(some, list)
    if field.exported:
        assert field.exported in recipient_record("300", rows[0], Formats(VirtualClock(START)))
        assert field.exported in recorded.RECIPIENT_COLUMNS


def test_names_and_places_in_exports_stay() -> None:
    assert RECIPIENT_COLUMNS[:12] == (
        "phone", "status", "raw_status", "stop", "date", "country", "reason", "first_seen",
        "changed_at", "absent", "absent_since", "took_seconds",
    )  # fmt: skip
    assert recorded.RECIPIENT_COLUMNS[:14] == (
        "id", "label", "phone", "country", "status", "raw_status", "stop", "date", "first_seen",
        "changed_at", "absent", "reason", "profile", "absent_since",
    )  # fmt: skip
    record = recipient_record("300", recipient_row(seen(), 0), Formats(VirtualClock(START)))
    assert [*record] == ["id", *RECIPIENT_COLUMNS]


def test_a_word_without_a_field_is_looked_for_in_the_phone_last() -> None:
    plain = [each.name for each in RECIPIENT_FIELDS if each.plain]
    assert plain == ["status", "word", "country", "phone"]


def test_what_settings_and_help_name_is_there() -> None:
    for columns, fields in (("message_columns", MESSAGES), ("recipient_columns", RECIPIENTS)):
        schema = json_schema()["$defs"]["Display"]["properties"][columns]
        (example,) = schema["anyOf"][0].get("examples") or schema["examples"]
        assert {*example} <= {each.shown.name for each in fields if each.shown}
    told = (find.help or "") + (status.help or "")
    for key in known_json(recipient_row(seen(), 0), private=False):
        assert f'"{key}"' in told or key == "took_seconds"


def test_a_bare_word_is_looked_for_in_these_fields_of_a_recipient() -> None:
    assert {each.name for each in RECIPIENT_FIELDS if each.plain} == {
        "phone", "status", "word", "country",
    }  # fmt: skip
