"""Tells the targets, each on its own: who hangs or fails holds up nobody else, and is tried again.

What is to be told follows from ``telling.plan``. Here it is taken on, put into words, sent, and
marked as told. What fails is tried again, later each time, together with what came meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from random import Random

from smsmon.alerting.ledger import Ledger
from smsmon.alerting.telling import Message, plan
from smsmon.alerting.ways import COMMAND, Ways
from smsmon.alerts import Edge, Episode, Telling
from smsmon.clock import Clock
from smsmon.outgoing import Still, goes_out_while
from smsmon.targets import Notification, NotTold, Outdated, Target, must_be_ours
from smsmon.targets.wording import sent_again

AGAIN = 30.0
"""Seconds between two messages to one target, at least: trouble comes in messages one by one."""
FIRST_RETRY, LAST_RETRY = 1.0, 300.0
"""Seconds after which a target that failed is tried again: the first time, and at most."""
IN_DOUBT_RETRY = 60.0
"""The first time, where the message was sent and may have arrived: it is not to come in a row."""
WITHIN = 90.0
"""Seconds that telling may take, whatever the target promises."""
SLOW = 3
"""Times in a row that the store's word may come too late: then it is slow, and we did not stand
still."""
HOLDS = 10.0
"""Seconds for which the store's word counts that something is ours to tell: for longer nobody
polls in the place of one that stands still."""
GRACE = 1.0
"""Seconds for which what is on its way may still arrive when we end."""

InWords = Callable[[Edge, Sequence[Episode]], Notification]


@dataclass(slots=True)
class _Lane:
    """The way to one target."""

    job: asyncio.Task[None] | None = None
    failures: int = 0
    """In a row."""
    outdated: int = 0
    """In a row: what was not sent, for it may have been another's to tell by then."""
    rests: dict[bool, float] = field(default_factory=dict)
    """Whether it is about what nobody answered → the steady time from which on it may be told."""
    in_doubt: dict[bool, frozenset[Telling]] = field(default_factory=dict)
    """Likewise, what was sent last and may have arrived."""

    def free_at(self, escalated: bool) -> float:
        """When it may be told; inf while it is being told something."""
        return inf if self.job is not None else self.rests.get(escalated, -inf)


