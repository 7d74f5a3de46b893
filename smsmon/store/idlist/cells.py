"""What a cell or a word of a list says: an id, or why it is none; and all that a list holds. Pure.

Nothing is guessed: what could be a phone number, several ids, or the rest of a number that a
spreadsheet cut is no id, and the reason says so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from unicodedata import combining, normalize

from smsmon.model import Entry
from smsmon.phones import LONGEST_ID, is_phone_like
from smsmon.store.entries import Problem, united, why_not_an_id
from smsmon.text import safe

GROUPING = "\u00a0\u2007\u2009\u202f'’"
"""What sets thousands apart in one number, and never two numbers from each other."""
INVISIBLE = "\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff"
"""Characters without a shape, as the inside of a regular expression's class."""

_AROUND = re.compile(f"(?<![0-9{INVISIBLE}])[{INVISIBLE}]+|[{INVISIBLE}]+(?![0-9{INVISIBLE}])")
_FORMULA = re.compile(r'="([^"]*)"')
_QUOTES = "\"'`´’‘“”«»‹›[]{}"
_GROUPED = re.compile(f"[0-9]{{1,3}}([{GROUPING}])[0-9]{{3}}(?:\\1[0-9]{{3}})*")
_WHOLE = re.compile(r"([0-9]{1,15})[.,]0|([0-9]{5,15})[.,]00")  # 12,00 is money
_SPACED = re.compile(r"[0-9]{1,3}(?:[ .,][0-9]{3})+")
_POWER = re.compile(r"[0-9]+(?:[.,][0-9]+)?E\+?[0-9]+(?!\w)", re.IGNORECASE)
_SHORT_PHONE = re.compile(r"[67][0-9]{8}")
_COUNTS = 2
"""Digits of what can be the number of a line."""
LONG = 5
"""Digits from which two numbers of one length are taken for two ids, whatever follows them."""
_LONG_NUMBER = re.compile(rf"(?<![0-9+.,])[0-9]{{{LONG},{LONGEST_ID}}}(?![0-9.,])")
_CALLED_PHONE_FROM = 9
"""Digits from which a number may be a phone's, where the list says that it is one."""
_PHONE_WORDS = {
    "phone", "phones", "telephone", "telephones", "tel", "mobile", "mobiles", "portable",
    "portables", "gsm", "cell", "cellphone", "cellphones", "msisdn", "msisdns", "telefon",
    "telefono", "telefone", "telefoon", "handy", "recipient", "recipients", "destinataire",
    "destinataires", "destinatario", "destinatarios", "empfanger", "contact", "contacts",
}  # fmt: skip
_BESIDE_THEM = {
    "number", "numbers", "numero", "numeros", "no", "n", "nr", "nummer", "nummern", "list",
    "liste", "of", "de", "des", "the", "my",
}  # fmt: skip

A_PHONE = "it looks like a phone number: if it is an id, add it by itself (smsmon add ID)"
CALLED_PHONE = "the list calls it a phone number: if it is an id, add it by itself (smsmon add ID)"
AMBIGUOUS = "one id, or several? Write it without spaces, or put commas or line ends between"
TORN = "a quote is open here: the cell began, or goes on, in another line or place"
SEVERAL = "several of its numbers may be the id: put a header above that names the columns"
SHORT = "it is much shorter than the other ids: if it is one, add it by itself (smsmon add ID)"
A_DAY = "it looks like a day: if it is an id, add it by itself (smsmon add ID)"
A_TOTAL = (
    "it counts, or adds up, what stands above: if it is an id, add it by itself (smsmon add ID)"
)
CUT = "a spreadsheet rounded it, and its digits are lost: format the column as text there"


class Doubt(ValueError):
    """What cannot be taken for an id, in a sentence."""


def uncovered(text: str) -> str:
    """``text`` without the invisible characters around its numbers; those inside them stay."""
    return text if text.isascii() else _AROUND.sub("", text)


def id_in(cell: str) -> str:
    """The id that ``cell`` says. Raises ``Doubt``.

    Read are also ``="2270142"``, ``'2270142``, ``2270142.00`` and ``2 270 142`` with the spaces or
    apostrophes of typography: each is one number in one way only.
    """
    if len(cell) <= LONGEST_ID and cell.isascii() and cell.isdigit() and cell[0] != "0":
        return cell
    text = uncovered(cell).strip()
    if text.count('"') % 2:
        raise Doubt(TORN)
    if formula := _FORMULA.fullmatch(text):
        text = formula[1].strip()
    if is_phone_like(text):
        raise Doubt(A_PHONE)
    text = text.strip(_QUOTES).strip()
    if is_phone_like(text):
        raise Doubt(A_PHONE)
    if whole := _WHOLE.fullmatch(text):
        text = whole[1] or whole[2]
    elif grouped := _GROUPED.fullmatch(text):
        text = text.replace(grouped[1], "")
        if is_phone_like(text):
            raise Doubt(A_PHONE)
    elif _SPACED.fullmatch(text):
        raise Doubt(AMBIGUOUS)
    elif _POWER.fullmatch(text):
        raise Doubt(CUT)
    if why := why_not_an_id(text):
        raise Doubt(why)
    return text


def is_rounded(text: str) -> bool:
    """True for text that begins with a number that a spreadsheet cut (``2,27E+06``)."""
    return bool(_POWER.match(text))


def is_id(cell: str) -> bool:
    """True when ``cell`` says one id, without a doubt."""
    try:
        return bool(id_in(cell))
    except Doubt:
        return False


