"""Every key that works here, from the table of actions itself; then what words and signs mean."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from textwrap import wrap

from textual.content import Content

from smsmon.console.actions import EVERY_ACTION, GROUPS, Action, Where, key_face
from smsmon.console.dialogs.base import PageDialog
from smsmon.console.signs import ALERT, BAR, STATE_SIGNS, STATUS_SIGNS, Sign, styled
from smsmon.filters.log import LOG_FIELDS
from smsmon.filters.messages import ALERT_FIELD, MESSAGE_FIELDS
from smsmon.filters.prompt import examples
from smsmon.filters.recipients import RECIPIENT_FIELDS
from smsmon.recipients import Status

_ASKED = {
    Where.MESSAGES: (*MESSAGE_FIELDS, ALERT_FIELD),
    Where.RECIPIENTS | Where.RECIPIENT: RECIPIENT_FIELDS,
    Where.LOG: LOG_FIELDS,
}
_KEYS_WIDTH = 15
_HELP_WIDTH = 52
"""Both together fit the dialog at 80 columns."""
_STATUSES = {
    Status.DELIVERED: "It arrived. This is final.",
    Status.WAITING: "No report yet; one may still come, for 48 hours or so.",
    Status.NOT_DELIVERED: "It did not arrive, and will not. This is final.",
    Status.UNKNOWN: "The API said a word that nobody documented; it is shown.",
}
_STATES = {
    "new": "Not read yet.",
    "live": "Reports are still to come; it is read ever less often with age.",
    "complete": "Every recipient is final. It is read on, slowly: a STOP may come.",
    "settled": "Complete, and nothing changed for 48 hours: read no more, but by r.",
    "paused": "Not read until you resume it, with p.",
    "not found": "The API knows no such message, or not yet. It is tried again.",
    "stale": "It could not be read when it was due: what is shown is old.",
}
_ALERT = "A rule of this name holds for the message; +1: one more does. The head counts all."
_ALERTS = (
    (
        "set up",
        "In config.toml, which smsmon reads when it starts: [alerts.NAME], with a filter of"
        " messages and for how long it must hold. `smsmon locate` says where the file is.",
    ),
    ("/alert:NAME", "Shows the messages for which that rule holds."),
)
_FIGURES = (
    (
        "% delivered",
        "Delivered ÷ all recipients, on the line on top and beside each bar. In the bar,"
        f" {BAR[Status.DELIVERED]} is delivered, {BAR[Status.WAITING]} waiting,"
        f" {BAR[Status.NOT_DELIVERED]} not delivered.",
    ),
    (
        "delivery rate",
        "Delivered ÷ final, where final is delivered or not delivered. Waiting and unknown"
        " recipients stay out of both, so it tells early how a send goes.",
    ),
    ("STOP", "The recipient asked for no more messages; counted beside the status."),
    ("took", "From when we first saw the recipient to the final status, as observed."),
    (
        "- was …",
        "The API lists this recipient no more: it is shown, and counted, as it was last seen. -2"
        " at a message, in a title or on top says how many there are; /absent:yes shows them,"
        " /absent>0 their messages.",
    ),
)


class HelpScreen(PageDialog):
    """A page of keys: those of the pane the operator stands in first, dim where they rest."""

    FRAME = "help"
    HEADING = "Keys, words and signs"

    def __init__(self, where: Where, actions: tuple[Action, ...] = EVERY_ACTION) -> None:
        super().__init__()
        self._where = where
        self._actions = actions

    def page(self) -> Content:
        return help_text(self._where, self._actions)


def help_text(where: Where, actions: tuple[Action, ...] = EVERY_ACTION) -> Content:
    """The page as text: group by group, an action that rests in ``where`` written dim."""
    order = list(GROUPS.values())
    lines: list[Content] = []
    by_group = sorted(actions, key=lambda action: order.index(action.group))
    for group, members in groupby(by_group, key=lambda action: action.group):
        if lines:
            lines.append(Content())
        lines.append(Content.styled(group, "bold $accent"))
        lines += [_line(action, bool(action.where & where)) for action in members]
    return Content("\n").join([*lines, *_filters(where), *_words()])


def _filters(where: Where) -> Iterator[Content]:
    """What a filter can ask of the table in ``where``, with an example of each."""
    fields = next((fields for panes, fields in _ASKED.items() if panes & where), ())
    yield _heading("What / can ask here, and tab completes")
    for term, meaning in examples(fields):
        yield _explained(Content.styled(term, "bold"), meaning)


def _line(action: Action, live: bool) -> Content:
    keys = "  ".join(key_face(key) for key in action.keys)
    return _explained(
        Content.styled(keys, "bold" if live else "$text-quiet"),
        action.help,
        "" if live else "$text-quiet",
    )


def _explained(name: Content, text: str, style: str = "") -> Content:
    """``name``, and ``text`` beside it; below it where it is too long for its column."""
    room = _KEYS_WIDTH - name.cell_length
    gap = " " * room if room >= 2 else f"\n{'':{_KEYS_WIDTH}}"
    return Content.assemble(
        name, gap, (f"\n{'':{_KEYS_WIDTH}}".join(wrap(text, _HELP_WIDTH)), style)
    )


def _words() -> Iterator[Content]:
    """What statuses, states, alerts and figures mean."""
    yield _heading("What became of a recipient")
    yield from (_sign(STATUS_SIGNS[status], text) for status, text in _STATUSES.items())
    yield _heading("How it stands with a message")
    yield from (_sign(STATE_SIGNS[state], text) for state, text in _STATES.items())
    yield _heading("Alerts")
    yield _sign(replace(ALERT, word="name"), _ALERT)
    yield from (_explained(Content.styled(name, "bold"), text) for name, text in _ALERTS)
    yield _heading("Figures")
    yield from (_explained(Content.styled(name, "bold"), text) for name, text in _FIGURES)


def _sign(sign: Sign, text: str) -> Content:
    return _explained(styled(f"{sign.glyph} {sign.word}", sign.tone), text)


def _heading(text: str) -> Content:
    return Content.assemble("\n", (text, "bold $accent"))
