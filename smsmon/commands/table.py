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
    "watch": Command(
        "watch:watch",
        "Look",
        "Watch the watchlist without a screen, and print every change as a JSON line.",
    ),
    "find": Command("find:find", "Look", "Tell everything ever seen about a phone number."),
    "history": Command(
        "history:history", "Look", "Tell what was recorded, and look after the database."
    ),
    "export": Command(
        "export:export", "Look", "Write out what the history knows, or the watchlist."
    ),
    "balance": Command("balance:balance", "Look", "Ask the API what the account holds."),
    "ls": Command("ls:ls", "Watchlist", "List the watchlist."),
    "add": Command("add:add", "Watchlist", "Put messages on the watchlist."),
    "rm": Command("rm:rm", "Watchlist", "Take messages off the watchlist."),
    "edit": Command(
        "edit:edit", "Watchlist", "Change label, tags, note or profile of watched messages."
    ),
    "pause": Command(
        "edit:pause", "Watchlist", "Stop polling messages, and keep them on the watchlist."
    ),
    "resume": Command("edit:resume", "Watchlist", "Poll paused messages again."),
    "import": Command("bulk:import_", "Watchlist", "Put the messages of a list on the watchlist."),
    "config": Command("config:config", "Set up", "Show, check and begin the settings file."),
    "doctor": Command(
        "doctor.command:doctor",
        "Set up",
        "Look at terminal, files, accounts and network, and say what to mend.",
    ),
    "locate": Command("locate:locate", "Set up", "Tell where each file is, or would be."),
    "completion": Command(
        "completion:completion",
        "Set up",
        "Print a script that completes commands and options in a shell.",
    ),
    "demo": Command("demo:demo", "Try out", "Open the console on a simulated account."),
    "simulate": Command("simulate:simulate", "Try out", "Run a simulated SMS Partner API."),
}
