"""Questions find their rows by an index: what they read does not grow with the history."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from math import inf
from pathlib import Path

import pytest

from smsmon.model import Entry
from smsmon.store.local.archive import LocalArchive
from smsmon.store.local.reader import Reader
from smsmon.store.local.schema import LocalConnection, open_for_writing
from smsmon.store.sql import alerts, archive, happenings, noted, queries
from smsmon.store.sql.columns import Known, Update
from smsmon.store.sql.recording import Recording
from tests.store.reports import START, Console, phone, row

Ask = Callable[[LocalConnection], object]

BY_NUMBER = "SEARCH r USING INDEX recipient_by_phone (phone=?)"
BY_MESSAGE = "SEARCH message USING INDEX sqlite_autoindex_message_1 (message_id=?)"
OF_MESSAGE = "SEARCH recipient USING PRIMARY KEY (message=?)"

QUESTIONS: dict[str, tuple[Ask, set[str]]] = {
    "a whole number": (
        lambda it: archive.find_number(it, phone(7)),
        {BY_NUMBER, "SEARCH c USING PRIMARY KEY (message=? AND slot=?)"},
    ),
    "a number that nobody has": (
        lambda it: archive.find_number(it, "+33699999999"),
        {BY_NUMBER, "SCAN recipient USING COVERING INDEX recipient_by_phone"},
    ),
    "a part of a number": (
        lambda it: archive.find_number(it, "0000007"),
        {BY_NUMBER, "SCAN recipient USING COVERING INDEX recipient_by_phone"},
    ),
    "changes since a moment": (
        lambda it: happenings.happened(it, START),
        {
            "SEARCH c USING INDEX change_by_moment (observed_at>? AND observed_at<?)",
            "SEARCH r USING PRIMARY KEY (message=? AND slot=?)",
            "SEARCH event USING INDEX event_by_moment (at>? AND at<?)",
        },
    ),
    "who became final since a moment": (
        lambda it: list(happenings.finals(it, START)),
        {
            "SEARCH c USING INDEX change_by_moment (observed_at>? AND observed_at<?)",
            "SEARCH r USING PRIMARY KEY (message=? AND slot=?)",
            "SEARCH e USING PRIMARY KEY (message=? AND slot=? AND revision<?)",
        },
    ),
    "what an account held": (
        lambda it: noted.balances(it, "default", START, START + 60),
        {"SEARCH balance USING PRIMARY KEY (profile=? AND at>? AND at<?)"},
    ),
    "alerts of a time": (
        lambda it: alerts.episodes(it, START, START + 60),
        {"SEARCH episode USING INDEX episode_by_end (over_at>?)"},
    ),
    "a row for each message": (
        lambda it: happenings.in_short(it, START, START + 60),
        {
            "SEARCH change USING INDEX change_by_moment (observed_at>? AND observed_at<?)",
            "SEARCH event USING INDEX event_by_moment (at>? AND at<?)",
            "SEARCH event USING INDEX event_by_message (message_id=? AND at>? AND at<?)",
            "SEARCH episode USING INDEX episode_by_end (over_at>?)",
            "SEARCH u USING COVERING INDEX unread_by_end (until>?)",
        },
    ),
    "changes of a message": (
        lambda it: happenings.timeline(it, "300"),
        {
            "SEARCH m USING COVERING INDEX sqlite_autoindex_message_1 (message_id=?)",
            "SEARCH c USING PRIMARY KEY (message=?)",
            "SEARCH event USING INDEX event_by_message (message_id=? AND at>? AND at<?)",
        },
    ),
    "changes of messages": (
        lambda it: list(happenings.timelines(it, ["300", "301"], START, START + 60)),
        {
            "SEARCH m USING COVERING INDEX sqlite_autoindex_message_1 (message_id=?)",
            "SEARCH c USING PRIMARY KEY (message=?)",
            "SEARCH event USING INDEX event_by_message (message_id=?)",
        },
    ),
    "changes of a recipient": (
        lambda it: queries.recipient_changes(it, "300", 7),
        {
            "SEARCH r USING PRIMARY KEY (message=? AND slot=?)",
            "SEARCH c USING PRIMARY KEY (message=? AND slot=?)",
        },
    ),
    "a message": (
        lambda it: list(queries.load(it, ["300"])),
        {BY_MESSAGE, OF_MESSAGE, "SEARCH change USING PRIMARY KEY (message=?)"},
    ),
    "counts of messages": (lambda it: queries.messages(it, ["300", "301"]), {BY_MESSAGE}),
}
MAY_SCAN = {
    "SCAN recipient USING COVERING INDEX recipient_by_phone",
    "SCAN word",
    "SCAN p USING INDEX last_poll_by_sequence",
    "SCAN account",
    "SCAN last_poll",
}
"""What a part of a number costs; the few words that the API has; and a row for each message that is
watched, of whatever size, and account."""


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("plans") / "history.db"
    with Console(path) as console:
        for message_id in ("300", "301"):
            console.watch(message_id)
            for at, word in enumerate(("Waiting", "Delivered")):
                console.poll(message_id, [row(n, word) for n in range(50)], START + at)
    return path


def statements(connection: LocalConnection, ask: Ask) -> list[str]:
    """Those that ``ask`` makes."""
    made: list[str] = []
    connection.set_trace_callback(made.append)
    ask(connection)
    connection.set_trace_callback(None)
    return made


def plans(connection: LocalConnection, ask: Ask) -> Iterator[str]:
    """How SQLite finds the rows of each statement that ``ask`` makes."""
    for statement in statements(connection, ask):
        if statement.startswith(("SELECT", "\n    SELECT", "UPDATE")):
            for *_, step in connection.execute(f"EXPLAIN QUERY PLAN {statement}"):
                yield step


@pytest.mark.parametrize("what", QUESTIONS)
def test_a_question_is_answered_by_an_index(path: Path, what: str) -> None:
    ask, wanted = QUESTIONS[what]
    with Reader(path) as reader:
        found = set(reader.ask(lambda connection: list(plans(connection, ask))))
    assert wanted <= found, found
    assert {step for step in found if step.startswith("SCAN")} <= MAY_SCAN


def test_two_messages_are_loaded_by_as_many_statements_as_one(path: Path) -> None:
    def made(*ids: str) -> int:
        def ask(connection: LocalConnection) -> None:
            list(queries.load(connection, ids))
            list(happenings.timelines(connection, ids, START, inf))

        return len(reader.ask(lambda connection: statements(connection, ask)))

    with Reader(path) as reader:
        assert made("300", "301") == made("300")


def test_who_became_final_is_read_one_by_one(tmp_path: Path) -> None:
    """Ten times as many take no more memory."""
    peaks = []
    for recipients in (2_000, 20_000):
        path = tmp_path / f"{recipients}.db"
        with Console(path) as console:
            console.watch("300")
            for at, word in enumerate(("Waiting", "Delivered")):
                console.poll("300", [row(n, word) for n in range(recipients)], START + at)
        with LocalArchive(path) as archive:
            assert next(archive.finals(START)).took == 1.0  # what is imported once
            tracemalloc.start()
            assert sum(1 for _ in archive.finals(START)) == recipients
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    assert max(peaks) < 100_000, peaks


def test_a_read_that_brought_nothing_new_finds_its_message_by_an_index(path: Path) -> None:
    connection = open_for_writing(path)
    with connection.transaction():
        recording = Recording(connection)
        known = Reader(path).ask(lambda it: next(queries.load(it, ["300"])))
        own = known.recipients
        recording.adopt(
            known.summary.key, Known(known.row, known.summary.revision, own, source=own)
        )
        at = START + 9
        again = Update(1, at, at, Entry("300"), 0, read=True, news=False, recipients=own)
        found = set(plans(connection, lambda _: recording.report(again, at)))
    connection.close()
    by_account = BY_MESSAGE.replace("=?)", "=? AND profile=?)")
    assert found == {by_account, "SEARCH message USING INTEGER PRIMARY KEY (rowid=?)"}
