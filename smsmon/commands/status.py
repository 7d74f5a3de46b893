"""``smsmon status``."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from itertools import chain
from typing import TYPE_CHECKING

import click

from smsmon import exit_codes
from smsmon.commands.context import (
    complain,
    find_locations,
    open_accounts,
    open_watchlist,
    profiles_of,
    read_settings,
)
from smsmon.commands.fields import of_messages, of_recipients
from smsmon.commands.filtering import chosen, takes_filter
from smsmon.commands.flags import (
    Duration,
    csv_flags,
    group_flag,
    privacy_flag,
    profile_flag,
    timeout_flag,
    utc_flag,
)
from smsmon.commands.ids import NO_IDS, entries_from, takes_ids
from smsmon.commands.output import Progress, emit, fail, print_json, progress, say
from smsmon.commands.status_rows import Shown, print_shown, shown_json, whole
from smsmon.commands.stores import the_store
from smsmon.shapes import words_of_api
from smsmon.store.errors import StoreError
from smsmon.times import duration, some

if TYPE_CHECKING:
    from smsmon.commands.filtering import Choice
    from smsmon.commands.knowledge import Knowledge
    from smsmon.commands.reading import Reading
    from smsmon.known import Key
    from smsmon.locations import Locations
    from smsmon.monitor.state import Watched
    from smsmon.settings import Settings

FAIL_ON = ("not-delivered", "waiting", "stop", "unknown", "any")


@click.command
@takes_ids
@click.option("--all", "everything", is_flag=True, help="All messages of the watchlist.")
@takes_filter("messages", "messages (with --recipients: recipients)")
@group_flag(
    "One row a group: of what is recorded, nothing is asked. --filter is of groups then: 'p90>20s'."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@csv_flags
@click.option("--recipients", is_flag=True, help="One row a recipient, not one a message.")
@click.option("--watch", is_flag=True, help="Wait until every recipient is final, then print.")
@click.option(
    "--deadline",
    type=Duration(),
    metavar="TIME",
    help="With --watch: print after this time at the latest (90s, 10m, 2h).",
)
@click.option(
    "--fail-on",
    multiple=True,
    type=click.Choice(FAIL_ON),
    help="Exit with 6 if there is such a recipient; may be given again.",
)
@click.option(
    "--oneline",
    is_flag=True,
    help="One short line of what is known, for tmux and prompts: nothing is asked.",
)
@click.option(
    "--color", type=click.Choice(["tmux"]), help="With --oneline: colours, as tmux writes them."
)
@profile_flag
@timeout_flag
@privacy_flag
@utc_flag
@click.pass_context
def status(
    ctx: click.Context,
    ids: tuple[str, ...],
    file: str | None,
    everything: bool,
    expression: str,
    tagged: tuple[str, ...],
    dimension: str | None,
    as_json: bool,
    table: str | None,
    recipients: bool,
    watch: bool,
    deadline: float | None,
    fail_on: tuple[str, ...],
    oneline: bool,
    color: str | None,
) -> None:
    """Ask the API what became of messages.

    --filter and --tag choose of the messages named, or of the watchlist if none is. What the
    watchlist tells already is not asked for. With --recipients, fields of recipients count too.

    Messages that are named are asked for, one request each. Of the watchlist only those are that no
    console or `smsmon watch` reads often enough as it is, and that may still change: of 20,000
    codes that one of them follows, next to none. The others are told as of their fetched_at.

    --oneline tells of the watchlist, by what the console or `smsmon watch` has recorded, what
    needs eyes first, and how old that is where nobody polls: sms ◆2 !1 ✓97.8% …240 old 12 m.
    Its exit code is 0, whatever it tells.

    --group tells of the messages of the watchlist by tag, source, label, country, profile or
    minute of sending, and of those that left within the last hour, by what is recorded: to how
    many it was sent within 5 minutes and an hour, how many of them had it within 10 s and 1 min,
    who waits and since when. A message with two tags counts in both. Piped, and with --json, --csv:
    the columns of `smsmon export groups`.

    \b
    Piped, one line a message, separated by tabs:
      id  state  total  delivered  not_delivered  waiting  unknown  stop
      fetched_at
    and with --recipients, one line a recipient:
      id  phone  status  raw_status  stop  date
    --json prints
      {"messages": [{"id", "state", "error", "fetched_at", "counts",
        "recipients"}]}
      state: ok, not_found, error
      error: null or {"kind", "code", "message"}; kind: auth, not_found,
        rate_limited, timeout, network, bad_response, server
      counts: null, or {"total", "delivered", "not_delivered", "waiting",
        "unknown", "stop"}
      recipients: [{"phone", "status", "raw_status", "stop", "date"}], as this
        answer lists them; `smsmon find` and `export` tell whom it lists no longer
    Times are UTC, as 2026-11-22T10:00:00Z, or null.
    Exit codes: 0 all read, 2 usage, 3 account refused, 4 not found, 5 trouble,
    6 --fail-on, 130 interrupted. Of several, 3 before 5 before 4 before 6.
    """
    if as_json and table:
        fail("Choose one of --json, --csv and --excel.")
    if deadline is not None and not watch:
        fail("--deadline belongs to --watch.")
    if color and not oneline:
        fail("--color belongs to --oneline.")
    if oneline and (as_json or table or watch or recipients or fail_on):
        fail("--oneline goes with ids, --filter, --tag and --color alone.")
    if dimension:
        if oneline or watch or recipients or fail_on:
            fail("--group goes with ids, --filter, --tag, --json, --csv and --excel alone.")
        from smsmon.commands.grouped import asked_groups, print_groups

        asked = asked_groups(ids, file, expression, tagged, dimension)
        print_groups(asked, as_json=as_json, table=table)
        return
    if oneline:
        from smsmon.commands.oneline import line

        named_ids = {entry.id for entry in entries_from(ids, file)}
        chosen_rows = _choice(expression, tagged, recipients=False)
        emit(line(chosen_rows, named_ids, tagged, tmux=color is not None))
        return
    locations = find_locations()
    settings = read_settings(locations)
    choice = _choice(expression, tagged, recipients=recipients)
    named = [entry.id for entry in entries_from(ids, file)]
    asked_for = {*named}
    if everything or (choice and not named):
        named += [entry.id for entry in open_watchlist(locations, settings).load()]
        if not named:
            fail("The watchlist is empty: `smsmon add ID` first.")
    if not named:
        fail(NO_IDS)
    wanted = profiles_of([*dict.fromkeys(named)], settings, locations)
    unnamed = len(named) > len(asked_for)
    with ExitStack() as stack:
        known, fresh = None, dict[str, "Watched"]()
        if choice:
            known = stack.enter_context(_known(choice, settings, locations))
            from smsmon.commands.knowledge import OF_THE_LIST

            possible = known.chosen(wanted, choice.asking(OF_THE_LIST))
            wanted = [(row.id, row.profile) for row in possible]
        if unnamed and not watch:
            with suppress(StoreError):  # without what is recorded, all are asked for
                known = known or stack.enter_context(_known(None, settings, locations))
                unasked = [key for key in wanted if key[0] not in asked_for]
                fresh = {row.id: row for row in known.fresh(unasked)}
        left = [key for key in wanted if key[0] not in fresh]
        readings = _read(left, settings, watch=watch, deadline=deadline)
        if fresh:
            from smsmon.commands.reading import Reading, report_of

            read = {each.message_id: each for each in readings}
            read |= {id: Reading(id, report_of(row)) for id, row in fresh.items()}
            readings = [read[id] for id, _ in wanted]
        shown = [*map(whole, readings)]
        if choice and known:
            profiles = dict(wanted)
            shown = [*_chosen(readings, profiles, fresh, choice, known, recipients=recipients)]
            # What could not be read may match, for all we know; what is not there does not.
            told_of = {each.id for each in shown} | asked_for
            readings = [
                each for each in readings if each.state != "not_found" or each.message_id in told_of
            ]
        told = _tell_faults(readings, settings.display.privacy)
    if not shown and choice:
        progress("Nothing matches.")
    if as_json:
        private = settings.display.privacy
        print_json({"messages": [shown_json(each, private) for each in shown]})
    else:
        print_shown(shown, settings, locations, told, table=table, recipients=recipients)
    ctx.exit(exit_codes.worst(_codes(readings, shown, fail_on)))


def _choice(expression: str, tagged: Sequence[str], *, recipients: bool) -> Choice | None:
    if not expression and not tagged:
        return None
    return chosen(expression, tagged, of_recipients() if recipients else of_messages())


@contextmanager
def _known(choice: Choice | None, settings: Settings, locations: Locations) -> Iterator[Knowledge]:
    from smsmon.commands.knowledge import Knowledge

    store = the_store(locations, settings)
    with store.archive() as archive:
        fields = choice.fields if choice else frozenset[str]()
        yield Knowledge(settings, store.watchlist().load(), archive, fields)


def _chosen(
    readings: Iterable[Reading],
    profiles: Mapping[str, str],
    fresh: Mapping[str, Watched],
    choice: Choice,
    known: Knowledge,
    *,
    recipients: bool,
) -> Iterator[Shown]:
    """What matches, now that it is read. Of what could not be read, what is known counts."""
    from smsmon.recipients import Recipients

    known.now = time.time()
    for each in readings:
        key = each.message_id, profiles[each.message_id]
        row = fresh.get(each.message_id) or known.after(key, each.report, each.fault)
        if not recipients:
            if choice.matches(known.asked(row)):
                yield whole(each)
            continue
        slots = choice.slots(row, known.now, known.asked(row))
        listed = [row.recipients[slot] for slot in slots if slot not in row.absent]
        if each.report and listed:
            yield Shown(each, Recipients.of(listed))


def _tell_faults(readings: Iterable[Reading], private: bool) -> frozenset[str]:
    """Say what could not be read; of several for the same reason, in one line. Gives these."""
    alike: dict[tuple[str, str], list[str]] = {}
    for each in readings:
        if each.fault:
            why = words_of_api(each.fault.message, private)
            alike.setdefault((each.state, why), []).append(each.message_id)
    for (state, why), ids in alike.items():
        what = "not found" if state == "not_found" else "not read"
        if len(ids) == 1:
            say(f"smsmon: {ids[0]}: {why}")
        else:
            say(f"smsmon: {len(ids):,} {what}: {some(ids)} – {why}")
    return frozenset(chain.from_iterable(ids for ids in alike.values() if len(ids) > 1))


def _read(
    wanted: Sequence[Key],
    settings: Settings,
    *,
    watch: bool,
    deadline: float | None,
) -> list[Reading]:
    if not wanted:
        return []
    minutes = len(wanted) / settings.polling.budget
    if minutes > 1:
        progress(f"{len(wanted):,} are asked for, one request each: {duration(60 * minutes)}.")
    from smsmon.clock import SystemClock
    from smsmon.commands.loops import run

    async def read() -> list[Reading]:
        clock = SystemClock()
        async with open_accounts((profile for _, profile in wanted), settings, clock) as accounts:
            if watch:
                from smsmon.commands.waiting import read_until_final

                return await read_until_final(wanted, accounts, clock, deadline)
            from smsmon.commands.reading import read_now

            with Progress("read", len(wanted)) as progress:
                return await read_now(
                    wanted, accounts, settings, clock, complain, lambda _: progress.step()
                )

    return run(read())


def _codes(
    readings: Iterable[Reading], shown: Iterable[Shown], fail_on: Sequence[str]
) -> Iterator[int]:
    from smsmon.model import Counts

    for reading in readings:
        yield reading.exit_code
    for each in shown:
        counts = Counts.of(each.recipients)
        found = {
            "not-delivered": counts.not_delivered,
            "waiting": counts.waiting,
            "stop": counts.stop,
            "unknown": counts.unknown,
        }
        found["any"] = sum(found.values())
        if any(found[each] for each in fail_on):
            yield exit_codes.FAIL_ON
