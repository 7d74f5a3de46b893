"""Large campaigns and long watchlists stay cheap: memory, by count."""

from __future__ import annotations

import gc
import sys
import tracemalloc
from array import array
from collections.abc import Callable

from smsmon.alerts import About
from smsmon.model import Entry, Report
from smsmon.monitor.agenda import Agenda
from smsmon.monitor.alerts.agenda import Agenda as AlertAgenda
from smsmon.monitor.board import Board
from smsmon.recipients import STOP_NO, Phones, Recipients, Status, pack_words
from tests.support.clock import START

MB = 1024 * 1024


def _campaign(size: int, delivered: int, first: int = 600_000_000) -> Recipients:
    """``size`` recipients, the first ``delivered`` of them delivered."""
    final = bytes([Status.DELIVERED]) * delivered
    return Recipients(
        phones=Phones([f"+33{first + number}" for number in range(size)]),
        statuses=final + bytes([Status.WAITING]) * (size - delivered),
        words=pack_words([1] * delivered + [0] * (size - delivered), 2),
        vocabulary=("Waiting", "Delivered"),
        stops=bytes([STOP_NO]) * size,
        dates=array("q", [int(START)] * size),
    )


def _report(message_id: str, recipients: Recipients, raw: bytes = b"") -> Report:
    digest = repr(recipients.statuses.count(2)).encode()
    return Report(message_id, recipients, digest, START, START, raw)


def _blocks(call: Callable[[], object]) -> int:
    """Blocks of memory that are there after a call and were not before."""
    gc.collect()
    before = sys.getallocatedblocks()
    call()
    gc.collect()
    return sys.getallocatedblocks() - before


def test_recipients_cost_no_objects_of_their_own_at_first_sight_and_when_one_changes() -> None:
    size = 20_000
    first, *later = [_report("300", _campaign(size, size // 2 + n)) for n in range(3)]
    board = Board()
    board.watch(Entry("300"), START)
    assert _blocks(lambda: board.apply(first, START)) < size / 20

    def change() -> None:
        assert len(board.apply(later.pop(0), START).transitions) == 1

    assert _blocks(change) < size / 20
    assert _blocks(change) < size / 100, "what it needs for the first change it has"


def test_a_thousand_messages_of_500_recipients_fit_in_25_mb() -> None:
    """Tried on a quarter of them."""
    body = b'{"phoneNumber": "+33600000001", "status": "Delivered", "stopSMS": false}' * 500
    tracemalloc.start()
    try:
        board = Board()
        for number in range(250):
            message_id = str(1000 + number)
            board.watch(Entry(message_id), START)
            recipients = _campaign(500, 250, 600_000_000 + 500 * number)
            board.apply(_report(message_id, recipients, body), START)
        gc.collect()
        used, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert used < 25 * MB / 4


def test_raw_answers_never_take_more_than_their_share() -> None:
    board = Board()
    noise = bytes(i * i % 251 for i in range(100_000))
    for number in range(200):
        board.watch(Entry(str(number)), START)
        board.apply(_report(str(number), _campaign(1, 0), noise + b"%d" % number), START)
    assert board._raw.size <= 8 * MB
    assert board.raw("199") is not None


def test_thousands_of_codes_keep_once_what_they_have_alike() -> None:
    codes = 2_000
    board = Board()
    for number in range(codes):
        board.watch(Entry(str(1000 + number), added_at=START), START)

    def reports(number: int, delivered: int) -> Report:
        one = _campaign(1, delivered, 600_000_000 + number)
        return Report(str(1000 + number), one, b"", START, START)

    def read(delivered: int, at: float) -> None:
        for number in range(codes):
            board.apply(reports(number, delivered), at)

    assert _blocks(lambda: read(0, START)) < 7.5 * codes
    assert list(board["1000"].changed_at) == [0.0]
    board.apply(reports(0, 1), START + 5)
    assert list(board["1000"].changed_at) == [START + 5]
    assert list(board["1001"].changed_at) == [0.0], "it shares no more than what is alike"


def test_what_is_planned_anew_leaves_little_behind() -> None:
    planner, alerts = Agenda(3.0), AlertAgenda()
    for again in range(3):
        for number in range(2_000):
            planner.put(str(number), START + again, 60.0)
            alerts.plan((About.MESSAGE, str(number)), START + again)
    assert sum(map(len, planner._lanes.values())) < 2_700
    assert alerts._due[About.MESSAGE].held < 2_800
    for number in range(2_000):
        assert planner.get(str(number)) is planner.look(START + 100 + number)[0]
        planner.drop(str(number))
    assert alerts.next_look == START + 2
