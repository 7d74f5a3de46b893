"""``smsmon add``."""

from __future__ import annotations

from dataclasses import replace

import click

from smsmon.commands.context import find_locations, open_watchlist, require_profiles
from smsmon.commands.flags import owner_flag
from smsmon.commands.ids import NO_IDS, entries_from, takes_ids
from smsmon.commands.output import fail, listed, say


@click.command
@takes_ids
@click.option("--label", metavar="TEXT", help="What the messages are: shown beside their ids.")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="A tag; may be given again.")
@click.option("--note", metavar="TEXT", help="A longer text.")
@owner_flag
def add(
    ids: tuple[str, ...],
    file: str | None,
    label: str | None,
    tags: tuple[str, ...],
    note: str | None,
    profile: str | None,
) -> None:
    """Put messages on the watchlist.

    An open console shows them within a second. What is watched already is kept, and gets the
    label, tags and note given here.
    """
    entries = entries_from(ids, file)
    if not entries:
        fail(NO_IDS)
    entries = [
        replace(
            entry,
            label=label if label is not None else entry.label,
            tags=(*entry.tags, *tags),
            note=note if note is not None else entry.note,
            profile=profile if profile is not None else entry.profile,
        )
        for entry in entries
    ]
    locations = find_locations()
    require_profiles(locations, (entry.profile for entry in entries), "Nothing was added. ")
    added = open_watchlist(locations).add(entries)
    if added.new:
        say(f"Added {listed(entry.id for entry in added.new)}.")
    if added.merged:
        say(f"Already watched: {listed(entry.id for entry in added.merged)}.")
