"""Which panes are shown: as many as the terminal has room for, and the one looked at."""

from __future__ import annotations

from collections.abc import Sequence

from textual.geometry import Size
from textual.screen import Screen

from smsmon.console.actions import Where
from smsmon.console.line import KeyLine
from smsmon.console.picture import Picture

LEAST_WIDTH, LEAST_HEIGHT = 60, 15
TWO_PANES, THREE_PANES = 120, 160
"""Columns from which messages and recipients stand side by side, and the recipient too."""
TALL = 30
"""Lines from which there is room for the log below and the recipient beside its table."""
HIGH = 46
"""Lines from which the log is twice as high."""

_AT = {
    Where.GROUPS: "-at-groups",
    Where.MESSAGES: "-at-messages",
    Where.RECIPIENTS: "-at-recipients",
    Where.RECIPIENT: "-at-recipient",
    Where.LOG: "-at-log",
}
LAYOUT_CLASSES = frozenset(
    (
        "-tiny",
        "-plain",
        "-groups",
        "-one",
        "-two",
        "-three",
        "-short",
        "-tall",
        "-high",
        "-no-log",
        *_AT.values(),
    )
)
"""Every class that ``layout_classes`` may give."""
_PATH = (Where.MESSAGES, Where.RECIPIENTS, Where.RECIPIENT)


def layout_classes(
    width: int,
    height: int,
    at: Where,
    *,
    zoomed: bool = False,
    log: bool = True,
    plain: bool = False,
    groups: bool = False,
) -> set[str]:
    """The stylesheet's classes for a terminal of this size with the operator in pane ``at``.

    ``plain``: one pane whatever the size, and the end of the log below it. ``groups``: he is among
    the groups, or in the log below them; they have the whole width.
    """
    if width < LEAST_WIDTH or height < LEAST_HEIGHT:
        return {"-tiny"}
    classes = {_AT[at], "-tall" if height >= TALL else "-short"}
    if height >= HIGH:
        classes.add("-high")
    if groups:
        classes.add("-groups")
    if plain or zoomed or width < TWO_PANES:
        classes.add("-one")
    else:
        classes.add("-three" if width >= THREE_PANES else "-two")
    if not log:
        classes.add("-no-log")
    elif plain and not zoomed:
        classes.add("-plain")
    return classes


def visible(classes: set[str]) -> Where:
    """The panes that can be seen under ``classes``."""
    at = next((where for where, name in _AT.items() if name in classes), None)
    if at is None:
        return Where(0)
    if "-one" in classes:
        return at | Where.LOG if "-plain" in classes else at
    log = Where(0) if "-no-log" in classes else Where.LOG
    if "-groups" in classes:
        return Where.GROUPS | (log if "-tall" in classes else at & Where.LOG)
    if "-three" in classes:
        return Where.MESSAGES | Where.RECIPIENTS | Where.RECIPIENT | log
    if "-tall" in classes:
        return Where.MESSAGES | Where.RECIPIENTS | Where.RECIPIENT | log
    side = Where.RECIPIENT if at is Where.RECIPIENT else Where.RECIPIENTS
    return Where.MESSAGES | side | (Where.LOG if at is Where.LOG else Where(0))


class Arrangement:
    """The panes of a screen as they stand, and the way from one to the other."""

    def __init__(
        self, screen: Screen[None], picture: Picture, keys: KeyLine, *, plain: bool = False
    ) -> None:
        """``keys`` shows the keys of the pane that the operator stands in."""
        self._screen = screen
        self._picture = picture
        self._keys = keys
        self._before_log = Where.MESSAGES
        self._plain = plain
        self._zoomed = False
        self._log_wanted = True

    def choose(self, size: Size) -> None:
        """Give the screen the classes for a terminal of this size."""
        screen, at = self._screen, self._picture.at
        wanted = layout_classes(
            *size,
            at,
            zoomed=self._zoomed,
            log=self._log_wanted,
            plain=self._plain,
            groups=self._among_groups,
        )
        if wanted != screen.classes & LAYOUT_CLASSES:
            screen.remove_class(*(LAYOUT_CLASSES - wanted), update=False)
            screen.add_class(*wanted, update=screen.is_mounted)  # else it is styled yet
        for where, pane in self._picture.panes.items():
            pane.set_class(where is at, "-here", update=pane.is_mounted)
        self._picture.visible = visible(wanted)
        self._keys.withheld = frozenset({"move.back"} if at is self._path[0] else ())

    @property
    def _among_groups(self) -> bool:
        at = self._picture.at
        return (self._before_log if at is Where.LOG else at) is Where.GROUPS

    def lay_out(self) -> None:
        """Show the panes there is room for."""
        before = self._picture.visible
        self.choose(self._screen.size)
        self._keys.stand_in(self._picture.at)
        if self._picture.visible != before:
            self._picture.focus_engine()
            self._picture.show_recipient(self._picture.open_slot)
            self._picture.groups.stir()

    def go(self, where: Where) -> None:
        """Stand in the pane ``where``."""
        self._stand_in(where)
        self._picture.panes[where].enter()

    def jump(self, message_id: str, slot: int | None) -> None:
        """Stand before a message, or one recipient of it, whatever the filters hide."""
        picture = self._picture
        picture.leave_group()
        picture.messages.clear_filter()
        if not picture.messages.table.move_to_key(message_id):
            return
        picture.show_message(message_id)
        if slot is None:
            self.go(Where.RECIPIENTS)
            return
        picture.recipients.clear_filter()
        picture.recipients.table.move_to_key(slot)
        picture.show_recipient(slot)
        self.go(Where.RECIPIENT)

    def follow_focus(self) -> None:
        """Stand in the pane that has the focus."""
        for where, pane in self._picture.panes.items():
            if pane.entered and where is not self._picture.at:
                self._stand_in(where)

    def _stand_in(self, where: Where) -> None:
        if where is Where.LOG and self._picture.at is not Where.LOG:
            self._before_log = self._picture.at
        self._picture.at = where
        self.lay_out()
        self._picture.entitle_side()

    def go_back(self) -> None:
        """Up one level, or out of the log to where the operator came from."""
        at = self._picture.at
        if at is Where.LOG:
            self.go(self._before_log)
        elif place := self._path.index(at):
            if self._path[place - 1] is Where.GROUPS:
                self._picture.leave_group()
            self.go(self._path[place - 1])

    @property
    def _path(self) -> Sequence[Where]:
        """The panes from the outermost to the innermost."""
        return (Where.GROUPS, *_PATH) if self._picture.grouped else _PATH

    def next_pane(self) -> None:
        self._go_round(1)

    def previous_pane(self) -> None:
        self._go_round(-1)

    def _go_round(self, step: int) -> None:
        groups = self._among_groups
        order = [
            where
            for where in self._picture.panes
            if where is Where.LOG or groups is (where is Where.GROUPS)
        ]
        self.go(order[(order.index(self._picture.at) + step) % len(order)])

    def log(self) -> None:
        """Into the log; from there, put it away."""
        self._log_wanted = self._picture.at is not Where.LOG
        self.go(Where.LOG if self._log_wanted else self._before_log)

    def zoom(self) -> None:
        """This pane alone, or all again."""
        self._zoomed = not self._zoomed
        self.lay_out()
