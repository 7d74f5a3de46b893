"""The commands of the watchlist: what is on it, put there, taken off and changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from smsmon import exit_codes
from smsmon.commands import completing
from smsmon.commands.context import find_locations, open_watchlist, require_profiles
from smsmon.commands.filtering import takes_filter
from smsmon.commands.flags import owner_flag
from smsmon.commands.ids import (
    NO_IDS,
    entries_from,
    ids_from,
    line_of,
    read_list,
    shortened,
    shown_name,
    takes_ids,
)
from smsmon.commands.output import emit, fail, listed, on_terminal, print_json, say, when
from smsmon.commands.selection import chosen_entries
from smsmon.commands.table import Head, print_rows
from smsmon.times import counted

if TYPE_CHECKING:
    from smsmon.model import Entry
    from smsmon.store.entries import Done
    from smsmon.tags import TagChange


_CAME = 100
"""Of messages that came by themselves, no more are listed to a person who did not ask for them."""


def _source(entry: Entry) -> str:
    """What told of it; empty where somebody added it."""
    return entry.arrival.source if entry.arrival else ""


@click.command
@takes_ids
@click.option("--label", metavar="TEXT", help="The new label; '' takes it away.")
@click.option(
    "--tags",
    metavar="TAGS",
    shell_complete=completing.changed_tags,
    help="'+x -y' adds x and takes y away, '=x y' leaves these and no others; x adds; '' for none.",
)
@click.option("--tag", "tagged", multiple=True, hidden=True)  # as ``add`` has it
@click.option("--note", metavar="TEXT", help="The new note; '' takes it away.")
@owner_flag
def edit(
    ids: tuple[str, ...],
    file: str | None,
    label: str | None,
    tags: str | None,
    tagged: tuple[str, ...],
    note: str | None,
    profile: str | None,
) -> None:
    """Change label, tags, note or profile of watched messages.

    Only what is given changes. Tags stand between spaces or commas, in quotes if they have any
    within; those without a sign are added. Exit code 4 if a message is not on the watchlist; the
    others are changed all the same.
    """
    if label is None and tags is None and not tagged and note is None and profile is None:
        fail("There is nothing to change: give --label, --tags, --note or --profile.")
    retagged = _change_of(tags, tagged)
    wanted = ids_from(ids, file)
    locations = find_locations()
    if profile is not None:
        require_profiles(locations, [profile], "Nothing was changed. ")
    changed = open_watchlist(locations).amend(
        wanted,
        label=label,
        tags=retagged,
        note=note,
        profile=profile,
    )
    _report("Changed", wanted, changed)


def _change_of(text: str | None, tagged: tuple[str, ...]) -> TagChange | None:
    """The change that ``text`` asks for, and each that is ``tagged``, one tag; None: none."""
    from smsmon.tags import NO_TAGS, BadTags, read_tags, signed  # few commands need them

    if text is None and not tagged:
        return None
    text = " ".join((text or "", *map(signed, tagged)))
    try:
        return read_tags(text) if text.strip() else NO_TAGS
    except BadTags as error:
        fail(f"--tags: {error}")


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


def _report(done: str, wanted: Sequence[str], changed: Done) -> None:
    ids = changed.ids
    if ids:
        say(f"{done} {listed(ids)}.")
    there = set(ids)
    if missing := [each for each in wanted if each not in there]:
        fail(f"Not on the watchlist: {listed(missing)}.", exit_codes.NOT_FOUND)


@click.command
@takes_filter("messages")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def ls(expression: str, tagged: tuple[str, ...], as_json: bool) -> None:
    """List the watchlist.

    A message is a row; `smsmon status --group tag` adds them up.

    \b
    Piped, one line a message, separated by tabs:
      id  label  tags  paused  profile  added  note  source
    On a terminal, columns that are empty for all messages are left out; and
    unless --filter or --tag asks for them, more than 100 messages that came by
    themselves are told in one line.
    --json prints
      {"messages": [{"id", "label", "tags", "note", "note_by", "note_at",
        "added_at", "paused", "profile", "source"}]}
      note_by, note_at: who wrote the note and when, as a team's store has it
      source: what told of a message that nobody added, or null
    """
    entries = chosen_entries(find_locations(), expression, tagged)
    if as_json:
        from smsmon.shapes import entry_json  # loads filters and phones, which nobody else needs

        told = [entry_json(entry) | {"source": _source(entry) or None} for entry in entries]
        print_json({"messages": told})
        return
    came = () if expression or tagged or not on_terminal() else list(filter(_source, entries))
    if len(came) > _CAME:
        entries = [each for each in entries if not _source(each)]
    print_rows(
        (
            Head("id"),
            Head("label", cut=60),
            Head("tags", worth=47, cut=30),
            Head("paused", worth=95),
            Head("profile", worth=65 if len({each.profile for each in entries}) > 1 else 25),
            Head("added", worth=70),
            Head("note", worth=20, cut=10),
            Head("source", worth=45, cut=12),
        ),
        (
            (
                entry.id,
                entry.label,
                ",".join(entry.tags),
                "paused" if entry.paused else "",
                entry.profile,
                when(entry.added_at or None),
                entry.note,
                _source(entry),
            )
            for entry in entries
        ),
        hide_empty=True,
        empty="No message of the watchlist matches."
        if expression or tagged
        else ""
        if came
        else "Nothing is watched yet. `smsmon add ID` puts a message on the list.",
    )
    if len(came) > _CAME:
        sources = sorted({*map(_source, came)})
        emit(
            f"{len(came):,} came by themselves, from {listed(sources)}: `smsmon status --group"
            f" source` adds them up, --filter source:{sources[0]} lists them."
        )


@click.command
@takes_ids
@click.option("--label", metavar="TEXT", help="What the messages are: shown beside their ids.")
@click.option(
    "--tag",
    "tags",
    multiple=True,
    metavar="TAG",
    shell_complete=completing.tags,
    help="A tag; may be given again.",
)
@click.option("--tags", "change", hidden=True)  # as ``edit`` has it
@click.option("--note", metavar="TEXT", help="A longer text.")
@click.option(
    "--from-send-answers",
    "answers",
    is_flag=True,
    help="Take the ids from the API's answers to /send and /bulk-send, JSON objects in lines.",
)
@click.option(
    "--match",
    metavar="REGEX",
    help="Take them from lines by a regular expression with groups named id, label, tag, phone,"
    " time.",
)
@click.option(
    "--follow",
    is_flag=True,
    help="With these: what is written to --file from now on, through rotation, until ctrl+c.",
)
@owner_flag
def add(
    ids: tuple[str, ...],
    file: str | None,
    answers: bool,
    match: str | None,
    follow: bool,
    label: str | None,
    tags: tuple[str, ...],
    change: str | None,
    note: str | None,
    profile: str | None,
) -> None:
    """Put messages on the watchlist.

    An open console shows them within a second. What is watched already is kept, and gets the
    label, tags and note given here.

    With --from-send-answers or --match, stdin (or --file) is read to its end, and each message is
    watched as soon as its line is there: send-tool | smsmon add --from-send-answers --tag otp,
    smsmon add --follow --file app.log --match 'sent id=(?P<id>[0-9]+)'
    """

    changed = _change_of(change, ())

    def described(entry: Entry) -> Entry:
        tagged = (*entry.tags, *tags)
        return replace(
            entry,
            label=label if label is not None else entry.label,
            tags=tagged if changed is None else changed.of(tagged),
            note=note if note is not None else entry.note,
            profile=profile if profile is not None else entry.profile,
        )

    locations = find_locations()
    if answers and match is not None:
        fail("--from-send-answers and --match are two ways: give one.")
    if answers or match is not None:
        if [each for each in ids if each != "-"]:
            fail("Ids are taken from lines here: none can be given beside them.")
        from smsmon.commands.lines import add_from_lines

        add_from_lines(locations, described, file or "-", match, follow=follow)
        return
    if follow:
        fail("--follow needs --from-send-answers or --match.")
    entries = list(map(described, entries_from(ids, file)))
    if not entries:
        fail(NO_IDS)
    require_profiles(locations, (entry.profile for entry in entries), "Nothing was added. ")
    added = open_watchlist(locations).add(entries)
    if added.new:
        say(f"Added {listed(entry.id for entry in added.new)}.")
    if added.kept:
        say(f"Already watched: {listed(entry.id for entry in added.kept)}.")


@click.command
@takes_ids
def rm(ids: tuple[str, ...], file: str | None) -> None:
    """Take messages off the watchlist.

    Their history stays for as long as the settings say. Exit code 4 if one was not on the list;
    the others are removed all the same.
    """
    wanted = ids_from(ids, file)
    _report("Removed", wanted, open_watchlist(find_locations()).remove(wanted))


@click.command("import")
@click.argument("file", metavar="FILE", shell_complete=completing.files)
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
    for said in shortened([f"{name}, {line_of(doubt)}" for doubt in found.doubts]):
        say(said)
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
    say(f"Added {len(added.new)}, watched already {len(added.kept)}{duplicates}.")
    if found.problems:
        fail(f"Left out {left_out}: see above.")
