"""Which recipient of a report is which of those known, and what differs: decided here alone. Pure.

A recipient keeps its *slot* for as long as its message is watched; the *places* of a report may
come in any order. Numbers find each other. Where one number is listed several times, rows that
say the same find each other first, so another order of the same rows is never a change.

The work per recipient happens in C: only recipients that changed, or whose number is there
several times, become Python objects. 100,000 recipients compare in milliseconds.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import product

from msgspec import Struct

from smsmon.recipients import NO_DATE, STOP_UNTOLD, STOP_YES, Phones, Recipients, Status, pack_words


class Layout(Struct, frozen=True):
    """Where the places of a report go whose order is not that of the slots."""

    phones: Phones
    """The report's own order."""
    slots: array[int]
    """Place in the report → slot; the same number several times by occurrence."""


def align(
    known: Recipients,
    report: Recipients,
    layout: Layout | None = None,
    absent: Collection[int] = (),
) -> tuple[Sequence[int] | None, Layout | None]:
    """The slot of each place of ``report``, and the layout that finds them faster next time.

    None instead of slots: each place is the slot of that number. Numbers that are not ``known``
    get the slots behind it, in their order. ``layout`` is that of the report before; ``absent``
    are the slots that it left out, which of two equal ones stay so.
    """
    slots: Sequence[int]
    if known.phones == report.phones:
        layout, slots = None, range(len(known))
    else:
        if layout is None or layout.phones != report.phones:
            layout = Layout(report.phones, _by_number(known.phones, report.phones))
        slots = layout.slots
    ours, theirs = known.phones.repeats, report.phones.repeats
    if ours or theirs:
        slots = _pair_repeated(known, report, slots, absent)
    return (None if layout is None and isinstance(slots, range) else slots), layout


def arranged(
    known: Recipients, report: Recipients, slots: Sequence[int], kept: Iterable[int] = ()
) -> tuple[Recipients, frozenset[int]]:
    """``report`` in the order of the ``slots`` of its places, and the known slots it leaves out.

    Those stay as they were ``known``, and so do the slots of the places ``kept``.
    """
    before, given = len(known), len(report)
    total = max(before, max(slots, default=-1) + 1)
    # Below ``given`` a place of the report, above it a slot of what was known.
    source = array("l", range(given, given + total))
    for place, slot in enumerate(slots):
        source[slot] = place
    absent = frozenset(slot for slot in range(before) if source[slot] >= given)
    for place in kept:
        if slots[place] < before:
            source[slots[place]] = given + slots[place]
    words, vocabulary = _words_from(known, report, source)
    reasons = {slot: text for slot, text in known.reasons.items() if source[slot] >= given}
    for place, text in report.reasons.items():
        if source[slots[place]] == place:
            reasons[slots[place]] = text
    appended = [report.phones[source[slot]] for slot in range(before, total)]
    return Recipients(
        phones=known.phones.extended(appended) if appended else known.phones,
        statuses=bytes(map((report.statuses + known.statuses).__getitem__, source)),
        words=words,
        vocabulary=vocabulary,
        stops=bytes(map((report.stops + known.stops).__getitem__, source)),
        dates=array("q", map((report.dates + known.dates).__getitem__, source)),
        reasons=reasons,
    ), absent


def _by_number(known: Phones, given: Phones) -> array[int]:
    """The slot of each place of ``given``; the same number several times by occurrence."""
    keys: Sequence[object] = known.keys
    wanted: Sequence[object] = given.keys
    if known.repeats or given.repeats:
        keys, wanted = _by_occurrence(keys), _by_occurrence(wanted)
    index = dict(zip(keys, range(len(keys)), strict=True))
    slots = array("l", map(index.setdefault, wanted, [-1] * len(wanted)))
    after = len(keys)
    for place in (i for i, slot in enumerate(slots) if slot < 0):
        slots[place] = after
        after += 1
    return slots


def _by_occurrence(keys: Sequence[object]) -> list[object]:
    """Each key with how often it came before: distinct where the keys are not."""
    seen: dict[object, int] = {}
    pairs: list[object] = []
    for key in keys:
        nth = seen.get(key, 0)
        seen[key] = nth + 1
        pairs.append((key, nth))
    return pairs


_Row = tuple[int, str, int, int, str]
"""Status, the API's word, STOP, date, and why it could not be understood."""


def _said(row: _Row) -> tuple[int, str]:
    return row[0], row[1] if row[0] == Status.UNKNOWN else ""


def _shown(row: _Row) -> object:
    return _said(row), row[2] == STOP_YES


def _unknown(row: _Row) -> bool:
    return row[0] == Status.UNKNOWN


def _misread(row: _Row) -> bool:
    return row[4] != "" and _unknown(row)


def _told(row: _Row) -> bool:
    return row[2] != STOP_UNTOLD


_Likeness = tuple[Callable[[_Row], object], Callable[[_Row], bool], Callable[[_Row], bool]]
"""The key by which a known row and a row of the report are alike; which known rows, and which
rows of the report it is asked of."""

_ANY: Callable[[_Row], bool] = lambda _: True  # noqa: E731


