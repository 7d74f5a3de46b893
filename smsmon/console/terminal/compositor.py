"""Textual's compositor, less what it does for lines and widgets that a change does not touch."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from textual._compositor import ChopsUpdate, Compositor
from textual.geometry import Region
from textual.strip import Strip

Render = tuple[Region, Region, list[Strip]]


class NearCompositor(Compositor):
    """Renders of each widget only the lines to be painted, and no widget that is not seen there.

    Textual goes by the smallest rectangle around all that changed, and by what widgets may
    cover at most, which for most of them is the whole screen: a clock that ticked, or a line of
    the log and a row far above it, had every line of every pane looked up.
    """

    def __init__(self) -> None:
        super().__init__()
        self._changed: Collection[Region] = ()
        """What is being painted, if it is not the whole screen."""

    def render_partial_update(self) -> ChopsUpdate | None:
        self._changed = tuple(self._dirty_regions)
        try:
            return super().render_partial_update()
        finally:
            self._changed = ()

    def _get_renders(self, crop: Region | None = None) -> Iterable[Render]:
        unpainted = self._changed
        if not unpainted:
            return super()._get_renders(crop)
        renders = []
        for widget, (region, clip) in self.visible_widgets.items():  # front to back
            seen = region.intersection(clip)
            if parts := [part for part in map(seen.intersection, unpainted) if part]:
                # Whole lines: what is given must begin and end where widgets do.
                around = Region.from_union(parts)
                lines = Region(0, around.y, self.size.width, around.height)
                strips = widget.render_lines(seen.intersection(lines).translate(-region.offset))
                renders.append((region, clip.intersection(lines), strips))
                unpainted = [part for part in unpainted if not seen.contains_region(part)]
                if not unpainted:
                    break
        return renders
