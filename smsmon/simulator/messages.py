"""One simulated message: its recipients, and the moments at which a report about them changes.

Times are seconds since the epoch on the world's clock (``World`` says how that one runs).
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from smsmon.recipients import Phones
from smsmon.simulator.wire import Look, Row, Spelling

_ABSENT = 0


class Change(NamedTuple):
    """From ``at`` on, a report says this of a recipient."""

    at: float
    status: str | None
    """The word; None: the recipient is missing from the report."""
    stop: bool = False
    dated: bool = True
    """False: the row has no date."""
    error: int = 0
    """Not 0: the row is an error with this code, ``status`` its text."""


class SimRecipient(NamedTuple):
    """A recipient and its changes in the order of time; before the first it is in no report."""

    phone: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class _Timeline:
    """Every change of a message in the order of time, as columns: 14 bytes a change."""

    phones: Phones
    looks: tuple[Look | None, ...]
    times: array[float]
    places: array[int]
    """Which recipient, by its place in ``phones``."""
    codes: array[int]
    """What its row says from then on, by its place in ``looks``; 0: no row."""


class SimMessage:
    """A message of the simulated account.

    ``appears_at`` and ``vanishes_at`` bound the time in which the API knows it at all.
    """

    __slots__ = ("appears_at", "id", "spelling", "tag", "timeline", "vanishes_at")

    def __init__(
        self,
        id: str,
        recipients: Iterable[SimRecipient],
        *,
        tag: str = "",
        appears_at: float = -math.inf,
        vanishes_at: float = math.inf,
        spelling: Spelling | None = None,
    ) -> None:
        self.id = id
        self.tag = tag
        self.appears_at = appears_at
        self.vanishes_at = vanishes_at
        self.spelling = spelling
        """How its answers are spelt; None: as the world's others."""
        self.timeline = _timeline(recipients)

    def __len__(self) -> int:
        """How many recipients it ever has."""
        return len(self.timeline.phones)

    def __repr__(self) -> str:
        return f"<SimMessage {self.id}: {len(self)} recipients>"

    def exists(self, at: float) -> bool:
        """Whether the API knows the message at that moment."""
        return self.appears_at <= at < self.vanishes_at

    def position(self, at: float) -> int:
        """How many changes have happened by then. Equal positions are equal reports."""
        return bisect_right(self.timeline.times, at)

    def next_change(self, at: float) -> float | None:
        """When a report will differ from that of ``at``; None: never."""
        moments = [m for m in (self.appears_at, self.vanishes_at) if at < m < math.inf]
        position = self.position(at)
        if position < len(self.timeline.times):
            moments.append(self.timeline.times[position])
        return min(moments, default=None)

    def changes(self) -> Iterator[tuple[float, str, Look | None]]:
        """Every change in the order of time: when, whose phone, what its row says from then on."""
        line = self.timeline
        for at, place, code in zip(line.times, line.places, line.codes, strict=True):
            yield at, line.phones[place], line.looks[code]

    def rows(self, at: float) -> Iterator[Row]:
        """The rows of the report of that moment, whether or not the message exists then."""
        replay = Replay(self)
        replay.advance(self.position(at))
        return replay.rows()


class Replay:
    """The rows of a message after some of its changes, moved forward by applying the next ones."""

    __slots__ = ("_codes", "_line", "_since", "position")

    def __init__(self, message: SimMessage) -> None:
        self._line = message.timeline
        self._codes = array("H", bytes(2 * len(message)))
        self._since = array("d", bytes(8 * len(message)))
        self.position = 0

    def advance(self, position: int) -> None:
        """Apply the changes up to ``position``, which must not lie behind."""
        line, codes, since = self._line, self._codes, self._since
        for i in range(self.position, position):
            place, code = line.places[i], line.codes[i]
            before, after = line.looks[codes[place]], line.looks[code]
            # A STOP changes the flag, not the status: the status keeps its date.
            if before is None or after is None or before.status != after.status:
                since[place] = line.times[i]
            codes[place] = code
        self.position = position

    def rows(self) -> Iterator[Row]:
        """One row per recipient that the report has, in the order of the message."""
        looks = self._line.looks
        for phone, code, since in zip(self._line.phones, self._codes, self._since, strict=True):
            look = looks[code]
            if look is not None:
                yield Row(phone, look, since)


def _timeline(recipients: Iterable[SimRecipient]) -> _Timeline:
    phones: list[str] = []
    codes: dict[Look, int] = {}
    moments: list[tuple[float, int, int]] = []
    for place, (phone, changes) in enumerate(recipients):
        phones.append(phone)
        for at, status, stop, dated, error in changes:
            code = _ABSENT
            if status is not None:
                code = codes.setdefault(Look(status, stop, dated, error), len(codes) + 1)
            moments.append((at, place, code))
    # Stable, and by time and place only: changes of one recipient at one moment keep their order.
    moments.sort(key=lambda moment: moment[:2])
    return _Timeline(
        phones=Phones(phones),
        looks=(None, *codes),
        times=array("d", [at for at, _, _ in moments]),
        places=array("I", [place for _, place, _ in moments]),
        codes=array("H", [code for _, _, code in moments]),
    )
