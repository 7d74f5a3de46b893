"""What the operator does to messages from the console's screen."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, TypeVar

from textual import work

from smsmon.console import head
from smsmon.console.actions import face_of
from smsmon.console.places import shortened
from smsmon.console.showing import Showing
from smsmon.store.errors import StoreError
from smsmon.text import safe_lines

if TYPE_CHECKING:
    from smsmon.monitor.alerts import Alert
    from smsmon.store.idlist import IdList

T = TypeVar("T")

_TOAST_WIDTH, _TOAST_EDGE = 60, 3
"""Columns of a toast of Textual, and those of them that are padding and border; it takes no more
than half the screen."""


class Doing(Showing, inherit_bindings=False):
    """The actions on messages. Those on the watchlist run as workers: the screen stays live."""

    @property
    @abstractmethod
    def chosen_ids(self) -> list[str]:
        """The messages an action is meant for: the marked ones, else the one under the cursor."""

    def say(
        self, text: str, severity: Literal["information", "warning", "error"] = "information"
    ) -> None:
        """Tell the operator something in a corner of the screen, for a few seconds."""
        room = min(_TOAST_WIDTH, self.app.size.width // 2) - _TOAST_EDGE
        self.notify(shortened(safe_lines(text), room), severity=severity, markup=False)

    def show_alerts(self, alerts: Sequence[Alert]) -> None:
        """Tell what began and ended together: in the log, in a corner, and at its messages."""
        from smsmon.console.tables import alerts as told

        self.feed.tell(told.lines(alerts), {each.message_id for each in alerts})
        self.say(*told.toast(alerts))
        if any(each.firing and not each.old and each.rule.bell for each in alerts):
            self.app.bell()

    def action_add(self) -> None:
        """Ask for message ids and watch them."""
        from smsmon.console.dialogs.add import AddScreen  # every dialog waits until it is wanted

        def answered(read: IdList | None) -> None:
            if read is not None:
                self._add(read)

        self.app.push_screen(AddScreen(self.station.engine.board.messages), answered)

    @work(group="watchlist", exit_on_error=False)
    async def _add(self, read: IdList) -> None:
        if (added := await self.kept(self.station.watching.add(read.entries))) is not None:
            left = len({problem.line for problem in read.problems})
            left_out = f", {left:,} line{'' if left == 1 else 's'} left out" if left else ""
            self.say(f"{_messages(len(added.new))} added{left_out}")

    @work(group="watchlist", exit_on_error=False)
    async def action_remove(self) -> None:
        """Watch the chosen messages no longer."""
        ids = self.chosen_ids
        if ids and (removed := await self.kept(self.station.watching.remove(ids))):
            count = len(removed.ids)
            what = f"Message {removed.ids[0]}" if count == 1 else _messages(count)
            self.say(f"{what} removed. u brings back what was removed.")

    @work(group="watchlist", exit_on_error=False)
    async def action_undo(self) -> None:
        """Bring back what was removed last."""
        if not self.station.watching.can_undo:
            self.say("Nothing was removed here: there is nothing to undo.")
        elif ids := await self.kept(self.station.watching.undo()):
            self.say(f"{_messages(len(ids))} back on the watchlist")

    @work(group="watchlist", exit_on_error=False)
    async def action_pause(self) -> None:
        """Poll the chosen messages no more; if all of them are paused, poll them again."""
        board = self.station.engine.board
        ids = [id for id in self.chosen_ids if id in board]
        paused = not all(board[id].entry.paused for id in ids)
        if not ids:
            return
        if await self.kept(self.station.watching.amend(ids, paused=paused)) is not None:
            how = "paused: not polled until resumed" if paused else "polled again"
            self.say(f"{_messages(len(ids))} {how}")

    @work(group="account", exclusive=True, exit_on_error=False)
    async def action_retry(self) -> None:
        """Try accounts that are down or stopped again."""
        await self.station.retry()

    def action_refresh(self) -> None:
        """Ask about the chosen messages now."""
        board, ids = self.station.engine.board, self.chosen_ids
        profiles = {board[id].entry.profile for id in ids if id in board}
        full = self._full_until(profiles)
        self.station.engine.refresh(ids)
        self._tell_who_is_not_asked(profiles, full)

    def action_refresh_all(self) -> None:
        """Ask about every message, as fast as the budget allows."""
        engine = self.station.engine
        full = self._full_until(engine.profiles)
        engine.refresh_all()
        self._tell_who_is_not_asked(engine.profiles, full)
        if engine.board.messages and all(each.entry.paused for each in engine.board):
            self.say("Nothing is asked: every message is paused.", "warning")

    def _full_until(self, profiles: Iterable[str]) -> dict[str, float]:
        """When the limit lets the next request out, of those profiles whose limit is used up."""
        ends = {name: self.station.engine.full_until(name) for name in profiles}
        return {name: end for name, end in ends.items() if end is not None}

    def _tell_who_is_not_asked(self, profiles: Iterable[str], full: Mapping[str, float]) -> None:
        key, named = face_of("app.retry", self.actions), len(self.station.engine.profiles) > 1
        if self.station.halted:
            self.say(f"Nothing is asked: {self.station.halted}.", "error")
        for name in profiles:
            account = self.station.account(name)
            told = head.why_not_asked(account, self.lens, key, named=named)
            if not told and name in full:
                told = head.limit_used_up(full[name], self.station.engine.allowed, self.lens)
            if told:
                self.say(told, "warning")
        self.show_head()

    async def kept(self, doing: Awaitable[T]) -> T | None:
        """The result of an operation on the watchlist; None, and said why, when it failed."""
        try:
            return await doing
        except (StoreError, ValueError) as error:
            self.say(f"Nothing was changed. {error}", "error")
            return None


def _messages(count: int) -> str:
    return f"{count:,} message{'' if count == 1 else 's'}"
