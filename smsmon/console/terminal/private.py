"""The one door to what Textual, Rich and plotext keep to themselves.

Every private name of a library that the console imports, overrides, reads or sets is here, and
in the table ``PRIVATE_NAMES`` with its reason. The rest of the console uses the functions and
base classes of this module. A test fails where a private name is used elsewhere, and names each
one that the installed libraries no longer have.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import lru_cache
from time import monotonic
from types import MappingProxyType
from typing import Any, TypeVar, cast

from rich.cells import cell_len
from rich.console import RenderableType
from rich.segment import Segment
from rich.text import Text
from textual import events
from textual._compositor import ChopsUpdate, Compositor, CompositorUpdate, LayoutUpdate
from textual._styles_cache import StylesCache
from textual._xterm_parser import BRACKETED_PASTE_END, BRACKETED_PASTE_START, XTermParser
from textual.app import App
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Offset, Region
from textual.screen import Screen
from textual.strip import Strip
from textual.widgets import Input
from textual.worker import Worker
from textual.worker_manager import WorkerManager

__all__ = [
    "BRACKETED_PASTE_END",
    "BRACKETED_PASTE_START",
    "PRIVATE_NAMES",
    "ChopsUpdate",
    "CompositorUpdate",
    "DrawnInput",
    "KeyParser",
    "LayoutUpdate",
    "NearCompositor",
    "PacedScreen",
    "SizedDriver",
    "WatchedWorkers",
    "WrittenApp",
    "bound_pieces",
    "forget_closed",
    "held",
    "input_cursor",
    "set_plot_size",
]

READ_IN: Mapping[str, str] = MappingProxyType(
    {"textual": "8.2.8", "plotext": "5.3.2", "rich": "15.0.0"}
)
"""The releases in whose source the names below were read."""

PRIVATE_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "textual._compositor.ChopsUpdate": "What of which lines is painted, to send less of it.",
        "textual._compositor.CompositorUpdate": "The base of all that is painted.",
        "textual._compositor.LayoutUpdate": "A whole screen, to know what stands there.",
        "textual._compositor.Compositor": "It looks up every line of every pane for any change.",
        "textual._compositor.Compositor._dirty_regions": "What is to be painted.",
        "textual._compositor.Compositor._get_renders": "Overridden: only the lines that changed.",
        "textual._styles_cache.StylesCache": "Its cache keeps dialogs that were closed.",
        "textual._xterm_parser.BRACKETED_PASTE_START": "Pastes are taken out whole.",
        "textual._xterm_parser.BRACKETED_PASTE_END": "Pastes are taken out whole.",
        "textual._xterm_parser.XTermParser": "Understands keys, which nothing public does.",
        "textual._xterm_parser.XTermParser._timeout_time": "Only while it is set must time go by.",
        "textual.app.App.__watchers": "It keeps text areas of dialogs that were closed.",
        "textual.app.App._background_screens": "Which screens a dialog lets through.",
        "textual.app.App._batch_count": "Whether painting is held back: nothing public tells.",
        "textual.app.App._close_messages_no_wait": "How panic() ends the app.",
        "textual.app.App._closed": "What is displayed then reaches nobody.",
        "textual.app.App._display": "Overridden: what is painted is compared with what is there.",
        "textual.app.App._driver": "The terminal has to be given back when all else hangs.",
        "textual.app.App._exception": "What ended the app, for a note of it.",
        "textual.app.App._fatal_error": "Overridden: it prints the values of all variables.",
        "textual.app.App._log": "Overridden: it sends to a console of developers what is typed.",
        "textual.drivers.linux_driver.LinuxDriver._auto_restart": "False where others suspend it.",
        "textual.drivers.linux_driver.LinuxDriver._get_terminal_size": "Overridden: see its hook.",
        "textual.screen.Screen._compositor": "Set: it must be made before the first layout.",
        "textual.screen.Screen._compositor_refresh": "Overridden: little is painted for a change"
        " behind a dialog.",
        "textual.screen.Screen._dirty_widgets": "Whether something is to be painted.",
        "textual.screen.Screen._layout_required": "Whether something is to be painted.",
        "textual.screen.Screen._on_timer_update": "Overridden: paints at most so often.",
        "textual.screen.Screen._scroll_required": "Whether something is to be painted.",
        "textual.screen.Screen._update_timer": "The beat of painting, to look again at the next.",
        "textual.widget.Widget._set_dirty": "What a dialog lets through has changed.",
        "textual.widgets.Input._position_to_cell": "Overridden: unseen characters take a column.",
        "textual.widgets.Input._value": "Overridden: what is typed is shown, not what is pasted.",
        "textual.worker_manager.WorkerManager._remove_worker": "Overridden: no failure is unseen.",
        "rich.segment.Segment._split_cells": "It keeps the pieces of 16,384 texts that were cut.",
        "plotext._figure._figure_class._set_size": "plotsize() allows no more than the terminal.",
    }
)
"""Where each private name is → why it is used."""

Render = tuple[Region, Region, list[Strip]]
T = TypeVar("T")
PIECES = 1024
"""Texts whose pieces are kept: those of a screen, and a dialog before it."""
_AFTER_A_KEY = 0.25
"""Seconds in which all that is painted may be a key's doing."""
_SLACK = 1.1
"""How much longer than needed two frames are apart: timers are not exact."""


