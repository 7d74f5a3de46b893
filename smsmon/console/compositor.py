"""Textual's compositor, less what it does for widgets that a change does not touch."""

from __future__ import annotations

from collections.abc import Iterable

from textual._compositor import Compositor
from textual.geometry import Region
from textual.strip import Strip

Render = tuple[Region, Region, list[Strip]]


class NearCompositor(Compositor):
    """Renders only widgets that overlap what is to be painted.

    Textual goes by what they may cover at most, which for most of them is the whole screen: a
    clock that ticked had every line of every pane looked up.
    """

    def _get_renders(self, crop: Region | None = None) -> Iterable[Render]:
        if crop is None:
            return super()._get_renders(crop)
        everywhere = self.visible_widgets
        self._visible_widgets = {
            widget: (region, clip)
            for widget, (region, clip) in everywhere.items()
            if region.overlaps(crop)
        }
        try:
            return list(super()._get_renders(crop))
        finally:
            self._visible_widgets = everywhere
