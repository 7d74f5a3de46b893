"""The title lines of the panes. Pure text."""

from __future__ import annotations

from typing import Any

from textual.content import Content

from smsmon.console import cells
from smsmon.console.lens import Lens
from smsmon.console.looks import DOWN, UP, Tone
from smsmon.console.tones import styled
from smsmon.console.widgets.live_table import LiveTable
from smsmon.monitor.standing import Standing
from smsmon.monitor.state import MessageState, Watched

_BETWEEN = " · "


def table_facts(table: LiveTable[Any, Any]) -> list[Content]:
    """What a title says of its table: how it is sorted, how many rows are marked or hidden."""
    facts = []
    column, reverse = table.sort
    if column is not None:
        title = next(each.title for each in table.columns if each.name == column)
        facts.append(styled(f"by {title} {DOWN if reverse else UP}", Tone.DIM))
    if table.marks:
        facts.append(styled(f"{len(table.marks):,} marked", Tone.STRONG))
    if table.view.hidden:
        facts.append(styled(f"{table.view.hidden:,} hidden", Tone.WARN))
    return facts


def joined(*parts: Content) -> Content:
    """The parts of a title, those that say something."""
    return Content(_BETWEEN).join([part for part in parts if part.plain])


def message_name(watched: Watched) -> Content:
    """The id and the label of a message."""
    return Content.assemble((watched.id, "bold"), f" {watched.entry.label}".rstrip())


def stale_note(stands: Standing, lens: Lens) -> Content:
    """Why what is shown is not fresh; empty when it is."""
    match stands.state:
        case MessageState.STALE:
            since = f" {lens.since(stands.since)}" if stands.since else ""
            return styled(f"⚠ stale{since}: {stands.reason}", Tone.WARN)
        case MessageState.NOT_FOUND:
            return styled(f"? not found: {stands.reason}", Tone.WARN)
        case _:
            return Content()


def read_note(watched: Watched, lens: Lens) -> Content:
    """When the message was last truly read, and when it is next due."""
    if watched.read_at is None:
        return styled("not read yet", Tone.DIM)
    due = f", next {lens.moment(watched.next_due)}" if watched.next_due else ""
    return styled(f"read {lens.moment(watched.read_at)}{due}", Tone.DIM)


def recipients_count(watched: Watched) -> Content:
    """How many recipients the message has."""
    return Content(f"{cells.count(watched.counts.total)} recipients")
