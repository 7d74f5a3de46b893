"""What every source promises the engine: a suite that each kind runs.

A kind of source subclasses ``SourceContract`` under a name that begins with ``Test`` and gives it
a fixture ``stage``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

import pytest

from smsmon.batch import MOST_PAIRS, BatchAnswer, Outcome, Pair
from smsmon.clock import Clock
from smsmon.model import Answer, FaultKind, Origin, ReadError, Report, Unchanged
from smsmon.monitor.source import BatchSource, Source

KNOWN, OTHER, MISSING = "300", "301", "999"
PHONE = "+33600000001"


class Stage(Protocol):
    """A source of which the messages ``KNOWN`` and ``OTHER`` are there, and ``MISSING`` is not."""

    source: Source
    clock: Clock
    """The clock of the source."""

    async def read(self, *message_ids: str, known: bytes | None = None) -> list[Answer]:
        """What the source answers when it is asked for these at once, while time passes."""
        ...

    def change(self, message_id: str) -> None:
        """Have the next answer about a message differ from the one before."""
        ...

    def fall_silent(self) -> None:
        """Have every request fail from now on, at once."""
        ...


class BatchStage(Stage, Protocol):
    """One whose source reads several messages at once. They are all to ``PHONE``."""

    async def read_together(self, pairs: Sequence[Pair]) -> BatchAnswer:
        """What the source answers to one request, while time passes."""
        ...


async def report(stage: Stage, message_id: str = KNOWN, known: bytes | None = None) -> Report:
    """An answer that has to be a report."""
    (answer,) = await stage.read(message_id, known=known)
    assert isinstance(answer, Report)
    return answer


class SourceContract:
    """The promises of ``Source``."""

    async def test_a_report_is_of_the_message_and_says_when_it_was_asked_for(
        self, stage: Stage
    ) -> None:
        before = stage.clock.now()
        answer = await report(stage)
        assert answer.message_id == KNOWN
        assert len(answer.recipients) > 0
        assert before <= answer.asked_at <= answer.fetched_at <= stage.clock.now()
        assert answer.whole
        assert answer.origin is Origin.POLLED

    async def test_the_known_answer_again_is_unchanged(self, stage: Stage) -> None:
        first = await report(stage)
        (again,) = await stage.read(KNOWN, known=first.digest)
        assert isinstance(again, Unchanged)
        assert (again.message_id, again.digest) == (KNOWN, first.digest)
        assert first.asked_at <= again.asked_at <= again.fetched_at

    async def test_another_answer_has_another_digest(self, stage: Stage) -> None:
        first = await report(stage)
        stage.change(KNOWN)
        changed = await report(stage, KNOWN, first.digest)
        assert changed.digest != first.digest
        assert changed.recipients != first.recipients

    async def test_several_at_once_are_each_answered_for_themselves(self, stage: Stage) -> None:
        answers = await stage.read(KNOWN, OTHER)
        assert [each.message_id for each in answers] == [KNOWN, OTHER]

    async def test_a_message_that_is_not_there_is_said_to_be_missing(self, stage: Stage) -> None:
        with pytest.raises(ReadError) as caught:
            await stage.read(MISSING)
        assert caught.value.fault.kind is FaultKind.NOT_FOUND
        assert caught.value.fault.message

    async def test_trouble_is_a_fault_and_nothing_else(self, stage: Stage) -> None:
        await report(stage)
        stage.fall_silent()
        with pytest.raises(ReadError) as caught:
            await stage.read(KNOWN)
        assert caught.value.fault.kind is not FaultKind.NOT_FOUND
        assert caught.value.fault.message

    async def test_one_that_is_cancelled_asks_no_more_and_hurts_no_other(
        self, stage: Stage
    ) -> None:
        asked = asyncio.create_task(stage.source.bulk_status(KNOWN))
        await asyncio.sleep(0)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        assert (await report(stage)).message_id == KNOWN

    async def test_it_may_be_told_whom_to_ask_before_it_repeats(self, stage: Stage) -> None:
        stage.source.ask_before_repeating(lambda: False)
        assert (await report(stage)).message_id == KNOWN


class BatchSourceContract(SourceContract):
    """The promises of ``BatchSource``, besides."""

    async def test_each_pair_is_answered_in_its_place_whatever_the_others_are(
        self, stage: BatchStage
    ) -> None:
        assert isinstance(stage.source, BatchSource)
        before = stage.clock.now()
        pairs = [Pair(OTHER, PHONE), Pair(MISSING, PHONE), Pair(KNOWN, "+33699999999")]
        answer = await stage.read_together([*pairs, Pair(KNOWN, PHONE), Pair(OTHER, PHONE)])
        assert [row.pair.message_id for row in answer.rows] == [OTHER, MISSING, KNOWN, KNOWN, OTHER]
        outcomes = [row.outcome for row in answer.rows]
        assert [each is Outcome.READ for each in outcomes] == [True, False, False, True, True]
        assert before <= answer.asked_at <= answer.fetched_at <= stage.clock.now()

    async def test_a_pair_is_told_as_the_report_of_its_message_tells_it(
        self, stage: BatchStage
    ) -> None:
        for _ in range(2):
            alone = await report(stage)
            (row,) = (await stage.read_together([Pair(KNOWN, PHONE)])).rows
            assert row.recipient == alone.recipients[0]
            stage.change(KNOWN)

    async def test_no_pair_and_too_many_are_a_mistake_of_who_asks(self, stage: BatchStage) -> None:
        for count in (0, MOST_PAIRS + 1):
            with pytest.raises(ValueError, match="batch"):
                await stage.read_together([Pair(KNOWN, PHONE)] * count)

    async def test_trouble_of_a_batch_is_a_fault_as_well(self, stage: BatchStage) -> None:
        stage.fall_silent()
        with pytest.raises(ReadError) as caught:
            await stage.read_together([Pair(KNOWN, PHONE)])
        assert caught.value.fault.message
