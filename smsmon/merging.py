"""A report taken into what was known, and what is news in it. Pure comparison of columns.

Used by the board for what an answer changes, and by the history for what is to be written.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Collection, Sequence
from dataclasses import replace

from msgspec import Struct

from smsmon.alignment import Layout, align, arranged
from smsmon.recipients import NO_DATE, STOP_UNTOLD, STOP_YES, Recipients, Status

_NOT_ZERO = re.compile(rb"[^\0]")
_UNKNOWN = re.compile(bytes([Status.UNKNOWN]))
_RUN = 64
"""Numbers that are compared at once, as bytes: one by one only where they differ."""
_NO_DATE = array("q", [NO_DATE]).tobytes()
_STOPPED = bytes(int(value == STOP_YES) for value in range(256))
_UNTOLD_MASK = bytes(255 * (value == STOP_UNTOLD) for value in range(256))


class Merged(Struct, frozen=True):
    """What is known once a report is taken in, by slot."""

    recipients: Recipients
    slots: Sequence[int] | None
    """The slot of each place of the report; None: place by place."""
    changed: Sequence[int]
    """Slots known before whose status or STOP changed (or whose unknown word did), ascending."""
    added: range
    """Slots that the report appended."""
    absent: frozenset[int]
    """Slots known before that the report leaves out; they stay as they were."""
    layout: Layout | None


def merge(
    known: Recipients,
    report: Recipients,
    layout: Layout | None = None,
    absent: Collection[int] = (),
) -> Merged:
    """Take ``report`` into what was ``known``: see ``take_in``.

    Numbers find each other whatever the report's order. ``layout`` and ``absent`` are those of
    the report before.
    """
    if not len(known):
        return take_in(known, report, None)
    slots, layout = align(known, report, layout, absent)
    return take_in(known, report, slots, layout=layout)


def take_in(
    known: Recipients,
    report: Recipients,
    slots: Sequence[int] | None,
    unsaid: Collection[int] = (),
    layout: Layout | None = None,
) -> Merged:
    """Take ``report`` into what was ``known``, each place into the slot that ``slots`` gives.

    Known recipients keep their slots, new ones are appended. What the report does not say (an
    absent recipient, a missing STOP flag, a missing date under an unchanged status, a row that
    could not be understood) leaves what was known. So do the places ``unsaid``, which only
    repeat an earlier report: their recipients are absent from this one.
    """
    missing: frozenset[int] = frozenset()
    aligned = report
    before = len(known)
    misread = _misread(known, report, slots)
    if slots is not None or misread or unsaid:
        places = range(len(report)) if slots is None else slots
        aligned, missing = arranged(known, report, places, {*misread, *unsaid})
        missing |= {places[place] for place in unsaid}
        told = {places[place]: report.reasons[place] for place in {*misread} - {*unsaid}}
        if told:
            aligned = replace(aligned, reasons={**aligned.reasons, **told})
    recipients = Recipients(
        phones=known.phones if len(aligned) == before else aligned.phones,
        statuses=aligned.statuses,
        words=aligned.words,
        vocabulary=aligned.vocabulary,
        stops=_keep_told(known.stops, aligned.stops),
        dates=_keep_dated(known, aligned),
        reasons=aligned.reasons,
    )
    return Merged(
        recipients=recipients,
        slots=slots,
        changed=changed(known, recipients),
        added=range(before, len(recipients)),
        absent=missing,
        layout=layout,
    )


def _misread(known: Recipients, report: Recipients, slots: Sequence[int] | None) -> list[int]:
    """Places of the report that could not be understood while something better is known.

    A status that is known counts, whatever else in its row is none: a date, say.
    """
    found = []
    for place in report.reasons:
        slot = place if slots is None else slots[place]
        if slot < len(known) and known.statuses[slot] != report.statuses[place] == Status.UNKNOWN:
            found.append(place)
    return found


def _keep_told(known: bytes, given: bytes) -> bytes:
    """``given`` STOP flags, with those it does not tell taken from ``known``."""
    if STOP_UNTOLD not in given or not known:
        return given
    told = int.from_bytes(given.translate(_UNTOLD_MASK), "little")
    before = int.from_bytes(known, "little")  # the appended slots are zeros: mask them as untold
    before |= int.from_bytes(given[len(known) :], "little") << (8 * len(known))
    merged = (int.from_bytes(given, "little") & ~told) | (before & told)
    return merged.to_bytes(len(given), "little")


def _keep_dated(known: Recipients, given: Recipients) -> array[int]:
    """``given`` dates; a missing one under an unchanged status is taken from ``known``."""
    dates = given.dates
    column = dates.tobytes()  # bytes are compared and searched ten times faster than numbers
    if column == known.dates.tobytes():
        return known.dates
    if _NO_DATE not in column:
        return dates
    dates = dates[:]
    rows = zip(known.dates, dates, known.statuses, given.statuses, strict=False)
    for slot, (before, date, old, new) in enumerate(rows):
        if date == NO_DATE and before != NO_DATE and old == new:
            dates[slot] = before
    return dates


def changed(known: Recipients, given: Recipients) -> Sequence[int]:
    """The known slots at which ``given`` has news, ascending: another status, a STOP said or
    withdrawn, or another word where the status is unknown both times.

    A date that moved or another spelling of the same status is no news.
    """
    before = len(known)
    slots = _differing(known.statuses, given.statuses[:before])
    stops = _differing(known.stops.translate(_STOPPED), given.stops[:before].translate(_STOPPED))
    words = _reworded(known, given)
    if stops or words:
        return sorted({*slots, *stops, *words})
    return slots


def differing(known: Recipients, given: Recipients) -> list[int]:
    """The known slots at which anything at all differs in ``given``, ascending."""
    slots = {
        *_differing(known.statuses, given.statuses),
        *_differing(known.stops, given.stops),
        *_differing(known.dates, given.dates),
        *_differing(*_comparable_words(known, given)),
    }
    if known.reasons != given.reasons:
        both = {*known.reasons, *given.reasons}
        slots.update(i for i in both if known.reasons.get(i) != given.reasons.get(i))
    before = len(known)
    return sorted(slot for slot in slots if slot < before)


def _differing(one: bytes | array[int], other: bytes | array[int]) -> list[int]:
    """Where two columns of one kind differ, as far as both reach, ascending."""
    size = one.itemsize if isinstance(one, array) else 1
    width = size * min(len(one), len(other))
    ours, theirs = bytes(one)[:width], bytes(other)[:width]
    if ours == theirs:
        return []
    if size == 1:
        mixed = int.from_bytes(ours, "little") ^ int.from_bytes(theirs, "little")
        found = _NOT_ZERO.finditer(mixed.to_bytes(width, "little"))
        return [each.start() for each in found]
    slots: list[int] = []
    for start in range(0, width, size * _RUN):
        end = start + size * _RUN
        if ours[start:end] != theirs[start:end]:
            run = range(start // size, min(end, width) // size)
            slots += [slot for slot in run if one[slot] != other[slot]]
    return slots


def _reworded(known: Recipients, given: Recipients) -> list[int]:
    """Slots that are unknown before and after, under another word: the word is all there is."""
    if Status.UNKNOWN not in known.statuses or Status.UNKNOWN not in given.statuses:
        return []
    return [
        slot
        for slot in (found.start() for found in _UNKNOWN.finditer(known.statuses))
        if given.statuses[slot] == Status.UNKNOWN
        and known.vocabulary[known.words[slot]] != given.vocabulary[given.words[slot]]
    ]


def _comparable_words(known: Recipients, given: Recipients) -> tuple[array[int], array[int]]:
    """Both columns of words over one vocabulary."""
    if known.vocabulary == given.vocabulary and known.words.typecode == given.words.typecode:
        return known.words, given.words
    numbers: dict[str, int] = {}
    mine = [numbers.setdefault(text, len(numbers)) for text in known.vocabulary]
    new = [numbers.setdefault(text, len(numbers)) for text in given.vocabulary]
    ours, theirs = map(mine.__getitem__, known.words), map(new.__getitem__, given.words)
    return array("L", ours), array("L", theirs)
