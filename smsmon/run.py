"""One run of smsmon, from its arguments to its exit code: the console, or a command.

Whoever opens the console without a word does not wait for what understands words.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NoReturn

from smsmon import exit_codes
from smsmon.commands.door import Unwritable, open_doors
from smsmon.commands.output import Failure, say, unwritten
from smsmon.heap import share_one_pool
from smsmon.leaving import ToldToStop, heeding_signals, no_core_files, raised

if TYPE_CHECKING:
    from collections.abc import Sequence

_COMPLETION = "_SMSMON_COMPLETE"
"""Set by the shell scripts of `smsmon completion`."""


def main() -> NoReturn:
    """The ``smsmon`` command. Ends the process with one of the exit codes of `exit_codes`."""
    no_core_files()
    open_doors()
    share_one_pool()
    try:
        with heeding_signals():
            code = _run()
    except ToldToStop as told:
        code = _ended(told.code)
    # At once: a thread that waits for a silent name server holds nobody up.
    os._exit(code)


def _run() -> int:
    try:
        if os.environ.get(_COMPLETION):
            from smsmon.cli import complete

            return complete()
        if args := sys.argv[1:]:
            from smsmon.cli import run

            return run(args)
        from smsmon.commands.console import open_console

        return open_console()
    except Failure as failure:
        return _ended(failure.exit_code, *str(failure).splitlines())
    except ToldToStop as told:
        return _ended(told.code)
    except KeyboardInterrupt:
        return _ended(exit_codes.INTERRUPTED)
    except BrokenPipeError:
        return _ended(exit_codes.BROKEN_PIPE)
    except Unwritable as error:  # of what others print, such as click its help
        return _ended(exit_codes.USAGE, unwritten(error))
    except Exception as error:
        if code := raised():
            return _ended(code)
        if (known := _of_store(error)) is not None:
            code, sentence, place = known
            return _ended(code, sentence, place=place)
        return _ended(exit_codes.CRASH, _crashed(error))


def _ended(code: int, *sentences: str, place: str = "") -> int:
    """Say why a command did not do its work; gives the exit code. ``place`` is what we call a
    store, where the sentence begins with that.

    What monitoring systems run tells that on stdout, and by a code of theirs: the others would
    mean that something is wrong with what is monitored.
    """
    if _is_plugin(sys.argv[1:]):
        from smsmon.commands.plugin import unknown

        return unknown(sentences, place)
    for sentence in sentences:
        say(f"smsmon: {sentence}", "error")
    return code


def _is_plugin(args: Sequence[str]) -> bool:
    """True when the command is one that monitoring systems run."""
    words = iter(args)
    for word in words:
        if word == "--profile":  # the one option before a command that has a value
            next(words, None)
        elif not word.startswith("-"):
            return word == "check"
    return False


def _of_store(error: Exception) -> tuple[int, str, str] | None:
    """The exit code for a store that cannot be used, a sentence that tells which, why and what to
    do, and what the store is called in it; None for another error.

    Only a command that imported the stores can raise one: looking must not import them.
    """
    errors = sys.modules.get("smsmon.store.errors")
    if errors is None or not isinstance(error, errors.StoreError):
        return None
    gone = isinstance(error, errors.Unreachable)
    return exit_codes.TROUBLE if gone else exit_codes.USAGE, error.once, error.where


def _crashed(error: Exception) -> str:
    from smsmon.failures import write_crash_note

    note = write_crash_note(error)
    where = f"A note about it is in {note}" if note else "No note about it could be written"
    return f"this is a fault of smsmon itself ({type(error).__name__}). {where}."
