"""The command palette: the table of actions, and the themes, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider

from smsmon.console.actions import ACTIONS, TABLE_ACTIONS, Action, key_face

Command = tuple[str, str, Callable[[], object]]


class Actions(Provider):
    """Every action by its name; choosing it does it, in the pane the operator stands in."""

    def _commands(self) -> Iterator[Command]:
        screen, focused = self.screen, self.screen.focused
        for action in ACTIONS:
            yield _named(action), action.help, partial(screen.run_action, action.call)
        if focused is not None and hasattr(focused, "action_sort_right"):
            for action in TABLE_ACTIONS:
                yield _named(action), action.help, partial(focused.run_action, action.call)
        for name in self.app.available_themes:
            text = f"theme {name}"
            yield (
                text,
                "Wear this theme until smsmon ends.",
                partial(setattr, self.app, "theme", name),
            )

    async def discover(self) -> Hits:
        for name, help, run in self._commands():
            yield DiscoveryHit(name, run, help=help)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for name, help, run in self._commands():
            score = max(matcher.match(name), matcher.match(help) * 0.8)
            if score > 0:
                yield Hit(score, matcher.highlight(name), run, help=help)


def _named(action: Action) -> str:
    return f"{action.name}  ({key_face(action.keys[0])})"
