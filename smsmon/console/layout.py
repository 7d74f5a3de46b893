"""How many panes the terminal has room for. Pure."""

from __future__ import annotations

from smsmon.console.actions import Where

LEAST_WIDTH, LEAST_HEIGHT = 60, 15
TWO_PANES, THREE_PANES = 120, 160
"""Columns from which messages and recipients stand side by side, and the recipient too."""
TALL = 30
"""Lines from which there is room for the log below and the recipient beside its table."""

_AT = {
    Where.MESSAGES: "-at-messages",
    Where.RECIPIENTS: "-at-recipients",
    Where.RECIPIENT: "-at-recipient",
    Where.LOG: "-at-log",
}
LAYOUT_CLASSES = frozenset(
    ("-tiny", "-one", "-two", "-three", "-short", "-tall", "-no-log", *_AT.values())
)
"""Every class that ``layout_classes`` may give."""


def layout_classes(
    width: int, height: int, at: Where, *, zoomed: bool = False, log: bool = True
) -> set[str]:
    """The stylesheet's classes for a terminal of this size with the operator in pane ``at``."""
    if width < LEAST_WIDTH or height < LEAST_HEIGHT:
        return {"-tiny"}
    classes = {_AT[at], "-tall" if height >= TALL else "-short"}
    if zoomed or width < TWO_PANES:
        classes.add("-one")
    else:
        classes.add("-three" if width >= THREE_PANES else "-two")
    if not log:
        classes.add("-no-log")
    return classes


def visible(classes: set[str]) -> Where:
    """The panes that can be seen under ``classes``."""
    at = next((where for where, name in _AT.items() if name in classes), None)
    if at is None:
        return Where(0)
    if "-one" in classes:
        return at
    log = Where(0) if "-no-log" in classes else Where.LOG
    if "-three" in classes:
        return Where.MESSAGES | Where.RECIPIENTS | Where.RECIPIENT | log
    if "-tall" in classes:
        return Where.MESSAGES | Where.RECIPIENTS | Where.RECIPIENT | log
    side = Where.RECIPIENT if at is Where.RECIPIENT else Where.RECIPIENTS
    return Where.MESSAGES | side | (Where.LOG if at is Where.LOG else Where(0))
