"""A second of groups: 200 pieces of news about 20,000 codes, and four looks at all groups.

Against the same figures reckoned anew from all messages at each look.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import count

from smsmon.groups import Dimension, Groups
from smsmon.model import Arrival, Entry
from smsmon.monitor.board import Board
from smsmon.recipients import Status
from tests.benchmarks.pairs import Promise, in_turns, ratio
from tests.monitor.fakes import report, row

MESSAGES, NEWS, LOOKS = 20_000, 200, 4
START = 1_795_000_020.0
ROUNDS = 5


def codes() -> Board:
    """Codes of the last hour, 300 a minute, for three applications."""
    board = Board()
    for number in range(MESSAGES):
        sent = START - 3_600 * (MESSAGES - number) / MESSAGES
        came = Arrival(f"app{number % 3}", 3_600.0, sent_at=sent)
        tags = ("otp",) if number % 2 else ("otp", "login")
        board.watch(Entry(str(number), "code", tags, added_at=sent, arrival=came), sent)
        status = Status.WAITING if number % 10 == 0 else Status.DELIVERED
        board.apply(report([row(number, status, date=sent + 4)], str(number), sent + 5), sent + 5)
    return board


def run() -> Iterator[Promise]:
    board, groups = codes(), Groups()
    for watched in board:
        groups.note(watched, START)
    for dimension in Dimension:
        groups.rows(dimension, START)
    seconds = count(1)

    def news(now: float) -> list[str]:
        """200 answers: every second one tells something new."""
        ids = [str(int(now * 7919 + number * 101) % MESSAGES) for number in range(NEWS)]
        for place, id in enumerate(ids):
            waits = board[id].counts.waiting
            status = Status.DELIVERED if waits and place % 2 else Status.WAITING
            board.apply(report([row(int(id), status, date=now)], id, now), now)
        return ids

    def kept() -> float:
        now = START + next(seconds)
        ids = news(now)
        begun = time.perf_counter()
        for look in range(LOOKS):
            for id in ids[look * NEWS // LOOKS : (look + 1) * NEWS // LOOKS]:
                groups.note(board[id], now)
            for dimension in (Dimension.TAG, Dimension.SOURCE):
                groups.rows(dimension, now)
        return time.perf_counter() - begun

    def anew() -> float:
        now = START + next(seconds)
        for id in news(now):
            groups.note(board[id], now)
        begun = time.perf_counter()
        for _ in range(LOOKS):
            fresh = Groups()
            for watched in board:
                fresh.note(watched, now)
            for dimension in (Dimension.TAG, Dimension.SOURCE):
                fresh.rows(dimension, now)
        return time.perf_counter() - begun

    ours, theirs = in_turns(ROUNDS, kept, anew)
    yield ratio("200 news and 4 looks : reckoned anew (20,000)", ours, theirs, 0.05)
