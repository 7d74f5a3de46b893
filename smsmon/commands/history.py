"""``smsmon history``: what changed, how long it took, and care for the database."""

from __future__ import annotations

import time
from dataclasses import asdict, replace
from datetime import UTC
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import click

from smsmon.commands.context import find_locations, read_settings
from smsmon.commands.filtering import takes_filter
from smsmon.commands.flags import (
    Group,
    Number,
    csv_flags,
    privacy_flag,
    range_asked,
    range_flags,
    utc_flag,
)
from smsmon.commands.ids import entries_from, takes_ids
from smsmon.commands.output import (
    emit,
    fail,
    on_terminal,
    print_json,
    print_json_line,
    progress,
    say,
    took,
    when,
)
from smsmon.commands.selection import chosen_recorded
from smsmon.commands.stores import the_store
from smsmon.commands.table import Head, print_csv, print_facts, print_rows
from smsmon.in_short import HEADER, alerts, alerts_written, besides, stretches, worst_first, written
from smsmon.model import Event
from smsmon.phones import as_shown
from smsmon.shapes import (
    Happening,
    event_json,
    happening_json,
    in_short_json,
    outcome,
    words_of_api,
)
from smsmon.times import DAY, LocalZone, counted, utc

if TYPE_CHECKING:
    from collections.abc import Collection

    from smsmon.in_short import Sorted
    from smsmon.ranges import Range
    from smsmon.store.archive import Archive
    from smsmon.store.past import DeliveryTimes, Grouping, Happened, InShort


@click.group(cls=Group)
def history() -> None:
    """Tell what was recorded, and look after the database.

    The console and `smsmon watch` record every change they see.
    """


