"""``smsmon watch``: the engine without the screen."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal

import click

from smsmon import exit_codes
from smsmon.commands.context import (
    complain,
    find_locations,
    given_flags,
    open_accounts,
    open_watchlist,
    read_settings,
    reader,
)
from smsmon.commands.flags import Duration, log_flag, privacy_flag, profile_flag, timeout_flag
from smsmon.commands.ids import ids_from, takes_ids
from smsmon.commands.output import fail, json_line, listed, log_as, print_json_line, progress
from smsmon.times import counted, utc

if TYPE_CHECKING:
    from smsmon.locations import Locations
    from smsmon.model import Entry, Event
    from smsmon.monitor.alerts import Alert
    from smsmon.monitor.state import Applied
    from smsmon.settings import Settings
    from smsmon.settings.reading import Reading


@click.command
@takes_ids
@click.option(
    "--for", "how_long", type=Duration(), metavar="TIME", help="Stop after this time (10m, 12h)."
)
@profile_flag
@timeout_flag
@privacy_flag
@log_flag
@click.pass_context
def watch(
    ctx: click.Context, ids: tuple[str, ...], file: str | None, how_long: float | None
) -> None:
    """Watch the watchlist without a screen, and print every change as a JSON line.

    Of all smsmon on one home one asks the API; the others print what it finds.
    With ids, only those of the watchlist. What others add to or take off the list is followed.
    A changed config.toml is taken over, or stderr says why not.
    Sources of config.toml ([sources.NAME]) are read, and standard input where one says so.
    Everything is recorded in the history: an open console, or the next one, finds it there.
    It runs until ctrl+c or SIGTERM; both end it properly.
    What systemd, a dead man's switch and Prometheus are told: [watch] in config.toml.

    \b
    {"type": "change", "id", "phone", "before", "after", "raw_status",
     "stop_before", "stop", "date", "observed_at", "profile"}
      of one recipient: its status, its STOP, or the API's word while its status
      is unknown; before: null for one that appeared
    {"type": "event", "kind", "id", "profile", "detail", "at", "until"}
      until: an account is left alone until then, or null
      kind: first_read, completed, reopened, settled, stale, recovered,
        not_found, found, absent, listed_again, added, removed, paused,
        resumed, account_stopped, account_down, account_up
    {"type": "alert", "number", "state", "name", "severity", "condition", "about",
     "subject", "id", "label", "facts", "since", "at", "already", "detail"}
      of the rules under [alerts.NAME] in config.toml; state: firing, over;
      number: of its episode (`smsmon alert history`), null while it has none;
      since: when the condition began to hold; already: it held at the start
    {"type": "gap", "lines", "until"}
      so many lines are missing here: nobody read for long. Nothing else waits
      for the reader, and `smsmon history changes --json` has them all.
    Exit codes: 0 --for is over, 130 ctrl+c, 143 SIGTERM; 3 if every account
    is refused, 2 usage.
    """
    log_as(given_flags().get(("watch", "log"), "text"))
    locations = find_locations()
    settings = read_settings(locations)
    log_as(settings.watch.log)
    only = set(ids_from(ids, file)) if ids or file else None
    entries = _listed(settings, locations, only)
    if only is not None and (missing := only - {entry.id for entry in entries}):
        fail(
            f"Not on the watchlist: {listed(sorted(missing))}. `smsmon add` them first.",
            exit_codes.NOT_FOUND,
        )
    what = counted(len(only or entries), "message") if only or entries else "the watchlist"
    progress(f"Watching {what}; ctrl+c ends it.")
    ctx.exit(_watch(settings, locations, only, how_long))


def _listed(settings: Settings, locations: Locations, only: set[str] | None) -> Sequence[Entry]:
    """What is on the watchlist; nothing where a store does not answer that is waited for."""
    from smsmon.store.errors import Unreachable

    try:
        return open_watchlist(locations, settings).load()
    except Unreachable:
        if only is not None:
            raise
        return ()


def _watch(
    settings: Settings, locations: Locations, only: set[str] | None, how_long: float | None
) -> int:
    from smsmon.clock import SystemClock
    from smsmon.commands.loops import run
    from smsmon.commands.watch import running
    from smsmon.reloading import Reloading
    from smsmon.service.life import Service
    from smsmon.session import Session
    from smsmon.shapes import alert_json, news_json
    from smsmon.store import open_store

    reread = reader(locations)

    def changed(sentence: str, level: Literal["information", "warning"]) -> None:
        complain(sentence, "info" if level == "information" else "warning", event="settings")

    def turned(sentence: str) -> None:
        complain(sentence, "warning" if sentence == running.GONE else "info", event="polling")

    async def work() -> int:
        store = open_store(locations, settings)
        clock = store.clock(SystemClock())
        async with (
            open_accounts(settings.profiles, settings, clock) as accounts,
            running.until_signal(clock, how_long) as ending,
        ):
            for name, problem in accounts.problems.items():
                complain(problem, "error", event="account", profile=name)
            session = Session(
                accounts, locations, clock, complain, name="watch", only=only, store=store, stdin=0
            )
            service = Service(session, clock, locations, os.environ, complain)

            def tell(news: Applied | Event) -> None:
                for line in news_json(news, private=accounts.settings.display.privacy):
                    print_json_line(line)

            async def take(reading: Reading) -> Iterable[str]:
                log_as(reading.settings.watch.log)
                service.systemd.reloading()
                await session.use(reading.settings)
                service.use(reading.settings)
                service.systemd.ready()
                return accounts.problems.values()

            def alerted(alerts: Sequence[Alert]) -> None:
                for each in alerts:
                    episode = session.alerts.book.episode_of(
                        each.rule.name, each.subject, firing=each.firing
                    )
                    number = None if episode is None else episode.number
                    private = accounts.settings.display.privacy
                    told = alert_json(each, number, private=private)
                    print_json_line({"type": "alert", **told})

            follow = Reloading(locations.config, reread, clock, settings, take, changed)
            return await running.run(session, ending, tell, alerted, turned, follow.run, service)

    return run(work(), _gap)


def _gap(number: int) -> str:
    """The line that stands for those that found no room while the reader took nothing."""
    return json_line({"type": "gap", "lines": number, "until": utc(time.time())})
