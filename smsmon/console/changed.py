"""What the console does with display settings that change while it is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from smsmon.console.screen import ConsoleScreen
    from smsmon.settings import Settings


def show_changes(screen: ConsoleScreen, before: Settings, after: Settings) -> None:
    """Look as ``after`` says, where that differs from ``before``.

    What the operator chose by a key meanwhile stays, where the setting is the same.
    """
    old, new, formats = before.display, after.display, screen.formats
    if old.privacy != new.privacy:
        formats.masked = new.privacy
    if old.utc != new.utc:
        formats.utc = new.utc
    if old.frame_rate != new.frame_rate:
        screen.feed.frames_per_second = new.frame_rate
    if old.clock != new.clock:
        formats.still = formats.plain or not new.clock
        screen.head.show_clock()
    if old.signs != new.signs:
        screen.app.refresh_css(animate=False)
    if old.plain != new.plain:
        screen.say("display.plain has changed in config.toml: it holds from the next start on.")
    if before.keymap != after.keymap:
        screen.keymap.use(after.keymap)
        screen.app.set_keymap(after.keymap)
        screen.updates.show_keys()
    screen.picture.show_rules()
    for pane, was, columns in (
        (screen.picture.messages, old.message_columns, new.message_columns),
        (screen.picture.recipients, old.recipient_columns, new.recipient_columns),
    ):
        if columns and was != columns:
            screen.memory.prefer(f"columns of {pane.id}", columns)
            pane.table.choose_columns(columns)
    screen.head.name = after.profile
    screen.updates.show_everything()
    screen.updates.show_accounts()
    screen.updates.show_watchlist()
    screen.updates.tick()
