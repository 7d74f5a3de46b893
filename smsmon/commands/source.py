"""``smsmon source``: what brings messages by itself, and how it stands with it."""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from smsmon import exit_codes
from smsmon.commands import completing
from smsmon.commands.context import find_locations, read_settings
from smsmon.commands.flags import Group, privacy_flag, utc_flag
from smsmon.commands.output import (
    fail,
    on_terminal,
    print_json,
    print_json_line,
    progress,
    say,
    when,
)
from smsmon.commands.table import Head, print_rows
from smsmon.times import counted, utc

if TYPE_CHECKING:
    from smsmon.settings import Settings
    from smsmon.settings.sources import Source
    from smsmon.sources.arrived import Arrived, NotTaken
    from smsmon.sources.standing import Standing

_LISTENS = 5.0
"""Seconds for which a command is listened to."""


@click.group(cls=Group)
def source() -> None:
    """Look after the sources that bring messages by themselves.

    [sources.NAME] in config.toml names a log, a command or standard input, and how a line of it
    tells of a message that was sent. The console and `smsmon watch` read them.
    """


@source.command
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
@utc_flag
@click.pass_context
def ls(ctx: click.Context, as_json: bool) -> None:
    """List the sources, and how it stands with each on this machine.

    \b
    --json prints [{"name", "from", "read_by", "since", "last_line_at",
      "last_taken_at", "taken", "known", "not_taken", "behind", "over",
      "trouble", "left_out"}]
      read_by: the process that reads it now, or null; since: when that began;
      taken, known, not_taken: since then messages that were new, those that
        were taken before, and lines that look meant and tell of none;
      behind: bytes that wait to be read; over: no more will come;
      left_out: why the last such line was left out; of refused sends nothing
    Exit codes: 0, 2 where a source is in trouble.
    """
    locations = find_locations()
    settings = read_settings(locations)
    from smsmon.sources.standing import Standing, file_of, look

    found = []
    for name, each in settings.sources.items():
        try:
            standing, read_now = look(file_of(locations.sources, name))
        except OSError as error:
            trouble = f"How it stands cannot be read ({error.strerror})."
            standing, read_now = Standing(trouble=trouble), False
        found.append((name, each, standing, read_now))
    if as_json:
        print_json([_record(*each) for each in found])
    else:
        in_utc = settings.display.utc
        print_rows(
            [
                "name",
                Head("from", cut=5),
                "last line",
                Head("taken", right=True),
                Head("not taken", right=True),
                Head("behind", right=True, worth=1),
                Head("how it stands", cut=10),
            ],
            (_row(*each, in_utc=in_utc) for each in found),
            empty="No source is set up: [sources.NAME] in config.toml, see `smsmon config init`.",
        )
    in_trouble = any(standing and standing.trouble for _, _, standing, _ in found)
    ctx.exit(exit_codes.USAGE if in_trouble else exit_codes.OK)


def _record(name: str, source: Source, standing: Standing | None, read_now: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "name": name,
        "from": _where_from(source),
        "read_by": standing.reader or None if standing and read_now else None,
    }
    if standing is None:
        return told
    return told | {
        "since": utc(standing.since or None),
        "last_line_at": utc(standing.last_line_at),
        "last_taken_at": utc(standing.last_taken_at),
        "taken": standing.taken,
        "known": standing.known,
        "not_taken": standing.not_taken,
        "behind": standing.behind,
        "over": standing.over,
        "trouble": standing.trouble,
        "left_out": standing.left_out,
    }


def _row(
    name: str, source: Source, standing: Standing | None, read_now: bool, *, in_utc: bool
) -> Sequence[str]:
    if standing is None:
        return name, _where_from(source), "", "", "", "", _how(source, None, read_now)
    return (
        name,
        _where_from(source),
        when(standing.last_line_at, in_utc=in_utc),
        f"{standing.taken:,}",
        f"{standing.not_taken:,}",
        f"{standing.behind:,}",
        _how(source, standing, read_now),
    )


def _how(source: Source, standing: Standing | None, read_now: bool) -> str:
    if standing is not None and standing.trouble:
        return standing.trouble
    if not read_now:
        return f"not read now{': `smsmon watch` does' if source.stdin else ''}"
    if standing is None:
        return "read"
    end = "; no more will come" if standing.over else ""
    left_out = f"; left out last: {standing.left_out}" if standing.left_out else ""
    return f"read by {standing.reader}{end}{left_out}"


def _where_from(source: Source) -> str:
    """Where its lines come from, for a table; of a command its name alone."""
    from smsmon.secret import place_shown
    from smsmon.text import SENTENCE_LIMIT, safe

    if source.file is not None:
        return safe(source.file, SENTENCE_LIMIT)
    if source.command is not None:
        more = " …" if len(source.command) > 1 else ""
        return f"{safe(place_shown(source.command[0]), SENTENCE_LIMIT)}{more}"
    return "standard input"


