"""The simulated account: ``demo`` and ``simulate``."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from smsmon import files
from smsmon.commands.console import need_terminal
from smsmon.commands.context import read_settings, reader
from smsmon.commands.flags import F, Number
from smsmon.commands.output import emit, fail

if TYPE_CHECKING:
    from smsmon.locations import Locations
    from smsmon.settings import Settings
    from smsmon.simulator.scenario import Codes
    from smsmon.simulator.world import World
    from smsmon.store.base import Store

ALERTS = """
[alerts.late]
when = "group:otp waiting_oldest>3m"
about = "tag"
severity = "critical"

[alerts.losses]
when = "failed_share>20% recipients>=50"
for = "0s"
"""
"""Rules that the demo's messages meet: a list gone bad from the start, and codes that wait for
three minutes once the demo has run for one."""
SOURCE = """
[sources.shop]
file = "{log}"
match = '{match}'
leave = "1h"
"""
"""Where the demo's codes come in by themselves: the log of the shop that sends them."""
_CODES_A_MINUTE = 30.0
_CODES_BEFORE = 2_700.0
"""Seconds before the demo begins from which on codes were sent."""


def _world_flags(command: F) -> F:
    command = click.option(
        "--speed",
        type=Number(0.001, 1_000_000),
        default=1.0,
        show_default=True,
        help="How many times faster than life reports come in.",
    )(command)
    return click.option(
        "--seed", type=int, default=1, show_default=True, help="Same seed, same messages."
    )(command)


@click.command
@_world_flags
@click.option(
    "--team",
    is_flag=True,
    help="Show a team's store: a temporary PostgreSQL, two processes that poll, and this console.",
)
@click.pass_context
def demo(ctx: click.Context, seed: int, speed: float, team: bool) -> None:
    """Open the console on a simulated account.

    No account and no network are needed. None of your files or settings is read or written:
    the demo lives in a temporary folder, which goes when it ends. Only what you export yourself
    stays, in the folder you are in. --team needs the PostgreSQL server's programs, and
    smsmon[team]; nothing of it is left either.
    """
    need_terminal("smsmon demo")
    if team:
        from smsmon.commands.demo.team import run

        ctx.exit(run(seed, speed))

    from smsmon.console.app import run_console
    from smsmon.locations import Locations, here
    from smsmon.simulator.scenario import demo_entries, demo_world
    from smsmon.simulator.thread import ServerThread
    from smsmon.store import open_store

    world = demo_world(seed=seed, speed=speed)
    with (
        tempfile.TemporaryDirectory(prefix="smsmon-demo-") as folder,
        ServerThread(world) as server,
        shop(world, log := Path(folder) / "shop.log"),
    ):
        home = Path(folder)
        # An export in the temporary folder would be gone before it was looked at.
        locations = replace(Locations.under(home), exports=here())
        write_account(home, server.base_url, server.key, ALERTS + reads(log))
        # An empty environment: a key that is set for real work must not reach the demo.
        settings = read_settings(locations, environ={})
        store = open_store(locations, settings)
        store.watchlist().add(demo_entries(world.clock.now()))
        read_from_the_beginning("shop", settings, store)
        codes_as_one_row(locations)
        code = run_console(settings, locations, reader(locations, environ={}))
    ctx.exit(code)


def shop(world: World, log: Path) -> Codes:
    """Somebody who sends codes, and logs them."""
    from smsmon.simulator.scenario import Codes

    codes = Codes(world, partial(files.append, log), a_minute=_CODES_A_MINUTE, before=_CODES_BEFORE)
    codes.send_due()
    return codes


def reads(log: Path) -> str:
    """The settings of who reads the shop's log."""
    from smsmon.simulator.scenario import MATCH

    return SOURCE.format(log=log, match=MATCH)


def codes_as_one_row(locations: Locations) -> None:
    """Have the console begin with a row for all that a source brought."""
    from smsmon.console.memory import GROUPED_BY, Memory
    from smsmon.groups import Dimension

    Memory(locations.state).keep(GROUPED_BY, [Dimension.SOURCE])


def read_from_the_beginning(name: str, settings: Settings, store: Store) -> None:
    """Have the log of a source read from its beginning, which was written before anybody read."""
    from smsmon.sources.feeds import position_text
    from smsmon.sources.followed import NOWHERE
    from smsmon.sources.running import reader_key

    key = reader_key(name, settings.sources[name])
    store.arrivals().take((), key, position_text(NOWHERE))


def write_account(home: Path, base_url: str, key: str, more: str = "", *, store: str = "") -> None:
    """A settings file and a key file in ``home`` that point at a simulator, and at a ``store``.

    ``more``: what else the settings have, as TOML.
    """
    key_file = home / "key"
    lines = [f'store = "{store}"'] if store else []
    lines += [
        "[profiles.default]",
        f'base_url = "{base_url}"',
        f'api_key_file = "{key_file}"',
        more,
    ]
    config = "\n".join(lines)
    files.create(key_file, f"{key}\n".encode)
    files.create(home / "config.toml", config.encode)


@click.command
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=0,
    show_default="0, a free one",
    help="The port to listen on.",
)
@_world_flags
@click.option(
    "--host",
    metavar="ADDRESS",
    default="127.0.0.1",
    show_default=True,
    help="An address of this machine's own; any other is refused.",
)
@click.option(
    "--batches",
    type=click.Choice(
        ["true", "unknown", "refused", "cut", "lies", "other-ids", "missing"], case_sensitive=False
    ),
    default="true",
    show_default=True,
    help="How it answers when many messages are asked for at once (multi-status).",
)
@click.pass_context
def simulate(
    ctx: click.Context, port: int, seed: int, speed: float, host: str, batches: str
) -> None:
    """Run a simulated SMS Partner API.

    It listens on this machine only, prints the environment that points smsmon to it, and runs
    until ctrl+c (exit code 130) or SIGTERM (143). Nothing in it is real: no account, no message,
    no phone. Try it with

    \b
      smsmon simulate --port 8025 --speed 10
    """
    from smsmon.commands.loops import run
    from smsmon.simulator.server import simulate as serve

    try:
        code = serve(
            port=port, seed=seed, speed=speed, host=host, batches=batches, echo=emit, run=run
        )
    except BrokenPipeError:
        raise
    except ValueError as error:
        fail(str(error))
    except OSError as error:
        fail(f"The simulator cannot listen on {host}, port {port} ({error.strerror or error}).")
    ctx.exit(code)
