"""Every way a read can go wrong, each with its kind, its sentence and what it calls for.

A poller needs ``fault.kind`` and ``fault.code`` only; the classes are for who wants one way.
No text here may come from outside unless it passed ``text.safe``; none may hold the key.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from smsmon.model import Fault, FaultKind, ReadError
from smsmon.text import SENTENCE_LIMIT, safe

ACCOUNT_WORDS = {
    20: "this account is disabled",
    30: "this account is blocked",
    40: "this account may not use the API",
    96: "this address (IP) is not authorised for the account",
}
"""Control codes that stop an account, besides 1 and 10, in the vendor's account-wide tables."""

ACCOUNT_CODES = frozenset({1, 10, 429, *ACCOUNT_WORDS})
"""Control codes that concern all requests of an account, or of an address."""

KNOWN_CODES = ACCOUNT_CODES | {3, 4}
"""Control codes that have a meaning of their own here."""


class KeyRequired(ReadError):
    """Code 1: no key reached the API. The account stops until the operator sets one."""

    def __init__(self, words: str = "") -> None:
        sentence = "SMS Partner asks for an API key: set one, then retry"
        super().__init__(Fault(FaultKind.AUTH, with_words(sentence, words), 1))


class MessageIdRequired(ReadError):
    """Code 3, or an id that is none: never sent, since an empty id is a bug of the caller."""

    def __init__(self, words: str = "") -> None:
        sentence = "A message id is required: digits, as the send call returned them"
        super().__init__(Fault(FaultKind.BAD_RESPONSE, with_words(sentence, words), 3))


class MessageNotFound(ReadError):
    """Code 4: this message only. It may be too new, or deleted (the sandbox, every day)."""

    def __init__(self, words: str = "") -> None:
        sentence = "SMS Partner knows no such message: not yet, or no longer"
        super().__init__(Fault(FaultKind.NOT_FOUND, with_words(sentence, words), 4))


class KeyRefused(ReadError):
    """Code 10: the key is not valid. Nothing of that account is polled until it changes."""

    def __init__(self, words: str = "") -> None:
        sentence = "SMS Partner refuses the API key: check it, then retry"
        super().__init__(Fault(FaultKind.AUTH, with_words(sentence, words), 10))


class AccountRefused(ReadError):
    """Codes 20, 30, 40, 96: like a refused key, in words of their own."""

    def __init__(self, code: int, words: str = "") -> None:
        sentence = f"SMS Partner refuses access: {ACCOUNT_WORDS[code]}"
        super().__init__(Fault(FaultKind.AUTH, with_words(sentence, words), code))


class RateLimited(ReadError):
    """429: too many requests from this address. ``retry_after`` is in seconds, when given."""

    def __init__(self, words: str = "", retry_after: float | None = None) -> None:
        sentence = "Too many requests a minute from this address"
        super().__init__(
            Fault(FaultKind.RATE_LIMITED, with_words(sentence, words), 429, retry_after=retry_after)
        )


class TimedOut(ReadError):
    """The deadline for the whole exchange passed."""

    def __init__(self, sentence: str) -> None:
        super().__init__(Fault(FaultKind.TIMEOUT, sentence))


class NetworkTrouble(ReadError):
    """No answer: the name, the connection, TLS or the proxy failed, or the line was cut."""

    def __init__(self, sentence: str) -> None:
        super().__init__(Fault(FaultKind.NETWORK, sentence))


class NotAReport(ReadError):
    """Something was answered, and it is not a report: the last good state stays, stale."""

    def __init__(self, sentence: str, excerpt: str = "", code: int | None = None) -> None:
        super().__init__(Fault(FaultKind.BAD_RESPONSE, sentence, code, excerpt))


class ServerTrouble(ReadError):
    """A 5xx status, or a control code that this program does not know."""

    def __init__(
        self,
        sentence: str,
        code: int | None = None,
        excerpt: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(Fault(FaultKind.SERVER, sentence, code, excerpt, retry_after))


class BatchRefused(ReadError):
    """The API does not read batches, or not this one. Of a single message it says nothing."""

    def __init__(self, code: int | None, words: str = "") -> None:
        told = "without a code" if code is None else f"with code {code}"
        sentence = f"SMS Partner refuses to read several messages at once, {told}"
        super().__init__(Fault(FaultKind.BAD_RESPONSE, with_words(sentence, words), code))


def with_words(sentence: str, words: str) -> str:
    """``sentence`` with the API's own ``words`` after it, as one safe sentence."""
    return safe(f"{sentence} (“{words}”)." if words else f"{sentence}.", SENTENCE_LIMIT)


def refusal(code: int | None, words: str) -> ReadError:
    """The error that an answer with ``success: false`` and this control code stands for."""
    match code:
        case 1:
            return KeyRequired(words)
        case 3:
            return MessageIdRequired(words)
        case 4:
            return MessageNotFound(words)
        case 10:
            return KeyRefused(words)
        case 20 | 30 | 40 | 96:
            return AccountRefused(code, words)
        case 429:
            return RateLimited(words)
        case None:
            return ServerTrouble(with_words("SMS Partner reports a failure without a code", words))
    return ServerTrouble(
        with_words(f"SMS Partner reports a failure with the unknown code {code}", words), code
    )


def batch_refusal(code: int | None, words: str) -> ReadError:
    """The error that a refused batch stands for: what concerns the account does so here too,
    all other codes mean the batch."""
    return refusal(code, words) if code in ACCOUNT_CODES else BatchRefused(code, words)


def amended(error: ReadError, **changes: Any) -> ReadError:
    """``error`` itself, its fault changed so."""
    error.fault = replace(error.fault, **changes)
    error.args = (error.fault.message,)
    return error
