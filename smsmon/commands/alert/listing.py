"""``alert ls`` and ``alert history``."""

from __future__ import annotations

import time
from collections.abc import Sequence

import click

from smsmon.alerts import Episode, Silence, State, state_of
from smsmon.commands import completing
from smsmon.commands.alert.told import (
    about,
    answer,
    fail_for_rule,
    rule_names,
    subject_named,
    to_come,
    told_below,
    warn_if_nobody_polls,
)
from smsmon.commands.context import find_locations, read_settings
from smsmon.commands.flags import privacy_flag, range_asked, range_flags, utc_flag
from smsmon.commands.output import (
    emit,
    on_terminal,
    print_json,
    print_json_line,
    progress,
    say,
    took,
    when,
)
from smsmon.commands.stores import open_alerts, who_polls
from smsmon.commands.table import Head, print_rows
from smsmon.phones import without_numbers
from smsmon.shapes import silence_json, standing_json
from smsmon.text import typed
from smsmon.times import DAY, age

_ORDER = [*State]
_MOST = 10**6
"""Alerts that are looked at, and shown, at most."""


@click.command
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@privacy_flag
@utc_flag
def ls(as_json: bool) -> None:
    """Tell what fires, who answered it, and what is silenced.

    \b
    Piped, one line each, separated by tabs:
      standing  fired  severity  rule  about  facts  label  by  until  note
      standing: firing, acknowledged, silenced; or silence, for one in force,
        which has its beginning and what it is of under fired and about
    --json prints {"polled_by": name or null, "alerts": [{"standing", "name",
      "severity", "condition", "about", "subject", "id", "profile", "label",
      "tags", "since", "fired_at", "already", "facts", "worst": null or {"at",
      "facts"}, "acknowledged": null or {"by", "at", "note", "until"}, …}],
      "silences": [{"what", "name", "since", "until", "by", "note"}]}
    """
    locations = find_locations()
    settings = read_settings(locations)
    private, in_utc, now = settings.display.privacy, settings.display.utc, time.time()
    store = open_alerts(locations, settings)
    silences = [each for each in store.silences(now) if each.in_force(now)]
    standing = [(state_of(each, silences, now), each) for each in store.firing()]
    standing.sort(key=lambda pair: (_ORDER.index(pair[0]), -pair[1].severity))
    if as_json:
        holder = who_polls(locations, settings)
        print_json(
            {
                "polled_by": holder and str(holder),
                "alerts": [standing_json(each, state, private=private) for state, each in standing],
                "silences": [silence_json(each, private=private) for each in silences],
            }
        )
        return
    if not on_terminal():
        for state, each in standing:
            _emit_row(_alert_cells(state, each, private))
        for silence in silences:
            _emit_row(_silence_cells(silence, private))
    else:
        _show_alerts(standing, now, in_utc=in_utc, private=private)
        _show_silences(silences, in_utc=in_utc, private=private)
    warn_if_nobody_polls(locations, settings)


def _emit_row(cells: Sequence[str]) -> None:
    print_rows((), [cells])


def _alert_cells(state: State, episode: Episode, private: bool) -> tuple[str, ...]:
    told = standing_json(episode, state, private=private)
    answered = told["acknowledged"] or {}
    return (
        told["standing"],
        told["fired_at"] or "",
        told["severity"],
        told["name"],
        told["subject"],
        told["facts"],
        told["label"],
        *(answered.get(name) or "" for name in ("by", "until", "note")),
    )


def _silence_cells(silence: Silence, private: bool) -> tuple[str, ...]:
    told = silence_json(silence, private=private)
    whose = (told["by"], told["until"] or "", told["note"])
    return "silence", told["since"] or "", "", "", str(silence), "", "", *whose


def _show_alerts(
    standing: Sequence[tuple[State, Episode]], now: float, *, in_utc: bool, private: bool
) -> None:
    def below(state: State, each: Episode) -> str:
        told = None if state is State.FIRING else each.acknowledged
        answered = answer(told, now, in_utc=in_utc, private=private)
        return told_below(each, each.facts, answered, private=private)

    print_rows(
        (Head("state"), Head("since"), Head("for"), Head("rule"), Head("about", cut=50)),
        (
            (
                str(state),
                when(each.began_at, in_utc=in_utc),
                age(now - each.began_at),
                each.rule,
                about(each, private=private),
            )
            for state, each in standing
        ),
        empty="No alert fires.",
        below=[below(*each) for each in standing],
    )


