"""What surrounds the rows of an answer, and the verdict on it: a report, or which error."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from smsmon.api.errors import KNOWN_CODES, NotAReport, refusal
from smsmon.api.rows import code_of, names, shown
from smsmon.model import ReadError
from smsmon.text import SENTENCE_LIMIT, safe

WORDS_KEPT = 5


@dataclass(slots=True)
class Envelope:
    """An answer without its rows judged, in JSON's types, whatever it was written in."""

    success: bool | None = None
    """None: the answer does not say it, or not in a way that can be understood."""
    code: Any = None
    causes: list[Any] = field(default_factory=list)
    """The codes inside an error's details, the first cause first."""
    ids: list[Any] = field(default_factory=list)
    """Every message id it names."""
    rows: Any = None
    words: str = ""
    """The API's own words about an error; not safe yet."""
    fields: dict[str, Any] = field(default_factory=dict)
    """All of a JSON answer, for the endpoints other than reports."""


def first_words(texts: Iterable[object]) -> list[str]:
    """The distinct texts among ``texts``, a few of them: what the API says about an error."""
    found = (text.strip() for text in texts if isinstance(text, str))
    return list(islice(dict.fromkeys(text for text in found if text), WORDS_KEPT))


def check_success(
    answer: Envelope, refused: Callable[[int | None, str], ReadError] = refusal
) -> None:
    """Raise the error that the answer stands for, unless it claims success.

    ``refused`` gives it by its control code, which means something else at each endpoint.
    """
    words = safe(answer.words.strip(), SENTENCE_LIMIT // 2)
    if answer.success is False:
        raise refused(cause(answer), words)
    if answer.success is not True:
        raise NotAReport("The answer does not say whether the request succeeded.")
    if answer.code is not None and code_of(answer.code) != 200:
        raise NotAReport(
            f"The answer contradicts itself: success, and code {shown(answer.code)}.",
            code=code_of(answer.code),
        )


def cause(answer: Envelope) -> int | None:
    """The code that an error is about. The one at the top can be vague: where the details name
    another, they are the true cause, unless only the one at the top is known."""
    top = code_of(answer.code)
    inner = next((code for one in answer.causes if (code := code_of(one)) is not None), None)
    if inner is None or (top in KNOWN_CODES and inner not in KNOWN_CODES):
        return top
    return inner


def check_report(answer: Envelope, message_id: str) -> list[Any]:
    """The rows, if the answer is a report about ``message_id``; else raise what it is."""
    check_success(answer)
    rows = rows_of(answer)
    for found in answer.ids:
        if not names(found, message_id):
            raise NotAReport(f"The answer is about another message: {shown(found)}.")
    return rows


def rows_of(answer: Envelope) -> list[Any]:
    """The rows of an answer that claims success. Raises ``NotAReport`` where it has none."""
    if answer.rows is None:
        raise NotAReport("The answer claims success but has no list of recipients.")
    if not isinstance(answer.rows, list):
        raise NotAReport(f"The answer has {shown(answer.rows)} where its recipients should be.")
    rows: list[Any] = answer.rows
    return rows
