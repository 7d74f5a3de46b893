"""The last line: the keys that matter here, read from the table of actions.

Textual's own ``Footer`` is not used: it makes a widget per key and leaves some behind at each
``refresh_bindings()`` (Textual issue 6666), which a console open for days would feel.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from textual.content import Content

from smsmon.console.actions import EVERY_ACTION, Action, Where, key_face, key_line
from smsmon.console.widgets.line import FittedLine

_KEPT = ("app.help", "app.quit")
"""Never dropped, however narrow the screen: the way to the rest, and the way out."""


class KeyLine(FittedLine):
    """The keys of the pane the operator stands in."""

    where = Where.MESSAGES
    actions: tuple[Action, ...] = EVERY_ACTION
    urged: frozenset[str] = frozenset()
    """Ids of the actions that matter more than any other just now."""

    def stand_in(self, where: Where) -> None:
        """Show the keys of the pane ``where``."""
        self.where = where
        self.fit(partial(fit, key_line(where, self.actions, self.urged)))

    def urge(self, id: str, wanted: bool = True) -> None:
        """Put an action before all others, or back to its own place."""
        self.urged = self.urged | {id} if wanted else self.urged - {id}
        self.stand_in(self.where)


def fit(actions: Iterable[Action], width: int) -> Content:
    """As many ``actions`` as ``width`` cells hold; help and quit stand at the end, always."""
    shown = list(actions)
    while shown and _width(shown) > width:
        droppable = [action for action in shown if action.id not in _KEPT]
        if not droppable:
            break
        shown.remove(droppable[-1])
    return Content("  ").join([_face(action) for action in shown])


def _face(action: Action) -> Content:
    return Content.assemble((key_face(action.keys[0]), "bold $accent"), " ", (action.name, ""))


def _width(actions: list[Action]) -> int:
    return sum(_face(action).cell_length + 2 for action in actions) - 2
