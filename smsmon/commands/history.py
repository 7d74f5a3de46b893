"""``smsmon history``: what changed, how long it took, and care for the database."""

from __future__ import annotations

import time
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import click

from smsmon.commands.context import find_locations, read_settings
from smsmon.commands.flags import Moment, Number, privacy_flag, utc_flag
from smsmon.commands.ids import entries_from, takes_ids
from smsmon.commands.output import (
    counted,
    emit,
    fail,
    print_facts,
    print_json,
    print_json_line,
    print_rows,
    say,
    took,
    when,
)
from smsmon.model import Event
from smsmon.phones import as_shown
from smsmon.shapes import Happening, event_json, happening_json, outcome, utc
from smsmon.store import open_store

if TYPE_CHECKING:
    from smsmon.store.past import DeliveryTimes, Grouping, Happened

DAY = 86_400.0


@click.group
def history() -> None:
    """Tell what was recorded, and look after the database.

    The console and `smsmon watch` record every change they see.
    """


@history.command
@takes_ids
@click.option(
    "--since",
    type=Moment(),
    metavar="WHEN",
    help="From then on: 2026-11-22, 2026-11-22T18:00, or 12h. Unless given, the last day; with"
    " ids, everything.",
)
@click.option(
    "--limit", type=click.IntRange(1, 10**9), default=10_000, show_default=True, help="At most."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@privacy_flag
@utc_flag
def changes(
    ids: tuple[str, ...], file: str | None, since: float | None, limit: int, as_json: bool
) -> None:
    """Tell what changed: what happened last night?

    \b
    Piped, one line each, separated by tabs, oldest first:
      when  id  phone  before  after        for a recipient's change; after has the status,
                                            STOP set or withdrawn, and a word smsmon has not
      when  id  -      kind    detail       for an event
    --json prints lines as `smsmon watch` does.
    """
    locations = find_locations()
    settings = read_settings(locations)
    wanted = [entry.id for entry in entries_from(ids, file)]
    moment = since if since is not None else (0.0 if wanted else time.time() - DAY)

    with open_store(locations).archive() as archive:
        if wanted:
            found = [archive.timeline(each, limit) for each in wanted]
        else:
            found = [archive.happened_since(moment, limit)]
    told = _in_order(found, moment)[:limit]
    private = settings.display.privacy
    if as_json:
        for each in told:
            print_json_line(happening_json(each, private=private))
    else:
        in_utc = settings.display.utc
        print_rows(
            ("when", "id", "phone", "before", "after"),
            ((when(each.at, in_utc=in_utc), *_cells(each, private)) for each in told),
            empty="Nothing is recorded for this time.",
        )
    if any(each.more for each in found):
        say(f"There is more than {limit:,}: narrow it down with --since or ids, or raise --limit.")


def _in_order(found: list[Happened], moment: float) -> list[Happening]:
    """Changes and events of all ``found``, in the order of time, from ``moment`` on."""
    happened: list[Happening] = []
    for each in found:
        happened += (*each.transitions, *each.events)
    return sorted((each for each in happened if each.at >= moment), key=attrgetter("at"))


def _cells(one: Happening, private: bool) -> tuple[str, str, str, str]:
    if isinstance(one, Event):
        told = event_json(one, private=private)
        return one.message_id or "", "", told["kind"], told["detail"]
    before = "" if one.before is None else one.before.slug
    phone = as_shown(one.phone, private=private)
    return one.message_id, phone, before, outcome(one, private=private)


@history.command
@click.option(
    "--by",
    type=click.Choice(["message", "tag", "country"]),
    default="message",
    show_default=True,
    help="What to add up by.",
)
@click.option("--since", type=Moment(), metavar="WHEN", help="Deliveries seen from then on.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def times(by: Grouping, since: float | None, as_json: bool) -> None:
    """Tell how long deliveries took, as observed.

    Only recipients that were seen waiting and then delivered count.

    \b
    Piped, one line each, separated by tabs: key, measured, median, p90, p99.
    --json prints {"by", "times": [{"key", "measured", "median", "p90", "p99"}]},
    durations in seconds.
    """
    with open_store(find_locations()).archive() as archive:
        found = archive.delivery_times(by, since=since or 0.0)
    if as_json:
        print_json({"by": by, "times": [_times_json(each) for each in found]})
        return
    print_rows(
        (by, "measured", "median", "90%", "99%"),
        (
            (each.key, str(each.measured), *map(took, (each.median, each.p90, each.p99)))
            for each in found
        ),
        right=range(1, 5),
        empty="No delivery was observed yet: they are while the console or `smsmon watch` runs.",
    )


def _times_json(times: DeliveryTimes) -> dict[str, Any]:
    named = {"median": times.median, "p90": times.p90, "p99": times.p99}
    seconds = {name: round(each, 1) for name, each in named.items()}
    return {"key": times.key, "measured": times.measured, **seconds}


@history.command
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def info(as_json: bool) -> None:
    """Tell how large the history is and what is in it.

    \b
    --json prints {"path", "bytes", "version", "messages", "removed",
    "recipients", "changes", "events", "oldest"}.
    """
    with open_store(find_locations()).archive() as archive:
        found = archive.info()
    shape = {
        "path": found.where,
        "bytes": found.bytes,
        "version": found.version,
        "messages": found.messages,
        "removed": found.removed,
        "recipients": found.recipients,
        "changes": found.changes,
        "events": found.events,
        "oldest": utc(found.oldest),
    }
    print_facts(shape, as_json=as_json)


@history.command
@click.option(
    "--days",
    type=Number(0, 36_500),
    help="Keep messages that left the watchlist less than this many days ago; unless given,"
    " history.retention_days of the settings.",
)
@click.option("--force", is_flag=True, help="Trust the clock, however far ahead it seems.")
def prune(days: float | None, force: bool) -> None:
    """Drop messages that left the watchlist long ago.

    What is on the watchlist is never dropped. Nothing is when the clock is far ahead of what was
    recorded last: --force says that it is right.
    """
    locations = find_locations()
    kept = days if days is not None else read_settings(locations).history.retention_days
    if days is None and kept == 0:
        say("Nothing is dropped: history.retention_days is 0, which keeps everything.")
        return
    store, now = open_store(locations), time.time()
    watched = store.watchlist().load()
    with store.archive() as archive:
        strange = "" if force else archive.doubt(now, kept)
        if strange:
            fail(f"{strange} Nothing was dropped: set the clock, or add --force if it is right.")
        dropped = archive.prune(watched, now, kept)
    emit(
        f"Dropped {counted(dropped.messages, 'message')},"
        f" {counted(dropped.recipients, 'recipient')}, {counted(dropped.changes, 'change')},"
        f" {counted(dropped.events, 'event')}."
    )


@history.command
def vacuum() -> None:
    """Rewrite the database without gaps.

    It needs as much free disk again for the while.
    """
    with open_store(find_locations()).archive() as archive:
        before, after = archive.vacuum()
    emit(f"{before:,} bytes before, {after:,} after.")
