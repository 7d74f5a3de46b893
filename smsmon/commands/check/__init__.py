"""``smsmon check``: a plugin for Nagios, Icinga and Centreon, by what the store or the API says."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

import click

from smsmon.alerts import About
from smsmon.commands import completing
from smsmon.commands.check.measures import (
    BY_NAME,
    EXAMPLES,
    MEASURES,
    BadBand,
    Band,
    Bands,
    Measure,
    Money,
    read_band,
    verdict,
)
from smsmon.commands.context import find_locations, given_flags, open_accounts, read_settings
from smsmon.commands.fields import of_messages
from smsmon.commands.filtering import chosen, takes_filter
from smsmon.commands.flags import Duration, profile_flag
from smsmon.commands.knowledge import OF_THE_LIST, Knowledge, Outlook, outlook, subjects_of
from smsmon.commands.output import emit, fail
from smsmon.commands.plugin import State, head
from smsmon.commands.stores import the_store
from smsmon.filters.subjects import MONEY
from smsmon.model import ReadError
from smsmon.monitor.alerts.accounts import BALANCE_GOOD
from smsmon.rules import rules_of

if TYPE_CHECKING:
    from smsmon.commands.filtering import Choice
    from smsmon.commands.reading import Reading
    from smsmon.known import Key
    from smsmon.locations import Locations
    from smsmon.model import Balance
    from smsmon.monitor.state import Watched
    from smsmon.settings import Settings
    from smsmon.store.archive import Archive
    from smsmon.store.past import BalanceSeen


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
      SMSMON WARNING: 1 message stale; 24 messages, 0.9% not delivered | …
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


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be looked at."""

    settings: Settings
    locations: Locations
    choice: Choice
    tags: Sequence[str]
    """Those given with --tag."""
    money: bool
    """Whether what accounts hold is asked about."""

    @property
    def profile(self) -> str | None:
        """The account that is asked about; None: all are."""
        return self.settings.profile if ("profile",) in given_flags() else None

    def profiles(self, rows: Sequence[Watched]) -> list[str]:
        """The accounts of these messages; of none, the one in force."""
        return [*dict.fromkeys(row.profile for row in rows)] or [self.settings.profile]

    def seen(self, known: Knowledge, rows: Sequence[Watched]) -> Outlook:
        """How it stands with these messages, and with the alerts that belong to them."""
        all = not self.choice and self.profile is None
        of_these = None if all else subjects_of(rows, self.tags)
        return outlook(known, rows, self.locations, self.settings, of_these)


@contextmanager
def _known(wanted: Wanted) -> Iterator[tuple[Knowledge, Archive, list[Watched]]]:
    """What the store knows, and the messages that are chosen of what is watched."""
    store = the_store(wanted.locations, wanted.settings)
    entries = store.watchlist().load()
    # Reading all of the store first, to see whether it is sound, takes too long for each check.
    with store.archive(checked=False) as archive:
        known = Knowledge(wanted.settings, entries, archive, wanted.choice.fields | OF_THE_LIST)
        rows = [
            each
            for each in known.chosen(known.keys(), wanted.choice)
            if wanted.profile in (None, each.profile)
        ]
        if not rows and (wanted.choice or wanted.profile is not None):
            fail("No message that is watched matches.")
        yield known, archive, rows


def recorded(wanted: Wanted) -> tuple[Outlook, list[Money]]:
    """How it stands as whoever polls has recorded it."""
    with _known(wanted) as (known, archive, rows):
        seen, held = wanted.seen(known, rows), []
        asked = seen.holder is not None and _asks_for_money(wanted.settings)
        troubled = {each.profile for each in seen.troubled_accounts}
        for name in wanted.profiles(rows) if wanted.money else ():
            balances = archive.balances(name, known.now)
            last = balances[-1] if balances else None
            money, ago = _money(name, last), known.now - (last.at if last else known.now)
            # What does not change is recorded once, however often it is asked for.
            if (not asked or name in troubled) and ago > BALANCE_GOOD:
                money = money._replace(old=ago)
            held.append(money)
        return seen, held


def _asks_for_money(settings: Settings) -> bool:
    """True when whoever polls asks what accounts hold: only for the sake of rules."""
    return any(rule.about is About.ACCOUNT and rule.fields & MONEY for rule in rules_of(settings))


def asked(wanted: Wanted) -> tuple[Outlook, list[Money]]:
    """How it stands as the API says now. What is recorded counts of alerts alone."""
    from smsmon.commands.loops import run

    with _known(wanted) as (known, _, rows):
        keys = [(row.id, row.profile) for row in rows if not row.entry.paused]
        readings, held = run(_ask(keys, wanted.profiles(rows), wanted.settings, wanted.money))
        known.now = time.time()
        found = {each.message_id: each for each in readings}
        rows = [
            known.after((row.id, row.profile), found[row.id].report, found[row.id].fault)
            if row.id in found
            else row
            for row in rows
        ]
        return wanted.seen(known, rows), held


async def _ask(
    wanted: Sequence[Key], profiles: Sequence[str], settings: Settings, money: bool
) -> tuple[list[Reading], list[Money]]:
    from smsmon.clock import SystemClock
    from smsmon.commands.reading import read_now

    clock = SystemClock()
    async with open_accounts(profiles, settings, clock) as accounts:
        readings = await read_now(wanted, accounts, settings, clock, lambda _: None)
        held = []
        for each in profiles if money else ():
            try:
                held.append(_money(each, await accounts.balance(each)))
            except (ReadError, KeyError):  # it is refused or silent; or not set up
                held.append(Money(each, None))
        return readings, held


def _money(profile: str, held: Balance | BalanceSeen | None) -> Money:
    try:
        amount = None if held is None else float(held.amount)
    except ValueError:
        amount = None
    if held is None or amount is None or not isfinite(amount):
        return Money(profile, None)
    return Money(profile, amount, held.currency)
