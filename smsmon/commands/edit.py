"""``smsmon edit``, ``pause`` and ``resume``: what the watchlist says of its messages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from smsmon import exit_codes
from smsmon.commands.context import find_locations, open_watchlist, require_profiles
from smsmon.commands.flags import owner_flag
from smsmon.commands.ids import ids_from, takes_ids
from smsmon.commands.output import fail, listed, say

if TYPE_CHECKING:
    from smsmon.model import Entry


@click.command
@takes_ids
@click.option("--label", metavar="TEXT", help="The new label; '' takes it away.")
@click.option("--tags", metavar="TAGS", help="The new tags, separated by commas; '' for none.")
@click.option("--note", metavar="TEXT", help="The new note; '' takes it away.")
@owner_flag
def edit(
    ids: tuple[str, ...],
    file: str | None,
    label: str | None,
    tags: str | None,
    note: str | None,
    profile: str | None,
) -> None:
    """Change label, tags, note or profile of watched messages.

    Only what is given changes. Exit code 4 if a message is not on the watchlist; the others are
    changed all the same.
    """
    if label is None and tags is None and note is None and profile is None:
        fail("There is nothing to change: give --label, --tags, --note or --profile.")
    wanted = ids_from(ids, file)
    locations = find_locations()
    if profile is not None:
        require_profiles(locations, [profile], "Nothing was changed. ")
    changed = open_watchlist(locations).amend(
        wanted,
        label=label,
        tags=None if tags is None else tuple(filter(None, map(str.strip, tags.split(",")))),
        note=note,
        profile=profile,
    )
    _report("Changed", wanted, changed)


@click.command
@takes_ids
def pause(ids: tuple[str, ...], file: str | None) -> None:
    """Stop polling messages, and keep them on the watchlist."""
    wanted = ids_from(ids, file)
    _report("Paused", wanted, open_watchlist(find_locations()).amend(wanted, paused=True))


@click.command
@takes_ids
def resume(ids: tuple[str, ...], file: str | None) -> None:
    """Poll paused messages again."""
    wanted = ids_from(ids, file)
    _report("Resumed", wanted, open_watchlist(find_locations()).amend(wanted, paused=False))


def _report(done: str, wanted: Sequence[str], changed: Sequence[Entry]) -> None:
    ids = [entry.id for entry in changed]
    if ids:
        say(f"{done} {listed(ids)}.")
    if missing := [each for each in wanted if each not in set(ids)]:
        fail(f"Not on the watchlist: {listed(missing)}.", exit_codes.NOT_FOUND)
