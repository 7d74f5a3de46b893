"""``smsmon export``."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from smsmon import exit_codes, files, outputs
from smsmon.commands import completing
from smsmon.commands.context import find_locations, open_watchlist, read_settings, require_profiles
from smsmon.commands.filtering import chosen, takes_filter
from smsmon.commands.flags import DIMENSIONS, group_flag, privacy_flag, range_asked, range_flags
from smsmon.commands.ids import entries_from, takes_ids
from smsmon.commands.output import Progress, emit, fail, fail_to_write, listed
from smsmon.commands.selection import chosen_entries
from smsmon.commands.stores import the_store

if TYPE_CHECKING:
    from smsmon.commands.recorded import Block

Write = Callable[[str], object]


class _Explained(click.Command):
    """A command whose help lists the columns and the fields, as the tables of them have them."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from smsmon.commands.fields import of_groups, of_messages
        from smsmon.commands.recorded import CHANGE_FIELDS, KINDS
        from smsmon.filters.groups import GROUP_COLUMNS
        from smsmon.filters.messages import RECORDED_FIELDS
        from smsmon.filters.recipients import RECIPIENT_FIELDS

        super().format_epilog(ctx, formatter)
        with formatter.section("Columns"):
            columns = {name: " ".join(kind.columns) for name, kind in KINDS.items()}
            columns["groups"] = " ".join(GROUP_COLUMNS)
            columns["watchlist"] = "id label tags note added paused profile"
            formatter.write_dl([*columns.items()])
        changes = ", ".join(each.name for each in CHANGE_FIELDS)
        watched = {*of_messages()} - {*RECORDED_FIELDS}
        for title, fields in (
            (f"Fields of recipients (of changes: {changes})", RECIPIENT_FIELDS),
            ("Fields of messages (*: known only while they are watched)", of_messages()),
            ("Fields of groups (see smsmon status --group)", of_groups()),
        ):
            with formatter.section(title):
                formatter.write_dl(
                    [(each.name + "*" * (each in watched), each.help) for each in fields]
                )


@click.command(cls=_Explained)
@click.argument(
    "what", type=click.Choice(["recipients", "changes", "summary", "groups", "watchlist"])
)
@takes_ids
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "jsonl", "text", "toml"]),
    help="csv (unless given) or jsonl; a watchlist also as text or toml.",
)
@group_flag("For groups: by what messages are put together; by tag unless given.")
@takes_filter("recipients", "rows", here=True)
@range_flags("For changes: from then on, said as")
@click.option(
    "--profile",
    "account",
    metavar="NAME",
    shell_complete=completing.profiles,
    help="What was read with this account; unless given, with the one a message belongs to now"
    " (changes: with any).",
)
@click.option(
    "--output",
    "-o",
    metavar="FILE",
    shell_complete=completing.files,
    help="Write there: a file whole or not at all.",
)
@click.option("--excel", is_flag=True, help="CSV that opens by a click: BOM, semicolons.")
@privacy_flag
def export(
    what: str,
    ids: tuple[str, ...],
    file: str | None,
    form: str | None,
    dimension: str | None,
    expression: str,
    tagged: tuple[str, ...],
    since: str | None,
    until: str | None,
    account: str | None,
    output: str | None,
    excel: bool,
) -> None:
    """Write out what the history knows, or the watchlist.

    Without ids, all messages; exit code 4 if one of the ids is not known. Rows are written as
    they are read: a million take no more memory than the largest message. Recipients and changes
    are filtered by their own fields and by those of their message that are called otherwise; a
    summary and a watchlist by those of messages. Words without a field are looked for in what
    the rows themselves are. Groups are those of `smsmon status --group`, as of now.

    absent: no longer listed by the API, and shown as last seen; in a summary,
    how many of its total. event: absent or listed_again, some of its recipients;
    the row is then of no single one.
    CSV is safe for spreadsheets: a cell that could be a formula or be rounded,
    such as a phone number, begins with an apostrophe. jsonl is for programs:
    one JSON object a line, times in UTC or null. smsmon import reads every
    form of a watchlist back whole (text: ids and labels).
    """
    form = form or "csv"
    if excel and form != "csv":
        fail("--excel is a way to write CSV: leave --format out, or give csv.")
    if what != "changes" and (since is not None or until is not None):
        fail("--since and --until are for changes: all else is told as last seen.")
    if dimension is not None and what != "groups":
        fail("--group is for groups.")
    if what == "groups":
        if account is not None:
            fail("--profile is for what was read: of groups, --group profile tells accounts apart.")
        _need_rows(form)
        _export_groups(ids, file, form, output, expression, tagged, dimension, excel=excel)
        return
    if what == "watchlist":
        if account is not None:
            fail("--profile is for what was read: of a watchlist, --filter profile:NAME chooses.")
        _export_watchlist(ids, file, form, output, expression, tagged, excel=excel)
        return
    _need_rows(form)
    locations = find_locations()
    settings = read_settings(locations)
    asked_time = range_asked(since, until, in_utc=settings.display.utc)

    from smsmon.commands.knowledge import Knowledge
    from smsmon.commands.recorded import KINDS, RowsWanted

    kind = KINDS[what]
    choice = chosen(expression, tagged, kind.fields())
    named = [entry.id for entry in entries_from(ids, file)]
    store = the_store(locations, settings)
    entries = store.watchlist().load()
    with store.archive() as archive:
        knowledge = Knowledge(settings, entries, archive, choice.fields)
        keys = (
            knowledge.belonging(named or None)
            if account is None
            else archive.messages(named or None, account)
        )
        if account is not None and not keys and not archive.messages(None, account):
            require_profiles(locations, [account])  # one that is gone may have read something
        asked = RowsWanted(
            keys=keys,
            profile=account,
            choice=choice,
            knowledge=knowledge,
            private=settings.display.privacy,
            since=asked_time.start,
            until=inf if asked_time.open else asked_time.end,
        )
        with _opened(output) as write, Progress("rows") as progress:
            if form == "csv":
                write(_header(kind.columns, excel=excel))
            for block in kind.blocks(archive, asked):
                write(
                    _as_csv(block, kind.columns, excel=excel) if form == "csv" else _as_json(block)
                )
                if output is not None:  # stdout shows by itself how far it is
                    progress.step(len(block["id"]))
    _fail_for_unknown(named, {id for id, _ in keys}, "Not in the history")


