"""``smsmon rm``."""

from __future__ import annotations

import click

from smsmon import exit_codes
from smsmon.commands.context import find_locations, open_watchlist
from smsmon.commands.ids import ids_from, takes_ids
from smsmon.commands.output import fail, listed, say


@click.command
@takes_ids
def rm(ids: tuple[str, ...], file: str | None) -> None:
    """Take messages off the watchlist.

    Their history stays for as long as the settings say. Exit code 4 if one was not on the list;
    the others are removed all the same.
    """
    wanted = ids_from(ids, file)
    removed = open_watchlist(find_locations()).remove(wanted).ids
    if removed:
        say(f"Removed {listed(removed)}.")
    if missing := [each for each in wanted if each not in set(removed)]:
        fail(f"Not on the watchlist: {listed(missing)}.", exit_codes.NOT_FOUND)
