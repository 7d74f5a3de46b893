"""``smsmon check``: a plugin for Nagios, Icinga and Centreon."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import click

from smsmon.commands import completing
from smsmon.commands.check.looking import Wanted, asked, recorded
from smsmon.commands.check.measures import (
    BY_NAME,
    EXAMPLES,
    MEASURES,
    BadBand,
    Band,
    Bands,
    Measure,
    read_band,
    verdict,
)
from smsmon.commands.context import find_locations, read_settings
from smsmon.commands.fields import of_messages
from smsmon.commands.filtering import chosen, takes_filter
from smsmon.commands.flags import Duration, profile_flag
from smsmon.commands.output import emit, fail
from smsmon.commands.plugin import State, head


class Plugin(click.Command):
    """Explains its measures, and is never well because somebody asked for its help."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: object,
    ) -> click.Context:
        try:
            return super().make_context(info_name, args, parent, **extra)
        except click.exceptions.Exit as leaving:
            raise click.exceptions.Exit(leaving.exit_code or State.UNKNOWN) from None

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_epilog(ctx, formatter)
        with formatter.section("Measures (-w and -c unless given)"):
            formatter.write_dl([(each.name, _explained(each)) for each in MEASURES])


def _explained(measure: Measure) -> str:
    ends = (("-w", measure.warning), ("-c", measure.critical))
    told = ", ".join(f"{option} {band}" for option, band in ends if band)
    return f"{measure.help} ({told})" if told else measure.help


@completing.completes
def _measures(_: click.Context, __: click.Parameter, ___: str) -> Iterator[completing.Found]:
    """What is measured, each before its threshold."""
    for each in MEASURES:
        yield f"{each.name}=", each.help


@click.command(cls=Plugin)
@click.option(
    "--measure",
    "names",
    multiple=True,
    type=click.Choice([*BY_NAME]),
    metavar="MEASURE",
    help="Measure this; may be given again. Unless given, all. unread is looked at always.",
)
@click.option(
    "-w",
    "--warning",
    "warnings",
    multiple=True,
    metavar="MEASURE=RANGE",
    shell_complete=_measures,
    help=f"When it is a warning: {EXAMPLES}. MEASURE= for never.",
)
@click.option(
    "-c",
    "--critical",
    "criticals",
    multiple=True,
    metavar="MEASURE=RANGE",
    shell_complete=_measures,
    help="When it is critical.",
)
@click.option(
    "-t",
    "--timeout",
    type=Duration(),
    default=10.0,
    metavar="TIME",
    help="After this time the answer is UNKNOWN; 10s unless given.",
)
@click.option("--ask", is_flag=True, help="Ask the API now, in place of what is recorded.")
@takes_filter("messages")
@profile_flag
@click.pass_context
def check(
    ctx: click.Context,
    names: tuple[str, ...],
    warnings: tuple[str, ...],
    criticals: tuple[str, ...],
    timeout: float,
    ask: bool,
    expression: str,
    tagged: tuple[str, ...],
) -> None:
    """Tell a monitoring system how it stands (a plugin).

    For Nagios, Icinga, Centreon and whatever runs their plugins. Told is what the store knows:
    the console or `smsmon watch` has to run, and where nothing was read for long that is CRITICAL,
    whatever else is measured. With --ask the API is asked, and no other smsmon is needed but for
    alerts.

    \b
    Prints one line with the figures after a |, and a line for each trouble:
      SMSMON WARNING: 1 message stale; 24 messages, 0.9 % not delivered | …
    Exit codes: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN (wrong usage and
    time-outs too). Of several CRITICAL before WARNING before UNKNOWN.
    No phone number is printed.
    """
    with in_time(timeout):
        measures = {*names} or {*BY_NAME}
        bands = _bands(warnings, criticals, names)
        locations = find_locations()
        settings = read_settings(locations)
        choice = chosen(expression, tagged, of_messages())
        if ask:
            measures -= {"unread"} - {*names}
        else:
            measures |= {"unread"}
        wanted = Wanted(settings, locations, choice, tagged, money="balance" in measures)
        seen, money = (asked if ask else recorded)(wanted)
        state, lines = verdict(seen, money, [each for each in BY_NAME if each in measures], bands)
    for line in lines:
        emit(line)
    ctx.exit(state)


@contextmanager
def in_time(seconds: float) -> Iterator[None]:
    """End the process as UNKNOWN when what is inside takes too long, whatever it waits for."""

    def give_up() -> None:
        emit(f"{head(State.UNKNOWN)}: not done within {seconds:g} s (see --timeout)")
        os._exit(State.UNKNOWN)

    timer = threading.Timer(min(seconds, threading.TIMEOUT_MAX), give_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _bands(
    warnings: Sequence[str], criticals: Sequence[str], names: Sequence[str]
) -> dict[str, Bands]:
    """The thresholds of each measure: those given, else its own."""
    alone = names[0] if len(names) == 1 else ""
    given = [dict(_given(each, alone, option) for each in texts)
             for option, texts in (("-w", warnings), ("-c", criticals))]  # fmt: skip
    bands = {}
    for each in MEASURES:
        ends: list[Band | None] = []
        for of_measure, default in zip(given, (each.warning, each.critical), strict=True):
            text = of_measure.get(each.name, default)
            try:
                ends.append(read_band(text, seconds=each.unit == "s") if text else None)
            except BadBand as error:
                fail(f"{each.name}={text}: {error}")
        bands[each.name] = Bands(*ends)
    return bands


def _given(text: str, alone: str, option: str) -> tuple[str, str]:
    name, equals, band = text.partition("=")
    if not equals and alone:
        return alone, text
    if name not in BY_NAME or not equals:
        fail(
            f"{option} {text}: write MEASURE=RANGE. Measures: {', '.join(BY_NAME)}; a range alone"
            " is one for the only --measure."
        )
    return name, band
