"""Where the lines of a source come from: a log, a command, standard input."""

from __future__ import annotations

import asyncio
import contextlib
import os
import stat
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar

import msgspec

from smsmon.api.masking import without_living_keys
from smsmon.clock import Clock, sleep
from smsmon.programs.lasting import Lasting, readable
from smsmon.secret import place_shown
from smsmon.sources.arrived import Splitter, beginning, decoded
from smsmon.sources.followed import FollowedFile, Position
from smsmon.text import SENTENCE_LIMIT, safe

LOOK_EVERY = 0.5
"""Seconds between two looks at a log."""
_AWAY = 5.0
"""Seconds that a log may be away, while it is rotated, until that is told."""
_MOVED_AWAY = 60.0
"""The same, where it can be read still: who writes it may make the next one with the next line."""
_ANSWERS = 10.0
"""Seconds in which a disk answers."""
_EXITS = 1.0
"""Seconds in which a command exits that has closed its output."""
_CHUNK = 65_536


T = TypeVar("T")


class Do(Protocol):
    """Does work that may block in a thread of the source's own."""

    def __call__(self, work: Callable[..., T], *args: Any) -> asyncio.Future[T]: ...


class Trouble(Exception):
    """No lines come before it is begun again: a sentence that says why."""


class Portion(NamedTuple):
    """The next lines."""

    lines: Sequence[str]
    """Empty when there were none for a while."""
    position: str = ""
    """Up to where they are read with these; empty where nothing can be read again."""
    behind: int = 0
    """Bytes that wait to be read."""
    over: bool = False
    """No more will ever come."""
    trouble: str = ""
    """Why none came, a sentence, where it is looked for more by itself; empty while all is well."""


class Feed(Protocol):
    """Gives lines from ``begin`` to ``end``, and may be begun again."""

    shared: bool
    """Other processes on this machine would read the same."""

    async def begin(self, position: str) -> None:
        """``position`` is where reading stopped before. Raises ``Trouble``."""

    async def portion(self) -> Portion:
        """The next lines, as soon as there are some. Raises ``Trouble``."""

    async def end(self) -> None:
        """Let go of what is read."""


class LogFeed:
    """What is written to a log."""

    shared = True

    def __init__(self, path: Path, clock: Clock, do: Do) -> None:
        self._path = path
        self._shown = safe(str(path), SENTENCE_LIMIT)
        self._clock = clock
        self._do = do
        self._log = FollowedFile(path)
        self._looking: asyncio.Future[Portion] | None = None
        self._away_since: float | None = None

    async def begin(self, position: str) -> None:
        known = None
        if position:
            with contextlib.suppress(msgspec.DecodeError):  # of another version: what comes
                known = msgspec.json.decode(position.encode(), type=Position)
        self._log, self._looking = FollowedFile(self._path, known), None

    async def portion(self) -> Portion:
        looking = self._looking = self._looking or self._do(self._look)
        done, _ = await asyncio.wait([looking], timeout=_ANSWERS)
        if not done:
            return Portion((), trouble=f"{self._shown}: its disk does not answer.")
        self._looking = None
        try:
            portion = looking.result()
        except OSError as error:
            portion = Portion((), trouble=self._because(error))
        if not portion.lines:
            await sleep(self._clock, LOOK_EVERY)
        return portion

    def _look(self) -> Portion:
        lines = self._log.lines()
        position = self._log.position
        at = "" if position is None else position_text(position)
        return Portion(lines, at, self._log.behind, trouble=self._away(bool(lines)))

    def _away(self, written: bool) -> str:
        """A sentence where the log is away, and has been for a while; nobody has ``written``."""
        log, now = self._log, self._clock.monotonic()
        if written or (log.there and not log.moved_away):
            self._away_since = None
        elif self._away_since is None:
            self._away_since = now
        elif now - self._away_since >= (_MOVED_AWAY if log.there else _AWAY):
            return f"{self._shown} is not there."
        return ""

    def _because(self, error: OSError) -> str:
        return f"{self._shown} cannot be read ({error.strerror or type(error).__name__})."

    async def end(self) -> None:
        self._do(self._log.close)  # after the look that may be under way, which nobody waits for


def position_text(position: Position) -> str:
    """A position as it is kept."""
    return msgspec.json.encode(position).decode()


class CommandFeed:
    """What a command prints."""

    shared = True

    def __init__(self, argv: Sequence[str], environ: Callable[[], Mapping[str, str]]) -> None:
        """``environ`` is its environment, which should hold no secret of ours."""
        self._argv = argv
        self._environ = environ
        self._name = safe(place_shown(argv[0]), SENTENCE_LIMIT)
        self._program: Lasting | None = None
        self._cut = Splitter()

    async def begin(self, position: str) -> None:
        del position  # what it told is told, where it does not tell it again by itself
        begun, given_up = list[Lasting](), threading.Event()

        def begin() -> None:
            begun.append(Lasting(self._argv, self._environ()))
            if given_up.is_set():
                with contextlib.suppress(IndexError):
                    begun.pop().end()

        try:
            await asyncio.to_thread(begin)
        except asyncio.CancelledError:
            given_up.set()  # if it does not run yet, it is ended as soon as it does
            with contextlib.suppress(IndexError):
                self._program = begun.pop()
            raise
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or str(error)
            raise Trouble(f"{self._name} cannot be started ({safe(why)}).") from None
        self._program = begun.pop()
        self._cut = Splitter()

    async def portion(self) -> Portion:
        program = self._program
        assert program is not None  # noqa: S101 - it was begun
        if said := await program.read():
            return Portion(self._cut.take(said))
        if lines := self._cut.end():
            return Portion(lines)
        await program.exited(_EXITS)
        raise Trouble(self._ended(program))

    def _ended(self, program: Lasting) -> str:
        code = program.code
        how = "closed its output" if code is None else f"ended with exit code {code}"
        if code is not None and code < 0:
            how = f"was ended by signal {-code}"
        last = program.complaint.strip().rpartition(b"\n")[2]
        words = beginning(without_living_keys(decoded(last)), private=False)
        why = f": {words}" if last else ""
        return f"{self._name} {how}{why}."

    async def end(self) -> None:
        program, self._program = self._program, None
        if program is not None:
            await asyncio.shield(asyncio.to_thread(program.end))


class StdinFeed:
    """What comes on standard input."""

    shared = False

    def __init__(self, descriptor: int, do: Do) -> None:
        self._descriptor = descriptor
        self._do = do
        self._cut = Splitter()
        self._waits = True
        """It can be waited for until there is something."""

    async def begin(self, position: str) -> None:
        del position  # it cannot be read again
        try:
            mode = os.fstat(self._descriptor).st_mode
        except OSError as error:
            raise Trouble(f"Standard input cannot be read ({error.strerror}).") from None
        self._waits = stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or stat.S_ISCHR(mode)

    async def portion(self) -> Portion:
        try:
            if self._waits:
                await readable({self._descriptor})
            data = await self._do(os.read, self._descriptor, _CHUNK)
        except PermissionError:  # what cannot be waited for can be read at once
            self._waits = False
            return Portion(())
        except OSError as error:
            raise Trouble(f"Standard input cannot be read ({error.strerror}).") from None
        return Portion(self._cut.take(data)) if data else Portion(self._cut.end(), over=True)

    async def end(self) -> None:
        pass
