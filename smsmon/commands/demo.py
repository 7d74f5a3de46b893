"""``smsmon demo``: simulator and console in one."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import click

from smsmon import files
from smsmon.commands.console import need_terminal
from smsmon.commands.context import read_settings, settings_again
from smsmon.commands.durations import Number

ALERTS = """
[alerts.late]
when = "tag:otp oldest>3m"
severity = "critical"

[alerts.losses]
when = "failed_share>20% recipients>=50"
"""
"""Rules that the demo's messages meet: a list gone bad from the start, and codes that wait for
three minutes once the demo has run for one."""


@click.command
@click.option("--seed", type=int, default=1, show_default=True, help="Same seed, same messages.")
@click.option(
    "--speed",
    type=Number(0.001, 1_000_000),
    default=1.0,
    show_default=True,
    help="How many times faster than life reports come in.",
)
@click.pass_context
def demo(ctx: click.Context, seed: int, speed: float) -> None:
    """Open the console on a simulated account.

    No account and no network are needed. None of your files or settings is read or written:
    the demo lives in a temporary folder, which goes when it ends. Only what you export yourself
    stays, in the folder you are in.
    """
    need_terminal()
    ctx.exit(run_demo(seed, speed))


def run_demo(seed: int, speed: float) -> int:
    """The demo's console, until it is left; gives its exit code."""
    from smsmon.console.app import run_console
    from smsmon.locations import Locations
    from smsmon.simulator.scenario import demo_entries, demo_world
    from smsmon.simulator.thread import ServerThread
    from smsmon.store import open_store

    world = demo_world(seed=seed, speed=speed)
    with (
        tempfile.TemporaryDirectory(prefix="smsmon-demo-") as folder,
        ServerThread(world) as server,
    ):
        home = Path(folder)
        # An export in the temporary folder would be gone before it was looked at.
        locations = replace(Locations.under(home), exports=Path.cwd())
        write_account(home, server.base_url, server.key, ALERTS)
        open_store(locations).watchlist().add(demo_entries(world.clock.now()))
        # An empty environment: a key that is set for real work must not reach the demo.
        settings = read_settings(locations, environ={})
        return run_console(settings, locations, settings_again(locations, environ={}))


def write_account(home: Path, base_url: str, key: str, more: str = "") -> None:
    """A settings file and a key file in ``home`` that point at a simulator.

    ``more``: what else the settings have, as TOML.
    """
    key_file = home / "key"
    config = f'[profiles.default]\nbase_url = "{base_url}"\napi_key_file = "{key_file}"\n{more}'
    files.create(key_file, f"{key}\n".encode)
    files.create(home / "config.toml", config.encode)
