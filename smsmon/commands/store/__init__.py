"""``smsmon store``: a team's store on PostgreSQL, made, looked at, changed, copied."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from smsmon import exit_codes
from smsmon.commands.context import find_locations, read_settings
from smsmon.commands.flags import F, Group
from smsmon.commands.output import emit, fail, on_terminal, print_json, progress, say
from smsmon.commands.store.words import advice, facts, is_well, shape
from smsmon.commands.table import Head, print_facts, print_rows
from smsmon.secret import has_password
from smsmon.store import copy_store, open_care
from smsmon.store.errors import StoreError, Unreachable
from smsmon.times import counted

if TYPE_CHECKING:
    from smsmon.secret import Password
    from smsmon.settings import Settings
    from smsmon.store.care import Care, Copied, Copying, Version

LOCAL = "local"
"""What the store on this machine is called here."""


@click.group(cls=Group)
def store() -> None:
    """Make, look at, change and copy a team's store on PostgreSQL.

    The setting store names it (SMSMON_STORE too); without one the store is on this machine, and
    needs no care. The page Operations of the README tells how a team sets one up.
    """


@dataclass(frozen=True, slots=True)
class _At:
    """A store, named on the command line."""

    store: str
    settings: Settings

    def store_password(self, *, anew: bool = False) -> Password | None:
        return self.settings.store_password(anew=anew)


def _care() -> Care:
    settings = read_settings(find_locations())
    if not settings.store:
        fail(
            "The store is on this machine: it is made and looked after by itself. A team's is named"
            " by the setting store, or by SMSMON_STORE."
        )
    return open_care(settings)


def _confirmed(question: str, *, yes: bool) -> bool:
    """Whether a person agrees; a failure where nobody can be asked."""
    if yes:
        return True
    if not sys.stdin.isatty():
        fail(f"{question} Say so with --yes.")
    say(f"{question} [y/N]")
    return sys.stdin.readline().strip().lower() in ("y", "yes")


@store.command
def init() -> None:
    """Make the tables of a store in an empty database.

    The user that the address names becomes their owner. It is refused where there is a store.
    """
    care = _care()
    made = care.make()
    emit(f"{care.where}: a store of version {made.there} was made.")
    say(
        "Next: rights for those who use it (`smsmon store roles`), and what was recorded on this"
        f" machine, if it is to be there (`smsmon store copy --from {LOCAL}`)."
    )


@store.command
@click.option("--yes", is_flag=True, help="Do not ask.")
def migrate(yes: bool) -> None:
    """Change a store that an older smsmon made into one of this version.

    It says what it does and asks first. All of it is done, or nothing. Meanwhile nobody writes:
    consoles show that they wait, and go on by themselves. What is too old to read it afterwards
    says so, and is to be updated. Only the owner of the tables can do it.
    """
    care = _care()
    found = care.version()
    _refuse_unless_older(care, found)
    emit(f"{care.where}: version {found.there}; this smsmon makes it version {found.here}.")
    for each in care.changes(found.there):
        emit(f"  {each}")
    if not _confirmed("Change it now? Make a backup first (pg_dump).", yes=yes):
        say("Nothing was changed.")
        return
    done = care.migrate()
    emit(f"It is of version {done.there} now.")


def _refuse_unless_older(care: Care, found: Version) -> None:
    if not found.there:
        fail(f"{care.where}: there is no store. `smsmon store init` makes one.")
    if found.there > found.here:
        fail(
            f"{care.where}: a newer smsmon changed it (version {found.there}; this one makes"
            f" {found.here}). Update smsmon here."
        )
    if found.there == found.here:
        emit(f"{care.where}: of version {found.there}, the newest. Nothing is to be done.")
        click.get_current_context().exit()


@store.command
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def check(ctx: click.Context, as_json: bool) -> None:
    """Look whether a store can be used, and how it stands.

    Looked at are the way to the server, TLS, versions, the rights of this user, clocks, whether
    news come at once (notifications), who polls now, and sizes. Nothing is changed.

    \b
    --json prints {"store", "reachable", "error", "host", "tls", "sslmode",
      "verified", "server", "database", "user", "schema", "version", "newest",
      "needed", "role", "lacking", "pooled", "clock_offset", "bell", "pollers",
      "others": [{"name", "host", "pid", "egress"}], "copied_from", "bytes",
      "messages", "recipients", "changes", "events", "months", "well"}
    Exit codes: 0 it can be used as it is, 2 it needs care, 5 it is not reached.
    """
    care = _care()
    try:
        looked = care.look()
    except StoreError as error:
        if as_json:
            print_json({"store": care.where, "reachable": False, "error": error.once})
            ctx.exit(exit_codes.TROUBLE if isinstance(error, Unreachable) else exit_codes.USAGE)
        fail(error.once, exit_codes.TROUBLE if isinstance(error, Unreachable) else exit_codes.USAGE)
    if as_json:
        print_json(shape(care, looked))
    else:
        print_facts(facts(care, looked), as_json=False)
        for each in advice(looked):
            say(each)
    ctx.exit(exit_codes.OK if is_well(looked) else exit_codes.USAGE)


@store.command
@click.argument("target", metavar="[TO]", required=False)
@click.option("--from", "source", metavar="STORE", help="The store that is copied.")
@click.option("--to", metavar="STORE", help="The same as TO.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def copy(
    ctx: click.Context, target: str | None, source: str | None, to: str | None, as_json: bool
) -> None:
    """Copy all that a store keeps into another one with nothing in it.

    STORE and TO are local (the store of this machine), or the address or the service=NAME of a
    database. Unless named, one of them is the store of the settings. Copied are the watchlist,
    what is known of messages and what changed, alerts with their answers, silences, balances, and
    what the schedule learnt. Nothing of the source changes. Nobody may poll meanwhile. A database
    is filled by the owner of its tables.
    A copy that was ended, by a kill or a broken line, goes on when the same command is run again.

    \b
    At the end both are read again, and each part is counted and summed up:
      part  rows  rows there  checksum  the same
    --json prints {"from", "to", "same", "parts": [{"part", "rows", "rows_there",
      "checksum", "checksum_there"}]}
    Exit codes: 0 both hold the same, 2 not, or it was refused, 5 a database is
    not reached.
    """
    if target is not None and to is not None:
        fail("Name the store to copy to once: TO, or --to.")
    settings = read_settings(find_locations())
    given = {"from": source, "to": target or to}
    if not any(given.values()):
        fail("Name the store to copy to, or the one to copy --from: local, or an address.")
    kept = settings.store or LOCAL
    names = {end: kept if name is None else name for end, name in given.items()}
    try:
        done = copy_store(
            find_locations(),
            _at(names["from"], settings),
            _at(names["to"], settings),
            _told_while_copying(),
        )
    except Unreachable as error:
        fail(str(error), exit_codes.TROUBLE)
    _tell_copied(done, as_json=as_json)
    ctx.exit(exit_codes.OK if done.same else exit_codes.USAGE)


def _at(name: str, settings: Settings) -> _At:
    if name not in (LOCAL, settings.store):
        from smsmon.settings.values import wrong_store

        if not name.startswith(("postgresql://", "postgres://", "service=")):
            fail("A store is local, or postgresql://USER@HOST/DATABASE, or service=NAME.")
        if wrong := wrong_store(name):
            fail(f"This address cannot be used. {wrong}")
        if has_password(name):
            fail(
                "A password has no place in an argument: process lists show it. Name where it is"
                " with the setting store_password_file, or put it into ~/.pgpass."
            )
    return _At("" if name == LOCAL else name, settings)


def _told_while_copying() -> Copying:
    """Tells a person how far it is, part by part."""
    told: dict[str, int] = {}

    def copying(part: str, rows: int) -> None:
        if part not in told and told:
            last, count = [*told.items()][-1]
            progress(f"{last}: {counted(count, 'row')}")
        told[part] = told.get(part, 0) + rows

    return copying


def _tell_copied(done: Copied, *, as_json: bool) -> None:
    if as_json:
        told = [
            {
                "part": each.part,
                "rows": each.source.rows,
                "rows_there": each.target.rows,
                "checksum": each.source.checksum,
                "checksum_there": each.target.checksum,
            }
            for each in done.parts
        ]
        print_json({"from": done.source, "to": done.target, "same": done.same, "parts": told})
    else:
        form = "{:,}" if on_terminal() else "{}"
        print_rows(
            (Head("part"), Head("rows"), Head("rows there"), Head("checksum"), Head("same")),
            (
                (
                    each.part,
                    form.format(each.source.rows),
                    form.format(each.target.rows),
                    each.source.checksum,
                    "yes" if each.alike else "no",
                )
                for each in done.parts
            ),
            right=(1, 2),
        )
    if not done.same:
        other = ", ".join(each.part for each in done.parts if not each.alike)
        say(f"Not the same: {other}. Somebody wrote there meanwhile: end it, and copy again.")
    elif not as_json:
        say(f"Both hold the same. {done.target} is used once the setting store names it.")


def _name(_: click.Context, __: click.Parameter, text: str) -> str:
    if not _NAME.fullmatch(text):
        raise click.BadParameter("a name has letters, digits, _ and -, and 63 of them at most.")
    return text


_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,62}")


def _named(option: str, default: str, help: str) -> Callable[[F], F]:
    return click.option(
        option, metavar="NAME", default=default, show_default=True, callback=_name, help=help
    )


@store.command
@_named("--owner", "smsmon_owner", "Who makes the tables, and changes them.")
@_named("--poller", "smsmon", "Who polls, and answers alerts.")
@_named("--viewer", "smsmon_viewer", "Who only looks.")
@_named("--schema", "public", "Where the tables are.")
def roles(owner: str, poller: str, viewer: str, schema: str) -> None:
    """Print the SQL that gives three users of the database the rights they need.

    The owner makes the store and changes it to newer versions; pollers are consoles and watches;
    viewers may only look. Nothing is run: read it, and give it to psql.
    """
    if len({owner, poller, viewer}) < 3:
        fail("Owner, poller and viewer are three users: each has rights that the others lack.")
    settings = read_settings(find_locations())
    care = open_care(_At(settings.store or "postgresql:///smsmon", settings))
    emit(care.roles(owner, poller, viewer, schema).rstrip())