# Functions


def forget_closed(app: App[Any]) -> None:
    """Let go of what Textual keeps of dialogs that were closed: days of them would add up.

    Measured on Textual 8.2: 3 MB for each round through all dialogs. Its picture of a closed
    widget stays in a cache of 1,024, because that is keyed by the picture; and a text area stays
    among those who watch the app's theme. What is still shown loses nothing but a few colours,
    mixed anew when they are next painted.
    """
    StylesCache.get_inner_outer.cache_clear()
    for watchers in getattr(app, "__watchers", {}).values():
        watchers[:] = [each for each in watchers if each[0].is_attached]


def bound_pieces() -> None:
    """Have Rich keep the pieces of as many texts that it cut as a screen has, and no more.

    A dialog cuts the lines behind it in pieces, and those of every text that was ever seen behind
    one are kept, up to 16,384: 20 MB, which a console that is left open fills over months.
    """
    kept = vars(Segment).get("_split_cells")
    cut = getattr(getattr(kept, "__func__", None), "__wrapped__", None)
    if cut is not None:
        bounded: Any = classmethod(cast("Any", lru_cache(PIECES)(cut)))
        Segment._split_cells = bounded  # type: ignore[method-assign]


def held(app: App[Any]) -> bool:
    """True while a batch of updates holds painting back."""
    return bool(app._batch_count)


def set_plot_size(plot: Any, width: int, height: int) -> None:
    """Make a plot of plotext's so large, whatever the real terminal's size is."""
    plot.plotsize(width, height)
    plot._set_size(width, height)


# Keys


class KeyParser(XTermParser):
    """Textual's parser of what a terminal sends."""

    @property
    def waiting(self) -> bool:
        """True while time going by may bring an event."""
        return self._timeout_time is not None


class DrawnInput(Input):
    """An input that shows ``drawn`` in place of what it holds."""

    def drawn(self) -> str:
        """What is shown: as many characters as ``value`` has."""
        return self.value

    @property
    def _value(self) -> Text:
        return Text(self.drawn(), no_wrap=True, overflow="ignore", end="")

    def _position_to_cell(self, position: int) -> int:
        return cell_len(self.drawn()[:position])


def input_cursor(widget: Input) -> Offset:
    """Where on the screen an input's cursor stands; Textual tells one column more at its end."""
    x, y, _, _ = widget.content_region
    cell = widget._position_to_cell(widget.cursor_position)
    return Offset(x + cell - round(widget.scroll_offset.x), y)


# The terminal


class SizedDriver(LinuxDriver):
    """A driver that asks ``size_of_terminal``; Textual's believes COLUMNS and LINES first."""

    def size_of_terminal(self) -> tuple[int, int]:
        """Columns and lines."""
        raise NotImplementedError

    def _get_terminal_size(self) -> tuple[int, int]:
        return self.size_of_terminal()

    @property
    def comes_back_by_itself(self) -> bool:
        """False while somebody else gives the terminal back and takes it again."""
        return self._auto_restart


