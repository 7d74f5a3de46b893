"""One small simulated account for all tests that drive the real program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import MappingProxyType

import pytest

from smsmon.simulator.thread import ServerThread
from tests.pty.console import PROGRAM, furnish
from tests.pty.standing import still_world
from tests.pty.terminal import Terminal

MESSAGES = 12
SIZE = (140, 40)
NOTHING: Mapping[str, str] = MappingProxyType({})


class Desk:
    """Opens consoles on the account, each in a terminal of its own."""

    def __init__(self, home: Path, server: ServerThread, stack: ExitStack) -> None:
        self.home = home
        self.server = server
        self.environ = furnish(home, server, server.server.world.messages)
        self.environ["SMSMON_DISPLAY_CLOCK"] = "false"
        self._stack = stack

    def start(
        self,
        *more: str,
        size: tuple[int, int] = SIZE,
        program: tuple[str, ...] = PROGRAM,
        environ: Mapping[str, str] = NOTHING,
    ) -> Terminal:
        """Start the program; nothing of it need have been painted yet."""
        return self._stack.enter_context(
            Terminal([*program, *more], {**self.environ, **environ}, size)
        )

    def open(self, size: tuple[int, int] = SIZE, environ: Mapping[str, str] = NOTHING) -> Terminal:
        """A console that has read every message once."""
        terminal = self.start(size=size, environ=environ)
        self.opened(terminal)
        return terminal

    def opened(self, terminal: Terminal) -> None:
        """Until every message is read, and the keys are taken."""
        terminal.wait_for(f" {MESSAGES} live")
        terminal.wait_quiet(0.3)

    @property
    def crash_notes(self) -> list[str]:
        """What the crash notes say."""
        return [path.read_text() for path in sorted((self.home / "crashes").glob("*"))]


@pytest.fixture(scope="session")
def server() -> Iterator[ServerThread]:
    with ServerThread(still_world(MESSAGES, recipients=5)) as server:
        yield server


@pytest.fixture
def desk(tmp_path: Path, server: ServerThread) -> Iterator[Desk]:
    with ExitStack() as stack:
        yield Desk(tmp_path, server, stack)
