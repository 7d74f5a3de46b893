"""One recipient in full, and the title lines of the panes. Pure text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec import Struct
from textual.content import Content

from smsmon import phones, times
from smsmon.console import cells
from smsmon.console.formats import Formats
from smsmon.console.line import Part, part
from smsmon.console.signs import DASH, GONE, Tone, state_sign, status_sign, styled
from smsmon.console.tables.recipients import status_of
from smsmon.countries import country_name
from smsmon.departures import leaves_at
from smsmon.filters.recipients import RecipientRow, recipient_row
from smsmon.known import AccountState, Condition
from smsmon.model import Transition
from smsmon.monitor.board import Board
from smsmon.monitor.standing import Standing
from smsmon.monitor.state import MessageState, Watched
from smsmon.shapes import in_words
from smsmon.text import painted

if TYPE_CHECKING:
    from smsmon.store.past import Absence

_NAME_WIDTH = 12
_LEFT_OUT = styled("no longer in the answer", Tone.WARN)
ALSO_IN = 50
"""Other messages listed at most."""


class Elsewhere(Struct, frozen=True):
    """The same number in another message."""

    message_id: str
    label: str
    row: RecipientRow


def elsewhere(messages: Iterable[Watched], message_id: str, phone: str) -> list[Elsewhere]:
    """In which of these ``messages`` else ``phone`` is, in their order."""
    found = []
    for watched in messages:
        if watched.id != message_id and (slot := watched.recipients.phones.find(phone)) >= 0:
            found.append(Elsewhere(watched.id, watched.entry.label, recipient_row(watched, slot)))
            if len(found) == ALSO_IN:
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
    absences: Iterable[Absence],
    others: Iterable[Elsewhere],
    formats: Formats,
) -> Content:
    """The pane's text."""
    one = row.recipient
    sign = status_sign(one.status)
    api_word = (
        f"  (the API says “{formats.words(one.raw_status)}”)" if one.raw_status != sign.word else ""
    )
    lines = [
        Content.assemble(
            (formats.phone(one.phone), "bold"),
            "  ",
            styled(country_name(phones.region(one.phone)), Tone.DIM),
        ),
        _fact("Status", Content.assemble(styled(f"{sign.glyph} {sign.word}", sign.tone), api_word)),
        _fact("STOP", _stop(one.stop)),
        _fact("API date", Content(formats.timestamp(one.date))),
        _fact("First seen", Content(formats.timestamp(row.first_seen))),
        _fact("Took", _took(row)),
    ]
    if row.absent_since is not None:
        lines.append(gone_note(row.absent_since, formats))
    if one.reason:
        lines.append(
            styled(f"The row could not be understood: {formats.words(one.reason)}", Tone.WARN)
        )
    lines += [Content(), Content.styled("Timeline", "bold $accent")]
    changes = list(timeline)
    told = [
        (each.at, styled(formats.words(in_words(each)), status_sign(each.after).tone))
        for each in changes
    ]
    for since, until in absences:
        told.append((since, _LEFT_OUT))
        told.append((until, styled("in the answer again", Tone.PLAIN)))
    if row.absent_since is not None:
        told.append((row.absent_since, _LEFT_OUT))
    told.sort(key=lambda moment: moment[0])
    lines += [_moment(formats, *moment) for moment in reversed(told)]
    if not changes or changes[0].before is not None:
        began = status_sign(changes[0].before or one.status if changes else one.status).word
        lines.append(_moment(formats, row.first_seen, styled(f"first seen: {began}", Tone.DIM)))
    also = [_also(formats, other) for other in others]
    if also:
        lines += [Content(), Content.styled("Also in", "bold $accent"), *also]
    return Content("\n").join(lines)


def _fact(name: str, value: Content) -> Content:
    return Content.assemble(styled(name.ljust(_NAME_WIDTH), Tone.DIM), value)


def _moment(formats: Formats, at: float | None, what: Content) -> Content:
    return Content.assemble(styled(formats.aligned(at).ljust(times.MOMENT_WIDTH), Tone.DIM), what)


def _stop(stop: bool | None) -> Content:
    if stop is None:
        return styled("the report does not say", Tone.DIM)
    return styled("STOP: wants no more messages", Tone.WARN) if stop else Content("no")


def _took(row: RecipientRow) -> Content:
    if row.took is not None:
        return Content(f"{times.duration(row.took)}, as observed")
    return styled("still waiting" if not row.recipient.status.final else DASH, Tone.DIM)


