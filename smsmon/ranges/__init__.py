"""Ranges of time as people say them: ``yesterday 22:00``, ``last night``, ``2 h``. Pure.

All are read in one zone, as seen from a moment that is now. None goes beyond now.

================================  ==================================================================
``22:00``                         the last one before now; as an end, the first after the beginning
``today``, ``yesterday``          the whole day
``monday``                        the last one before today; as an end, the first from the beginning
``26 nov``, ``2026-11-26``        the whole day; without a year the last one there was
``yesterday 22:00``               a moment; ``monday 9:00``, ``26 nov 14:00``, ``2026-11-26 14:00``
``2026-11-26T14:00Z``             a moment in a zone of its own
``yesterday evening``             06-12 morning, 12-18 afternoon, 18-24 evening, 22-08 night
``last night``, ``this morning``  the night of yesterday, from 22:00 to 08:00; the morning of today
``this week``, ``last week``      from Monday on
``2 h``, ``90 min``, ``2h ago``   so long before now
================================  ==================================================================

A moment alone lasts until now, and so does what follows ``since``. An end is said with ``until``
(``22:00 until 06:00``, ``22:00-06:00``) or ``for`` (``22:00 for 2 h``); a day as an end
counts whole.

Where clocks are set back an hour comes twice: a beginning means the first, an end the second, so
that nothing is left out that may be meant. Where they are put forward an hour is missing: any
moment of it is the one at which they were put forward.
"""

from __future__ import annotations

from smsmon.ranges.reading import FURTHEST_AHEAD as FURTHEST_AHEAD
from smsmon.ranges.reading import BadRange as BadRange
from smsmon.ranges.reading import Range as Range
from smsmon.ranges.reading import ahead as ahead
from smsmon.ranges.reading import between as between
from smsmon.ranges.reading import read as read
from smsmon.ranges.telling import hour_beside as hour_beside
from smsmon.ranges.telling import told as told