def _show_silences(silences: Sequence[Silence], *, in_utc: bool, private: bool) -> None:
    if not silences:
        return
    emit("")
    print_rows(
        (Head("silenced"), Head("until"), Head("by", worth=50), Head("note", cut=10)),
        (
            (
                str(each),
                to_come(each.until, in_utc=in_utc),
                each.by,
                without_numbers(each.note) if private else each.note,
            )
            for each in silences
        ),
        hide_empty=True,
    )


@click.command
@click.argument("subjects", nargs=-1, metavar="[ID]...", shell_complete=completing.subjects)
@range_flags("Alerts that fired, or still did, from then on; unless given, the last week. Said as")
@click.option(
    "--rule",
    metavar="RULE",
    shell_complete=completing.rules,
    help="Only alerts of this rule.",
)
@click.option(
    "--limit",
    type=click.IntRange(1, _MOST),
    default=1_000,
    show_default=True,
    help="Alerts at most: the latest.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@privacy_flag
@utc_flag
def history(
    subjects: tuple[str, ...],
    since: str | None,
    until: str | None,
    rule: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """Tell which alerts there were, the latest first.

    ID is a message id, account:NAME, tag:TAG, source:NAME, country:FR or all: only alerts about
    one of these.

    \b
    Piped, one line each, separated by tabs:
      fired  over  severity  rule  about  worst  label  by  note
    --json prints a line each, as `smsmon alert ls` does.
    """
    locations = find_locations()
    settings = read_settings(locations)
    private, in_utc, now = settings.display.privacy, settings.display.utc, time.time()
    wanted = {*map(subject_named, subjects)}
    rule = rule and typed(rule)
    asked = range_asked(since, until, in_utc=in_utc, otherwise=7 * DAY)
    store = open_alerts(locations, settings)
    # The limit is one of alerts that are about this: to choose some, all have to be looked at.
    most = _MOST if wanted else limit + 1
    found = store.episodes(asked.start, asked.end, rule=rule, limit=most)
    if wanted:
        found = [each for each in found if str(each.subject) in wanted]
    more, found = len(found) > limit, found[:limit]
    if rule is not None and not found:
        known = rule_names(settings, store.episodes())
        if rule not in known:
            fail_for_rule(rule, known)
    if as_json:
        silences = store.silences(now)
        for each in found:
            print_json_line(standing_json(each, state_of(each, silences, now), private=private))
    elif on_terminal():
        _show_past(found, now, in_utc=in_utc, private=private)
    else:
        for each in found:
            _emit_row(_past_cells(each, private))
    if not found:
        progress("No alert of this time is recorded.")
    if more:
        say(f"There is more than {limit:,}: narrow it down with --since, or raise --limit.")


def _past_cells(episode: Episode, private: bool) -> tuple[str, ...]:
    told = standing_json(episode, State.PAST, private=private)
    answered = told["acknowledged"] or {}
    return (
        told["fired_at"] or "",
        told["over_at"] or "",
        told["severity"],
        told["name"],
        told["subject"],
        (told["worst"] or told)["facts"],
        told["label"],
        *(answered.get(name) or "" for name in ("by", "note")),
    )


def _show_past(found: Sequence[Episode], now: float, *, in_utc: bool, private: bool) -> None:
    def below(each: Episode) -> str:
        facts = each.worst.facts if each.worst else each.facts
        answered = answer(each.acknowledged, now, in_utc=in_utc, private=private)
        return told_below(each, facts, answered, each.why_over, private=private)

    print_rows(
        (Head("fired"), Head("lasted"), Head("rule"), Head("about", cut=50)),
        (
            (
                when(each.fired_at, in_utc=in_utc),
                "still" if each.over_at is None else took(each.over_at - each.began_at),
                each.rule,
                about(each, private=private),
            )
            for each in found
        ),
        below=[below(each) for each in found],
    )