def _need_rows(form: str) -> None:
    if form not in ("csv", "jsonl"):
        fail("Only a watchlist is written as text or toml: take csv or jsonl.")


def _export_groups(
    ids: Sequence[str],
    file: str | None,
    form: str,
    output: str | None,
    expression: str,
    tagged: Sequence[str],
    dimension: str | None,
    *,
    excel: bool,
) -> None:
    from smsmon.commands.grouped import asked_groups
    from smsmon.filters.groups import GROUP_COLUMNS
    from smsmon.shapes import group_json

    asked = asked_groups(ids, file, expression, tagged, dimension or DIMENSIONS[0])
    rows = [group_json(each, private=asked.private) for each in asked.found]
    with _opened(output) as write:
        if form == "csv":
            write(_header(GROUP_COLUMNS, excel=excel))
        for row in rows:
            if form == "csv":
                cells = {name: [row[name]] for name in GROUP_COLUMNS}
                write(_as_csv(cells, GROUP_COLUMNS, excel=excel))
            else:
                write(_json(row))


def _export_watchlist(
    ids: Sequence[str],
    file: str | None,
    form: str,
    output: str | None,
    expression: str,
    tagged: tuple[str, ...],
    *,
    excel: bool,
) -> None:
    locations = find_locations()
    entries = chosen_entries(locations, expression, tagged)
    named = [entry.id for entry in entries_from(ids, file)]
    if named:
        wanted = {*named}
        entries = [entry for entry in entries if entry.id in wanted]
    if form == "jsonl":
        from smsmon.shapes import entry_json

        lines: Iterable[str] = (_json(entry_json(entry)) for entry in entries)
    else:
        from smsmon.store.idlist import Form
        from smsmon.store.idlist import export as written

        lines = written(entries, Form(form), excel=excel).splitlines()
    with _opened(output) as write:
        for line in lines:
            write(line)
    if named:
        watched = {entry.id for entry in open_watchlist(locations).load()}
        _fail_for_unknown(named, watched, "Not on the watchlist")


def _fail_for_unknown(named: Iterable[str], known: Container[str], where: str) -> None:
    """Name those asked for that are not there; all that is there is written by now."""
    if missing := [each for each in dict.fromkeys(named) if each not in known]:
        fail(f"{where}: {listed(missing)}.", exit_codes.NOT_FOUND)


def _header(columns: Sequence[str], *, excel: bool) -> str:
    from smsmon.spreadsheet import lines, opened

    return next((opened if excel else lines)([columns]))


def _as_csv(block: Block, columns: Sequence[str], *, excel: bool) -> str:
    from smsmon.spreadsheet import EXCEL, written

    return written([_cells(block[name]) for name in columns], EXCEL if excel else ",")


def _cells(column: Sequence[object]) -> Sequence[str]:
    """A column as CSV has it. What stands in it often is written once."""
    from smsmon.spreadsheet import cell

    if column and isinstance(column[0], list):
        return [cell(_cell(each)) for each in column]
    texts = {each: cell(_cell(each)) for each in {*column}}
    return [*map(texts.__getitem__, column)]


def _as_json(block: Block) -> str:
    from smsmon.commands.recorded import records

    return "\n".join(map(_json, records(block)))


def _cell(value: object) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return " ".join(map(str, value))
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def _json(row: dict[str, Any]) -> str:
    import json

    return json.dumps(row, ensure_ascii=False, separators=(",", ":"))


def _opened(output: str | None) -> AbstractContextManager[Write]:
    if output is None or output == "-" or files.descriptor_of(output) == 1:
        return nullcontext(emit)
    return _whole(output)


@contextmanager
def _whole(output: str) -> Iterator[Write]:
    """What is written into the file ``output``, or into what else has that name."""
    if output[-1:] in ("", "/"):
        fail(f"-o '{output}' names no file: write its name in full.")
    if find_locations().keeps(Path(output)):
        fail(f"{output} is a file of smsmon's own: choose another name.")
    try:
        with outputs.written(Path(output)) as file:
            yield lambda line: file.write(f"{line}\n".encode())
    except OSError as error:
        fail_to_write(output, error)
