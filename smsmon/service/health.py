"""Is all well with a running watch? One pure answer: for systemd's watchdog, and the signs of life.

All is well while everything that must come round does, what is found is written, somebody asks
the API, and what is due is asked for. It says nothing about the API: one that is down, refuses
the key or asks for patience is what smsmon is there to tell of, by its alerts. Nor about who reads
the output: nothing waits for it.

A store that does not answer is told to those who look after it, as trouble; but no reason to start
this process again, which comes back by itself, and would lose the picture that it keeps.

A loop that stands still gives no answer at all, so nobody is told that all is well then, either.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from smsmon.times import duration

ROUND = 60.0
"""Seconds within which everything comes round: each does in 15 at most, and a machine is busy."""
UNWRITTEN = 300.0
"""Seconds for which the history may be unwritten: what waits is kept, and a disk is soon tidied."""
NOBODY = 60.0
"""Seconds for which nobody may ask the API: another process takes over in five."""
UNREACHABLE = 60.0
"""Seconds for which the store may give no answer: a server starts again, or one takes over."""
UNASKED = 900.0
"""Seconds that what is due may wait while the account brings nothing: longer than the smallest
budget lets it wait."""


@dataclass(frozen=True, slots=True)
class Signs:
    """What a running watch shows of itself. All in seconds until now."""

    rounds: Mapping[str, float] = field(default_factory=dict)
    """What must come round, as a sentence names it → since it last did."""
    unwritten: float = 0.0
    """Since what is recorded could not be written; 0 while it can."""
    nobody_asks: float = 0.0
    """Since neither this process nor another one asks the API; 0 while one does."""
    unasked: Mapping[str, float] = field(default_factory=dict)
    """Account that answers → since its most overdue message was due, where nothing was heard
    of the account for as long."""
    unreachable: float = 0.0
    """Since the store does not answer; 0 while it does. Nothing is asked and written then."""


def trouble(signs: Signs) -> str:
    """Why not all is well, in one sentence, the same while that lasts; empty when it is."""
    if not (told := stuck(signs)) and signs.unreachable > UNREACHABLE:
        return f"The store has not answered for more than {duration(UNREACHABLE)}."
    return told


def stuck(signs: Signs) -> str:
    """The trouble that lies in this process: to start it again may mend it; empty without any."""
    for name, since in signs.rounds.items():
        if since > ROUND:
            return f"{name} has stood still for more than {duration(ROUND)}."
    if signs.unreachable:
        return ""
    if signs.unwritten > UNWRITTEN:
        return f"The history could not be written for more than {duration(UNWRITTEN)}."
    if signs.nobody_asks > NOBODY:
        return f"Nobody has asked the API for more than {duration(NOBODY)}."
    for profile, since in signs.unasked.items():
        if since > UNASKED:
            return f"What is due of account {profile} has waited for more than {duration(UNASKED)}."
    return ""
