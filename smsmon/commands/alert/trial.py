"""``alert test``: whether what smsmon tells arrives."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Collection, Sequence
from datetime import UTC
from typing import TYPE_CHECKING, NamedTuple, NoReturn

import click

from smsmon import exit_codes
from smsmon.commands import completing
from smsmon.commands.context import find_locations, read_settings
from smsmon.commands.output import fail, on_terminal, print_json, progress
from smsmon.commands.table import print_rows
from smsmon.keylike import without_keys
from smsmon.sentences import counted
from smsmon.times import LocalZone, duration

if TYPE_CHECKING:
    from smsmon.targets.base import Target

_AT_ONCE = 4
"""Targets told at the same time: each takes a program of its own."""


class _Outcome(NamedTuple):
    """What came of one test."""

    target: str
    why_not: str
    """Empty when it arrived."""
    seconds: float


@click.command
@click.argument("targets", metavar="[TARGET]...", nargs=-1, shell_complete=completing.targets)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def test(ctx: click.Context, targets: tuple[str, ...], as_json: bool) -> None:
    """Send one test to each target, and tell which arrived.

    To all of [targets.NAME] in config.toml, and to the commands of rules, which are named
    command:RULE; or to these. It says that it is a test; a command gets "test": true. Quiet hours
    and silences do not matter.

    \b
    Piped, one line each, separated by tabs:
      target  arrived (yes, no)  took  why not
    --json prints {"targets": [{"target", "arrived", "seconds", "why_not"}]}
    Exit codes: 0 all arrived, 5 one did not, 2 there is no such target, or none.
    """
    from smsmon.commands.loops import run
    from smsmon.targets import open_targets

    settings = read_settings(find_locations())
    found = open_targets(settings, os.environ)
    if not found:
        fail("Nobody is told of alerts: add [targets.NAME] to config.toml.")
    for name in targets:
        if name not in found:
            _fail_for_target(name, found)
    chosen = [found[name] for name in dict.fromkeys(targets or found)]
    progress(f"Telling {counted(len(chosen), 'target')}…")
    outcomes = run(_tell(chosen, in_utc=settings.display.utc))
    _print(outcomes, as_json=as_json)
    if any(each.why_not for each in outcomes):
        ctx.exit(exit_codes.TROUBLE)


async def _tell(targets: Sequence[Target], *, in_utc: bool) -> list[_Outcome]:
    from smsmon.targets.base import NotTold
    from smsmon.targets.wording import trial
    from smsmon.who import who

    room = asyncio.Semaphore(_AT_ONCE)
    zone = UTC if in_utc else LocalZone()

    async def told(target: Target) -> _Outcome:
        why_not = ""
        async with room:
            began = time.monotonic()
            try:
                await target.tell(trial(target.name, who(), time.time(), zone))
            except NotTold as error:
                why_not = str(error)
            return _Outcome(target.name, why_not, time.monotonic() - began)

    return await asyncio.gather(*map(told, targets))


def _print(outcomes: Sequence[_Outcome], *, as_json: bool) -> None:
    if as_json:
        told = [
            {
                "target": each.target,
                "arrived": not each.why_not,
                "seconds": round(each.seconds, 1),
                "why_not": each.why_not or None,
            }
            for each in outcomes
        ]
        print_json({"targets": told})
        return
    rows = [(each.target, *_cells(each)) for each in outcomes]
    if on_terminal():  # a sentence has more room below
        below = [each.why_not for each in outcomes]
        print_rows(("target", "arrived", "took"), [row[:3] for row in rows], below=below)
    else:
        print_rows(("target", "arrived", "took", "why not"), rows)


def _cells(each: _Outcome) -> tuple[str, str, str]:
    return "no" if each.why_not else "yes", duration(each.seconds), each.why_not


def _fail_for_target(name: str, known: Collection[str]) -> NoReturn:
    from smsmon.settings.values import did_you_mean

    hint = did_you_mean(name, known) or f" Known: {', '.join(known)}."
    fail(f"There is no target {without_keys(name)!r}.{hint}")
