"""``smsmon simulate``."""

from __future__ import annotations

import click

from smsmon.commands.durations import Number
from smsmon.commands.output import emit, fail


@click.command
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=0,
    show_default="0, a free one",
    help="The port to listen on.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Same seed, same messages.")
@click.option(
    "--speed",
    type=Number(0.001, 1_000_000),
    default=1.0,
    show_default=True,
    help="How many times faster than life reports come in.",
)
@click.option(
    "--host",
    metavar="ADDRESS",
    default="127.0.0.1",
    show_default=True,
    help="An address of this machine's own; any other is refused.",
)
@click.pass_context
def simulate(ctx: click.Context, port: int, seed: int, speed: float, host: str) -> None:
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
        code = serve(port=port, seed=seed, speed=speed, host=host, echo=emit, run=run)
    except BrokenPipeError:
        raise
    except ValueError as error:
        fail(str(error))
    except OSError as error:
        fail(f"The simulator cannot listen on {host}, port {port} ({error.strerror or error}).")
    ctx.exit(code)
