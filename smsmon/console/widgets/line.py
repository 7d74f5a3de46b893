"""One line of text that repaints only when it says something new."""

from __future__ import annotations

from collections.abc import Callable

from textual.content import Content
from textual.widget import Widget

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

    def render(self) -> Content:
        if self.size.width != self._fitted_to:
            self._fitted_to = self.size.width
            self._content = self._fit(self._fitted_to)
        return super().render()
