"""Which messages are not likely to be there: those are read rarely.

Ids that somebody invented, or took from a wrong log, come by the thousand as real ones do. Whether
one is there shows when it is read alone; what a batch does not find may have come too early, or
its number may be wrong. So of each kind some are read, and the others by what came of these.
"""

from __future__ import annotations

from smsmon.model import FaultKind
from smsmon.monitor.state import Watched

OVER = 20
"""First reads over which it is seen how many are found."""
DOUBTED, BELIEVED = 0.1, 0.5
"""Share of them below which the next ones are taken for invented, and above which no more."""


class Doubts:
    """What is thought of messages of one account that nobody has read."""

    def __init__(self) -> None:
        self.missed: set[str] = set()
        """Those that a batch did not find, and nobody else yet."""
        self._found: dict[tuple[str, bool], float] = {}
        """Source, and whether a batch did not find them → share of the messages that were found
        when they were first read, lately."""
        self._doubted: set[tuple[str, bool]] = set()

    def rare(self, watched: Watched) -> bool:
        """Whether a message was not found, or is not likely to be."""
        if watched.fault is not None:
            return watched.fault.kind is FaultKind.NOT_FOUND
        kind = watched.entry.source, watched.id in self.missed
        return watched.read_at is None and kind in self._doubted

    def first_read(self, watched: Watched, *, found: bool, missed: bool) -> bool:
        """A message was read for the first time, or could not be found then; ``missed``: a batch
        had not found it. True where others of the kind are thought of otherwise from now on."""
        kind = watched.entry.source, missed
        before = self._found.get(kind, 1.0)
        share = self._found[kind] = before + (found - before) / OVER
        doubted = share < (BELIEVED if kind in self._doubted else DOUBTED)
        if doubted is (kind in self._doubted):
            return False
        (self._doubted.add if doubted else self._doubted.discard)(kind)
        return True
