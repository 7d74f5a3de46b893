"""What the operator does to messages from the console's screen."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Literal, TypeVar

from textual import work
from textual.screen import Screen

from smsmon.console.screens.add import AddScreen
from smsmon.store.errors import StoreError

if TYPE_CHECKING:
    from smsmon.console.station import Station

T = TypeVar("T")


class Doing(Screen[None], inherit_bindings=False):
    """The actions on messages. Each runs as a worker, so the screen stays live meanwhile."""

    station: Station

    @property
    @abstractmethod
    def chosen_ids(self) -> list[str]:
        """The messages an action is meant for: the marked ones, else the one under the cursor."""

    def say(
        self, text: str, severity: Literal["information", "warning", "error"] = "information"
    ) -> None:
        """Tell the operator something in a corner of the screen, for a few seconds."""
        self.notify(text, severity=severity, markup=False)

    @work(group="watchlist", exit_on_error=False)
    async def action_add(self) -> None:
        """Ask for message ids and watch them."""
        entries = await self.app.push_screen_wait(AddScreen(self.station.engine.board.messages))
        if entries:
            added = await self._kept(self.station.watching.add(entries))
            if added is not None:
                self.say(f"{_messages(len(added.new))} added")

    @work(group="watchlist", exit_on_error=False)
    async def action_remove(self) -> None:
        """Watch the chosen messages no longer."""
        ids = self.chosen_ids
        if not ids:
            return
        if await self._kept(self.station.watching.remove(ids)):
            what = f"Message {ids[0]}" if len(ids) == 1 else _messages(len(ids))
            self.say(f"{what} removed. u brings back what was removed.")

    @work(group="watchlist", exit_on_error=False)
    async def action_undo(self) -> None:
        """Bring back what was removed last."""
        if not self.station.watching.can_undo:
            self.say("Nothing was removed: there is nothing to undo.")
        elif ids := await self._kept(self.station.watching.undo()):
            self.say(f"{_messages(len(ids))} back on the watchlist")

    @work(group="account", exclusive=True, exit_on_error=False)
    async def action_retry(self) -> None:
        """Try accounts that are down or stopped again."""
        await self.station.retry()

    def action_refresh(self) -> None:
        """Ask about the chosen messages now."""
        self.station.engine.refresh(self.chosen_ids)

    def action_refresh_all(self) -> None:
        """Ask about every message, as fast as the budget allows."""
        self.station.engine.refresh_all()

    async def _kept(self, doing: Awaitable[T]) -> T | None:
        """The result of an operation on the watchlist; None, and said why, when it failed."""
        try:
            return await doing
        except (StoreError, ValueError) as error:
            self.say(f"Nothing was changed. {error}", "error")
            return None


def _messages(count: int) -> str:
    return f"{count:,} message{'' if count == 1 else 's'}"
