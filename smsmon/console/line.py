"""Lines of text: fitted to a width, repainted only when they say something new."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from msgspec import Struct
from textual.content import Content
from textual.widget import Widget

from smsmon.console.actions import Action, Keymap, Where, key_face, key_line
from smsmon.console.signs import SIGNS
from smsmon.text import ELLIPSIS

GAP = "   "
KEPT = "\N{NO-BREAK SPACE}"
"""A blank at which ``wrapped`` breaks no line."""
_GLYPHS = "".join(sign.glyph for sign in SIGNS)
_MUCH = 3
"""The difference of worth for which a part is rather left out than another shortened."""


class Part(Struct, frozen=True):
    """One piece of a line, in its forms from the longest to the shortest."""

    worth: int
    """Where the width does not suffice, the part of least worth gives way first."""
    forms: tuple[Content, ...]


def part(worth: int, *forms: Content | str) -> Part:
    """A part with these forms."""
    return Part(worth, tuple(Content(form) if isinstance(form, str) else form for form in forms))


def fitted(parts: Iterable[Part], width: int, gap: str = GAP) -> Content:
    """``parts`` side by side in ``width`` columns.

    While they are too wide, parts take their shorter forms, the least worth first. A part as
    short as it gets is left out before one of much greater worth is shortened, and else when
    none can be. One part always stays.
    """
    shown = [(each.worth, list(each.forms)) for each in parts if each.forms and each.forms[0].plain]
    while _width([forms[0] for _, forms in shown], gap) > width:
        long = [item for item in shown if len(item[1]) > 1]
        next_to_shorten = min(long, key=_worth, default=None)
        least = min(shown, key=_worth)
        if next_to_shorten and next_to_shorten[0] - least[0] <= _MUCH:
            next_to_shorten[1].pop(0)
        elif len(shown) > 1:
            shown.remove(least)
        else:
            break
    return Content(gap).join([forms[0] for _, forms in shown])


def _worth(item: tuple[int, list[Content]]) -> int:
    return item[0]


def _width(contents: list[Content], gap: str) -> int:
    return sum(each.cell_length for each in contents) + len(gap) * (len(contents) - 1)


def wrapped(content: Content, width: int, height: int) -> Content:
    """``content`` in ``height`` lines of ``width`` columns at most, broken at blanks.

    None parts a sign from what it is of. Textual also breaks at no-break spaces, which stand
    inside of what is read as one.
    """
    lines: list[Content] = []
    start = end = 0
    plain = content.plain
    breaks = [found.start() for found in _BREAKS.finditer(plain)]
    for stop in [*breaks, len(plain)]:
        if content[start:stop].cell_length > width and end > start:
            lines.append(content[start:end])
            start = end + 1
        end = stop
    lines.append(content[start:])
    if len(lines) > height:
        lines = lines[:height]
        last = lines[-1].truncate(width - 1) if lines[-1].cell_length >= width else lines[-1]
        lines[-1] = last + ELLIPSIS
    return Content("\n").join([_plain_blanks(line) for line in lines])


_BREAKS = re.compile(rf"(?<!^[{re.escape(_GLYPHS)}])(?<! [{re.escape(_GLYPHS)}]) ")


def _plain_blanks(line: Content) -> Content:
    return Content(line.plain.replace(KEPT, " "), list(line.spans))


_NOTHING = Content()


class Line(Widget):
    """A single line of styled text, of the width its style gives it.

    Unlike an automatic-width label it never asks for a new layout, so a change costs its own
    cells over the wire and nothing beside them.
    """

    DEFAULT_CSS = "Line { height: 1; width: 1fr; }"
    can_focus = False

    def __init__(
        self, content: Content = _NOTHING, *, id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._content = content

    @property
    def content(self) -> Content:
        """What the line says."""
        return self._content

    def say(self, content: Content) -> None:
        """Show ``content``; nothing is painted when it is what stands there already."""
        if content != self._content or content.spans != self._content.spans:
            self._content = content
            self.refresh()

    def render(self) -> Content:
        return self._content


class FittedLine(Line):
    """A line that says what its width has room for, from the first time it is painted."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._fit: Callable[[int], Content] = lambda _: _NOTHING
        self._fitted_to = 0

    def fit(self, fit: Callable[[int], Content]) -> None:
        """Show what ``fit`` gives for the width, in columns, that there is."""
        self._fit = fit
        self._fitted_to = self.size.width
        if self._fitted_to:
            self.say(fit(self._fitted_to))
        else:
            self.refresh()  # it is hidden, and must not come back with what it said before

    def render(self) -> Content:
        if self.size.width != self._fitted_to:
            self._fitted_to = self.size.width
            self._content = self._fit(self._fitted_to)
        return super().render()


