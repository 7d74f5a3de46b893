"""smsmon with a fault put into it: ``python -m tests.pty.broken KIND``.

Each fault has the key in a local variable and in its message.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

KEY = "5e471e15e471e15e471e15e471e15e471e1abcde"
"""What must be found nowhere."""


def fail(*_: Any, **__: Any) -> NoReturn:
    secret = KEY
    raise LookupError(f"no such thing: apiKey={secret}")


def put(owner: type, name: str, faulty: Callable[..., Any]) -> None:
    """Let ``owner`` do something faulty instead."""
    setattr(owner, name, faulty)


def in_a_screen() -> None:
    """Opening the help fails."""
    from smsmon.console.dialogs.help import HelpScreen

    def compose(_: Any) -> Iterator[Any]:
        secret = KEY
        yield fail(secret)

    put(HelpScreen, "compose", compose)


def in_painting() -> None:
    """Painting fails once the help is on the screen."""
    from smsmon.console.dialogs.help import HelpScreen
    from smsmon.console.line import Line

    def on_mount(self: HelpScreen) -> None:
        put(Line, "render", fail)
        for line in self.app.screen_stack[0].query(Line):
            line.refresh()
        self.app.pop_screen()

    put(HelpScreen, "on_mount", on_mount)


def in_a_worker() -> None:
    """Leaving the last message out fails, as a worker."""
    from smsmon.watching import Watching

    async def remove(*_: Any) -> NoReturn:
        fail()

    put(Watching, "remove", remove)


def in_the_engine() -> None:
    """Nothing polls, however often it is begun."""
    from smsmon.monitor.engine import Engine

    async def run(_: Any) -> NoReturn:
        fail()

    put(Engine, "run", run)


def in_the_background() -> None:
    """A task and a thread of nobody fail when the help opens."""
    from smsmon.console.dialogs.help import HelpScreen

    async def task() -> None:
        fail()

    def on_mount(_: Any) -> None:
        asyncio.get_running_loop().call_soon(fail)
        threading.Thread(target=fail).start()

    put(HelpScreen, "on_mount", on_mount)


def at_the_end() -> None:
    """Writing the history for the last time hangs."""
    from smsmon.store.local.history import LocalHistory

    async def close(_: Any) -> None:
        await asyncio.Event().wait()

    put(LocalHistory, "close", close)
    from smsmon import leaving

    leaving.WITHIN = 0.5


FAULTS: dict[str, Callable[[], None]] = {
    fault.__name__: fault
    for fault in (
        in_a_screen,
        in_painting,
        in_a_worker,
        in_the_engine,
        in_the_background,
        at_the_end,
    )
}


if __name__ == "__main__":
    FAULTS[sys.argv.pop(1)]()
    from smsmon.run import main

    main()
