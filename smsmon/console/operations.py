"""What the operator does to messages: added, removed, paused, described, read at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from smsmon.console import head
from smsmon.console.formats import Formats
from smsmon.store.errors import StoreError

if TYPE_CHECKING:
    from smsmon.session import Session
    from smsmon.store.idlist import IdList

T = TypeVar("T")


class Say(Protocol):
    """Tells the operator something in a corner of the screen, for a few seconds."""

    def __call__(self, text: str, severity: Any = "information") -> None:
        """``severity``: information, warning or error."""


@dataclass(frozen=True, slots=True)
class Operations:
    """The actions on messages. Those on the watchlist run as workers: the screen stays live."""

    session: Session
    formats: Formats
    chosen: Callable[[], list[str]]
    """Gives the messages that an action is meant for."""
    say: Say
    start: Callable[..., object]
    """Starts a worker of Textual, in a group."""
    retry_key: str
    """What tries an account again."""
    show_head: Callable[[], None]
    show_everything: Callable[[], None]

    def add(self, read: IdList) -> None:
        """Watch what was read of a list."""

        async def add() -> None:
            if (added := await self._kept(self.session.watching.add(read.entries))) is not None:
                left = len({problem.line for problem in read.problems})
                left_out = f", {left:,} line{'' if left == 1 else 's'} left out" if left else ""
                self.say(f"{_messages(len(added.new))} added{left_out}")

        self.start(add, group="watchlist")

    def remove(self) -> None:
        """Watch the chosen messages no longer."""
        if ids := self.chosen():
            self.start(partial(self._remove, ids), group="watchlist")

    async def _remove(self, ids: Sequence[str]) -> None:
        if removed := await self._kept(self.session.watching.remove(ids)):
            count = len(removed.ids)
            what = f"Message {removed.ids[0]}" if count == 1 else _messages(count)
            self.say(f"{what} removed. u brings back what was removed.")

    def undo(self) -> None:
        """Bring back what was removed last."""
        self.start(self._undo, group="watchlist")

    async def _undo(self) -> None:
        if not self.session.watching.can_undo:
            self.say("Nothing was removed here: there is nothing to undo.")
        elif ids := await self._kept(self.session.watching.undo()):
            self.say(f"{_messages(len(ids))} back on the watchlist")

    def pause(self) -> None:
        """Poll the chosen messages no more; if all of them are paused, poll them again."""
        self.start(self._pause, group="watchlist")

    async def _pause(self) -> None:
        board = self.session.engine.board
        ids = [id for id in self.chosen() if id in board]
        paused = not all(board[id].entry.paused for id in ids)
        if not ids:
            return
        if await self._kept(self.session.watching.amend(ids, paused=paused)) is not None:
            how = "paused: not polled until resumed" if paused else "polled again"
            self.say(f"{_messages(len(ids))} {how}")

    def describe(self, ids: Sequence[str], changes: Mapping[str, Any]) -> None:
        """Give messages another label, other tags or another note."""

        async def describe() -> None:
            if await self._kept(self.session.watching.amend(ids, **changes)) is not None:
                self.show_everything()

        self.start(describe, group="watchlist")

    def retry(self) -> None:
        """Try accounts that are down or stopped again."""
        self.start(self.session.retry, group="account", exclusive=True)

    def refresh(self) -> None:
        """Ask about the chosen messages now."""
        board, ids = self.session.engine.board, self.chosen()
        profiles = {board[id].entry.profile for id in ids if id in board}
        full = self._full_until(profiles)
        self.session.engine.refresh(ids)
        self._tell_who_is_not_asked(profiles, full)

    def refresh_all(self) -> None:
        """Ask about every message, as fast as the budget allows."""
        engine = self.session.engine
        full = self._full_until(engine.profiles)
        engine.refresh_all()
        self._tell_who_is_not_asked(engine.profiles, full)
        if engine.board.messages and all(each.entry.paused for each in engine.board):
            self.say("Nothing is asked: every message is paused.", "warning")

    def _full_until(self, profiles: Iterable[str]) -> dict[str, float]:
        """When the limit lets the next request out, of those profiles whose limit is used up."""
        ends = {name: self.session.engine.full_until(name) for name in profiles}
        return {name: end for name, end in ends.items() if end is not None}

    def _tell_who_is_not_asked(self, profiles: Iterable[str], full: Mapping[str, float]) -> None:
        named = len(self.session.engine.profiles) > 1
        if self.session.halted:
            self.say(f"Nothing is asked: {self.session.halted}.", "error")
        for name in profiles:
            account = self.session.account(name)
            told = head.why_not_asked(account, self.formats, self.retry_key, named=named)
            if not told and name in full:
                told = head.limit_used_up(full[name], self.session.engine.allowed, self.formats)
            if told:
                self.say(told, "warning")
        self.show_head()

    async def _kept(self, doing: Awaitable[T]) -> T | None:
        """The result of an operation on the watchlist; None, and said why, when it failed."""
        try:
            return await doing
        except (StoreError, ValueError) as error:
            self.say(f"Nothing was changed. {error}", "error")
            return None


def _messages(count: int) -> str:
    return f"{count:,} message{'' if count == 1 else 's'}"
