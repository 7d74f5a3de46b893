"""What a source says: cut into lines; messages that were sent, or why a line says none; entries of
the watchlist. Pure.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from json import JSONDecodeError, JSONDecoder
from typing import Any, Protocol

from smsmon import phones
from smsmon.api.rows import flag_of
from smsmon.clock import CLOCK_AGREES
from smsmon.model import DEFAULT_PROFILE, Arrival, Entry, is_message_id
from smsmon.patterns import WITHIN, LinePattern, TooSlow
from smsmon.recipients import EARLIEST_DATE
from smsmon.secret import without_keys, without_likely_keys
from smsmon.settings.sources import Source
from smsmon.store.arrivals import told_again
from smsmon.store.entries import clean_tags, why_not_an_id
from smsmon.text import safe, typed

LINE_LIMIT = 1 << 20
"""Bytes after which a line without an end is given up: it is no line of a log."""


def decoded(line: bytes) -> str:
    """A line as text: UTF-8 if it is, UTF-16 if it looks so, Latin-1 if not; so an id in it is
    found either way."""
    line = line.removeprefix(codecs.BOM_UTF16_BE).removeprefix(codecs.BOM_UTF16_LE).lstrip(b"\0")
    if line[1::2].count(0) > len(line) // 4 > 2 * line[::2].count(0):
        # In either order, for it was cut at the byte of its end, and what led it is gone.
        return line.decode("utf-16-le", "replace").rstrip("\r\0\ufffd")
    try:
        text = line.decode()
    except UnicodeDecodeError:
        text = line.decode("latin-1")
    return text.removesuffix("\r")


class Splitter:
    """Cuts what comes in pieces into lines; one that is too long is passed over."""

    def __init__(self) -> None:
        self._rest = b""
        """The beginning of a line whose end did not come yet."""
        self._skipping = False
        """Within a line that is too long."""

    def take(self, data: bytes) -> list[str]:
        """The lines that are whole with ``data``."""
        *whole, rest = (self._rest + data).split(b"\n")
        if whole and self._skipping:
            whole, self._skipping = whole[1:], False
        if len(rest) > LINE_LIMIT:
            rest, self._skipping = b"", True
        self._rest = rest
        return [decoded(line) for line in whole]

    def end(self) -> list[str]:
        """The line that nobody ended, when no more comes."""
        rest, self._rest = self._rest, b""
        return [decoded(rest)] if rest and not self._skipping else []


TOO_SLOW = f"match took longer than {WITHIN:g} s for it: write it so that it cannot wander"
_SHOWN = 120


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message that was sent, as its source tells."""

    id: str
    label: str = ""
    tags: tuple[str, ...] = ()
    phone: str = ""
    """The recipient, E.164 where it could be read so; empty where the source does not say."""
    sent_at: float | None = None
    """Seconds since the epoch; None where the source does not say."""


@dataclass(frozen=True, slots=True)
class NotTaken:
    """A line, or a part of one, that looks meant and tells of no message."""

    text: str
    """Its beginning: safe to show."""
    why: str
    """Without a full stop."""
    refused: bool = False
    """It tells that nothing was sent."""


Read = Sequence[Arrived | NotTaken]


class Reading(Protocol):
    """What finds messages in lines."""

    @property
    def unended(self) -> bool:
        """What was read last goes on: it tells of nothing yet."""

    def read(self, line: str) -> Read:
        """What a line says; empty for one that is about something else."""

    def end(self) -> Sequence[NotTaken]:
        """What is left to say when no more lines come."""


_ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
"""The colours of a log that is meant for a terminal."""


class Matching:
    """Finds messages by a regular expression with named groups."""

    unended = False

    def __init__(self, pattern: str) -> None:
        """Raises ``ValueError`` with a sentence for what cannot be used."""
        self._pattern = LinePattern(pattern)

    def read(self, line: str) -> Read:
        try:
            said = self._pattern.found(plain := _ESCAPES.sub("", line))
            if said is None and plain != line:
                said = self._pattern.found(line)
        except TooSlow:
            return (NotTaken(beginning(line), TOO_SLOW),)
        return () if said is None else (_arrived(line, said),)

    def end(self) -> Sequence[NotTaken]:
        return ()


