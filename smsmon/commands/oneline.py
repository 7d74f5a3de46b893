"""``smsmon status --oneline``: how it stands in a few characters, for tmux and shell prompts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from smsmon.alerts import Severity
from smsmon.commands.context import find_locations, read_settings
from smsmon.commands.knowledge import OF_THE_LIST, Knowledge, Outlook, outlook, subjects_of
from smsmon.commands.output import Failure, say
from smsmon.commands.stores import the_store
from smsmon.console.signs import ALERT, DELIVERED, FAILING, NOT_FOUND, STALE, WAITING, wants_ascii
from smsmon.monitor.state import MessageState
from smsmon.store.errors import StoreError, Unreachable
from smsmon.times import age

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from smsmon.commands.filtering import Choice
    from smsmon.locations import Locations
    from smsmon.settings import Settings

OLD = 120.0
"""Seconds from which what nobody reads is told as old."""
NAME = "sms"


class Piece(NamedTuple):
    """One thing that is told: with a sign, or in words where there is only ASCII."""

    sign: str
    number: str
    words: str
    colour: str = ""
    """As tmux names it; empty: none."""


def pieces(seen: Outlook) -> Iterator[Piece]:
    """What is told, what needs eyes first; nothing of what there is none of."""
    alerts = len(seen.alerts)
    worst = max((each.severity for each in seen.alerts), default=Severity.INFO)
    found = (
        (alerts, ALERT.glyph, "alert" if alerts == 1 else "alerts", _COLOURS[worst]),
        (len(seen.troubled_accounts), FAILING.glyph, "not read", "red"),
        (len(seen.of_state(MessageState.STALE)), STALE.glyph, "stale", "yellow"),
        (len(seen.of_state(MessageState.NOT_FOUND)), NOT_FOUND.glyph, "not found", "yellow"),
    )
    for number, sign, words, colour in found:
        if number:
            yield Piece(sign, f"{number:,}", words, colour)
    counts = seen.counts
    if counts.delivery_rate is not None:
        yield Piece(DELIVERED.glyph, f"{100 * counts.delivery_rate:.1f}%", "delivered")
    if counts.waiting:
        yield Piece(WAITING.glyph, f"{counts.waiting:,}", "waiting")
    if not seen.rows:
        yield Piece("", "", "nothing watched")
    elif seen.unread is None:
        yield Piece("", "", "never read", "yellow")
    elif seen.unread >= OLD:
        yield Piece("", "", f"old {age(seen.unread)}", "yellow")


_COLOURS = {Severity.INFO: "", Severity.WARNING: "yellow", Severity.CRITICAL: "red"}


def told(found: Iterator[Piece], *, ascii_alone: bool, tmux: bool) -> str:
    """The line. All of it is ours: no text of anybody else is in it."""
    return " ".join([NAME, *(_told(each, ascii_alone=ascii_alone, tmux=tmux) for each in found)])


def _told(piece: Piece, *, ascii_alone: bool, tmux: bool) -> str:
    if ascii_alone or not piece.sign:
        text = f"{piece.number} {piece.words}".strip()
    else:
        text = f"{piece.sign}{piece.number}"
    return f"#[fg={piece.colour}]{text}#[default]" if tmux and piece.colour else text


def line(choice: Choice | None, ids: Container[str], tags: Sequence[str], *, tmux: bool) -> str:
    """How it stands with what is watched: with all, or with what is chosen or named by ``ids``.

    Where that cannot be read the line says so: one that is empty looks like one that is well.
    """
    try:
        locations = find_locations()
        settings = read_settings(locations)
        seen = _seen(settings, locations, choice, ids, tags)
    except (Failure, StoreError) as error:
        say(f"smsmon: {error}")
        return f"{NAME} {'store unreachable' if isinstance(error, Unreachable) else 'not known'}"
    ascii_alone = wants_ascii(settings.display.signs, os.environ)
    return told(pieces(seen), ascii_alone=ascii_alone, tmux=tmux)


def _seen(
    settings: Settings,
    locations: Locations,
    choice: Choice | None,
    ids: Container[str],
    tags: Sequence[str],
) -> Outlook:
    store = the_store(locations, settings)
    entries = store.watchlist().load()
    fields = (choice.fields if choice else frozenset()) | OF_THE_LIST
    with store.archive(checked=False) as archive:
        known = Knowledge(settings, entries, archive, fields)
        keys = known.keys()
        rows = [
            row
            for row in (known.chosen(keys, choice) if choice else known.of(keys))
            if not ids or row.id in ids
        ]
        of_these = subjects_of(rows, tags) if choice or ids else None
        return outlook(known, rows, locations, settings, of_these)
