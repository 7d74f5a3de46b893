"""Whether batches of an account are believed: by comparing them with reports of single messages.

A batch is compared with the report of the same message that was asked for just after it, and with
what was known of it before. Statuses go on in time, so a change between two reads is no
disagreement; what contradicts is a row that neither the report before nor the one after can
explain. Pure; all times are seconds of the wall clock, but where it says monotonic.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from enum import Enum
from math import isfinite

from msgspec import Struct
from msgspec.structs import replace

from smsmon.model import Report
from smsmon.monitor.rows import Move, Seen, move
from smsmon.recipients import Status

DAY = 86_400.0
AGREEING = 20
"""Rows that must agree before batches are trusted …"""
OF_EACH = 3
"""… and so many of them of recipients that wait, and of such that are final: a source that says
the same of all agrees with half of the world."""
RECENT = 12
"""Of so many last rows of recipients that wait …"""
OVERTAKEN = 4
"""… batches are behind when reports told so many more that the batch did not, than changes were
likely in the moments between …"""
MARGIN = 2.0
"""… and that times this, for what is likely is learnt."""
LOOKS = 3
"""Reports more that a batch may be ahead of, before what it said counts as false."""


class Verdict(Enum):
    """What is thought of an account's batches."""

    UNPROVEN = "unproven"
    TRUSTED = "trusted"
    REFUSED = "refused"
    """They contradicted, or were not answered: not used for a day."""


class Compared(Enum):
    AGREES = "agrees"
    OVERTAKEN = "overtaken"
    """The report says more than the batch, as it may after a change between the two."""
    AHEAD = "ahead"
    """The batch says more than the report: it is newer, or it lies."""
    CONTRADICTS = "contradicts"


def compare(before: Seen, said: Seen, after: Seen) -> Compared:
    """What a batch ``said`` of a recipient, between a report ``before`` it and one ``after``."""
    if said.stop is None:
        said = said._replace(stop=before.stop)
    moved = move(said, after)
    if moved is Move.NONE:
        return Compared.AGREES
    if Move.BACK in (move(before, said), move(before, after)):
        return Compared.CONTRADICTS
    if moved is Move.BACK:
        return Compared.AHEAD if move(after, said) is Move.ON else Compared.CONTRADICTS
    return Compared.OVERTAKEN


class Pending(Struct, frozen=True):
    """What a batch said of one message, until a report of it comes."""

    asked_at: float
    """When the batch was asked for."""
    before: tuple[Seen, ...]
    said: tuple[Seen | None, ...]
    """None: nothing that could be used."""
    news: Report | None = None
    """What is taken in without a report, if there is no room to ask for one; None: nothing."""
    patience: float = 0.0
    """Seconds after which it is."""
    looks: int = 0
    """Reports that said less so far."""


class Proof:
    """What is thought of the batches of one account, and why."""

    def __init__(self) -> None:
        self.verdict = Verdict.UNPROVEN
        self.until = 0.0
        """Refused: until when."""
        self.pending: dict[str, Pending] = {}
        """The messages whose report is waited for, to be compared."""
        self._since = 0.0
        self._agreed: Counter[bool] = Counter()
        """Final or not → rows that agreed."""
        self._waiting: deque[float] = deque(maxlen=RECENT)
        """Of rows that said that a recipient waits: 1 where a report overtook them, less how
        likely that was."""

    # --- kept between two runs -----------------------------------------------------------

    def export(self) -> list[list[float]]:
        """What to begin with the next time, as plain numbers."""
        match self.verdict:
            case Verdict.UNPROVEN:
                return []
            case Verdict.TRUSTED:
                return [[1.0, self._since]]
            case Verdict.REFUSED:
                return [[0.0, self.until]]

    def load(self, rows: Sequence[Sequence[float]], wall: float) -> None:
        """Go on from what ``export`` gave; what cannot be is passed over."""
        for row in rows:
            if len(row) != 2 or not isfinite(sum(row)):
                continue
            if row[0] == 1.0:
                self.verdict, self._since = Verdict.TRUSTED, row[1]
            elif wall < row[1] <= wall + DAY:
                self.verdict, self.until = Verdict.REFUSED, row[1]

    # --- judging -------------------------------------------------------------------------

    def look(self, wall: float) -> Verdict:
        """What is thought of them now. What was refused is tried again after a day."""
        if self.verdict is Verdict.REFUSED and not wall < self.until <= wall + DAY:
            self.begin()
        return self.verdict

    def begin(self) -> None:
        """Think nothing of them yet."""
        self.verdict = Verdict.UNPROVEN
        self._forget()

    def refuse(self, wall: float) -> None:
        """Use none for a day."""
        self.verdict, self.until = Verdict.REFUSED, wall + DAY
        self._forget()

    def compared(
        self, message_id: str, after: Sequence[Seen], wall: float, likely: float
    ) -> Compared | None:
        """Compare what a batch said of a message with the report that came ``after`` it. How
        ``likely`` a recipient that waited turned final between the two, from 0 to 1, is given.

        Gives the worst of its recipients; None when there was nothing to compare.
        """
        pending = self.pending.pop(message_id, None)
        if pending is None or len(after) != len(pending.said):
            return None
        rows = zip(pending.before, pending.said, after, strict=True)
        shown = [
            (said, compare(before, said, then))
            for before, said, then in rows
            if said is not None and then.status is not Status.UNKNOWN
        ]
        found = {outcome for _, outcome in shown}
        if Compared.AHEAD in found and Compared.CONTRADICTS not in found:
            if pending.looks == LOOKS:
                return Compared.CONTRADICTS
            self.pending[message_id] = replace(pending, looks=pending.looks + 1)
            return Compared.AHEAD
        for said, outcome in shown:
            if outcome is Compared.AGREES:
                self._agreed[said.status.final] += 1
            if not said.status.final:
                self._waiting.append((outcome is Compared.OVERTAKEN) - MARGIN * likely)
        if Compared.CONTRADICTS in found or sum(self._waiting) > OVERTAKEN:
            return Compared.CONTRADICTS
        if Compared.OVERTAKEN in found:
            return Compared.OVERTAKEN
        enough = self._agreed.total() >= AGREEING and min(self._agreed[True], self._agreed[False])
        if self.verdict is Verdict.UNPROVEN and enough >= OF_EACH:
            self.verdict, self._since = Verdict.TRUSTED, wall
        return Compared.AGREES if found else None

    def _forget(self) -> None:
        self.pending.clear()
        self._agreed.clear()
        self._waiting.clear()