def _arrived(line: str, said: Mapping[str, str]) -> Arrived | NotTaken:
    if why := why_not_an_id(said["id"]):
        return NotTaken(beginning(line), why)
    moment = said.get("time", "")
    sent_at = moment_of(moment)
    if moment and sent_at is None:
        return NotTaken(
            beginning(line), f"“{beginning(moment)}” is no moment (ISO 8601, or seconds)"
        )
    label, tag = (without_likely_keys(said.get(name, "")) for name in ("label", "tag"))
    return Arrived(
        said["id"],
        typed(" ".join(label.split())),
        clean_tags([tag]) if tag else (),
        _phone(said.get("phone", "")),
        sent_at,
    )


class SendAnswers:
    """Finds messages in the API's own answers to sends, as JSON objects in a line.

    ``/send`` gives ``message_id``; so does ``/bulk-send``, with a row a number in
    ``SMSResponse_List``, or each of these has an id of its own. What stands around an answer, such
    as the moment of a log, or the object of a log that holds it, is passed over. One may be printed
    over several lines, as ``jq`` does.
    """

    def __init__(self) -> None:
        self._begun: list[str] = []
        """The lines so far of an object that has no end yet."""
        self._open = self._length = 0
        """How many of its braces are open, and how many characters it has."""

    @property
    def unended(self) -> bool:
        return bool(self._begun)

    def read(self, line: str) -> Read:
        if not self._begun and not (line.rstrip().endswith(_UNENDED) and _may_go_on(line)):
            return self._one(line)
        if self._begun and not (_GOES_ON.match(line) and self._may_follow(line)):
            return [*self.end(), *self.read(line)]
        self._begun.append(line)
        around = _TEXTS.sub("", line)
        self._open += around.count("{") - around.count("}")
        self._length += len(line)
        if self._length > _LONGEST:
            return self.end()
        if self._open > 0:
            return ()
        text = "\n".join(self._begun)
        self.end()
        return self._one(text)

    def _may_follow(self, line: str) -> bool:
        """False where another object begins, and of the one before there was no end."""
        return not line.startswith("{") or self._begun[-1].rstrip().endswith(("[", "},", ":"))

    def end(self) -> Sequence[NotTaken]:
        before, self._begun, self._open, self._length = self._begun, [], 0, 0
        return (NotTaken(beginning(before[0]), "it is no JSON object"),) if before else ()

    def _one(self, line: str) -> Read:
        start, tries, whole = line.find("{"), _TRIES, False
        found: dict[str, Arrived | NotTaken] = {}
        while start >= 0 and tries:
            try:
                answer, end = _JSON.raw_decode(line, start)
                whole = True
            except (ValueError, RecursionError):
                answer, end = {}, start
            if not _tell(answer, line, found):
                end, tries = start + 1, tries - 1
            start = line.find("{", end)
        if not whole and "{" in line:
            return (NotTaken(beginning(line), "it is no JSON object"),)
        return [*found.values()]


_JSON = JSONDecoder()

_TRIES = 20
"""Braces of a line at which no answer begins, until it is given up."""
_UNENDED = "{", "[", ","
"""How lines end of an object that is printed over several."""
_GOES_ON = re.compile(r"""\s*([]["{}]|(-?[0-9][0-9.eE+-]*|true|false|null)?\s*,?\s*$)""")
"""How its next lines begin: with no moment of a log, nor a word."""
_TEXTS = re.compile(r'"(?:[^"\\]|\\.)*"')
_LONGEST = 1 << 18
"""Characters that it may have."""


def _may_go_on(text: str) -> bool:
    """Whether an object begins in it that is right so far, and is not whole."""
    try:
        _JSON.raw_decode(text, text.find("{"))
    except JSONDecodeError as error:
        return error.pos >= len(text.rstrip()) - 1
    except (ValueError, RecursionError):
        return False
    return False


def _tell(answer: dict[str, Any], line: str, found: dict[str, Arrived | NotTaken]) -> bool:
    """Note what an object tells; false where it is no answer to a send."""
    rows = answer.get("SMSResponse_List")
    if not isinstance(rows, list) or not rows:
        if _id_of(answer) is None and "success" not in answer:
            return False
        rows = [answer]
    for row in rows:
        each = _row(row, answer)
        if isinstance(each, Arrived):
            before = found.get(each.id)
            found[each.id] = of_one(before, each) if isinstance(before, Arrived) else each
        elif each.why not in found:
            found[each.why] = replace(each, text=beginning(line))
    return True


