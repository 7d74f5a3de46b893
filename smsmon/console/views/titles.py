"""The title lines of the panes. Pure text."""

from __future__ import annotations

from textual.content import Content

from smsmon.console import cells
from smsmon.console.lens import Lens
from smsmon.console.looks import Tone, state_look
from smsmon.console.tones import styled
from smsmon.console.widgets.fitting import Part, part
from smsmon.monitor.standing import Standing
from smsmon.monitor.state import MessageState, Watched


def message_name(watched: Watched) -> Part:
    """The id and the label of a message."""
    id = Content.styled(watched.id, "bold")
    return part(10, Content.assemble(id, f" {watched.entry.label}".rstrip()), id)


def stale_note(stands: Standing, lens: Lens) -> Part:
    """Why what is shown is not fresh; empty when it is."""
    if stands.state not in (MessageState.STALE, MessageState.NOT_FOUND):
        return part(0, "")
    look = state_look(stands.state.value)
    since = f" {lens.since(stands.since)}" if stands.since else ""
    short = f"{look.glyph} {look.word}{since}"
    return part(9, styled(f"{short}: {stands.reason}", Tone.WARN), styled(short, Tone.WARN))


def read_note(watched: Watched, lens: Lens) -> Part:
    """When the message was last truly read, and when it is next due."""
    if watched.read_at is None:
        return part(3, styled("not read yet", Tone.DIM))
    read = f"read {lens.moment(watched.read_at)}"
    due = f", next {lens.moment(watched.next_due)}" if watched.next_due else ""
    return part(3, styled(read + due, Tone.DIM), styled(read, Tone.DIM))


def recipients_count(watched: Watched) -> Part:
    """How many recipients the message has."""
    count = cells.count(watched.counts.total)
    return part(5, f"{count} recipients", count)