@history.command
@takes_ids
@takes_filter("messages")
@range_flags("From then on; unless given, the last day, and with ids all there is. Said as")
@click.option("--lines", is_flag=True, help="Tell each change and event, without ids too.")
@click.option(
    "--limit",
    type=click.IntRange(1, 10**9),
    default=10_000,
    show_default=True,
    help="Lines at most.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@csv_flags
@privacy_flag
@utc_flag
def changes(
    ids: tuple[str, ...],
    file: str | None,
    expression: str,
    tagged: tuple[str, ...],
    since: str | None,
    until: str | None,
    lines: bool,
    limit: int,
    as_json: bool,
    table: str | None,
) -> None:
    """Tell what changed: what happened last night?

    One row a message, the worst first; with ids, or --lines, each change and event.
    unread: from when to when it was not read although that was due, also because no smsmon
    ran; nobody knows what happened then. alerts: those that fired, from when to when, and who
    acknowledged them; what is about a tag, a country or all has a row of its own.

    \b
    Piped, one line each, separated by tabs:
      id  delivered  not_delivered  unknown  stop  unread  alerts  besides  label
      [account]
      the first without id: the account itself; with tag:T, country:FR or all
      for it: alerts alone
    Piped, with ids or --lines, oldest first:
      when  id  phone  before  after   for a recipient's change; after has the
        status, STOP set or withdrawn, and a word smsmon has not
      when  id  -      kind    detail  for an event
      [account] behind all, where there are several
    --csv prints the same with more columns, and their names first.
    --json prints both: the rows, {"type": "message", "account" or "group",
      "id", "group", "label", "profile", "delivered", "not_delivered", "waiting",
      "unknown", "stop", "stop_withdrawn", "unread": [{"since", "until"}],
      "missing", "alerts" (each as `smsmon alert history --json` has it),
      "events": {kind: count}, "last_at"},
      then lines as `smsmon watch` prints them.
    """
    if as_json and table:
        fail("Choose one of --json, --csv and --excel.")
    locations = find_locations()
    settings = read_settings(locations)
    wanted = [entry.id for entry in entries_from(ids, file)]
    in_utc, private = settings.display.utc, settings.display.privacy
    asked = range_asked(since, until, in_utc=in_utc, otherwise=None if wanted else DAY)
    lines = lines or bool(wanted)

    store = the_store(locations, settings)
    with store.archive() as archive:
        only = {*wanted} if wanted else None
        if expression or tagged:
            chosen = chosen_recorded(locations, settings, archive, expression, tagged)
            only = {each for each in chosen if only is None or each in only}
        rows: list[InShort] = []
        found: list[Happened] = []
        if as_json or not lines:
            from smsmon.commands.knowledge import as_listed, listed

            entries = listed(settings, store.watchlist().load())
            rows = [
                replace(
                    each,
                    label=words_of_api(each.label, private),
                    group=words_of_api(each.group, private),
                )
                for each in as_listed(archive.in_short(asked.start, asked.end), entries)
                if only is None or each.message_id in only
            ]
        if only is None and (as_json or lines):
            found = [archive.happened(asked.start, asked.end, limit)]
        elif only is not None and (as_json or lines):
            found = _of_messages(archive, only, limit, asked)
    told = _in_order(found)
    more = len(told) > limit or any(each.more for each in found)
    told = told[:limit]
    short = worst_first(rows, below=settings.display.trouble_share)
    if as_json:
        for row in (*short.troubled, *short.calm):
            print_json_line(in_short_json(row, private=private))
        for each in told:
            print_json_line(happening_json(each, private=private))
    elif table and lines:
        cells = ((utc(each.at) or "", *_cells(each, private), each.profile) for each in told)
        print_csv([(*_LINE, "account"), *cells], table)
    elif table:
        print_csv([HEADER, *map(written, (*short.troubled, *short.calm))], table)
    elif lines:
        several = len({each.profile for each in told}) > 1
        print_rows(
            _LINE + ("account",) * several,
            (
                (when(each.at, in_utc=in_utc), *_cells(each, private), *(each.profile,) * several)
                for each in told
            ),
            empty="Nothing is recorded for this time.",
        )
    else:
        _print_short(short, asked, in_utc=in_utc)
    if more:
        say(f"There is more than {limit:,}: narrow it down with --since or ids, or raise --limit.")


def _of_messages(
    archive: Archive, ids: Collection[str], limit: int, asked: Range
) -> list[Happened]:
    """What happened to each of these, its newest ``limit`` changes: of many it is asked at once."""
    if len(ids) == 1:
        return [archive.timeline(each, limit, asked.start, asked.end) for each in ids]
    return [
        replace(each, transitions=each.transitions[-limit:], more=len(each.transitions) > limit)
        for _, each in archive.timelines(ids, asked.start, asked.end)
    ]


def _print_short(short: Sorted, asked: Range, *, in_utc: bool) -> None:
    """The rows: all of them in a pipe, on a terminal those that need a look."""
    a_person = on_terminal()
    if a_person:
        from smsmon.ranges import told

        progress(f"What happened: {told(asked, time.time(), UTC if in_utc else LocalZone())}")
    shown = short.troubled if a_person else (*short.troubled, *short.calm)
    every = (*short.troubled, *short.calm)
    several = len({each.profile for each in every if not each.group}) > 1

    def moment(at: float) -> str:
        return when(at, in_utc=in_utc).strip()

    def unread(row: InShort) -> str:
        if a_person:
            return stretches(row.unread, moment)
        ends = ((moment(each.since), each.until and moment(each.until)) for each in row.unread)
        return " ".join(f"{since}/{until or ''}" for since, until in ends)

    def besides_it(row: InShort) -> tuple[str, str]:
        return alerts(row, moment) if a_person else alerts_written(row), besides(row)

    print_rows(
        _SHORT + (Head("account", worth=10),) * several,
        (
            (
                each.message_id or each.group or ("account" if a_person else ""),
                *(str(number or "") for number in
                  (each.delivered, each.not_delivered, each.unknown, each.stop)),
                unread(each),
                *(() if a_person else besides_it(each)),
                each.label or ("" if each.message_id else each.profile),
                *(each.profile,) * several,
            )
            for each in shown
        ),
        hide_empty=True,
        empty="" if short.calm else "Nothing is recorded for this time.",
        below=[" · ".join(filter(None, besides_it(each))) for each in shown if a_person],
    )  # fmt: skip
    if a_person and short.rest:
        emit(short.rest)


_SHORT = (
    Head("message"), *(Head(sign, right=True) for sign in ("✓", "✗", "?", "STOP")),
    Head("unread", worth=90), Head("label", worth=80, cut=60),
)  # fmt: skip
_LINE = ("when", "id", "phone", "before", "after")


def _in_order(found: list[Happened]) -> list[Happening]:
    """Changes and events of all ``found``, in the order of time."""
    happened: list[Happening] = []
    for each in found:
        happened += (*each.transitions, *each.events)
    return sorted(happened, key=attrgetter("at"))


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
@takes_filter("messages")
@range_flags("Deliveries seen from then on, said as")
@utc_flag
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def times(
    by: Grouping,
    expression: str,
    tagged: tuple[str, ...],
    since: str | None,
    until: str | None,
    as_json: bool,
) -> None:
    """Tell how long deliveries took, as observed.

    Only recipients that were seen waiting and then delivered count. A terminal shows the 100 rows
    with the most of them.

    \b
    Piped, one line each, separated by tabs: key, measured, median, p90, p99.
    --json prints {"by", "times": [{"key", "measured", "median", "p90", "p99"}]},
    durations in seconds.
    """
    locations = find_locations()
    settings = read_settings(locations)
    asked = range_asked(since, until, in_utc=settings.display.utc)
    with the_store(locations, settings).archive() as archive:
        ids = None
        if expression or tagged:
            ids = chosen_recorded(locations, settings, archive, expression, tagged)
        found = archive.delivery_times(by, ids=ids, since=asked.start, until=asked.end)
    if as_json:
        print_json({"by": by, "times": [_times_json(each) for each in found]})
        return
    shown = found[:100] if on_terminal() else found
    print_rows(
        (by, "measured", "median", "90%", "99%"),
        (
            (each.key, str(each.measured), *map(took, (each.median, each.p90, each.p99)))
            for each in shown
        ),
        right=range(1, 5),
        empty="No delivery that was observed matches."
        if since or until or ids is not None
        else "No delivery was observed yet: they are while the console or `smsmon watch` runs.",
    )
    if more := len(found) - len(shown):
        emit(f"And {more:,} more: narrow it down with --filter, or add up with --by tag.")


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
    "recipients", "changes", "events", "oldest", "alerts", "balances"}.
    """
    with the_store(find_locations()).archive() as archive:
        found = archive.info()
    named = asdict(found)
    shape = {"path": named.pop("where"), **named, "oldest": utc(found.oldest)}
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
    """Drop messages that left the watchlist long ago, and alerts that were over then.

    What is on the watchlist is never dropped. Nothing is when the clock is far ahead of what was
    recorded last: --force says that it is right.
    """
    locations = find_locations()
    kept = days if days is not None else read_settings(locations).history.retention_days
    if days is None and kept == 0:
        say("Nothing is dropped: history.retention_days is 0, which keeps everything.")
        return
    store, now = the_store(locations), time.time()
    watched = store.watchlist().load()
    with store.archive() as archive:
        strange = "" if force else archive.doubt(now, kept)
        if strange:
            fail(f"{strange} Nothing was dropped: set the clock, or add --force if it is right.")
        dropped = archive.prune(watched, now, kept)
    emit(
        f"Dropped {counted(dropped.messages, 'message')},"
        f" {counted(dropped.recipients, 'recipient')}, {counted(dropped.changes, 'change')},"
        f" {counted(dropped.events, 'event')}, {counted(dropped.alerts, 'alert')}."
    )


@history.command
def vacuum() -> None:
    """Rewrite the database without gaps.

    It needs as much free disk again for the while.
    """
    with the_store(find_locations()).archive() as archive:
        before, after = archive.vacuum()
    emit(f"{before:,} bytes before, {after:,} after.")