class Sender:
    """Tells the targets what the ledger has for them, while this process polls."""

    def __init__(
        self,
        ledger: Ledger,
        clock: Clock,
        complain: Callable[[str], None],
        in_words: InWords,
        polls: Callable[[], bool],
        rng: Random | None = None,
    ) -> None:
        """``complain`` is given one sentence when a target begins to fail, and one when it can
        be told again. ``polls`` tells whether this process polls.
        """
        self.grace = GRACE
        self._ledger = ledger
        self._clock = clock
        self._complain = complain
        self._in_words = in_words
        self._polls = polls
        self._rng = rng or Random()
        self._targets: Mapping[str, Target] = {}
        self._ways = Ways({}, {})
        self._lanes: dict[str, _Lane] = {}
        self.busy_since: float | None = None
        """The steady time since which it records, or finds out who is to be told; None: it rests.
        Who is being told holds nothing up."""
        self._stirred = asyncio.Event()
        ledger.stirred = self._stirred.set

    def use(self, targets: Mapping[str, Target], ways: Ways, changed: Collection[str]) -> None:
        """Tell these from now on. Those that ``changed`` are tried at once; what is on its way to
        one that is gone is given up.
        """
        self._targets, self._ways = targets, ways
        for name, lane in list(self._lanes.items()):
            if name not in targets:
                if lane.job is not None:
                    lane.job.cancel()
                del self._lanes[name]
            elif name in changed and lane.failures:
                lane.failures, lane.rests = 0, {}
        self._stirred.set()

    async def run(self) -> None:
        """Record and tell until cancelled; then what is on its way has a moment to arrive."""
        try:
            while True:
                self._stirred.clear()
                self.busy_since = self._clock.monotonic()
                pause = await self.step()
                self.busy_since = None
                await self._clock.wait(self._stirred, None if pause == inf else max(0.0, pause))
        finally:
            await self._leave()

    async def step(self) -> float:
        """Write, take on and send what is due; gives for how long there is nothing more to do."""
        ledger = self._ledger
        await ledger.write()
        steady = self._clock.monotonic()
        if not ledger.kept or ledger.outranked or not self._polls():
            return ledger.next - steady
        while True:
            now = self._clock.now()
            found = plan(ledger.cases, self._ways, ledger.silences, now, ledger.refused)
            ledger.settle(found.settled)
            if not found.take:
                break
            await ledger.claim(found.take)
            if not self._polls():  # we slept meanwhile, say: others tell it by now
                return ledger.next - steady
        steady = self._clock.monotonic()
        soon = min(found.next - now, ledger.next - steady)
        for message in found.messages:
            lane = self._lanes.setdefault(message.target, _Lane())
            free_at = lane.free_at(message.edge is Edge.ESCALATED)
            if free_at <= steady:
                lane.job = asyncio.create_task(self._send(lane, message), name="telling")
            else:
                soon = min(soon, free_at - steady)
        return soon

    async def _send(self, lane: _Lane, message: Message) -> None:
        escalated = message.edge is Edge.ESCALATED
        parts = frozenset(each.case.telling(part) for each in message.items for part in each.parts)
        again = not parts.isdisjoint(lane.in_doubt.get(escalated, ()))
        now = self._clock.now()
        try:
            # We may have stood still since we took it on, and others have told it meanwhile.
            if not await self._ledger.holds(message.items):
                raise Outdated
            if lane.outdated >= SLOW:
                now = self._clock.now()
            lane.outdated += 1
            await self._tell(
                message, lambda: self._polls() and abs(self._clock.now() - now) < HOLDS, again=again
            )
        except Outdated:
            return  # it is asked for anew
        except NotTold as error:
            if error.in_doubt:
                lane.in_doubt[escalated] = parts
            first = IN_DOUBT_RETRY if error.in_doubt else FIRST_RETRY
            self._failed(lane, message.target, str(error), first)
        except Exception:  # a fault of ours: no reason to stop telling the others
            self._failed(lane, message.target, f"{_called(message.target)} cannot be told.")
        else:
            self._arrived(lane, message)
        finally:
            lane.job = None
            self._stirred.set()
        lane.outdated = 0

    async def _tell(self, message: Message, still: Still, *, again: bool) -> None:
        """Tell one target, if it is ours to tell ``still`` when that begins; else raises
        ``Outdated``. Raises ``NotTold``, also when it takes too long.
        """
        notification = self._in_words(message.edge, [each.case.episode for each in message.items])
        if again:
            notification = sent_again(notification)
        target, ended = self._targets[message.target], asyncio.Event()

        async def tell() -> None:
            goes_out_while(still)
            must_be_ours()
            await target.tell(notification)

        job = asyncio.create_task(tell(), name="telling")
        job.add_done_callback(lambda _: ended.set())
        try:
            if not await self._clock.wait(ended, WITHIN):
                late = f"{_called(message.target)} was not told within {WITHIN:g} seconds."
                raise NotTold(late, in_doubt=True)
        except BaseException:
            job.cancel()
            raise
        await job

    def _arrived(self, lane: _Lane, message: Message) -> None:
        if lane.failures:
            self._complain(f"{_called(message.target)} can be told again.")
        escalated, lane.failures = message.edge is Edge.ESCALATED, 0
        lane.in_doubt.pop(escalated, None)
        lane.rests[escalated] = self._clock.monotonic() + AGAIN
        self._ledger.arrived(message.items)

    def _failed(
        self, lane: _Lane, name: str, sentence: str, first_retry: float = FIRST_RETRY
    ) -> None:
        if not lane.failures and self._lanes.get(name) is lane:
            self._complain(sentence)
        pause = min(LAST_RETRY, first_retry * 2.0 ** min(lane.failures, 20))
        lane.failures += 1
        free_at = self._clock.monotonic() + pause * self._rng.uniform(0.75, 1.0)
        lane.rests = dict.fromkeys((True, False), free_at)

    async def _leave(self) -> None:
        jobs = {lane.job for lane in self._lanes.values() if lane.job is not None}
        if jobs:
            await asyncio.wait(jobs, timeout=self.grace)
        for job in jobs:
            job.cancel()
        await self._ledger.write()


def _called(name: str) -> str:
    """A target, as the beginning of a sentence."""
    rule = name.removeprefix(COMMAND)
    return f"The target {name}" if rule == name else f"The command of the alert {rule}"
