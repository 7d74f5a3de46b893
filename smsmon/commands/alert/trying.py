"""``alert try``: when a rule would have fired. ``alert test``: whether what is told arrives."""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import Collection, Sequence
from datetime import UTC
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import click

from smsmon import exit_codes
from smsmon.alerts import About
from smsmon.commands import completing
from smsmon.commands.alert.told import about, fail_for_rule, moment, rule_names, told_below
from smsmon.commands.context import find_locations, read_settings
from smsmon.commands.flags import Duration, Number, privacy_flag, utc_flag
from smsmon.commands.output import emit, fail, on_terminal, print_json, progress, say, took, when
from smsmon.commands.stores import the_store
from smsmon.commands.table import Head, print_rows
from smsmon.secret import without_keys
from smsmon.shapes import episode_json
from smsmon.times import DAY, LocalZone, counted, duration, utc

if TYPE_CHECKING:
    from smsmon.monitor.alerts import Rule
    from smsmon.settings import Settings
    from smsmon.targets import Target
    from smsmon.trying import Trial

_WORTH_TELLING = 60.0
"""Seconds not read that matter."""
_WORD = re.compile(r"[A-Za-z0-9_-]+")
"""What can be a name, and asks for nothing."""


@click.command("try")
@click.argument("rule", metavar="RULE", shell_complete=completing.rules)
@click.option(
    "--days",
    type=Number(0.01, 3_660),
    default=30,
    show_default=True,
    help="How far back.",
)
@click.option(
    "--about",
    "subject",
    type=click.Choice([str(each) for each in About]),
    help="What the condition is asked of; message unless given.",
)
@click.option("--for", "hold", type=Duration(), metavar="TIME", help="How long it must hold.")
@click.option(
    "--clear",
    type=Duration(),
    metavar="TIME",
    help="How long it must not hold until it is over; 1m unless given.",
)
@click.option(
    "--until", metavar="CONDITION", help="What must hold besides until it is over: 'balance>75'."
)
@click.option(
    "--window",
    type=Duration(),
    metavar="TIME",
    help="How far back numbers of tags, countries and of all are counted; 1h unless given.",
)
@click.option(
    "--limit",
    type=click.IntRange(1, 10**6),
    default=50,
    show_default=True,
    help="Alerts shown at most: the latest. --json has all.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@privacy_flag
@utc_flag
def try_(
    rule: str,
    days: float,
    subject: str | None,
    hold: float | None,
    clear: float | None,
    until: str | None,
    window: float | None,
    limit: int,
    as_json: bool,
) -> None:
    """Tell when a rule would have fired in the last 30 days of this history.

    RULE is the name of one in the settings, or a condition as config.toml has it under when:
    'failed_share>5% failed>20'. The options are the rule's others; they count in place of those
    of a named rule. Nobody is told of anything, and nothing is recorded. What cannot be known is
    said: the time before this history began, and when nothing was read.

    \b
    Piped, one line each, the latest first, separated by tabs:
      fired  over  about  facts  worst  label
    --json prints {"name", "condition", "about", "since", "until", "times",
      "a_day", "seconds", "firing", "not_known": [sentence], "alerts": [as
      `smsmon alert ls` has them]}
    """
    locations = find_locations()
    settings = read_settings(locations)
    tried_rule = _rule(rule, settings, subject, hold, clear, until, window)

    from smsmon.monitor.alerts.replay import why_not
    from smsmon.trying import trial_of

    if why := why_not(tried_rule):
        fail(f"The rule cannot be tried. {why}")
    now = time.time()

    def at(when: float) -> str:
        return moment(when, in_utc=settings.display.utc)

    zone = UTC if settings.display.utc else LocalZone()
    with the_store(locations, settings).archive() as archive:
        found = trial_of(archive, tried_rule, settings, now - days * DAY, now, zone, at)
    if found is None:
        fail("Nothing is recorded yet: the console or `smsmon watch` records what it reads.")
    trial, doubts = found
    private = settings.display.privacy
    if as_json:
        print_json({**_json(trial, rule in settings.alerts, private), "not_known": doubts})
        return
    _print(trial, limit, in_utc=settings.display.utc, private=private)
    for each in doubts:
        say(each)


def _rule(
    text: str,
    settings: Settings,
    subject: str | None,
    hold: float | None,
    clear: float | None,
    until: str | None,
    window: float | None,
) -> Rule:
    """The rule that is meant; a failure that tells what cannot be understood."""
    from msgspec.structs import replace

    from smsmon.filters import FilterError
    from smsmon.filters.subjects import can_be_asked
    from smsmon.patterns import GAVE_UP
    from smsmon.rules import rule_of
    from smsmon.settings.telling import Alert

    named = settings.alerts.get(text)
    if named is None and _WORD.fullmatch(text):
        fail_for_rule(text, rule_names(settings))
    seconds = {"hold": hold, "clear": clear, "window": window}
    given = {name: f"{value:f}s" for name, value in seconds.items() if value is not None}
    others = {"about": subject, "until": until}
    given |= {name: value for name, value in others.items() if value is not None}
    alert = replace(named or Alert(when=text), **given)
    try:
        rule = rule_of(text if named else "tried", alert)
    except FilterError as error:
        found = can_be_asked(alert.when)
        elsewhere = found and alert.about not in found
        hint = f" With --about {' or '.join(found)} it can be asked." if elsewhere else ""
        fail(without_keys(f"The condition cannot be read, character {error.start + 1}:"
                          f" {error.sentence}{hint}"))  # fmt: skip
    if not rule.condition:
        fail("The condition asks for nothing.")
    for pattern in rule.patterns:
        pattern.tell = partial(fail, f"The condition: {GAVE_UP}")
    return rule


def _json(trial: Trial, named: bool, private: bool) -> dict[str, Any]:
    rule = trial.rule
    return {
        "name": rule.name if named else None,
        "condition": rule.condition.text,
        "about": str(rule.about),
        "since": utc(trial.since),
        "until": utc(trial.until),
        "times": len(trial.episodes),
        "a_day": round(trial.a_day, 2),
        "seconds": round(trial.seconds),
        "firing": trial.firing,
        "alerts": [episode_json(each, private=private) for each in trial.episodes],
    }


def _print(trial: Trial, limit: int, *, in_utc: bool, private: bool) -> None:
    shown = trial.episodes[::-1][:limit]
    if not on_terminal():
        for each in shown:
            told = episode_json(each, private=private)
            worst = (told["worst"] or told)["facts"]
            ends = (told["fired_at"] or "", told["over_at"] or "")
            print_rows((), [(*ends, told["subject"], told["facts"], worst, told["label"])])
    else:
        print_rows(
            (Head("fired"), Head("lasted"), Head("about", cut=50)),
            [
                (
                    when(each.fired_at, in_utc=in_utc),
                    "still" if each.over_at is None else took(each.over_at - each.fired_at),
                    about(each, private=private),
                )
                for each in shown
            ],
            below=[
                told_below(
                    each,
                    each.worst.facts if each.worst else each.facts,
                    "held already" if each.old else "",
                    each.why_over,
                    private=private,
                )
                for each in shown
            ],
        )
        emit(trial.told())
    if len(trial.episodes) > limit:
        say(f"The latest {limit:,} of {len(trial.episodes):,} are shown: --limit shows more.")


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
    _print_outcomes(outcomes, as_json=as_json)
    if any(each.why_not for each in outcomes):
        ctx.exit(exit_codes.TROUBLE)


async def _tell(targets: Sequence[Target], *, in_utc: bool) -> list[_Outcome]:
    from smsmon.targets import NotTold
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


def _print_outcomes(outcomes: Sequence[_Outcome], *, as_json: bool) -> None:
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
