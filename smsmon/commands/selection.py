"""The messages of the watchlist, and of the history, that ``--filter`` and ``--tag`` choose."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from smsmon.commands.context import read_settings
from smsmon.commands.fields import of_messages
from smsmon.commands.filtering import chosen
from smsmon.commands.stores import the_store

if TYPE_CHECKING:
    from smsmon.locations import Locations
    from smsmon.model import Entry
    from smsmon.settings import Settings
    from smsmon.store.archive import Archive


def chosen_entries(locations: Locations, expression: str, tagged: Sequence[str]) -> Sequence[Entry]:
    """What is on the watchlist and matches; the history is opened where a filter asks it."""
    store = the_store(locations)
    entries = store.watchlist().load()
    if not expression and not tagged:
        return entries
    from smsmon.commands.knowledge import OF_THE_LIST, Knowledge

    choice = chosen(expression, tagged, of_messages())
    settings = read_settings(locations)
    with ExitStack() as stack:
        archive = None
        if not choice.fields <= OF_THE_LIST:
            archive = stack.enter_context(store.archive())
        known = Knowledge(settings, entries, archive, choice.fields)
        wanted = {row.id for row in known.chosen(known.keys(), choice)}
    return [each for each in entries if each.id in wanted]


def chosen_recorded(
    locations: Locations,
    settings: Settings,
    archive: Archive,
    expression: str,
    tagged: Sequence[str],
) -> list[str]:
    """The ids of what the history knows and matches."""
    from smsmon.commands.knowledge import Knowledge

    choice = chosen(expression, tagged, of_messages())
    entries = the_store(locations, settings).watchlist().load()
    known = Knowledge(settings, entries, archive, choice.fields)
    return [row.id for row in known.chosen(known.belonging(), choice)]
