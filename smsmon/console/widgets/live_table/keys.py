"""The keys of a live table, in one table: action, keys, what it does.

None collides with the prefix of tmux (ctrl+b) or screen (ctrl+a).
"""

from __future__ import annotations

from textual.binding import Binding

KEYS: tuple[tuple[str, str, str], ...] = (
    ("cursor_up", "up,k", "Row up"),
    ("cursor_down", "down,j", "Row down"),
    ("page_up", "pageup", "Page up"),
    ("page_down", "pagedown,ctrl+f", "Page down"),
    ("half_page_up", "ctrl+u", "Half a page up"),
    ("half_page_down", "ctrl+d", "Half a page down"),
    ("first", "home,g", "First row"),
    ("last", "end,G", "Last row"),
    ("select", "enter", "Open"),
    ("mark", "space", "Mark the row and go on"),
    ("mark_range", "v", "Mark from the last mark to here"),
    ("mark_all", "asterisk", "Mark all rows shown"),
    ("clear_marks", "u", "Clear the marks"),
    ("sort_left", "less_than_sign", "Sort by the column to the left"),
    ("sort_right", "greater_than_sign", "Sort by the column to the right"),
    ("sort_reverse", "R", "Sort the other way round"),
)

BINDINGS = [Binding(keys, action, text, show=False) for action, keys, text in KEYS]
