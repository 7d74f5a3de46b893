"""``alert ack``, ``unack``, ``silence`` and ``unsilence``."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from datetime import UTC
from typing import TYPE_CHECKING, NamedTuple

import click

from smsmon import exit_codes
from smsmon.alerts import NOTE_LIMIT, Acknowledgement, Episode, Silence, What
from smsmon.commands import completing
from smsmon.commands.alert.told import (
    fail_for_rule,
    rule_names,
    subject_named,
    to_come,
    warn_if_nobody_polls,
)
from smsmon.commands.context import find_locations, open_watchlist, read_settings
from smsmon.commands.flags import Duration, F
from smsmon.commands.output import fail, listed, say
from smsmon.commands.stores import open_alerts
from smsmon.ranges import BadRange, ahead
from smsmon.secret import is_most_likely_key, without_keys
from smsmon.text import typed
from smsmon.times import LocalZone, counted

if TYPE_CHECKING:
    from smsmon.settings import Settings
    from smsmon.store.alerts import AlertStore
    from smsmon.store.base import WatchlistStore

HOUR = 3600.0


def _takes_note(command: F) -> F:
    note = click.option("--note", metavar="TEXT", default="", help="What others should know.")
    by = click.option(
        "--by", metavar="NAME", default="", help="Who answers; unless given, user@host."
    )
    return note(by(command))


def _takes_subjects(command: F) -> F:
    rule = click.argument("rule", metavar="RULE", shell_complete=completing.rules)
    return rule(
        click.argument("subjects", nargs=-1, metavar="[ID]...", shell_complete=completing.subjects)(
            command
        )
    )


@click.command
@_takes_subjects
@_takes_note
@click.option(
    "--until",
    metavar="WHEN",
    shell_complete=completing.ahead,
    help="It counts as not acknowledged any more from then on: 2h, 18:00, tomorrow 9:00, monday."
    " Unless given, it is acknowledged until it is over.",
)
def ack(rule: str, subjects: tuple[str, ...], note: str, by: str, until: str | None) -> None:
    """Take alerts on: tell everybody that you look after them.

    All that fires by this RULE, or what is about these: ID is a message id, account:NAME, tag:TAG,
    country:FR or all. Who is told of alerts hears no more of them but that they are over. Exit
    code 4 if nothing fires, or not about one of these.
    """
    locations = find_locations()
    settings, now = read_settings(locations), time.time()
    end = _until(until, now, settings)
    store = open_alerts(locations, settings)
    found = _firing(store, rule, subjects, settings)
    told = Acknowledgement(_who(by), now, _note(note), end)
    answered = store.acknowledge([each.number for each in found.episodes], told)
    before = sorted({each.before.by for each in answered if each.before} - {told.by})
    said = f", until {to_come(end, in_utc=settings.display.utc)}" if end is not None else ""
    whose = f" Before, it was acknowledged by {listed(before)}." if before else ""
    done = {each.number for each in answered}
    _say_done("Acknowledged", [each for each in found.episodes if each.number in done], said, whose)
    warn_if_nobody_polls(locations, settings)
    found.fail_for_missing()


@click.command
@_takes_subjects
def unack(rule: str, subjects: tuple[str, ...]) -> None:
    """Take back that alerts were acknowledged.

    Whoever is told of alerts is told of them again. RULE and ID as for ack.
    """
    locations = find_locations()
    settings = read_settings(locations)
    store = open_alerts(locations, settings)
    found = _firing(store, rule, subjects, settings)
    answered = [each for each in found.episodes if each.acknowledged]
    if not answered:
        fail("Nobody had acknowledged this.", exit_codes.NOT_FOUND)
    store.withdraw([each.number for each in answered])
    _say_done("Not acknowledged any more:", answered)
    found.fail_for_missing()


class _Found(NamedTuple):
    """The alerts that are meant, and what was asked for and does not fire."""

    rule: str
    episodes: Sequence[Episode]
    missing: Sequence[str]

    def fail_for_missing(self) -> None:
        if self.missing:
            fail(
                f"{self.rule} does not fire for {listed(self.missing)}.",
                exit_codes.NOT_FOUND,
            )


def _firing(store: AlertStore, rule: str, subjects: Sequence[str], settings: Settings) -> _Found:
    """What fires by this rule about these subjects; a failure where nothing does."""
    wanted = [*dict.fromkeys(map(subject_named, subjects))]
    firing = store.firing()
    of_rule = [each for each in firing if each.rule == rule]
    if not of_rule:
        known = rule_names(settings, firing)
        if rule not in known:
            fail_for_rule(rule, known)
        fail(f"{rule} does not fire.", exit_codes.NOT_FOUND)
    if not wanted:
        return _Found(rule, of_rule, ())
    named = {each.casefold() for each in wanted}
    chosen = [each for each in of_rule if str(each.subject).casefold() in named]
    there = {str(each.subject).casefold() for each in chosen}
    missing = [each for each in wanted if each.casefold() not in there]
    if not chosen:
        _Found(rule, (), missing).fail_for_missing()
    return _Found(rule, chosen, missing)


def _say_done(done: str, episodes: Sequence[Episode], *more: str) -> None:
    if episodes:
        about = listed(f"{each.rule} {each.subject}" for each in episodes)
        end, *others = more or ("",)
        say(f"{done} {about}{end}.{''.join(others)}")


@click.command
@click.argument("what", metavar="RULE|tag:TAG|ID", shell_complete=completing.silenceable)
@click.option(
    "--for",
    "seconds",
    type=Duration(),
    metavar="TIME",
    help="How long (90s, 10m, 2h); an hour unless given.",
)
@click.option(
    "--until",
    metavar="WHEN",
    shell_complete=completing.ahead,
    help="Or until then: 18:00, tomorrow 9:00, monday.",
)
@_takes_note
def silence(what: str, seconds: float | None, until: str | None, note: str, by: str) -> None:
    """Let nobody hear of a rule, a tag or a message for a while.

    Its alerts begin and end, and are shown; nobody is told. What still fires when the silence
    ends is told then. A new silence of the same takes the place of the one before.
    """
    if seconds is not None and until is not None:
        fail("Choose one of --for and --until.")
    locations = find_locations()
    settings, now = read_settings(locations), time.time()
    end = _until(until, now, settings)
    if end is None:
        end = _until(None if seconds is None else f"{seconds:.0f}s", now, settings) or now + HOUR
    store, watchlist = open_alerts(locations, settings), open_watchlist(locations, settings)
    kind, name = _silenceable(what, store.firing(), settings, watchlist)
    made = store.silence(Silence(kind, name, now, end, _who(by), _note(note)))
    covered = [each for each in store.firing() if made.covers(each)]
    fires = "fires" if len(covered) == 1 else "fire"
    now_firing = f" {counted(len(covered), 'alert')} of it {fires} now." if covered else ""
    say(f"Silenced {made} until {to_come(end, in_utc=settings.display.utc)}.{now_firing}")


def _silenceable(
    text: str, firing: Sequence[Episode], settings: Settings, watchlist: WatchlistStore
) -> tuple[What, str]:
    """What is to be silenced; a failure for what is not there, since nobody would notice."""
    known = rule_names(settings, firing)
    if text in known:
        return What.RULE, text
    if not text.startswith("tag:") and not (text.isascii() and text.isdigit()):
        fail_for_rule(text, known)
    entries = watchlist.load()
    if text.startswith("tag:"):
        watched = (tag for entry in entries for tag in entry.tags)
        fired = (tag for each in firing for tag in each.tags)
        return What.TAG, _tag_named(text.removeprefix("tag:"), {*watched, *fired})
    about = {str(each.subject) for each in firing}
    if text not in about and all(entry.id != text for entry in entries):
        fail(f"{text} is not on the watchlist, and no alert is about it.", exit_codes.NOT_FOUND)
    return What.MESSAGE, text


def _tag_named(name: str, tags: Collection[str]) -> str:
    """The one of ``tags`` that is meant, as it is written there."""
    alike = sorted(tag for tag in tags if tag.casefold() == name.casefold())
    if not alike:
        from smsmon.settings.values import did_you_mean

        hint = did_you_mean(name, tags)
        fail(f"No message has the tag {without_keys(name)!r}.{hint}", exit_codes.NOT_FOUND)
    return name if name in alike else alike[0]


@click.command
@click.argument("what", metavar="RULE|tag:TAG|ID", shell_complete=completing.silenceable)
def unsilence(what: str) -> None:
    """End a silence: what fires is told from now on.

    Exit code 4 if it is not silenced.
    """
    locations = find_locations()
    store, now = open_alerts(locations), time.time()
    silences = store.silences(now)
    meant = [each for each in silences if str(each).casefold() == what.casefold()]
    if not meant:
        also = f" What is: {listed(map(str, silences))}." if silences else " Nothing is."
        fail(f"{without_keys(what)!r} is not silenced.{also}", exit_codes.NOT_FOUND)
    ended = store.unsilence([each.number for each in meant], now)
    say(f"Silenced no more: {listed(dict.fromkeys(map(str, ended)))}.")


def _until(text: str | None, now: float, settings: Settings) -> float | None:
    if text is None:
        return None
    try:
        return ahead(text, now, UTC if settings.display.utc else LocalZone())
    except BadRange as error:
        fail(str(error))


def _who(by: str) -> str:
    from smsmon.who import who

    return _plain(by, "--by") or who()


def _note(note: str) -> str:
    return _plain(note, "--note")


def _plain(text: str, option: str) -> str:
    """One line of safe text; a failure for a key pasted into the wrong place."""
    if is_most_likely_key(text):
        fail(f"{option} looks like an API key, which would be kept and shown. Nothing was done.")
    return typed(" ".join(text.split()), NOTE_LIMIT)
