"""``smsmon import``: many messages at once."""

from __future__ import annotations

import click

from smsmon.commands.context import find_locations, open_watchlist, require_profiles
from smsmon.commands.ids import line_of, read_list, shortened, shown_name
from smsmon.commands.output import counted, fail, say


@click.command("import")
@click.argument("file", metavar="FILE")
@click.option(
    "--as",
    "form",
    type=click.Choice(["text", "csv", "json", "toml"]),
    help="How the list is written; told by its name and content unless given.",
)
@click.option("--strict", is_flag=True, help="Take nothing if one line is left out.")
def import_(file: str, form: str | None, strict: bool) -> None:
    """Put the messages of a list on the watchlist.

    FILE is - for stdin. A list is text (one id a line, a label after it if you like), CSV or a
    copied table (a header may name id, label, tags, note, added, paused, profile), JSON, or a
    watchlist.toml; in Unicode, or as a spreadsheet saves it. What export watchlist writes is read
    back whole. Duplicates are merged. Nothing is guessed: lines that cannot be understood, or in
    two ways, and what looks like a phone number, are named on stderr and left out; exit code 2
    then tells that there were some.
    """
    found = read_list(file, form)
    name = shown_name(file)
    for said in shortened([line_of(problem) for problem in found.problems]):
        say(f"smsmon: {name}, {said}" if said.startswith("line") else said)
    for doubt in found.doubts:
        say(f"{name}, {line_of(doubt)}")
    left_out = counted(len(found.problems), "line")
    if strict and found.problems:
        fail(f"Nothing was imported: {left_out} would be left out.")
    if not found.entries:
        fail(f"{name} holds no message id{f': {left_out} left out' if found.problems else ''}.")
    locations = find_locations()
    profiles = (entry.profile for entry in found.entries)
    require_profiles(locations, profiles, "Nothing was imported. ")
    added = open_watchlist(locations).add(found.entries)
    duplicates = f", {counted(found.duplicates, 'duplicate')} merged" if found.duplicates else ""
    say(f"Added {len(added.new)}, watched already {len(added.merged)}{duplicates}.")
    if found.problems:
        fail(f"Left out {left_out}: see above.")
