"""``smsmon ls``."""

from __future__ import annotations

import click

from smsmon.commands.context import find_locations, open_watchlist
from smsmon.commands.output import print_json, print_rows, when
from smsmon.shapes import entry_json


@click.command
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def ls(as_json: bool) -> None:
    """List the watchlist.

    \b
    Piped, one line a message, separated by tabs:
      id  label  tags  paused  profile  added  note
    On a terminal, columns that are empty for all messages are left out.
    --json prints
      {"messages": [{"id", "label", "tags", "note", "added_at", "paused", "profile"}]}
    """
    entries = open_watchlist(find_locations()).load()
    if as_json:
        print_json({"messages": [entry_json(entry) for entry in entries]})
        return
    print_rows(
        ("id", "label", "tags", "paused", "profile", "added", "note"),
        (
            (
                entry.id,
                entry.label,
                ",".join(entry.tags),
                "paused" if entry.paused else "",
                entry.profile,
                when(entry.added_at or None),
                entry.note,
            )
            for entry in entries
        ),
        hide_empty=True,
        empty="Nothing is watched yet. `smsmon add ID` puts a message on the list.",
    )
