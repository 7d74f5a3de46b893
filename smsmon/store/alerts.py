"""The store's part for alerts: episodes, who answered, silences, and who was told what.

Moments are seconds since the epoch, UTC. Every method blocks, may be called in any thread, is one
transaction of its own, and raises ``StoreError``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from math import inf
from typing import NamedTuple, Protocol

from smsmon.alerts import Acknowledgement, Edge, Episode, Silence, Subject, Telling, Worst


class Over(NamedTuple):
    """The end of an episode."""

    number: int
    at: float
    why: str = ""


class Told(NamedTuple):
    """That a target was told, or is about to be."""

    target: str
    edge: Edge
    claimed_at: float
    done_at: float | None
    """When it arrived; None: it is on its way, or whoever took it on came to an end before."""


class Answered(NamedTuple):
    """What stood before somebody acknowledged, to take it back."""

    number: int
    before: Acknowledgement | None
    after: Acknowledgement | None


class AlertStore(Protocol):
    """What is kept of alerts.

    What only the one that polls may write (``fire``, ``end``, ``worsen``, ``claim``) is written
    when this process polls still; else nothing is, and the answer says so, as ``holds`` does.
    Anybody may answer and silence.
    """

    def firing(self) -> list[Episode]:
        """The episodes that are not over, the earliest fired first."""

    def episodes(
        self,
        since: float = 0.0,
        until: float = inf,
        rule: str | None = None,
        subject: Subject | None = None,
        limit: int = 10_000,
    ) -> list[Episode]:
        """The episodes that fired, or still did, between ``since`` and ``until``, over or not; the
        latest fired first, at most ``limit``.
        """

    def fire(self, episodes: Sequence[Episode]) -> list[int]:
        """Record that these fire; gives the number of each, 0 where nothing was recorded.

        Of one rule and subject one episode fires at a time: where one does already, its number is
        given and nothing is changed. So it is where one fired at the same moment: it is the same.
        """

    def end(self, ends: Sequence[Over]) -> list[bool]:
        """Record that these are over; for each, True when it was not before."""

    def worsen(self, worst: Mapping[int, Worst]) -> None:
        """Record the worst moment of these episodes, where it is worse than the one known."""

    # --- answering -----------------------------------------------------------------------

    def acknowledge(self, numbers: Collection[int], told: Acknowledgement) -> list[Answered]:
        """Record that somebody took on these episodes; those that are over are left alone."""

    def take_back(self, answered: Sequence[Answered]) -> int:
        """Put back what stood before, where ``after`` still stands; gives of how many."""

    def withdraw(self, numbers: Collection[int]) -> list[Answered]:
        """Record that nobody has taken on these episodes any more."""

    def silence(self, silence: Silence) -> Silence:
        """Record a silence; gives it with its number. One of the same kind and name ends then."""

    def unsilence(self, numbers: Collection[int], at: float) -> list[Silence]:
        """End these silences at ``at``, where they would last longer; gives those as they were, by
        their numbers.
        """

    def silences(self, now: float) -> list[Silence]:
        """The silences in force at ``now``, and those to come; the earliest end first."""

    # --- telling -------------------------------------------------------------------------

    def told(self, numbers: Collection[int]) -> Mapping[int, Sequence[Told]]:
        """Which targets were told what of these episodes."""

    def claim(self, tellings: Sequence[Telling], at: float) -> list[bool]:
        """Take on to tell these; for each, True when nobody told it, and nobody else is about to.
        What we took on before, and did not tell, is ours still: also where we were never told so.

        What another process took on and never told, because it came to its end, is given away
        again to the next that polls: better told twice than never. So what is not done may be
        claimed again later: what lives and may be telling it still keeps it for a while.
        """

    def holds(self, tellings: Sequence[Telling]) -> list[bool]:
        """For each, True while it is ours to tell, as we took it on: it is not told, and nobody
        else took it on since.
        """
        ...

    def done(self, tellings: Sequence[Telling], at: float) -> None:
        """These arrived."""

    def release(self, tellings: Sequence[Telling]) -> None:
        """These did not arrive: they may be claimed again."""
