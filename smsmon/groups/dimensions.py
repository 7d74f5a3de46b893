"""By what messages are put together, and in which groups a message is."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from smsmon.model import Entry
from smsmon.times import utc

MINUTE = 60.0


class Dimension(StrEnum):
    """By what messages are put together."""

    TAG = "tag"
    """A message with several tags is in the group of each."""
    SOURCE = "source"
    """What brought them by itself; what people added is in the group without a name."""
    LABEL = "label"
    COUNTRY = "country"
    """Of the recipients, two letters: a message is in the group of each, with its part there."""
    PROFILE = "profile"
    """The account they are read with."""
    MINUTE = "minute"
    """In which they were sent, UTC, as ``2026-11-22T10:00:00Z``."""

    @property
    def nameless(self) -> str:
        """What the group without a name is called."""
        return _NAMELESS[self]


_NAMELESS = {
    Dimension.TAG: "no tag",
    Dimension.SOURCE: "added by hand",
    Dimension.LABEL: "no label",
    Dimension.COUNTRY: "country not known",
    Dimension.PROFILE: "no account",
    Dimension.MINUTE: "not known when",
}


def groups_of(entry: Entry, dimension: Dimension, sent_at: float) -> Sequence[str]:
    """The names of the groups in which a message is as a whole; of a country none is."""
    match dimension:
        case Dimension.TAG:
            return entry.tags or ("",)
        case Dimension.SOURCE:
            return (entry.source,)
        case Dimension.LABEL:
            return (entry.label,)
        case Dimension.PROFILE:
            return (entry.profile,)
        case Dimension.MINUTE:
            return (utc(sent_at // MINUTE * MINUTE) or "" if sent_at else "",)
        case Dimension.COUNTRY:
            return ()
