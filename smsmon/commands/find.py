"""``smsmon find``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from smsmon import exit_codes
from smsmon.commands.context import find_locations, read_settings
from smsmon.commands.fields import of_recipients
from smsmon.commands.filtering import Choice, chosen, takes_filter
from smsmon.commands.flags import privacy_flag, range_asked, range_flags, utc_flag
from smsmon.commands.output import fail, print_json, say, when
from smsmon.commands.stores import the_store
from smsmon.commands.table import Head, head_of, print_rows
from smsmon.phones import as_shown, sought, why_not_sought
from smsmon.shapes import sighting_json, words_of_api, yes_no
from smsmon.times import counted, some

if TYPE_CHECKING:
    from smsmon.commands.knowledge import Knowledge
    from smsmon.known import Key
    from smsmon.model import Entry
    from smsmon.ranges import Range
    from smsmon.store.archive import Archive
    from smsmon.store.past import NumberFound, Sighting

_MOST = 100_000
"""Rows that are looked at, and shown, at most."""


@click.command
@click.argument("number", nargs=-1, required=True, metavar="NUMBER")
@takes_filter("recipients", "rows")
@range_flags("Only where it was first seen, or changed, from then on. Said as")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "--limit",
    type=click.IntRange(1, _MOST),
    default=200,
    show_default=True,
    help="Rows at most.",
)
@privacy_flag
@utc_flag
@click.pass_context
def find(
    ctx: click.Context,
    number: tuple[str, ...],
    expression: str,
    tagged: tuple[str, ...],
    since: str | None,
    until: str | None,
    as_json: bool,
    limit: int,
) -> None:
    """Tell everything ever seen about a phone number.

    It asks the history, not the API: what the console or `smsmon watch` has recorded; and of what
    came by itself and was not read yet, for whom its source says that it is. NUMBER is
    international (+33 6 12 34 56 78), national (06 12 34 56 78) or a part of one, three digits or
    more. Exit code 4 if it was never seen, or in no row that matches.

    \b
    Piped, one line a message it is in, separated by tabs:
      phone  id  label  status  stop  date  first_seen  changed_at  absent_since
      [account]
    --json prints
      {"asked", "exact", "more", "found": [{"id", "label", "phone", "status",
       "raw_status", "stop", "date", "country", "reason", "first_seen",
       "changed_at", "absent", "absent_since", "read_at", "profile",
       "changes": [as `smsmon watch` prints them]}]}
      exact: false when NUMBER was taken for a part; more: true at the limit;
      absent: the API lists it no longer, and it is as last seen.
    """
    from smsmon.commands.knowledge import Knowledge, listed

    asked_for = " ".join(number)  # nobody quotes a number
    if why := why_not_sought(asked_for):
        fail(f"Nothing was searched. Needed: {why}.")
    locations = find_locations()
    settings = read_settings(locations)

    asked = range_asked(since, until, in_utc=settings.display.utc)
    choice = chosen(expression, tagged, of_recipients())
    store = the_store(locations, settings)
    narrowed = bool(choice) or since is not None or until is not None
    with store.archive() as archive:
        # The limit is one of rows that match: to choose some, all have to be looked at.
        entries = listed(settings, loaded := store.watchlist().load())
        found = archive.find_number(asked_for, _MOST if narrowed else limit)
        found = _with_unread(found, entries, archive, _MOST if narrowed else limit)
        seen, unseen = len(found.sightings), narrowed and found.more
        if narrowed:
            known = Knowledge(settings, loaded, archive, choice.fields)
            in_range = (each for each in found.sightings if _seen_in(each, asked))
            matching = tuple(_chosen(in_range, choice, known))
            more = unseen or len(matching) > limit
            found = replace(found, sightings=matching[:limit], more=more)
    private = settings.display.privacy
    if as_json:
        print_json(
            {
                "asked": as_shown(asked_for, private=private),
                "exact": found.exact,
                "more": found.more,
                "found": [sighting_json(each, private=private) for each in found.sightings],
            }
        )
    else:
        _print(found, private, in_utc=settings.display.utc)
        if not_read := [each.message_id for each in found.sightings if each.read_at is None]:
            say(f"Not read yet: {some(not_read)}.")
    if unseen:
        say(f"Only the first {_MOST:,} rows were looked at. Give more digits.")
    elif found.more:
        say(f"There is more: the first {limit} are shown. Give more digits, or --limit.")
    if not found.sightings:
        left_out = f"None of the {counted(seen, 'row')} found matches."
        say(f"smsmon: {left_out if seen else _NEVER_SEEN}")
        ctx.exit(exit_codes.NOT_FOUND)


def _with_unread(
    found: NumberFound, entries: Mapping[Key, Entry], archive: Archive, limit: int
) -> NumberFound:
    """With the labels of what is on the list now. Also whom sources tell of, of messages that were
    never read: nobody else knows their numbers.

    As by the history, a part of a number is meant only where nobody has it as a whole.
    """
    from smsmon.commands.knowledge import as_listed
    from smsmon.recipients import Recipient
    from smsmon.store.past import Sighting

    wanted = sought(found.asked)
    told = {
        key: (each, each.arrival.phone)
        for key, each in entries.items()
        if each.arrival and each.arrival.phone and wanted.matches(each.arrival.phone)
    }
    whole = {f"+{digits}" for digits in wanted.numbers()}
    exact = found.exact or (not found.sightings and any(p in whole for _, p in told.values()))
    for summary in archive.summaries(told):
        if summary.read_at is not None:
            del told[summary.key]
    unread = [
        Sighting(
            entry.id, entry.label, 0, Recipient.unread(phone),
            entry.added_at, None, None, (), profile=profile,
        )
        for (_, profile), (entry, phone) in told.items()
        if phone in whole or not exact
    ]  # fmt: skip
    sightings = (*unread, *as_listed(found.sightings, entries))
    more = found.more or len(sightings) > limit
    return replace(found, exact=exact, sightings=sightings[:limit], more=more)


def _seen_in(sighting: Sighting, asked: Range) -> bool:
    """True when the number was first seen there, or changed, in this time."""
    moments = [sighting.first_seen, *(each.at for each in sighting.transitions)]
    return any(asked.start <= moment < asked.end for moment in moments)


_NEVER_SEEN = "This number is in no message that the history knows."


def _chosen(sightings: Iterable[Sighting], choice: Choice, known: Knowledge) -> Iterator[Sighting]:
    for each in sightings:
        of_message = known.later((each.message_id, each.profile))
        if choice.wants(each, known.now, of_message):
            yield each


def _print(found: NumberFound, private: bool, *, in_utc: bool) -> None:
    several = len({each.profile for each in found.sightings}) > 1
    print_rows(
        _heads(several=several),
        (
            (
                as_shown(each.recipient.phone, private=private),
                each.message_id,
                words_of_api(each.label, private),
                each.recipient.status.slug,
                yes_no(each.recipient.stop),
                when(each.recipient.date, in_utc=in_utc),
                when(each.first_seen, in_utc=in_utc),
                when(each.changed_at, in_utc=in_utc),
                when(each.absent_since, in_utc=in_utc),
                *(each.profile,) * several,
            )
            for each in found.sightings
        ),
        hide_empty=True,
    )


def _heads(*, several: bool) -> list[Head]:
    from smsmon.filters.messages import MESSAGES_BY_NAME
    from smsmon.filters.recipients import RECIPIENTS_BY_NAME

    of_recipient = {name: head_of(field) for name, field in RECIPIENTS_BY_NAME.items()}
    return [
        of_recipient["phone"],
        head_of(MESSAGES_BY_NAME["id"]),
        head_of(MESSAGES_BY_NAME["label"]),
        *(of_recipient[name] for name in ("status", "stop", "date", "age", "changed")),
        head_of(RECIPIENTS_BY_NAME["absent_since"], worth=65),
        *(head_of(MESSAGES_BY_NAME["profile"], worth=30),) * several,
    ]
