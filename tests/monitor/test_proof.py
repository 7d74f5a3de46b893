"""Which answers of a batch are believed, beside reports of the same messages."""

from __future__ import annotations

from itertools import product

import pytest

from smsmon.monitor.rows import Seen
from smsmon.monitor.sending.proof import (
    AGREEING,
    DAY,
    LOOKS,
    OF_EACH,
    RECENT,
    Compared,
    Pending,
    Proof,
    Verdict,
    compare,
)
from smsmon.recipients import Recipient, Recipients, Status
from tests.support.clock import START

W, D, N = Status.WAITING, Status.DELIVERED, Status.NOT_DELIVERED
AGREES, OVERTAKEN, CONTRADICTS = Compared.AGREES, Compared.OVERTAKEN, Compared.CONTRADICTS
AHEAD = Compared.AHEAD


@pytest.mark.parametrize(
    ("before", "said", "after", "shows"),
    [
        (W, W, W, AGREES),
        (W, D, D, AGREES),
        (W, W, D, OVERTAKEN),
        (D, D, D, AGREES),
        (W, D, W, AHEAD),
        (D, W, D, CONTRADICTS),
        (W, D, N, CONTRADICTS),
        (W, N, D, CONTRADICTS),
        (D, W, W, AGREES),  # the report says it too: it was the one before that was wrong
        (D, N, N, AGREES),
    ],
)
def test_a_change_between_two_reads_is_no_contradiction(
    before: Status, said: Status, after: Status, shows: Compared
) -> None:
    assert compare(*(Seen(status, False) for status in (before, said, after))) is shows


@pytest.mark.parametrize(
    ("before", "said", "after", "shows"),
    [
        (False, True, True, AGREES),
        (False, False, True, OVERTAKEN),
        (False, True, False, AHEAD),
        (True, False, True, CONTRADICTS),
        (True, None, True, AGREES),
        (None, True, None, AGREES),
    ],
)
def test_a_stop_goes_one_way_as_well(
    before: bool | None, said: bool | None, after: bool | None, shows: Compared
) -> None:
    assert compare(Seen(D, before), Seen(D, said), Seen(D, after)) is shows


def test_what_truly_happened_never_contradicts() -> None:
    story = [Seen(W, False), Seen(D, False), Seen(D, True)]
    for one, two, three in product(range(3), repeat=3):
        if one <= two <= three:
            assert compare(story[one], story[two], story[three]) is not CONTRADICTS


def _compared(
    proof: Proof, before: Status, said: Status | None, after: Status, likely: float = 0.0
) -> Compared | None:
    told = None if said is None else Seen(said, False)
    proof.pending["300"] = Pending(START, (Seen(before, False),), (told,))
    return proof.compared("300", [Seen(after, False)], START, likely)


def test_what_is_ahead_of_the_reports_has_to_come_true_before_long() -> None:
    for ends in (D, N, W):
        proof = Proof()
        assert _compared(proof, W, D, W) is AHEAD
        for _ in range(LOOKS - 1):
            assert proof.compared("300", [Seen(W, False)], START, 0.0) is AHEAD
        shown = proof.compared("300", [Seen(ends, False)], START, 0.0)
        assert shown is (AGREES if ends is D else CONTRADICTS)
        assert not proof.pending


def test_batches_are_trusted_once_enough_of_each_kind_agreed() -> None:
    proof = Proof()
    for _ in range(AGREEING - OF_EACH):
        _compared(proof, D, D, D)
    for _ in range(OF_EACH - 1):
        _compared(proof, W, W, W)
    _compared(proof, D, D, D)
    assert proof.look(START) is Verdict.UNPROVEN  # only what is final, as good as
    _compared(proof, W, W, W)
    assert proof.look(START) is Verdict.TRUSTED


@pytest.mark.parametrize("always", [W, D, N])
def test_a_source_that_says_the_same_of_all_is_found_out(always: Status) -> None:
    proof = Proof()
    shown = [_compared(proof, each, always, each) for each in [W, D, N] * AGREEING]
    assert CONTRADICTS in shown[: 3 * LOOKS]


def test_batches_that_lag_behind_are_found_out_though_each_alone_may_have_been_overtaken() -> None:
    proof = Proof()
    assert CONTRADICTS in [_compared(proof, W, W, D, likely=0.05) for _ in range(RECENT)]
    honest = Proof()
    shown = [_compared(honest, W, W, D if n % 2 else W, likely=0.5) for n in range(10 * RECENT)]
    assert CONTRADICTS not in shown


def test_what_was_not_told_is_not_compared() -> None:
    proof = Proof()
    assert _compared(proof, W, None, D) is None
    assert _compared(proof, W, D, Status.UNKNOWN) is None
    assert proof.compared("300", [Seen(D, False)], START, 0.0) is None


def test_it_is_kept_over_a_restart() -> None:
    proof, again = Proof(), Proof()
    assert proof.export() == []
    proof.refuse(START)
    again.load(proof.export(), START + 60)
    assert again.look(START + DAY - 1) is Verdict.REFUSED
    assert again.look(START + DAY) is Verdict.UNPROVEN

    for _ in range(AGREEING):
        _compared(proof, D, D, D)
        _compared(proof, W, W, W)
    proof.verdict = Verdict.TRUSTED
    again.load(proof.export(), START)
    assert again.look(START + 30 * DAY) is Verdict.TRUSTED


@pytest.mark.parametrize(
    "kept",
    [[[0.0, START + 3 * DAY]], [[0.0, START - 1]], [[]], [[float("nan"), 1.0]], [[2.0, 1.0]]],
)
def test_what_cannot_be_is_not_loaded(kept: list[list[float]]) -> None:
    proof = Proof()
    proof.load(kept, START)
    assert proof.verdict is Verdict.UNPROVEN


def test_a_clock_that_was_set_back_does_not_make_a_day_longer() -> None:
    proof = Proof()
    proof.refuse(START)
    assert proof.look(START - 3 * DAY) is Verdict.UNPROVEN


@pytest.mark.parametrize("stop", [None, False, True])
@pytest.mark.parametrize("status", Status)
def test_what_is_known_of_a_recipient_is_what_its_row_said(
    status: Status, stop: bool | None
) -> None:
    one = Recipient("+33600000001", status, "", stop)
    assert Seen.known(Recipients.of([one]), 0) == Seen.of(one) == Seen(status, stop)
