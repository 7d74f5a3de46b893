"""The allowance of an egress address in memory: what the team's store does, in plain words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil, floor, inf

from smsmon.store.shared import Allowance, Call, Terms, Told, Use
from smsmon.store.team.allowance import LIVES, TICK


@dataclass
class Taker:
    """One process, as it called last."""

    number: int
    seen: float
    until: float
    out: int
    used: int
    need: float
    granted: int = 0
    share: float = 0.0


@dataclass
class Kept:
    """What is kept of one address, by one clock."""

    now: Callable[[], float]
    at: float = 0.0
    landed: list[int] = field(default_factory=list)
    """Requests that came back in each stretch of ``TICK`` seconds, the newest first."""
    takers: dict[str, Taker] = field(default_factory=dict)
    told: Told = field(default_factory=Told)

    def take(self, owner: str, call: Call, terms: Terms) -> Use | None:
        """None for a call that comes after a later one of the same taker."""
        last = self.takers.get(owner)
        if last is not None and last.number >= call.number:
            return None
        now = max(self.at, self.now())
        ticks = ceil(terms.window / TICK) + 1
        passed = min(ticks, floor(now / TICK) - floor(self.at / TICK))
        self.landed = ([0] * passed + self.landed)[:ticks] or [0]
        self.landed[0] += call.landed
        self.at, self.told = now, merged(self.told, call.told, now)
        others = {who: each for who, each in self.takers.items() if who != owner}
        others = {who: each for who, each in others.items() if each.until > now}
        allowed = allowance(self.told, now, terms)
        counted = sum(self.landed) + sum(each.out for each in others.values()) + call.out
        rivals = [each for each in others.values() if each.need >= 1 and each.seen > now - LIVES]
        part = allowed / (len(rivals) + 1)
        mine = call.used + call.out
        spare = allowed if call.urgent or mine < part * terms.headroom else 0
        spare = (spare or max(1, floor(allowed * terms.headroom))) - counted
        kept = sum(max(0, ceil(min(part, each.need)) - each.used - each.out) for each in rivals)
        fair = max(ceil(part) - mine, allowed - counted - kept)
        granted = 0 if self.told.held > now else max(0, min(call.want, spare, fair))
        share = max(part, allowed - sum(min(part, each.need) for each in rivals))
        me = Taker(
            call.number,
            now,
            now + terms.lasting + terms.window,
            call.out + granted,
            call.used,
            call.need,
            granted,
            share,
        )
        self.takers = {**others, owner: me}
        return self.use(me, terms)

    def use(self, me: Taker | None, terms: Terms) -> Use:
        now = max(self.at, self.now())
        ticks = ceil(terms.window / TICK) + 1 - floor(now / TICK) + floor(self.at / TICK)
        out = sum(each.out for each in self.takers.values() if each.until > now)
        told = Told(
            self.told.held - now,
            self.told.at - now,
            self.told.strikes,
            self.told.eased_at - now,
            self.told.eased_to,
            self.told.well - now,
        )
        granted, share = (me.granted, me.share) if me else (0, 0.0)
        return Use(sum(self.landed[: max(0, ticks)]) + out, told, granted, share)


def merged(known: Told, news: Told, now: float) -> Told:
    """What was known of the server, with what one taker says at ``now``."""
    eased = news.eased_at + now > known.eased_at
    return Told(
        held=max(known.held, news.held + now),
        at=max(known.at, news.at + now),
        strikes=known.strikes if news.at == -inf else news.strikes,
        eased_at=news.eased_at + now if eased else known.eased_at,
        eased_to=news.eased_to if eased else known.eased_to,
        well=max(known.well, news.well + now),
    )


def allowance(told: Told, now: float, terms: Terms) -> int:
    """Requests in any window that are allowed now."""
    if told.eased_at == -inf:
        return terms.limit
    grown = told.eased_to + (now - told.eased_at) / terms.eased_for * terms.limit
    return terms.limit if grown >= terms.limit else max(1, int(grown))


class MemoryAllowance(Allowance):
    """An allowance as one process has it."""

    def __init__(self, kept: Kept, owner: str) -> None:
        self.kept = kept
        self.owner = owner

    def take(self, call: Call, terms: Terms) -> Use:
        return self.kept.take(self.owner, call, terms) or self.look(terms)

    def look(self, terms: Terms) -> Use:
        return self.kept.use(None, terms)

    def close(self) -> None:
        pass
