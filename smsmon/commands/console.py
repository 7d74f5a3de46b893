"""``smsmon``, without a command: the console."""

from __future__ import annotations

import gc

from smsmon.commands.context import find_locations, reader
from smsmon.commands.output import fail, without_terminal


def need_terminal(command: str = "smsmon") -> None:
    """Fail with what to do instead, unless a person sits at all three ends of ``command``."""
    for name in without_terminal():
        fail(
            f"The console needs a terminal, and {name} is none. Over SSH, `ssh -t HOST {command}`"
            " gives it one. In scripts use `smsmon status ID` or `smsmon ls`."
        )


def open_console() -> int:
    """Run the console on the user's own settings and files; gives the exit code."""
    need_terminal()
    # What a start loads stays for good, and looking for garbage in it takes a sixth of the time
    # until the first paint. The terminal's process looks for garbage again, seconds later.
    gc.disable()
    locations = find_locations()
    reread = reader(locations)
    reading = reread()

    from smsmon.console import checks

    if checks.refused(reading):
        fail("\n".join(checks.complaints(reading)))
    from smsmon.console.app import run_console

    return run_console(reading.settings, locations, reread)