def _also(formats: Formats, other: Elsewhere) -> Content:
    told = status_of(other.row.recipient, other.row.absent_since, formats)
    when = other.row.recipient.date or other.row.changed_at or other.row.first_seen
    return Content.assemble(
        (other.message_id, "bold"),
        "  ",
        *(styled(*each) for each in told),
        "  ",
        styled(formats.aligned(when), Tone.DIM),
        "  ",
        painted(other.label),
    )


SOON = 15.0
"""Seconds: titles are looked at every ten."""
_TROUBLED = (MessageState.STALE, MessageState.NOT_FOUND)


def message_name(watched: Watched) -> Part:
    """The id and the label of a message."""
    id = Content.styled(watched.id, "bold")
    return part(10, Content.assemble(id, f" {painted(watched.entry.label)}".rstrip()), id)


def stale_note(stands: Standing, formats: Formats) -> Part:
    """Since when what is shown is not fresh; empty when it is, or when nothing is shown."""
    if stands.state not in _TROUBLED or stands.since is None:
        return part(0, "")
    sign = state_sign(stands.state.value)
    return part(9, styled(f"{sign.glyph} {sign.word} {formats.since(stands.since)}", Tone.WARN))


def read_note(watched: Watched, account: AccountState, formats: Formats) -> Part:
    """When the message was last truly read, and when it is next due; empty if it never was.

    A moment that may be over before this is painted again is not told, nor what was planned
    while its ``account`` is not read.
    """
    if watched.read_at is None:
        return part(0, "")
    read = f"read {formats.moment(watched.read_at)}"
    next_due = watched.next_due if account.condition is Condition.OK else None
    if next_due is None:
        due = ""
    elif next_due - formats.now() > SOON:
        due = f", next {formats.moment(next_due)}"
    else:
        due = ", next soon" if next_due > formats.now() else ", due now"
    return part(3, styled(read + due, Tone.DIM), styled(read, Tone.DIM))


def arrival_note(watched: Watched, formats: Formats) -> Part:
    """Which source a message came from, and when it leaves; empty for what people added."""
    arrival = watched.entry.arrival
    if arrival is None:
        return part(0, "")
    source = styled(f"from {painted(arrival.source)}", Tone.DIM)
    if watched.complete:
        at = leaves_at(watched)
        leaves = f"leaves {formats.to_come(at)}" if at > formats.now() else "leaves now"
    else:
        leaves = f"leaves {times.duration(arrival.leave_after)} after it is complete"
    return part(4, Content.assemble(source, styled(f", {leaves}", Tone.DIM)), source)


def recipients_count(watched: Watched) -> Part:
    """How many recipients the message has, as far as anybody knows."""
    if watched.read_at is None:
        return part(5, styled("not read yet", Tone.DIM))
    counts = watched.counts
    count, told = cells.count(counts.total), times.counted(counts.total, "recipient")
    if not counts.absent:
        return part(5, told, count)
    gone = f"{GONE}{counts.absent:,}"
    return part(
        9,
        Content.assemble(f"{told} ", styled(f"{gone} no longer listed", Tone.WARN)),
        Content.assemble(f"{count} ", styled(f"{gone} not listed", Tone.WARN)),
        Content.assemble(f"{count} ", styled(gone, Tone.WARN)),
    )


def lacking_note(board: Board) -> Part:
    """Of how many messages the recipients are not known yet, but only their counts."""
    if not board.lacking:
        return part(0, "")
    told = f"recipients of {len(board.lacking):,}"
    return part(7, *(styled(f"{told} {rest}", Tone.DIM) for rest in ("still loading", "loading")))


def gone_note(since: float, formats: Formats) -> Content:
    """What is said of a recipient that reports leave out."""
    told = f"{GONE} no longer in the answer since {formats.moment(since)}"
    return styled(f"{told}; shown as it was last seen", Tone.WARN)


def no_recipients(watched: Watched | None) -> str:
    """What stands where no recipient is shown."""
    if watched is None:
        return "No recipients to show"
    if not watched.loaded:
        return "The history is being read for them"
    return "Not read yet" if watched.read_at is None else "The report lists no recipients"


def no_messages(
    trouble: Exception | None, add_key: str, setup_key: str = "", *, by_sources: bool = False
) -> str:
    """What stands where no message is watched; ``trouble`` is that with the list, if any.

    ``setup_key`` asks for the API key, where there is none. ``by_sources``: messages come by
    themselves as well, and leave.
    """
    if trouble:
        return f"The watchlist cannot be read, so nothing is watched. {trouble}"
    lacking = f"There is no API key yet: {setup_key} asks where it is. " if setup_key else ""
    if by_sources:
        come = "What the sources tell of comes by itself"
        return f"{lacking}Nothing is watched now. {come}; {add_key} adds message ids."
    return f"{lacking}Nothing is watched yet. Press {add_key} to add message ids, typed or pasted."
