"""``smsmon import``: many messages at once."""

from __future__ import annotations

import click

from smsmon.commands.context import find_locations, open_watchlist
from smsmon.commands.ids import read_list
from smsmon.commands.output import counted, fail, say


@click.command("import")
@click.argument("file", metavar="FILE")
@click.option(
    "--as",
    "form",
    type=click.Choice(["text", "csv", "toml"]),
    help="How the list is written; told by its name and content unless given.",
)
@click.option("--strict", is_flag=True, help="Take nothing if one line cannot be understood.")
def import_(file: str, form: str | None, strict: bool) -> None:
    """Put the messages of a list on the watchlist.

    FILE is - for stdin. A list is text (one id a line, a label after it if you like), CSV (a
    header may name id, label, tags, note, added, paused, profile), or a watchlist.toml.
    Duplicates are merged. Lines that cannot be understood are named on stderr and passed over;
    exit code 2 then tells that there were some.
    """
    found = read_list(file, form)
    name = "stdin" if file == "-" else file
    for problem in found.problems:
        say(f"smsmon: {name}, line {problem.line}: {problem.why} ({problem.text})")
    if strict and found.problems:
        fail(f"Nothing was imported: {counted(len(found.problems), 'line')} cannot be understood.")
    if not found.entries:
        fail(f"{name} holds no message id.")
    added = open_watchlist(find_locations()).add(found.entries)
    duplicates = f", {counted(found.duplicates, 'duplicate')} merged" if found.duplicates else ""
    say(f"Added {len(added.new)}, watched already {len(added.merged)}{duplicates}.")
    if found.problems:
        fail(f"Passed over {counted(len(found.problems), 'line')}: see above.")
