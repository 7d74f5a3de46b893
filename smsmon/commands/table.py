"""The table of commands: name, where its code is, one line of help. Imports nothing."""

from __future__ import annotations

from typing import Final, NamedTuple


class Command(NamedTuple):
    """One command as ``smsmon --help`` lists it."""

    place: str
    """``module:name`` under `smsmon.commands`."""
    section: str
    help: str
    """Its first sentence; a test holds it equal to the command's own."""


SECTIONS: Final = ("Look", "Watchlist", "Set up", "Try out")

COMMANDS: Final = {
    "status": Command("status:status", "Look", "Ask the API what became of messages."),
    "add": Command("add:add", "Watchlist", "Put messages on the watchlist."),
    "rm": Command("rm:rm", "Watchlist", "Take messages off the watchlist."),
    "ls": Command("ls:ls", "Watchlist", "List the watchlist."),
    "demo": Command("demo:demo", "Try out", "Open the console on a simulated account."),
    "simulate": Command("simulate:simulate", "Try out", "Run a simulated SMS Partner API."),
}