# Workers


class WatchedWorkers(WorkerManager):
    """Textual's workers, none of which fails unseen: it tells only the widget that started it."""

    def __init__(self, app: App[Any], failed: Callable[[Worker[Any], BaseException], None]) -> None:
        super().__init__(app)
        self._failed = failed

    def _remove_worker(self, worker: Worker[Any]) -> None:
        super()._remove_worker(worker)
        if worker.error is not None and not isinstance(worker.error, asyncio.CancelledError):
            self._failed(worker, worker.error)


# Painting


class WrittenApp(App[int], inherit_bindings=False):
    """An app that knows what it writes, when, and what it ended of."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.last_key = monotonic()
        """When a key was pressed last, or the mouse moved."""

    def to_write(self, update: CompositorUpdate) -> CompositorUpdate | None:
        """The same to look at as ``update``, in fewer bytes; None when it stands there already."""
        raise NotImplementedError

    def lost(self) -> None:
        """Painting is held back, and what would have been painted now never is again."""

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.InputEvent):
            self.last_key = monotonic()
        await super().on_event(event)

    @property
    def terminal_driver(self) -> Driver | None:
        """What reads and writes the terminal, while there is one."""
        return self._driver

    @property
    def crash(self) -> Exception | None:
        """What ended the app; None when nothing did."""
        return self._exception

    def _fatal_error(self) -> None:
        # Textual would print the values of all variables, the key's perhaps among them.
        self._close_messages_no_wait()

    def panic(self, *renderables: RenderableType) -> None:
        del renderables
        self._close_messages_no_wait()

    def _log(self, *_: Any, **__: Any) -> None:
        # To Textual's development console, if there is one: it has what is typed and raised.
        pass

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        if renderable is not None and held(self):
            self.lost()
        elif (
            isinstance(update := cast("object", renderable), CompositorUpdate) and self._is_written
        ):
            renderable = cast("RenderableType | None", self.to_write(update))
        super()._display(screen, renderable)

    @property
    def _is_written(self) -> bool:
        """True when what is displayed now is written."""
        driven = self._driver is not None and not self.is_headless
        return driven and self.is_running and not self._closed


class PacedScreen(Screen[T]):
    """A screen that paints at once what a key does, and all else only so often."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._compositor = NearCompositor()
        self._painted_at = 0.0

    @property
    def frames_per_second(self) -> float:
        """How often it paints at most."""
        raise NotImplementedError

    @property
    def _last_key(self) -> float | None:
        """When a key was pressed last, monotonic; None without a terminal."""
        app = self.app
        return app.last_key if isinstance(app, WrittenApp) and not app.is_headless else None

    def _compositor_refresh(self) -> None:
        """Paint what changed: behind a dialog as much as is seen there, behind a page nothing.

        Textual has the whole screen painted anew for each change behind it.
        """
        front, changed = self.app.screen, self._compositor._dirty_regions
        if front is self:
            super()._compositor_refresh()
            return
        behind = self.app._background_screens
        lets_through = front.styles.background.a < 1 and self in behind
        if changed and lets_through:
            # Each dialog keeps a picture of what lies behind it: all of them have to look again.
            for screen in (*behind[behind.index(self) + 1 :], front):
                screen._set_dirty(*changed)
            front._dirty_widgets.add(front)
            front.check_idle()
        changed.clear()
        self._dirty_widgets.clear()

    def _on_timer_update(self) -> None:
        """Paint what has to be, but not too often; what a key does is painted at once."""
        now, last_key = monotonic(), self._last_key
        waits = last_key is not None and now - last_key >= _AFTER_A_KEY
        if waits and now - self._painted_at < _SLACK / self.frames_per_second:
            self._update_timer.resume()  # looks again in a moment
            return
        self._painted_at = now
        super()._on_timer_update()

    def on_idle(self, event: events.Idle) -> None:
        """Paint the first of what a key does without waiting for the timer's next beat."""
        if self._dirty_widgets or self._scroll_required or self._layout_required:
            last_key = self._last_key
            if last_key is not None and self._painted_at < last_key:
                event.prevent_default()
                self._on_timer_update()


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
