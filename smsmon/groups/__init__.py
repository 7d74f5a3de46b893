"""Groups: many messages as one row, by tag, source, label, country, account or minute.

``Groups`` is told of messages and keeps the figures; whoever shows, filters, exports, measures or
alerts asks it. What is said of a group is in the table of fields in ``filters/groups.py``. Pure.
"""

from smsmon.groups.brought import (
    LIMITS,
    Dimension,
    Message,
    names_of,
    sent_at,
    told_to_be_sent,
    took,
)
from smsmon.groups.group import HOUR, SLOT, Figures, Minute, Within
from smsmon.groups.groups import Groups

__all__ = [
    "HOUR",
    "LIMITS",
    "SLOT",
    "Dimension",
    "Figures",
    "Groups",
    "Message",
    "Minute",
    "Within",
    "names_of",
    "sent_at",
    "told_to_be_sent",
    "took",
]