_KEPT = ("app.help", "app.quit")
"""Never dropped, however narrow the screen: the way to the rest, and the way out."""


class KeyLine(FittedLine):
    """The keys of the pane the operator stands in.

    Not Textual's ``Footer``: that makes a widget per key and leaves some behind at each
    ``refresh_bindings()`` (Textual issue 6666), which a console open for days would feel.
    """

    def __init__(self, keymap: Keymap, *, id: str) -> None:
        super().__init__(id=id)
        self._keymap = keymap
        self._where = Where.MESSAGES
        self.urged: frozenset[str] = frozenset()
        """Ids of the actions that matter more than any other just now."""
        self.withheld: frozenset[str] = frozenset()
        """Ids of those that do nothing just now."""

    def stand_in(self, where: Where) -> None:
        """Show the keys of the pane ``where``."""
        self._where = where
        actions = [each for each in self._keymap.actions if each.id not in self.withheld]
        self.fit(partial(fit, key_line(where, actions, self.urged)))

    def urge(self, id: str, wanted: bool = True) -> None:
        """Put an action before all others, or back to its own place."""
        self.urged = self.urged | {id} if wanted else self.urged - {id}
        self.show()

    def show(self) -> None:
        """Show the keys anew: they are others, perhaps."""
        self.stand_in(self._where)


def fit(actions: Iterable[Action], width: int) -> Content:
    """As many ``actions`` as ``width`` cells hold; help and quit stand at the end, always."""
    faces = [
        key_part(1 if action.id in _KEPT else -place, key_face(action.keys[0]), action.name)
        for place, action in enumerate(actions)
    ]
    return fitted(faces, width, KEY_GAP)


KEY_GAP = "  "
"""Between two keys of a line of keys."""


def key_part(worth: int, face: str, does: str) -> Part:
    """A key as every line of keys draws it, and what it does."""
    return part(worth, Content.assemble((face, "bold $accent"), " ", does))


_PATH = re.compile(r"(?<![\w/~])~?/[^\s/:;,]+(?:/[^\s/:;,]+)+")
"""An absolute path inside a sentence: two parts at least, and no space in them."""
_SENTENCE_END = ".!?)”"


def short(path: str, width: int) -> str:
    """``path`` in at most ``width`` columns: ``~/…/smsmon/exports/copied.txt``.

    The beginning and as much of the end as there is room for; of a name too long its end.
    """
    home = str(Path.home())
    if path.startswith(home.rstrip("/") + "/"):
        path = "~" + path[len(home.rstrip("/")) :]
    if len(path) <= width:
        return path
    root, *folders = path.split("/")
    kept = folders.pop()
    while folders and len(f"{root}/{ELLIPSIS}/{folders[-1]}/{kept}") <= width:
        kept = f"{folders.pop()}/{kept}"
    told = f"{root}/{ELLIPSIS}/{kept}"
    return told if len(told) <= width else ELLIPSIS + kept[len(kept) - width + 1 :]


def shortened(sentence: str, width: int) -> str:
    """``sentence`` with every path in it that is longer than ``width`` told shorter."""

    def told(found: re.Match[str]) -> str:
        path = found[0].rstrip(_SENTENCE_END)
        return short(path, width - len(found[0]) + len(path)) + found[0][len(path) :]

    return _PATH.sub(lambda found: told(found) if len(found[0]) > width else found[0], sentence)
