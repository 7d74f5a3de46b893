"""Only what was written since is read of a message that was read before, and that is all of it."""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import fields

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smsmon.store.sql import queries
from smsmon.store.team import renewal
from smsmon.store.team.address import Address
from smsmon.store.team.connection import Connection
from smsmon.store.team.database import Access
from smsmon.store.team.history import _mark
from smsmon.store.team.renewal import Mark, Renewal

_SLOTS = st.integers(0, 5)
_RECIPIENT = (
    "INSERT INTO recipient (message, slot, phone, status, word, stop, date, first_seen, changed_at)"
    " VALUES (1, %s, %s, 1, 1, 0, 0, 1000, 0)"
)
_CHANGE = (
    "INSERT INTO change SELECT 1, %s, (SELECT count(*) FROM change) + 1, %s, before, %s, %s, 0, 0,"
    " 0, 0 FROM (SELECT status AS before FROM recipient WHERE message = 1 AND slot = %s) r"
)
_UPDATE = (
    "UPDATE recipient SET status = %s, word = %s, date = %s, reason = %s, changed_at = %s,"
    " absent_since = %s WHERE message = 1 AND slot = %s"
)


class Writer:
    """Writes into one message, in transactions that last, some of them within savepoints."""

    def __init__(self, url: str) -> None:
        self.connection = psycopg.connect(url)

    def write(self, slot: int, status: int, at: int) -> None:
        """One recipient changes, or moves his date alone; one that is not there yet appears."""
        execute = self.connection.execute
        execute("SAVEPOINT apart") if at % 2 else None
        (there,) = execute("SELECT count(*) FROM recipient WHERE message = 1").fetchone() or (0,)
        slot = min(slot, there)
        if slot == there:
            execute(_RECIPIENT, (slot, f"+3363998{slot:04}"))
        elif status:
            execute(_CHANGE, (slot, at, status, status, slot))
            reason = "no status" if status == 3 else None
            execute(_UPDATE, (status, status, at, reason, at, at % 3 and at, slot))
        else:
            execute("UPDATE recipient SET date = %s WHERE message = 1 AND slot = %s", (at, slot))
        execute("RELEASE SAVEPOINT apart") if at % 2 else None


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("write"), _SLOTS, st.integers(0, 3)),
            st.tuples(st.sampled_from(["commit", "roll back", "look", "look"]), _SLOTS, _SLOTS),
        ),
        max_size=40,
    )
)
def test_what_is_read_in_part_is_what_would_be_read_whole(
    team_store: str, steps: list[tuple[str, int, int]]
) -> None:
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setattr(renewal, "FEW", 0)
        writer, other = Writer(team_store), Writer(team_store)
        for each in (writer, other):
            stack.enter_context(closing(each.connection))
        writer.connection.execute(
            "DELETE FROM recipient; DELETE FROM change; DELETE FROM word;"
            " INSERT INTO word VALUES (0, 'on its way'), (1, 'Waiting'), (2, 'Delivered'), (3, '?')"
        )
        writer.connection.commit()
        reader = stack.enter_context(closing(Access(Address.parse(team_store)).fitting()))
        renewed = Renewal()
        for at, (step, slot, status) in enumerate([*steps, ("look", 0, 0)], 1):
            if step == "write":
                writer.write(slot, status, at)
                other.connection.execute("SELECT pg_current_xact_id()")  # one that lasts longer
            elif step != "look":
                kept = step == "commit"
                writer.connection.commit() if kept else writer.connection.rollback()
                other.connection.rollback() if slot else None
            else:
                _must_be_read_alike(reader, renewed)


def _must_be_read_alike(reader: Connection, renewed: Renewal) -> None:
    with reader.snapshot():
        whole = queries.ReadRecipients()(reader, [1])
        renewed.at(Mark.of(_mark(reader)))
        part = renewed(reader, [1])
    assert [*part] == [*whole]
    for number, columns in whole.items():
        for each in fields(columns):
            assert getattr(part[number], each.name) == getattr(columns, each.name), each.name


def test_few_rows_are_read_and_all_of_another_server(team_store: str) -> None:
    with psycopg.connect(team_store, autocommit=True) as connection:
        connection.execute("INSERT INTO word VALUES (1, 'Waiting')")
        with connection.cursor() as cursor:
            cursor.executemany(_RECIPIENT, [(slot, f"+3363998{slot:04}") for slot in range(500)])
        connection.execute("UPDATE recipient SET date = 5 WHERE slot = 7")
    read: list[int] = []

    class Counted(Renewal):
        def _words(self, connection, rows):  # type: ignore[no-untyped-def]
            read.append(len(rows))
            return super()._words(connection, rows)

    with closing(Access(Address.parse(team_store)).fitting()) as reader:
        renewed = Counted()
        for line in ("", "", "another"):
            with psycopg.connect(team_store, autocommit=True) as connection:
                connection.execute("UPDATE recipient SET date = date + 1 WHERE slot = 7")
            with reader.snapshot():
                mark = Mark.of(_mark(reader))
                renewed.at(mark._replace(line=line or mark.line))
                (columns,) = renewed(reader, [1]).values()
    assert read == [500, 1, 500]
    assert columns.recipients.dates[7] == 8
