"""``smsmon doctor``: the command, and the findings that its checks give.

Nothing here prints a key, a phone number, an amount or a user's name: the result is made to be
pasted into a ticket.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import click

from smsmon import exit_codes
from smsmon.commands.context import find_locations
from smsmon.commands.output import emit, print_json
from smsmon.secret import without_keys
from smsmon.text import SENTENCE_LIMIT, safe
from smsmon.times import counted, utc


class Health(StrEnum):
    """How it stands with one thing."""

    GOOD = "good"
    NOTE = "note"
    """Worth knowing; nothing has to be done."""
    POOR = "poor"
    """It works, and worse than it could."""
    BAD = "bad"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    part: str
    """``terminal``, ``files``, ``account default`` and so on."""
    name: str
    health: Health
    detail: str
    advice: str = ""
    """What to do; empty where nothing has to be done."""
    exit_code: int = exit_codes.OK
    """What a bad one ends the command with."""


def finding(
    part: str,
    name: str,
    health: Health,
    detail: object,
    advice: str = "",
    exit_code: int = exit_codes.USAGE,
) -> Finding:
    """A finding, its texts safe to print and without what could be a key.

    The exit code counts for a bad one only.
    """
    return Finding(
        safe(without_keys(part)),
        safe(without_keys(name)),
        health,
        safe(without_keys(without_home(str(detail))), SENTENCE_LIMIT),
        safe(without_keys(without_home(advice)), SENTENCE_LIMIT),
        exit_code if health is Health.BAD else exit_codes.OK,
    )


def judged(part: str, name: str, detail: object, poor: bool, advice: str) -> Finding:
    """A finding that is good, or that is poor and has advice."""
    if poor:
        return finding(part, name, Health.POOR, detail, advice)
    return finding(part, name, Health.GOOD, detail)


def without_home(text: str) -> str:
    """``text`` with the home folder as ``~``: it names the user."""
    home = os.path.expanduser("~")
    return text.replace(home, "~") if len(home) > 1 and Path(home).is_absolute() else text


_TOLD = ("part", "name", "health", "detail", "advice")
_MARKS = {"good": "✔", "note": "·", "poor": "!", "bad": "✖", "skipped": "–"}


@click.command
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--offline", is_flag=True, help="Leave the network and the API alone.")
@click.pass_context
def doctor(ctx: click.Context, as_json: bool, offline: bool) -> None:
    """Look at terminal, files, store, accounts, sources and targets, and say what to mend.

    It shows no key, no phone number and no balance: paste it into a ticket as it is. The only
    requests it sends are two for each account, one for its balance and one that asks for several
    messages at once and names none of yours; nobody is told of anything.

    \b
    --json prints {"at", "findings": [{"part", "name", "health", "detail",
      "advice"}], "verdict"}
      health: good, note, poor, bad, skipped
    Exit codes: 0 nothing is bad, 2 settings, files or store, 3 the API refused an
    account, 5 network or API trouble. Of several, 3 before 5 before 2.
    """
    import time

    findings: list[Finding] = []
    for each in _examine(offline=offline):
        findings.append(each)
        if not as_json:
            _print(findings)
    if as_json:
        print_json(
            {
                "at": utc(time.time()),
                "findings": [{name: getattr(each, name) for name in _TOLD} for each in findings],
                "verdict": verdict(findings),
            }
        )
    else:
        emit(f"\n{verdict(findings)}")
    codes = {each.exit_code for each in findings}
    ctx.exit(exit_codes.worst(codes) or max(codes, default=exit_codes.OK))


def _examine(*, offline: bool) -> Iterator[Finding]:
    from smsmon.commands.doctor import account, machine, targets, team

    locations = find_locations()
    yield from machine.versions()
    yield from machine.terminal(os.environ)
    yield from machine.environment(os.environ)
    settings, found = machine.settings_file(locations)
    yield from found
    yield from machine.stores(locations)
    if settings is None:
        yield finding("accounts", "all", Health.SKIPPED, "the settings cannot be used")
        return
    yield from team.looked_at(settings, offline=offline)
    for name in settings.profiles:
        key, found = account.key_source(name, settings)
        yield from found
        if offline:
            yield finding(f"account {name}", "network", Health.SKIPPED, "--offline")
            continue
        yield from account.way(name, settings)
        if key is not None:
            yield from account.round_trip(name, settings, key)
    yield from targets.sources_looked_at(settings, locations)
    yield from targets.looked_at(settings)


def verdict(findings: Sequence[Finding]) -> str:
    """One sentence: how many things are to mend, and which, the worst first."""
    of = {health: [each for each in findings if each.health is health] for health in Health}
    to_mend = [*of[Health.BAD], *of[Health.POOR]]
    if not to_mend:
        return "All that was looked at is well." if of[Health.SKIPPED] else "All is well."
    named = Counter(f"{each.part}, {each.name}" for each in to_mend)
    told = (f"{name} ({count})" if count > 1 else name for name, count in named.items())
    return f"{counted(len(to_mend), 'thing')} to mend: {'; '.join(told)}."


def _print(findings: Sequence[Finding]) -> None:
    """Print the last finding, under a heading where its part begins."""
    last = findings[-1]
    if len(findings) == 1 or findings[-2].part != last.part:
        emit(f"{'' if len(findings) == 1 else chr(10)}{last.part}")
    emit(f"  {_MARKS[last.health]} {last.name}: {last.detail}")
    if last.advice:
        emit(f"      → {last.advice}")
