"""``smsmon watch``: the engine without the screen, until a signal, the time, or a failure."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

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
from smsmon.known import Condition
from smsmon.leaving import in_loop
from smsmon.times import counted, utc

if TYPE_CHECKING:
    from smsmon.clock import Clock
    from smsmon.locations import Locations
    from smsmon.model import Entry, Event
    from smsmon.monitor.alerts import Alert
    from smsmon.monitor.state import Applied
    from smsmon.service.life import Service
    from smsmon.session import Session
    from smsmon.settings import Settings
    from smsmon.settings.reading import Reading
    from smsmon.who_polls import WhoPolls


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
    from smsmon.reloading import Reloading
    from smsmon.service.life import Service
    from smsmon.session import Session
    from smsmon.shapes import alert_json, news_json
    from smsmon.store import open_store

    reread = reader(locations)

    def changed(sentence: str, level: Literal["information", "warning"]) -> None:
        complain(sentence, "info" if level == "information" else "warning", event="settings")

    def turned(sentence: str) -> None:
        complain(sentence, "warning" if sentence == GONE else "info", event="polling")

    async def work() -> int:
        store = open_store(locations, settings)
        clock = store.clock(SystemClock())
        async with (
            open_accounts(settings.profiles, settings, clock) as accounts,
            until_signal(clock, how_long) as ending,
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
            return await run_jobs(session, ending, tell, alerted, turned, follow.run, service)

    return run(work(), _gap)


def _gap(number: int) -> str:
    """The line that stands for those that found no room while the reader took nothing."""
    return json_line({"type": "gap", "lines": number, "until": utc(time.time())})


LOOK_EVERY = 1.0
"""Seconds between two looks at the watchlist file."""
GONE = "The store does not answer: nothing is polled until it does."


@dataclass(slots=True)
class Ending:
    """Set when the command is to end, with its exit code."""

    over: asyncio.Event = field(default_factory=asyncio.Event)
    code: int = exit_codes.OK

    def end(self, code: int) -> None:
        """End with this code, unless it was ended before."""
        if not self.over.is_set():
            self.code = code
            self.over.set()


@contextlib.asynccontextmanager
async def until_signal(clock: Clock, seconds: float | None) -> AsyncIterator[Ending]:
    """What ends when a signal asks for it, or after some seconds."""
    ending = Ending()

    async def time_out() -> None:
        if not await clock.wait(ending.over, seconds):
            ending.end(exit_codes.OK)

    timer = asyncio.create_task(time_out())
    try:
        with in_loop(ending.end):
            yield ending
    finally:
        timer.cancel()


async def run_jobs(
    session: Session,
    ending: Ending,
    tell: Callable[[Applied | Event], None],
    alerted: Callable[[Sequence[Alert]], None],
    say: Callable[[str], None],
    follow_settings: Callable[[], Coroutine[Any, Any, None]],
    service: Service,
) -> int:
    """Watch until ``ending``, and close ``session``; gives the exit code.

    ``tell`` hears everything that happens, ``alerted`` the alerts that begin or end; what they
    raise (a reader that went away) ends the watch and is raised here, once all is recorded.
    ``say`` is given a sentence whenever it changes who polls, or whether the store answers.
    """
    engine, sharing = session.engine, session.sharing
    failed: list[BaseException] = []
    said = ""

    def hear(news: Applied | Event) -> None:
        if failed:
            return
        try:
            tell(news)
        except BaseException as error:
            failed.append(error)
            ending.end(exit_codes.TROUBLE)
        conditions = [engine.account(each).condition for each in engine.profiles]
        if engine.polls and all(each is Condition.STOPPED for each in conditions):
            ending.end(exit_codes.ACCOUNT)

    def say_who_polls() -> None:
        nonlocal said
        before, said = said, _who_polls(sharing.polling)
        if before == GONE != said:
            say(f"The store answers again. {said}")
        elif said != before:
            say(said)

    sharing.turned = say_who_polls
    await session.start(alerted)
    await session.fill()
    engine.subscribe(hear)
    jobs = [
        asyncio.create_task(engine.run()),
        asyncio.create_task(sharing.run()),
        asyncio.create_task(session.look_at_watchlist(LOOK_EVERY)),
        asyncio.create_task(session.keep_learned()),
        asyncio.create_task(session.alerts.run()),
        asyncio.create_task(session.incoming.run()),
        asyncio.create_task(follow_settings()),
        asyncio.create_task(service.run()),
        asyncio.create_task(ending.over.wait()),
    ]
    try:
        await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
    finally:
        service.systemd.stopping()
        for job in jobs:
            job.cancel()
        ended = await asyncio.gather(*jobs, return_exceptions=True)
        await session.close()
    for each in ended:
        if isinstance(each, BaseException) and not isinstance(each, asyncio.CancelledError):
            failed += _raised(each)
    if failed:
        raise failed[0]
    return ending.code


def _raised(error: BaseException) -> Iterator[BaseException]:
    """What the tasks of a group raised, which wraps it, and so do groups of groups."""
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _raised(each)
    else:
        yield error


def _who_polls(polling: WhoPolls) -> str:
    if polling.unreachable_since is not None:
        return GONE
    others = polling.pollers - polling.here
    if polling.here and others:
        return f"This process and {counted(others, 'other')} ask the API, each for its part."
    if polling.here:
        return "This process asks the API."
    if others > 1:
        return f"{others} processes ask the API; this one follows what they record."
    if polling.holder is not None:
        return f"{polling.holder} asks the API; this process follows what it records."
    return "Nobody asks the API at present; this process shows what is recorded."
