"""One recipient in full: what is known, every change, and where else the number appears."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from textual.content import Content

from smsmon import phones
from smsmon.console import cells, titles
from smsmon.console.lens import Lens
from smsmon.console.looks import DASH, Tone, status_look
from smsmon.console.tables.recipients import status_of
from smsmon.console.tones import styled
from smsmon.countries import country_name
from smsmon.filters.recipients import RecipientRow, recipient_row
from smsmon.model import Transition
from smsmon.monitor.board import Board
from smsmon.shapes import in_words
from smsmon.text import painted

_NAME_WIDTH = 12
_TIME_WIDTH = 12
_ALSO_IN = 50
"""Other messages listed at most."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The same number in another message."""

    message_id: str
    label: str
    row: RecipientRow


def elsewhere(board: Board, message_id: str, phone: str) -> list[Elsewhere]:
    """Where else ``phone`` is watched, the newest message first."""
    found = []
    for watched in reversed(list(board)):
        if watched.id != message_id and (slot := watched.recipients.phones.find(phone)) >= 0:
            found.append(Elsewhere(watched.id, watched.entry.label, recipient_row(watched, slot)))
            if len(found) == _ALSO_IN:
                break
    return found


def whole_timeline(past: Iterable[Transition], session: Iterable[Transition]) -> list[Transition]:
    """What the history knows and what this session saw, once each, oldest first.

    The history keeps moments to the millisecond.
    """
    changes = {_instant(change): change for change in (*past, *session)}
    return sorted(changes.values(), key=lambda change: change.observed_at)


def _instant(change: Transition) -> tuple[int, int, bool]:
    return round(change.observed_at * 1000), change.after, change.stop_after


def recipient_text(
    row: RecipientRow,
    timeline: Iterable[Transition],
    others: Iterable[Elsewhere],
    lens: Lens,
) -> Content:
    """The pane's text."""
    one = row.recipient
    look = status_look(one.status)
    api_word = (
        f"  (the API says “{lens.words(one.raw_status)}”)" if one.raw_status != look.word else ""
    )
    lines = [
        Content.assemble(
            (lens.phone(one.phone), "bold"),
            "  ",
            styled(country_name(phones.region(one.phone)), Tone.DIM),
        ),
        _fact("Status", Content.assemble(styled(f"{look.glyph} {look.word}", look.tone), api_word)),
        _fact("STOP", _stop(one.stop)),
        _fact("API date", Content(lens.timestamp(one.date))),
        _fact("First seen", Content(lens.timestamp(row.first_seen))),
        _fact("Took", _took(row)),
    ]
    if row.absent_since is not None:
        lines.append(titles.gone_note(row.absent_since, lens))
    if one.reason:
        lines.append(
            styled(f"The row could not be understood: {lens.words(one.reason)}", Tone.WARN)
        )
    lines += [Content(), Content.styled("Timeline", "bold $accent")]
    changes = list(timeline)
    lines += [
        _moment(lens, each.at, styled(lens.words(in_words(each)), status_look(each.after).tone))
        for each in reversed(changes)
    ]
    if not changes or changes[0].before is not None:
        began = status_look(changes[0].before or one.status if changes else one.status).word
        lines.append(_moment(lens, row.first_seen, styled(f"first seen: {began}", Tone.DIM)))
    also = [_also(lens, other) for other in others]
    if also:
        lines += [Content(), Content.styled("Also in", "bold $accent"), *also]
    return Content("\n").join(lines)


def _fact(name: str, value: Content) -> Content:
    return Content.assemble(styled(name.ljust(_NAME_WIDTH), Tone.DIM), value)


def _moment(lens: Lens, at: float | None, what: Content) -> Content:
    return Content.assemble(styled(lens.moment(at).ljust(_TIME_WIDTH), Tone.DIM), what)


def _stop(stop: bool | None) -> Content:
    if stop is None:
        return styled("the report does not say", Tone.DIM)
    return styled("STOP: wants no more messages", Tone.WARN) if stop else Content("no")


def _took(row: RecipientRow) -> Content:
    if row.took is not None:
        return Content(f"{cells.took(row.took)}, as observed")
    return styled("still waiting" if not row.recipient.status.final else DASH, Tone.DIM)


def _also(lens: Lens, other: Elsewhere) -> Content:
    told = status_of(other.row.recipient, other.row.absent_since, lens)
    when = other.row.recipient.date or other.row.changed_at or other.row.first_seen
    return Content.assemble(
        (other.message_id, "bold"),
        "  ",
        *(styled(*each) for each in told),
        "  ",
        styled(lens.moment(when), Tone.DIM),
        "  ",
        painted(other.label),
    )
