"""The commands of smsmon: parse, call, print. No logic.

Commands are loaded by name, when asked for: ``--version`` and ``--help`` import ``click`` and
nothing else of weight.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Final, NamedTuple

import click

from smsmon import __version__, exit_codes
from smsmon.commands.context import find_locations, given_flags, require_profiles
from smsmon.commands.flags import plain_flag, privacy_flag, profile_flag, utc_flag
from smsmon.commands.output import fail

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_NAME = "smsmon"
_PROFILE = "SMSMON_PROFILE"
_HELP = """Watch SMS messages being delivered: an operations console and commands for SMS Partner.

Without a command, the console opens. `smsmon demo` shows it without an account.

The API key is read from SMSMON_API_KEY, or from the file or command that config.toml names;
never from an argument, because process lists show those. SMSMON_BASE_URL changes the API's
address, SMSMON_HOME the folder of all files."""


class Listed(NamedTuple):
    """One command as ``smsmon --help`` lists it."""

    place: str
    """``module:name`` under `smsmon.commands`."""
    section: str
    help: str
    """Its first sentence; a test holds it equal to the command's own."""


SECTIONS: Final = ("Look", "Watchlist", "Set up", "Try out")

COMMANDS: Final = {
    "status": Listed("status:status", "Look", "Ask the API what became of messages."),
    "watch": Listed(
        "watch:watch",
        "Look",
        "Watch the watchlist without a screen, and print every change as a JSON line.",
    ),
    "find": Listed("find:find", "Look", "Tell everything ever seen about a phone number."),
    "history": Listed(
        "history:history", "Look", "Tell what was recorded, and look after the database."
    ),
    "alert": Listed(
        "alert:alert", "Look", "Tell of alerts, answer them, silence them, and try rules."
    ),
    "export": Listed(
        "export:export", "Look", "Write out what the history knows, or the watchlist."
    ),
    "check": Listed("check:check", "Look", "Tell a monitoring system how it stands (a plugin)."),
    "balance": Listed("balance:balance", "Look", "Ask the API what the account holds."),
    "ls": Listed("watchlist:ls", "Watchlist", "List the watchlist."),
    "add": Listed("watchlist:add", "Watchlist", "Put messages on the watchlist."),
    "rm": Listed("watchlist:rm", "Watchlist", "Take messages off the watchlist."),
    "edit": Listed(
        "watchlist:edit", "Watchlist", "Change label, tags, note or profile of watched messages."
    ),
    "pause": Listed(
        "watchlist:pause", "Watchlist", "Stop polling messages, and keep them on the watchlist."
    ),
    "resume": Listed("watchlist:resume", "Watchlist", "Poll paused messages again."),
    "import": Listed(
        "watchlist:import_", "Watchlist", "Put the messages of a list on the watchlist."
    ),
    "source": Listed(
        "source:source", "Watchlist", "Look after the sources that bring messages by themselves."
    ),
    "config": Listed("config:config", "Set up", "Show, check, edit and begin the settings file."),
    "doctor": Listed(
        "doctor:doctor",
        "Set up",
        "Look at terminal, files, store, accounts, sources and targets, and say what to mend.",
    ),
    "store": Listed(
        "store:store", "Set up", "Make, look at, change and copy a team's store on PostgreSQL."
    ),
    "locate": Listed("config:locate", "Set up", "Tell where each file is, or would be."),
    "completion": Listed(
        "shells:completion",
        "Set up",
        "Print a script that completes commands and options in a shell.",
    ),
    "demo": Listed("demo:demo", "Try out", "Open the console on a simulated account."),
    "simulate": Listed("demo:simulate", "Try out", "Run a simulated SMS Partner API."),
}


class Commands(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        place = COMMANDS[cmd_name].place
        module, _, name = place.partition(":")
        command = getattr(import_module(f"smsmon.commands.{module}"), name)
        return command if isinstance(command, click.Command) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f"Did you mean `smsmon {near[0]}`?" if near else "`smsmon --help` lists them."
            raise click.UsageError(f"There is no command {args[0]!r}. {hint}", ctx)
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[str]]:
        from click.shell_completion import CompletionItem

        found = [
            CompletionItem(name, help=entry.help)
            for name, entry in COMMANDS.items()
            if name.startswith(incomplete)
        ]
        return [*found, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(map(len, COMMANDS))
        for section in SECTIONS:
            rows = [
                (name.ljust(width), entry.help)
                for name, entry in COMMANDS.items()
                if entry.section == section
            ]
            if rows:
                with formatter.section(section):
                    formatter.write_dl(rows)
        with formatter.section("Exit codes"):
            formatter.write_dl(
                [(f"{code:>{width}}", text) for code, text in exit_codes.MEANINGS.items()]
            )


_ANY_PROFILE = frozenset({"config", "doctor", "locate", "completion", "demo", "simulate"})
"""Commands that look at the settings, whatever is wrong with them, or need none."""


@click.group(
    cls=Commands,
    help=_HELP,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@profile_flag
@privacy_flag
@utc_flag
@plain_flag
@click.version_option(__version__, "-V", "--version", message="smsmon %(version)s")
@click.pass_context
def smsmon(ctx: click.Context) -> None:
    if ctx.invoked_subcommand is None:
        from smsmon.commands.console import open_console

        ctx.exit(open_console())
    command = ctx.invoked_subcommand
    if command in _ANY_PROFILE:
        return
    named, whose = given_flags().get(("profile",)), ""
    if not named and command in COMMANDS and COMMANDS[command].section == "Watchlist":
        # The others read the settings, and may yet be given a --profile of their own.
        named, whose = os.environ.get(_PROFILE), f"Environment variable {_PROFILE}: "
    if named:
        require_profiles(find_locations(), [named], whose)


def run(args: list[str]) -> int:
    """Do what ``args`` say; gives the exit code. Raises what `smsmon.run` tells of."""
    try:
        with smsmon.make_context(_NAME, args) as context:
            smsmon.invoke(context)
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except click.ClickException as error:
        fail(_usage_sentence(error))
    except click.Abort:
        raise KeyboardInterrupt from None
    return exit_codes.OK


def complete() -> int:
    """Tell the shell what could follow. It shows what is printed: of troubles, nothing is."""
    try:
        from smsmon.commands.shells import use_ours

        use_ours()
        smsmon.main(prog_name=_NAME)
    except SystemExit as answered:
        return exit_codes.USAGE if answered.code else exit_codes.OK
    except Exception:
        return exit_codes.USAGE


def _usage_sentence(error: click.ClickException) -> str:
    """Click's message as one sentence, with the command whose help has the rest."""
    # Nobody types a key or a password as an argument, but by mistake.
    from smsmon.secret import without_keys

    message = without_keys(" ".join(error.format_message().split()))
    if message and message[-1] not in ".?!":
        message += "."
    context = getattr(error, "ctx", None)
    if context is None or "--help" in message or message.endswith("?"):
        return message
    return f"{message} See `{context.command_path} --help`."