def _with_reason(likeness: _Likeness) -> _Likeness:
    key, is_asked, asks = likeness
    return (lambda row: (key(row), row[4])), is_asked, asks


_EXACT: _Likeness = (
    lambda row: row[:4],
    _ANY,
    lambda row: not _misread(row) and _told(row) and row[3] != NO_DATE,
)
_ALIKE: Sequence[_Likeness] = (
    (_shown, _ANY, lambda row: not _misread(row) and _told(row)),
    # A row that does not tell STOP leaves what was known of it: it takes what those left.
    (
        lambda row: (row[0], row[1], row[3]),
        _ANY,
        lambda row: not _misread(row) and not _told(row) and row[3] != NO_DATE,
    ),
    (_said, _ANY, lambda row: not _misread(row) and not _told(row)),
    # One that was not understood leaves anything better than unknown: it takes the rest.
    (_shown, _unknown, lambda row: _misread(row) and _told(row)),
    (_said, _unknown, lambda row: _misread(row) and not _told(row)),
    (lambda _: None, lambda row: not _unknown(row), _misread),
)
_SAME = (_with_reason(_EXACT), _EXACT, *map(_with_reason, _ALIKE), *_ALIKE)
"""The ways in which a row of a report is no news under a known one; the narrowest first, so that
as many as can be find one. A slot keeps the reason of the row that it was given last: rows that
are misread for that reason, or understood where there is none, find their way back to it.
"""
_OTHERWISE: Sequence[_Likeness] = ((lambda row: row[0], _ANY, lambda row: not _misread(row)),)
_AT_LAST: Sequence[_Likeness] = (
    (lambda _: None, _ANY, lambda row: not _misread(row)),
    (lambda _: None, _ANY, _ANY),
)
"""How the others find each other: by status, and at last by occurrence."""


def _pair_repeated(
    known: Recipients, report: Recipients, slots: Sequence[int], absent: Collection[int]
) -> Sequence[int]:
    """``slots``, those of numbers that are there several times chosen by what the rows say."""
    ours, theirs = known.phones.repeats, report.phones.repeats
    places: dict[int | str, Sequence[int]] = dict(theirs)
    if ours.keys() - theirs.keys():
        for place, key in enumerate(report.phones.keys):
            if key in ours and key not in theirs:
                places[key] = (place,)
    free: dict[int | str, Sequence[int]] = dict(ours)
    if theirs.keys() - ours.keys():
        for slot, key in enumerate(known.phones.keys):
            if key in theirs and key not in ours:
                free[key] = (slot,)
    found: array[int] | None = None
    for key, own_places in places.items():
        own_slots = free.get(key, ())
        if len(own_slots) == len(own_places) and all(
            _row(report, place) == _row(known, slots[place]) for place in own_places
        ):
            continue
        new = [slots[place] for place in own_places if slots[place] >= len(known)]
        if found is None:
            found = array("l", slots)
        paired = _paired(known, own_slots, absent, report, own_places)
        for place in own_places:
            found[place] = paired[place] if place in paired else new.pop(0)
    return slots if found is None else found


def _paired(
    known: Recipients,
    slots: Sequence[int],
    absent: Collection[int],
    report: Recipients,
    places: Sequence[int],
) -> dict[int, int]:
    """The slot of each place of one number that gets one of ``slots``.

    Those of recipients that were listed last come before those of ``absent`` ones.
    """
    found: dict[int, int] = {}
    rows = {place: _row(report, place) for place in places}
    listed = {slot: _row(known, slot) for slot in slots if slot not in absent}
    free = {slot: _row(known, slot) for slot in slots}
    for likenesses, among in product((_SAME, _OTHERWISE, _AT_LAST), (listed, {**free})):
        for key, is_asked, asks in likenesses:
            left: dict[object, list[int]] = {}
            for slot in reversed([slot for slot in among if slot in free]):
                if is_asked(free[slot]):
                    left.setdefault(key(free[slot]), []).append(slot)
            for place in [place for place, row in rows.items() if asks(row)]:
                slots_left = left.get(key(rows[place]))
                if slots_left:
                    found[place] = slot = slots_left.pop()
                    del free[slot], rows[place]
    return found


def _row(column: Recipients, at: int) -> _Row:
    return (
        column.statuses[at],
        column.vocabulary[column.words[at]],
        column.stops[at],
        column.dates[at],
        column.reasons.get(at, ""),
    )


def _words_from(
    known: Recipients, report: Recipients, source: array[int]
) -> tuple[array[int], tuple[str, ...]]:
    """The column of words behind ``source``, over one vocabulary without unused words."""
    numbers: dict[str, int] = {}
    of_report = [numbers.setdefault(word, len(numbers)) for word in report.vocabulary]
    of_known = [numbers.setdefault(word, len(numbers)) for word in known.vocabulary]
    both = [*map(of_report.__getitem__, report.words), *map(of_known.__getitem__, known.words)]
    picked = [*map(both.__getitem__, source)]
    used = {old: new for new, old in enumerate(sorted(set(picked)))}
    texts = list(numbers)
    words = pack_words([*map(used.__getitem__, picked)], len(used))
    return words, tuple(texts[old] for old in used)
