"""The command palette: the table of actions, and the themes, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider

from smsmon.console.actions import Action, key_face
from smsmon.console.live_table import LiveTable
from smsmon.console.screen import ConsoleScreen

_THEME = "theme "
Command = tuple[str, str, Callable[[], object]]


class Actions(Provider):
    """Every action by its name; choosing it does it, in the pane the operator stands in."""

    def commands(self) -> Iterator[Command]:
        """Name, help, and what does it."""
        screen = self.screen
        if isinstance(screen, ConsoleScreen):
            for action in screen.actions:
                in_table = action.id.startswith("table.")
                target = screen.focused if in_table else screen
                if target is not None and (not in_table or isinstance(target, LiveTable)):
                    yield _named(action), action.help, partial(target.run_action, action.run)
        set_up = partial(self.app.run_action, "app.setup")
        yield "set up", "Say where the API key is, and test it.", set_up
        for name in self.app.available_themes:
            wear = partial(setattr, self.app, "theme", name)
            yield _THEME + name, "Wear this theme until smsmon ends.", wear

    async def discover(self) -> Hits:
        for name, help, run in self.commands():
            yield DiscoveryHit(name, run, help=help)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for name, help, run in self.commands():
            score = max(matcher.match(name), matcher.match(help) * 0.8)
            if name.startswith(_THEME):
                score *= 0.5  # who types "night" asks of it rather than of how a screen looks
            if score > 0:
                yield Hit(score, matcher.highlight(name), run, help=help)


def _named(action: Action) -> str:
    return f"{action.name}  ({key_face(action.keys[0])})"
