"""``smsmon``, without a command: the console."""

from __future__ import annotations

import gc

from smsmon.commands.context import find_locations, read_settings, settings_again
from smsmon.commands.output import fail, without_terminal


def need_terminal() -> None:
    """Fail with what to do instead, unless a person sits at all three ends."""
    for name in without_terminal():
        fail(
            f"The console needs a terminal, and {name} is none. In scripts use"
            " `smsmon status ID` or `smsmon ls`."
        )


def open_console() -> int:
    """Run the console on the user's own settings and files; gives the exit code."""
    need_terminal()
    # What a start loads stays for good, and looking for garbage in it takes a sixth of the time
    # until the first paint. The terminal's process looks for garbage again, seconds later.
    gc.disable()
    locations = find_locations()
    settings = read_settings(locations)

    from smsmon.console.actions import keymap_problems
    from smsmon.console.app import run_console

    if problems := keymap_problems(settings.keymap):
        fail("\n".join(problems))
    return run_console(settings, locations, settings_again(locations))
