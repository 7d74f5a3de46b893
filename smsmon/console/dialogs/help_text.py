"""What the help says: the keys of a pane, from the table of actions; words, signs, fields. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from textwrap import wrap

from textual.content import Content

from smsmon.console.actions import EVERY_ACTION, GROUPS, Action, Where, key_face, key_line
from smsmon.console.signs import (
    ACKNOWLEDGED,
    ALERT,
    BAR,
    SIGNS,
    SILENCED,
    STATE_SIGNS,
    STATUS_SIGNS,
    Sign,
    Tone,
    styled,
)
from smsmon.filters.groups import GROUP_TABLE_FIELDS
from smsmon.filters.messages import ALERT_FIELD, GROUP_FIELD, MESSAGE_FIELDS
from smsmon.filters.prompt import examples
from smsmon.filters.recipients import RECIPIENT_FIELDS
from smsmon.filters.subjects import FIELDS_ABOUT, LOG_FIELDS
from smsmon.recipients import Status
from smsmon.settings.telling import BUILT_IN
from smsmon.times import capital

TWO_COLUMNS = 110
"""Columns of width from which on the help has two."""
_NAME_WIDTH = 15
_BETWEEN = 4
_ASKED = {
    Where.GROUPS: GROUP_TABLE_FIELDS,
    Where.MESSAGES: (*MESSAGE_FIELDS, ALERT_FIELD, GROUP_FIELD),
    Where.RECIPIENTS | Where.RECIPIENT: RECIPIENT_FIELDS,
    Where.LOG: LOG_FIELDS,
}
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
_ALERT = "An alert fires, and nobody answered: the line above the keys tells the worst."
_ANSWERED = "It fires, and somebody took it on: A tells who, and until when."
_SILENCED = "It fires, and nobody wants to hear of it for a while."
_ALERTS = (
    (
        "set up",
        "In config.toml, which smsmon reads anew when it is saved: [alerts.NAME], with a filter"
        " and for how long it must hold. `smsmon locate` says where the file is.",
    ),
    ("/alert:NAME", "Shows the messages for which that rule holds."),
    (
        "answering",
        "A shows all: a acknowledges, s silences a rule, tag or message, e ends that, u takes it"
        " back, tab looks at one kind.",
    ),
)
_ABOUT = {
    "message": "Each message: all that / can ask of messages.",
    "account": "Each account: {account}.",
    "tag": "All messages of each tag, over a window of time: {tag}.",
    "country": "The recipients of each country, or all at once: the same as of a tag.",
}
"""What a rule is asked of, and the fields that it has then."""
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
_GROUPED = (
    (
        "a row",
        "Many messages: all of one tag, source, label, country, account or minute; g chooses."
        " What is done to it is done to its messages, once you said yes to their number.",
    ),
    (
        "alone",
        "A message that shares its tag or label with no other is a row of its own; so is what"
        " people added without any, as long as nothing came by itself without.",
    ),
    (
        "sent, rate, p90",
        "Of those sent in the last hour. ≤10 s is the share delivered within ten seconds, p50 and"
        " p90 are the times within which half and nine in ten of the deliveries came.",
    ),
    (
        "per minute",
        "What was sent in each minute of the last hour that is over; columns in which one in ten"
        " or more failed stand out.",
    ),
)
_LEAVING = (
    "Leave smsmon. What it knows is kept, and i tells at the next start what happened meanwhile."
)
_PANES = {
    Where.GROUPS: "the groups",
    Where.MESSAGES: "messages",
    Where.RECIPIENTS: "recipients",
    Where.RECIPIENT: "one recipient",
    Where.LOG: "the log",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A key, word or sign, and what it means."""

    name: Content
    text: str
    id: str = ""
    """How a keymap names the action."""
    dim: bool = False
    """It does nothing in the pane the operator stands in."""


@dataclass(frozen=True, slots=True)
class Section:
    """Entries under one heading."""

    heading: str
    entries: tuple[Entry, ...]


def sections(where: Where, actions: Iterable[Action] = EVERY_ACTION) -> tuple[Section, ...]:
    """All that the help has, what matters in the pane ``where`` first."""
    actions = tuple(actions)
    here = [action for action in actions if action.where & where]
    offered = key_line(where, actions)
    own = [each for each in here if each.where not in (Where.ANYWHERE, Where.TABLES)]
    first = [*dict.fromkeys((*offered, *own))]
    rest = [action for action in here if action not in first]
    groups = {
        heading: [action for action in rest if action.group == heading]
        for heading in GROUPS.values()
    }
    elsewhere = [action for action in actions if action not in here]
    fields = next((fields for panes, fields in _ASKED.items() if panes & where), ())
    every = (
        Section(f"Here, in {_PANES[where]}", _keys(first)),
        *(Section(heading, _keys(members)) for heading, members in groups.items()),
        Section("In other panes", _keys(elsewhere, dim=True)),
        Section(
            "What / can ask here, and tab completes",
            tuple(_word(term, meaning) for term, meaning in examples(fields)),
        ),
        Section(
            "What became of a recipient",
            tuple(_sign(STATUS_SIGNS[status], text) for status, text in _STATUSES.items()),
        ),
        Section(
            "How it stands with a message",
            tuple(_sign(STATE_SIGNS[state], text) for state, text in _STATES.items()),
        ),
        Section("Other signs", tuple(_other_signs())),
        Section(
            "Alerts",
            (
                _sign(ALERT, _ALERT),
                _sign(ACKNOWLEDGED, _ANSWERED),
                _sign(SILENCED, _SILENCED),
                *(_word(name, text) for name, text in _ALERTS),
            ),
        ),
        Section(
            "Alerts that are on from the start",
            tuple(_word(name, f"{capital(rule.help)}.") for name, rule in BUILT_IN.items()),
        ),
        Section("What alerts can ask, by their about", tuple(_asked_of_alerts())),
        Section("Groups", tuple(_word(name, text) for name, text in _GROUPED)),
        Section("Figures", tuple(_word(name, text) for name, text in _FIGURES)),
        Section("The way out", (_word("  ".join(_quitting(actions)), _LEAVING),)),
    )
    return tuple(section for section in every if section.entries)


