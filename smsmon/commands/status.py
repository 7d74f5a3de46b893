"""``smsmon status``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

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
from smsmon.commands.flags import Duration, privacy_flag, profile_flag, timeout_flag, utc_flag
from smsmon.commands.ids import NO_IDS, entries_from, takes_ids
from smsmon.commands.output import Progress, emit, fail, print_json, print_rows, say, when
from smsmon.shapes import counts_json, fault_json, recipient_json, utc, words_of_api, yes_no

if TYPE_CHECKING:
    from smsmon.commands.reading import Reading
    from smsmon.locations import Locations
    from smsmon.settings import Settings

FAIL_ON = ("not-delivered", "waiting", "stop", "unknown", "any")


@click.command
@takes_ids
@click.option("--all", "everything", is_flag=True, help="All messages of the watchlist.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--csv", "table", flag_value="csv", help="Print CSV, safe for spreadsheets.")
@click.option(
    "--excel", "table", flag_value="excel", help="CSV that opens by a click: BOM, semicolons."
)
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
    as_json: bool,
    table: str | None,
    recipients: bool,
    watch: bool,
    deadline: float | None,
    fail_on: tuple[str, ...],
) -> None:
    """Ask the API what became of messages.

    \b
    Piped, one line a message, separated by tabs:
      id  state  total  delivered  not_delivered  waiting  unknown  stop  fetched_at
    and with --recipients, one line a recipient:
      id  phone  status  raw_status  stop  date
    --json prints
      {"messages": [{"id", "state", "error", "fetched_at", "counts", "recipients"}]}
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
    locations = find_locations()
    settings = read_settings(locations)
    wanted = [entry.id for entry in entries_from(ids, file)]
    if everything:
        watched = [entry.id for entry in open_watchlist(locations).load()]
        wanted = list(dict.fromkeys((*wanted, *watched)))
    if not wanted:
        fail("The watchlist is empty: `smsmon add ID` first." if everything else NO_IDS)
    readings = _read(wanted, settings, locations, watch=watch, deadline=deadline)
    for reading in readings:
        if reading.fault:
            why = words_of_api(reading.fault.message, settings.display.privacy)
            say(f"smsmon: {reading.message_id}: {why}")
    _print(readings, settings, as_json=as_json, table=table, recipients=recipients)
    ctx.exit(exit_codes.worst(_codes(readings, fail_on)))


def _read(
    ids: list[str], settings: Settings, locations: Locations, *, watch: bool, deadline: float | None
) -> list[Reading]:
    from smsmon.clock import SystemClock
    from smsmon.commands.loops import run

    async def read() -> list[Reading]:
        clock = SystemClock()
        wanted = profiles_of(ids, settings, locations)
        async with open_accounts((profile for _, profile in wanted), settings, clock) as accounts:
            if watch:
                from smsmon.commands.waiting import read_until_final

                return await read_until_final(wanted, accounts, clock, deadline)
            from smsmon.commands.reading import ReportReader

            reader = ReportReader(
                accounts.sources,
                clock,
                concurrency=settings.polling.concurrency,
                per_minute=settings.polling.budget,
                windows=accounts.windows,
                told=complain,
            )
            with Progress("read", len(wanted)) as progress:
                return await reader.read_each(wanted, lambda _: progress.step())

    return run(read())


def _codes(readings: Iterable[Reading], fail_on: Sequence[str]) -> Iterator[int]:
    for reading in readings:
        yield reading.exit_code
        if (counts := reading.counts) is None:
            continue
        found = {
            "not-delivered": counts.not_delivered,
            "waiting": counts.waiting,
            "stop": counts.stop,
            "unknown": counts.unknown,
        }
        found["any"] = sum(found.values())
        if any(found[each] for each in fail_on):
            yield exit_codes.FAIL_ON


def _print(
    readings: Sequence[Reading],
    settings: Settings,
    *,
    as_json: bool,
    table: str | None,
    recipients: bool,
) -> None:
    private = settings.display.privacy
    if as_json:
        print_json({"messages": [_json(reading, private) for reading in readings]})
        return
    header = _RECIPIENT_HEADER if recipients else _MESSAGE_HEADER
    rows = _recipient_rows(readings, private) if recipients else _message_rows(readings)
    if table:
        from smsmon.spreadsheet import lines, opened

        told = [header, *((*cells, utc(moment) or "") for cells, moment in rows)]
        for line in (opened if table == "excel" else lines)(told):
            emit(line)
        return
    in_utc = settings.display.utc
    print_rows(
        [name.replace("_", " ") for name in header],
        ((*cells, when(moment, in_utc=in_utc)) for cells, moment in rows),
        right=() if recipients else range(2, 8),
    )


def _json(reading: Reading, private: bool) -> dict[str, Any]:
    report = reading.report
    recipients = report.recipients if report else ()
    return {
        "id": reading.message_id,
        "state": reading.state,
        "error": fault_json(reading.fault, private=private) if reading.fault else None,
        "fetched_at": utc(report.fetched_at) if report else None,
        "counts": counts_json(reading.counts) if reading.counts else None,
        "recipients": [recipient_json(each, private=private) for each in recipients],
    }


_MESSAGE_HEADER = (
    "id", "state", "total", "delivered", "not_delivered", "waiting", "unknown", "stop",
    "fetched_at",
)  # fmt: skip
_RECIPIENT_HEADER = ("id", "phone", "status", "raw_status", "stop", "date")
_Row = tuple[tuple[str, ...], float | None]
"""A row's cells but the last, and the moment that stands there."""


def _message_rows(readings: Iterable[Reading]) -> Iterator[_Row]:
    for reading in readings:
        counts = counts_json(reading.counts) if reading.counts else {}
        numbers = (str(counts.get(name, "")) for name in _MESSAGE_HEADER[2:8])
        read_at = reading.report.fetched_at if reading.report else None
        yield (reading.message_id, reading.state, *numbers), read_at


def _recipient_rows(readings: Iterable[Reading], private: bool) -> Iterator[_Row]:
    for reading in readings:
        for each in reading.report.recipients if reading.report else ():
            told = recipient_json(each, private=private)
            cells = (told["phone"], told["status"], told["raw_status"], yes_no(each.stop))
            yield (reading.message_id, *cells), each.date
