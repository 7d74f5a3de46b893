"""The title lines of the panes. Pure text."""

from __future__ import annotations

from textual.content import Content

from smsmon.console import cells
from smsmon.console.lens import Lens
from smsmon.console.looks import GONE, Tone, state_look
from smsmon.console.tones import styled
from smsmon.console.widgets.fitting import Part, part
from smsmon.monitor.account import AccountState, Condition
from smsmon.monitor.standing import Standing
from smsmon.monitor.state import MessageState, Watched
from smsmon.text import painted

SOON = 15.0
"""Seconds: titles are looked at every ten."""
_TROUBLED = (MessageState.STALE, MessageState.NOT_FOUND)


def message_name(watched: Watched) -> Part:
    """The id and the label of a message."""
    id = Content.styled(watched.id, "bold")
    return part(10, Content.assemble(id, f" {painted(watched.entry.label)}".rstrip()), id)


def stale_note(stands: Standing, lens: Lens) -> Part:
    """Since when what is shown is not fresh; empty when it is, or when nothing is shown."""
    if stands.state not in _TROUBLED or stands.since is None:
        return part(0, "")
    look = state_look(stands.state.value)
    return part(9, styled(f"{look.glyph} {look.word} {lens.since(stands.since)}", Tone.WARN))


def reason_note(stands: Standing | None, lens: Lens) -> Content:
    """Why what is shown is not fresh, whole; empty when it is."""
    if stands is None or stands.state not in _TROUBLED:
        return Content()
    glyph = state_look(stands.state.value).glyph
    return styled(f"{glyph} {lens.words(stands.reason)}", Tone.WARN)


def read_note(watched: Watched, account: AccountState, lens: Lens) -> Part:
    """When the message was last truly read, and when it is next due; empty if it never was.

    A moment that may be over before this is painted again is not told, nor what was planned
    while its ``account`` is not read.
    """
    if watched.read_at is None:
        return part(0, "")
    read = f"read {lens.moment(watched.read_at)}"
    next_due = watched.next_due if account.condition is Condition.OK else None
    if next_due is None:
        due = ""
    elif next_due - lens.now() > SOON:
        due = f", next {lens.moment(next_due)}"
    else:
        due = ", next soon" if next_due > lens.now() else ", due now"
    return part(3, styled(read + due, Tone.DIM), styled(read, Tone.DIM))


def recipients_count(watched: Watched) -> Part:
    """How many recipients the message has, as far as anybody knows."""
    if watched.read_at is None:
        return part(5, styled("not read yet", Tone.DIM))
    counts = watched.counts
    count = cells.count(counts.total)
    if not counts.absent:
        return part(5, f"{count} recipients", count)
    gone = f"{GONE}{counts.absent:,}"
    return part(
        9,
        Content.assemble(f"{count} recipients ", styled(f"{gone} no longer listed", Tone.WARN)),
        Content.assemble(f"{count} ", styled(f"{gone} not listed", Tone.WARN)),
        Content.assemble(f"{count} ", styled(gone, Tone.WARN)),
    )


def gone_note(since: float, lens: Lens) -> Content:
    """What is said of a recipient that reports leave out."""
    told = f"{GONE} no longer in the answer since {lens.moment(since).strip()}"
    return styled(f"{told}; shown as it was last seen", Tone.WARN)


def no_recipients(watched: Watched | None) -> str:
    """What stands where no recipient is shown."""
    if watched is None:
        return "No recipients to show"
    return "Not read yet" if watched.read_at is None else "The report lists no recipients"


def no_messages(trouble: Exception | None, add_key: str) -> str:
    """What stands where no message is watched; ``trouble`` is that with the list, if any."""
    if trouble:
        return f"The watchlist cannot be read, so nothing is watched. {trouble}"
    return f"Nothing is watched yet. Press {add_key} to add message ids, typed or pasted."