def _row(row: Any, answer: dict[str, Any]) -> Arrived | NotTaken:
    """What a row of an answer tells: of a message of its own, or a number of the answer's."""
    if not isinstance(row, dict):
        return NotTaken("", "a row of it is no object")
    if flag_of(row.get("success")) is False:
        code = row.get("code", answer.get("code"))
        return NotTaken("", f"the send was refused (code {safe(str(code))})", refused=True)
    id = _id_of(row) or _id_of(answer)
    if id is None:
        return NotTaken("", "it has no message_id")
    if not is_message_id(id):
        return NotTaken("", why_not_an_id(id))
    phone = row.get("phoneNumber") or row.get("phone") or ""
    return Arrived(id, phone=_phone(str(phone)))


def of_one(first: Arrived, again: Arrived) -> Arrived:
    """What two places tell of one message: where they differ it may have several recipients, and
    no number is known to be the only one."""
    return first if first.phone == again.phone else replace(first, phone="")


def _id_of(row: dict[str, Any]) -> str | None:
    """Its message id, a number or a text; None without one."""
    found = row.get("message_id", row.get("messageId"))
    if isinstance(found, bool) or not isinstance(found, int | str) or found == "":
        return None
    return str(found)


def _phone(text: str) -> str:
    return phones.e164(text) if text else ""


def beginning(line: str, *, private: bool = True) -> str:
    """The beginning of a text, to be shown without what could be a key or a password, nor, where
    it is ``private``, a number. It is cut last: what is left of a key looks like none.
    """
    told = without_keys(safe(line[: 2 * _SHOWN].strip().expandtabs(1), 2 * _SHOWN))
    return safe(phones.without_numbers(told) if private else told, _SHOWN)


def moment_of(text: str) -> float | None:
    """Seconds since the epoch of an ISO 8601 moment (in this machine's zone where it names none),
    of seconds, or of thousandths, millionths (the journal's) or billionths of them; None for what
    is neither, or before there were messages to tell of: 20261127 would be a day in 1970.
    """
    try:
        number = float(text)
        for _ in range(3):
            number = number / 1_000 if number > 1e11 else number
    except ValueError:
        try:
            number = datetime.fromisoformat(text).timestamp()
        except (ValueError, OverflowError, OSError):
            return None
    return number if EARLIEST_DATE <= number < 1e11 else None


@dataclass(slots=True)
class Taken:
    """What some lines told."""

    entries: dict[str, Entry] = field(default_factory=dict)
    """By their id."""
    not_taken: list[NotTaken] = field(default_factory=list)


def reading_of(source: Source) -> Reading:
    """What understands the lines of a source. Raises ``ValueError``."""
    return SendAnswers() if source.match is None else Matching(source.match)


class Taking:
    """Makes entries of what one source says."""

    def __init__(self, name: str, source: Source) -> None:
        self._name = name
        self._source = source
        self._leave_after = source.leave_after
        self._reading = reading_of(source)

    @property
    def unended(self) -> bool:
        """What was read last goes on: it is to be read again after a restart."""
        return self._reading.unended

    def read(self, lines: Sequence[str], now: float) -> Taken:
        """What these lines tell, as entries that came at ``now``. Blocks, see `patterns`."""
        taken = Taken()
        entries = taken.entries
        for line in lines:
            for each in self.understood(line):
                if isinstance(each, NotTaken):
                    taken.not_taken.append(each)
                else:
                    entry = self._entry(each, now)
                    entries[each.id] = told_again(entries.get(each.id, entry), entry)
        return taken

    def understood(self, line: str) -> Sequence[Arrived | NotTaken]:
        """What a line tells, as the settings describe it; empty for one about something else."""
        return [
            each if isinstance(each, NotTaken) else self._described(each)
            for each in self._reading.read(line)
        ]

    def _described(self, arrived: Arrived) -> Arrived:
        source = self._source
        return replace(
            arrived,
            label=arrived.label or source.label or "",
            tags=tuple(dict.fromkeys((*(source.tags or ()), *arrived.tags))),
        )

    def _entry(self, arrived: Arrived, now: float) -> Entry:
        source = self._source
        return Entry(
            arrived.id,
            arrived.label,
            arrived.tags,
            added_at=now,
            profile=source.profile or DEFAULT_PROFILE,
            arrival=Arrival(
                self._name, self._leave_after, arrived.phone, _sent_at(arrived.sent_at, now)
            ),
        )


def _sent_at(told: float | None, now: float) -> float | None:
    """When it was sent: not after now. A moment far ahead is of another zone, and tells nothing."""
    return None if told is None or told > now + CLOCK_AGREES else min(told, now)
