"""Textual's compositor, less what it does for lines and widgets that a change does not touch."""

from __future__ import annotations

from collections.abc import Iterable

from textual._compositor import Compositor
from textual.geometry import Region
from textual.strip import Strip

Render = tuple[Region, Region, list[Strip]]


class NearCompositor(Compositor):
    """Renders of each widget only the lines to be painted, and no widget that is not seen there.

    Textual goes by what widgets may cover at most, which for most of them is the whole screen,
    and renders all their lines: a clock that ticked had every line of every pane looked up.
    """

    def _get_renders(self, crop: Region | None = None) -> Iterable[Render]:
        if crop is None:
            return super()._get_renders(crop)
        # Whole lines: what is given must begin and end where widgets do.
        lines = Region(0, crop.y, self.size.width, crop.height)
        renders = []
        for widget, (region, clip) in self.visible_widgets.items():  # front to back
            seen = region.intersection(clip).intersection(lines)
            if seen and seen.overlaps(crop):
                strips = widget.render_lines(seen.translate(-region.offset))
                renders.append((region, clip.intersection(lines), strips))
            if seen.contains_region(crop):
                break
        return renders