def found(sections: Iterable[Section], text: str) -> tuple[Section, ...]:
    """What has all words of ``text`` in it, under its headings."""
    words = text.casefold().split()

    def kept(section: Section) -> Section:
        entries = (
            entry
            for entry in section.entries
            if all(word in _said(section, entry) for word in words)
        )
        return replace(section, entries=tuple(entries))

    return tuple(section for section in map(kept, sections) if section.entries)


def _said(section: Section, entry: Entry) -> str:
    return f"{section.heading} {entry.name.plain} {entry.text} {entry.id}".casefold()


def laid_out(sections: Sequence[Section], width: int, *, ids: bool = False) -> Content:
    """The help in ``width`` columns, side by side where there is room for two.

    ``ids``: with the names that a keymap calls the actions by.
    """
    two = width >= TWO_COLUMNS
    column = (width - _BETWEEN) // 2 if two else width
    blocks = [_block(section, column, ids=ids) for section in sections]
    if not two:
        return _joined(blocks)
    half = sum(map(len, blocks)) / 2
    left: list[list[Content]] = []
    while blocks and sum(map(len, left)) + len(blocks[0]) / 2 <= half:
        left.append(blocks.pop(0))
    lines = [_joined(side).split("\n") for side in (left, blocks)]
    rows = max(map(len, lines))
    left_lines, right_lines = ([*side, *[Content()] * (rows - len(side))] for side in lines)
    return Content("\n").join(
        Content.assemble(one, " " * (column + _BETWEEN - one.cell_length), other)
        for one, other in zip(left_lines, right_lines, strict=True)
    )


def help_text(where: Where, actions: Iterable[Action] = EVERY_ACTION, width: int = 73) -> Content:
    """The whole help in ``width`` columns."""
    return laid_out(sections(where, actions), width)


def _joined(blocks: Iterable[Iterable[Content]]) -> Content:
    return Content("\n\n").join([Content("\n").join(block) for block in blocks])


def _block(section: Section, width: int, *, ids: bool) -> list[Content]:
    """The lines of a section, a blank one behind it counted by who joins them."""
    lines = [Content.styled(section.heading, "bold $accent")]
    for entry in section.entries:
        lines += _lines(entry, width, ids=ids)
    return lines


def _lines(entry: Entry, width: int, *, ids: bool) -> list[Content]:
    """The name, and the text beside it; below it where it is too long for its column."""
    quiet = "$text-quiet"
    told = [Content.styled(line, quiet if entry.dim else "") for line in _folded(entry.text, width)]
    if ids and entry.id:
        told.append(Content.styled(entry.id, "$accent"))
    indent = " " * _NAME_WIDTH
    name = entry.name
    if _NAME_WIDTH - name.cell_length >= 2:
        first = Content.assemble(name, " " * (_NAME_WIDTH - name.cell_length), told[0])
        return [first, *(Content.assemble(indent, line) for line in told[1:])]
    return [name, *(Content.assemble(indent, line) for line in told)]


def _folded(text: str, width: int) -> list[str]:
    return wrap(text, max(20, width - _NAME_WIDTH)) or [""]


def _keys(actions: Iterable[Action], *, dim: bool = False) -> tuple[Entry, ...]:
    return tuple(
        Entry(
            Content.styled("  ".join(map(key_face, action.keys)), "$text-quiet" if dim else "bold"),
            action.help,
            action.id,
            dim,
        )
        for action in actions
    )


def _quitting(actions: Iterable[Action]) -> Sequence[str]:
    return next([*map(key_face, action.keys)] for action in actions if action.id == "app.quit")


def _word(word: str, text: str) -> Entry:
    return Entry(Content.styled(word, "bold"), text)


def _sign(sign: Sign, text: str) -> Entry:
    return Entry(styled(f"{sign.glyph} {sign.word}", sign.tone), text)


def _asked_of_alerts() -> Iterator[Entry]:
    names = {
        str(about): ", ".join(each.name for each in fields)
        for about, fields in FIELDS_ABOUT.items()
    }
    return (_word(about, text.format_map(names)) for about, text in _ABOUT.items())


_OF_ALERTS = (ALERT, ACKNOWLEDGED, SILENCED)
_OTHERS = {
    "ok": "The account answers.",
    "not read": "The account fails, is down, held or stopped; the head says why.",
    "not understood": "What was typed or pasted cannot be taken.",
    "chosen": "The one of several, or those of many, that somebody chose.",
    "marked": "A row that is marked: what is done next is done to all that are.",
    "added": "A row that was added a moment ago, or is about to be.",
    "upwards": "Sorted by this column, the smallest first.",
    "downwards": "Sorted by this column, the largest first.",
    "no value": "Nobody knows a value.",
    "no longer listed": "The API lists it no longer.",
}
"""By the word of the sign; the signs of statuses, states and alerts are told elsewhere."""


def _other_signs() -> Iterator[Entry]:
    told = {each.glyph for each in (*STATUS_SIGNS.values(), *STATE_SIGNS.values(), *_OF_ALERTS)}
    for sign in SIGNS:
        if sign.glyph not in told:
            text = _OTHERS.get(sign.word, f"{sign.word.capitalize()}.")
            yield Entry(styled(f"{sign.glyph} {sign.word}", sign.tone or Tone.PLAIN), text)
