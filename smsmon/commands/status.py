"""``smsmon status``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from smsmon.commands import exits
from smsmon.commands.context import find_locations, read_settings
from smsmon.commands.ids import ids_from, takes_ids
from smsmon.commands.output import fail, print_json, print_rows, say
from smsmon.commands.shapes import reading_json
from smsmon.commands.times import when

if TYPE_CHECKING:
    from smsmon.commands.reading import Reading
    from smsmon.settings import Settings


@click.command
@takes_ids
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def status(ctx: click.Context, ids: tuple[str, ...], file: str | None, as_json: bool) -> None:
    """Ask the API what became of messages."""
    wanted = ids_from(ids, file)
    settings = read_settings(find_locations())
    readings = _read(wanted, settings)
    for reading in readings:
        if reading.fault:
            say(f"smsmon: {reading.message_id}: {reading.fault.message}")
    if as_json:
        print_json({"messages": [reading_json(reading) for reading in readings]})
    else:
        print_rows(_HEADER, map(_row, readings), right=range(2, 8))
    ctx.exit(exits.worst(reading.exit_code for reading in readings))


def _read(ids: list[str], settings: Settings) -> list[Reading]:
    import asyncio

    from smsmon.assemble import AccountProblem, open_client
    from smsmon.clock import SystemClock
    from smsmon.commands.reading import read_each

    async def read() -> list[Reading]:
        async with open_client(settings.profile, settings, SystemClock()) as client:
            wanted = [(each, settings.profile) for each in ids]
            return await read_each(wanted, {settings.profile: client}, settings.polling.concurrency)

    try:
        return asyncio.run(read())
    except AccountProblem as problem:
        fail(str(problem))


_HEADER = (
    "id", "state", "total", "delivered", "not delivered", "waiting", "unknown", "stop", "read",
)  # fmt: skip


def _row(reading: Reading) -> tuple[str, ...]:
    counts = reading.counts
    numbers = (
        ("",) * 6
        if counts is None
        else tuple(
            str(number)
            for number in (
                counts.total,
                counts.delivered,
                counts.not_delivered,
                counts.waiting,
                counts.unknown,
                counts.stop,
            )
        )
    )
    read_at = reading.report.fetched_at if reading.report else None
    return (reading.message_id, reading.state, *numbers, when(read_at))