@source.command("try")
@click.argument("name", shell_complete=completing.sources)
@click.option(
    "--lines",
    type=click.IntRange(1, 100_000),
    default=20,
    show_default=True,
    help="How many of the last lines.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@privacy_flag
@utc_flag
@click.pass_context
def try_(ctx: click.Context, name: str, lines: int, as_json: bool) -> None:
    """Show what a source would take of the last lines, what not, and why.

    Nothing is taken, and where the source is read from stays as it is. A command is run and
    listened to for five seconds, or until it has printed so many lines; standard input is read
    to its end.

    \b
    --json prints {"line", "result", "id", "label", "tags", "phone", "sent_at",
      "why"}
      result: taken, left_out (it looks meant, and why tells), other
    Exit codes: 0, 4 where no line tells of a message, 2 where none can be read.
    """
    settings = read_settings(find_locations())
    source = settings.sources.get(name)
    if source is None:
        known = ", ".join(settings.sources) or "none"
        fail(f"There is no source {name!r} in config.toml. Known: {known}.")
    read = _lines_of(source, lines, settings)
    results = list(_results(name, source, read))
    private = settings.display.privacy
    if as_json:
        for line, each in results:
            print_json_line(_told(line, each, private=private))
    else:
        rows = [_shown(*each, private=private, in_utc=settings.display.utc) for each in results]
        heads: list[str | Head] = [
            "",
            "id",
            Head("label", cut=10),
            Head("tags", cut=5),
            "phone",
            "sent",
        ]
        if on_terminal():
            below = [line for *_, line in rows]
            print_rows(heads, [row[:-1] for row in rows], hide_empty=True, below=below)
        else:
            print_rows([*heads, "line"], rows)
    number = Counter(_result(each) for _, each in results)
    if not read:
        say("No whole line was read: there is none yet.")
    else:
        progress(
            f"Of {counted(len(read), 'line')}: {number['taken']:,} taken,"
            f" {number['left_out']:,} left out, {number['other']:,} about something else."
        )
    ctx.exit(exit_codes.OK if number["taken"] else exit_codes.NOT_FOUND)


def _results(
    name: str, source: Source, lines: Sequence[str]
) -> Iterator[tuple[str, Arrived | NotTaken | None]]:
    """Each line with what it tells; as often as it tells of messages, once with None of nothing."""
    from smsmon.sources.arrived import Taking

    taking = Taking(name, source)
    for line in lines:
        found = taking.understood(line)
        for each in found:
            yield line, each
        if not found:
            yield line, None


def _result(each: Arrived | NotTaken | None) -> str:
    from smsmon.sources.arrived import NotTaken

    if each is None:
        return "other"
    return "left_out" if isinstance(each, NotTaken) else "taken"


def _told(line: str, each: Arrived | NotTaken | None, *, private: bool) -> dict[str, Any]:
    from smsmon.sources.arrived import Arrived, NotTaken, beginning

    told = {"line": beginning(line, private=private), "result": _result(each)}
    if isinstance(each, NotTaken):
        return told | {"why": each.why}
    if isinstance(each, Arrived):
        from smsmon.phones import as_shown

        return told | {
            "id": each.id,
            "label": each.label,
            "tags": list(each.tags),
            "phone": as_shown(each.phone, private=private),
            "sent_at": utc(each.sent_at),
        }
    return told


def _shown(
    line: str, each: Arrived | NotTaken | None, *, private: bool, in_utc: bool
) -> Sequence[str]:
    from smsmon.sources.arrived import Arrived, NotTaken, beginning

    text = beginning(line, private=private)
    if isinstance(each, NotTaken):
        return "left out", "", "", "", "", "", f"{each.why}: {text}"
    if isinstance(each, Arrived):
        from smsmon.phones import as_shown

        phone, sent = as_shown(each.phone, private=private), when(each.sent_at, in_utc=in_utc)
        return "taken", each.id, each.label, " ".join(each.tags), phone, sent, text
    return "other", "", "", "", "", "", text


def _lines_of(source: Source, number: int, settings: Settings) -> Sequence[str]:
    """The last lines of a source, as far as there are any; a failure where it cannot be read."""
    from smsmon.locations import expanded
    from smsmon.sources.feeds import Trouble
    from smsmon.sources.followed import last_lines

    try:
        if source.file is not None:
            return last_lines(expanded(source.file), number)
        if source.command is not None:
            from smsmon.commands.loops import run

            return run(_listen(source.command, number, settings))
        return _of_stdin(number)
    except Trouble as trouble:
        fail(str(trouble))
    except OSError as error:
        path = Path(source.file or "standard input")
        fail(f"{path} cannot be read ({error.strerror or error}).")


async def _listen(argv: Sequence[str], number: int, settings: Settings) -> Sequence[str]:
    """What a command prints in a few seconds; what it printed before it failed."""
    from smsmon.sources.feeds import CommandFeed, Trouble
    from smsmon.targets import environment

    feed = CommandFeed(argv, lambda: environment(settings, os.environ))
    until = time.monotonic() + _LISTENS
    lines: list[str] = []
    progress(f"Listening for {_LISTENS:g} s, or {counted(number, 'line')}.")
    try:
        await feed.begin("")
        async with asyncio.timeout_at(asyncio.get_running_loop().time() + _LISTENS):
            while len(lines) < number and time.monotonic() < until:
                lines += (await feed.portion()).lines
    except TimeoutError:
        pass
    except Trouble as trouble:
        if not lines:
            raise
        say(f"smsmon: {trouble}")
    finally:
        await feed.end()
    return lines[:number]


def _of_stdin(number: int) -> Sequence[str]:
    from smsmon.sources.arrived import Splitter

    cut, last = Splitter(), deque[str](maxlen=number)
    while data := os.read(0, 65_536):
        last += cut.take(data)
    last += cut.end()
    return list(last)
