"""What the operator does to messages: added, removed, paused, described, read at once; and
undone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from smsmon.console import reasons
from smsmon.console.actions import Keymap, Where
from smsmon.console.formats import Formats
from smsmon.console.picture import Picture
from smsmon.console.undoing import ListStep, Steps, edited, named
from smsmon.store.errors import StoreError
from smsmon.times import capital, counted, some

if TYPE_CHECKING:
    from smsmon.console.dialogs.add import Wanted
    from smsmon.session import Session
    from smsmon.store.entries import Done, TakenBack


class Say(Protocol):
    """Tells the operator something in the line above the keys, until the next key."""

    def __call__(self, text: str, severity: Any = "information") -> None:
        """``severity``: information, warning or error."""


@dataclass(frozen=True, slots=True)
class Operations:
    """The actions on messages. Those on the watchlist run as workers: the screen stays live."""

    session: Session
    formats: Formats
    picture: Picture
    steps: Steps
    """What can be taken back."""
    say: Say
    start: Callable[..., object]
    """Starts a worker of Textual, in a group."""
    keymap: Keymap
    """The keys that are told of."""
    show_head: Callable[[], None]
    show_everything: Callable[[], None]
    go: Callable[[Where], object]
    """Goes to a pane."""
    ask: Callable[[str, str, Callable[[], object]], object]
    """Asks a question under a heading, and does what is given if the answer is yes."""
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by what is done to the watchlist: one after the other, in the order of the keys."""

    def add(self, wanted: Wanted) -> None:
        """Watch what was read of a list, and show where it stands."""

        async def add() -> str:
            new: list[str] = []
            known = list(wanted.known)
            if wanted.entries:
                done = await self.session.watching.add(wanted.entries)
                new = [entry.id for entry in done.new]
                known[:0] = [entry.id for entry in done.kept]
                self._note(done, f"adding {named(new)}")
            self.show_everything()
            hidden = self.picture.listing.show_added(new, known)
            self.go(Where.MESSAGES)
            return added_text(
                len(new), known, wanted.left_out, hidden, self.keymap.face("move.back")
            )

        self._do(add)

    def remove(self) -> None:
        """Watch the chosen messages no longer."""
        if ids := self.picture.chosen_ids:

            async def remove() -> str:
                done = await self.session.watching.remove(ids)
                if not done.ids:
                    return "Nothing was removed: it is off the list already."
                self._note(done, f"removing {named(done.ids)}")
                return f"{capital(named(done.ids))} removed. {self._way_back}"

            self._surely("Remove", ids, partial(self._do, remove), keeps=True)

    def pause(self) -> None:
        """Poll the chosen messages no more; if all of them are paused, poll them again."""
        board = self.session.engine.board
        ids = [id for id in self.picture.chosen_ids if id in board]

        def is_to_pause() -> bool:
            return not all(board[id].entry.paused for id in ids if id in board)

        asked = is_to_pause() if self._asks_about(ids) else None

        async def pause() -> str:
            paused = is_to_pause() if asked is None else asked
            came = any(board[id].entry.arrival for id in ids if id in board)
            done = await self.session.watching.amend(ids, paused=paused)
            self._note(done, f"{'pausing' if paused else 'resuming'} {named(done.ids)}")
            how = "paused: not polled until resumed" if paused else "polled again"
            return f"{capital(named(done.ids))} {how}{', kept until removed' * came}"

        if ids:
            self._surely("Pause" if asked else "Resume", ids, partial(self._do, pause))

    def _asks_about(self, ids: Sequence[str]) -> bool:
        """True where somebody may not have in mind all that is done something to."""
        return self.picture.at is Where.GROUPS and len(ids) > 1

    def _surely(
        self, what: str, ids: Sequence[str], do: Callable[[], object], *, keeps: bool = False
    ) -> None:
        """Do something to messages; ask first, where they are those of groups.

        ``keeps``: those that came by themselves remain what they are.
        """
        if not self._asks_about(ids):
            do()
            return
        board = self.session.engine.board
        came = sum(board[id].entry.arrival is not None for id in ids if id in board)
        told = ""
        if came and not keeps:
            who = "All" if came == len(ids) else f"{came:,}"
            told = f" {who} of them came by themselves: {what.lower()}d, they stay until removed."
        names, newest = self.picture.groups.acted_on_told, some(ids[::-1], 5)
        self.ask(what, f"{what} {counted(len(ids), 'message')}{names}: {newest}?{told}", do)

    def describe(self, ids: Sequence[str], changes: Mapping[str, Any]) -> None:
        """Give messages another label, other tags, another note or another account."""

        async def describe() -> str:
            done = await self.session.watching.amend(ids, **changes)
            what = edited(done)
            self._note(done, what)
            self.show_everything()
            if not done.changed:
                return "Nothing was changed: it is so already."
            return f"Changed: {what}. {self._way_back}"

        self._do(describe)

    @property
    def _way_back(self) -> str:
        return f"{self.keymap.face('message.undo')} takes it back."

    def undo(self) -> None:
        """Take back what was done last."""
        pane = self.picture.table_pane
        table = pane.table if pane else None

        async def undo() -> str:
            step = self.steps.last(table)
            if step is None:
                return "There is nothing to take back here."
            told = await step.take_back()
            self.steps.drop(step)
            return told

        self._do(undo)

    def _do(self, doing: Callable[[], Awaitable[str]]) -> None:
        """Do something to the watchlist in its turn, and say what came of it."""

        async def in_turn() -> None:
            async with self._turn:
                try:
                    told = await doing()
                except StoreError as error:
                    self.say(f"Nothing was changed. {error.once}", "error")
                except ValueError as error:
                    self.say(f"Nothing was changed. {error}", "error")
                else:
                    self.say(told)

        self.start(in_turn, group="watchlist")

    def _note(self, done: Done, what: str) -> None:
        if done.changed:
            self.steps.note(ListStep(self.session.watching, done, what, self._show_returned))

    def _show_returned(self, taken: TakenBack) -> None:
        self.show_everything()
        self.picture.listing.stand_on(taken.ids)

    def retry(self) -> None:
        """Try accounts that are down or stopped again."""
        self.start(self._retry, group="account", exclusive=True)

    async def _retry(self) -> None:
        await self.session.retry()
        self.show_head()

    def refresh(self) -> None:
        """Ask about the chosen messages now."""
        board, ids = self.session.engine.board, self.picture.chosen_ids
        profiles = {board[id].entry.profile for id in ids if id in board}

        def refresh() -> None:
            full = self._full_until(profiles)
            self.session.engine.refresh(ids)
            self._tell_who_is_not_asked(profiles, full)

        self._surely("Read", ids, refresh, keeps=True)

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
        retry_key = self.keymap.face("app.retry")
        if self.session.halted:
            self.say(f"Nothing is asked: {self.session.halted}.", "error")
        if self.session.history.looks_only:
            self.say(f"Nothing is asked: {self.session.read_only}.", "warning")
            return
        for name in profiles:
            account = self.session.account(name)
            told = reasons.why_not_asked(account, self.formats, retry_key, named=named)
            if not told and name in full:
                told = reasons.limit_used_up(full[name], self.session.engine.allowed, self.formats)
            if told:
                self.say(told, "warning")
        self.show_head()


def added_text(new: int, known: Sequence[str], left_out: int, hidden: int, back_key: str) -> str:
    """What came of adding: how many are ``new``, which were there already, how many lines were
    left out; and that a filter hides ``hidden`` of them, with the way out."""
    parts = [f"{counted(new, 'message')} added"] if new else []
    if known:
        who = named(known) if not new else f"{len(known):,}"
        parts.append(f"{who} {'was' if len(known) == 1 else 'were'} there already")
    if left_out:
        parts.append(f"{counted(left_out, 'line')} left out")
    told = capital(", ".join(parts))
    if not hidden:
        return told
    them = "it" if max(new, len(known)) == 1 else f"{hidden:,} of them"
    return f"{told}. The filter hides {them}: {back_key} shows all."