def called_phone(number: str, words: str) -> bool:
    """True when ``words`` say nothing else than that ``number``, which can be one, is a phone's."""
    plain = normalize("NFKD", words.casefold())
    said = set(re.findall(r"[^\W_]+", "".join(char for char in plain if not combining(char))))
    if not said <= _PHONE_WORDS | _BESIDE_THEM or len(number) < _CALLED_PHONE_FROM:
        return False
    return bool(said & _PHONE_WORDS) or (bool(said) and may_be_short_phone(number))


def why_not_first(number: str, behind: str) -> str:
    """Why ``number``, which could be an id, may not be that of its line, by what stands ``behind``
    it: a longer one, of which this counts the lines. Empty where it is."""
    longest = max(map(len, _LONG_NUMBER.findall(behind)), default=0)
    return AMBIGUOUS if len(number) < LONG <= longest else ""


def why_not_ids(numbers: Sequence[str]) -> str:
    """Why the numbers of one line, of which each could be an id, are not as many ids; empty where
    they are. Ids count up: a shorter one behind a longer one is of another column."""
    if len({*map(len, numbers)}) == 1:
        return ""
    if any(len(one) > len(next_one) for one, next_one in pairwise(numbers)):
        return SEVERAL
    if any(may_be_short_phone(each) or is_date(each) for each in numbers):
        return SEVERAL
    return AMBIGUOUS if any(each[0] == "0" for each in numbers[1:]) else ""


def is_date(digits: str) -> bool:
    """True for eight digits that are a day of this century, the year first or last."""
    return any(map(_is_day, (digits, digits[4:] + digits[2:4] + digits[:2])))


def _is_day(digits: str) -> bool:
    try:
        return len(digits) == 8 and 2000 <= date.fromisoformat(digits).year < 2100
    except ValueError:
        return False


def may_be_short_phone(text: str) -> bool:
    """True for a French mobile number whose 0 a spreadsheet dropped, if it is no id."""
    return bool(_SHORT_PHONE.fullmatch(text))


@dataclass(frozen=True, slots=True)
class IdList:
    """What a list holds. Entries with no moment of their own have ``added_at`` 0."""

    entries: tuple[Entry, ...] = ()
    problems: tuple[Problem, ...] = ()
    """What was left out, and why: no id, or not without a doubt."""
    duplicates: int = 0
    """How many were merged into an earlier one of the same id."""
    doubts: tuple[Problem, ...] = ()
    """Lines whose id was taken, but whose label may have been meant otherwise."""


@dataclass(slots=True)
class ListBuilder:
    """An ``IdList`` in the making."""

    entries: list[tuple[int, Entry]] = field(default_factory=list)
    """Each with its line."""
    problems: list[Problem] = field(default_factory=list)
    doubts: list[Problem] = field(default_factory=list)
    headings: list[tuple[int, str]] = field(default_factory=list)
    """Lines without a number, which may tell what stands below: each with its place."""

    def take(self, line: int, entry: Entry) -> None:
        """There is a message on this line."""
        self.entries.append((line, entry))

    def refuse(self, line: int, text: str, why: str) -> None:
        """What stands on this line is left out."""
        if not any(map(str.isdigit, text)):
            self.headings.append((line, text))
        self.problems.append(Problem(line, safe(" ".join(text.split("\t")).strip()), why))

    def doubt(self, line: int, label: str, why: str) -> None:
        """The id of this line is taken, and its label may have been meant otherwise."""
        self.doubts.append(Problem(line, safe(label), why))

    def listed(self) -> IdList:
        """The whole, each message once."""
        if any(problem.why == A_PHONE for problem in self.problems):
            self._doubt_short_phones()
        entries = [entry for _, entry in self.entries]
        once = tuple(united(entries))
        problems = tuple(sorted(self.problems, key=lambda each: each.line))
        return IdList(once, problems, len(entries) - len(once), tuple(self.doubts))

    def doubt_called_phones(self) -> None:
        """What a label, or the heading above, calls a phone number is none of the ids."""
        taken, self.entries = self.entries, []
        for line, entry in taken:
            above = [text for at, text in self.headings if at < line][-1:]
            if any(called_phone(entry.id, words) for words in (entry.label, *above)):
                self.refuse(line, entry.id, CALLED_PHONE)
            else:
                self.entries.append((line, entry))

    def doubt_numbering(self) -> None:
        """Among ids, which count up together, one of a digit or two counts lines, or pages, and
        what is a day by its digits is one, where no id is as long."""
        lengths = {len(entry.id) for _, entry in self.entries if not is_date(entry.id)}
        if max(lengths, default=0) < LONG:
            return
        taken, self.entries = self.entries, []
        for line, entry in taken:
            short = len(entry.id) <= _COUNTS
            if short or len(entry.id) not in lengths:
                shown = f"{entry.id} {entry.label}".rstrip()
                self.refuse(line, shown, SHORT if short else A_DAY)
            else:
                self.entries.append((line, entry))
        self.doubt_total()

    def doubt_total(self) -> None:
        """What ends a list is none of its ids where it is how many they are, or their sum."""
        above = self.entries[:-1]
        if len(above) < 2 or any(len(entry.id) < LONG for _, entry in above):
            return
        line, last = self.entries[-1]
        if int(last.id) in (len(above), sum(int(entry.id) for _, entry in above)):
            self.entries = above
            self.refuse(line, f"{last.id} {last.label}".rstrip(), A_TOTAL)

    def _doubt_short_phones(self) -> None:
        """Among phone numbers, what may be one without its 0 is none of the ids."""
        taken: Sequence[tuple[int, Entry]] = self.entries
        self.entries = [pair for pair in taken if not may_be_short_phone(pair[1].id)]
        for line, entry in taken:
            if may_be_short_phone(entry.id):
                self.refuse(line, entry.id, A_PHONE)
