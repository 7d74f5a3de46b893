"""A batch: many (message, phone) pairs read in one request, and what came of each of them.

Frozen values, no I/O. Moments are as in ``smsmon.model``.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct

from smsmon.recipients import Recipient

MOST_PAIRS = 500
"""The API takes no more in one request."""


class Pair(NamedTuple):
    """One recipient of one message, as a batch asks for it."""

    message_id: str
    phone: str
    """E.164."""


class Outcome(StrEnum):
    """What became of one pair of a batch."""

    READ = "read"
    """The API says how it stands with this recipient, in words that are all known."""
    NOT_FOUND = "not found"
    """The API knows no such message, or not with this number."""
    UNCLEAR = "unclear"
    """There is a row of it that cannot be understood, or several that contradict each other."""
    MISSING = "missing"
    """The answer has no row of it."""


class BatchRow(NamedTuple):
    """What an answer says of one pair that was asked for."""

    pair: Pair
    outcome: Outcome
    recipient: Recipient | None = None
    """How it stands with the recipient, under the phone of the pair; None unless it was read."""
    reason: str = ""
    """Why it was not read, for people; empty when it was."""
    raw: bytes = b""
    """Its row as JSON, less the key should it repeat one; to look at, never to decode again."""


class BatchAnswer(Struct, frozen=True):
    """What one request said of the pairs it asked for."""

    rows: tuple[BatchRow, ...]
    """One for each pair, in the order in which they were asked for."""
    asked_at: float
    """When the request left."""
    fetched_at: float
    """When the answer had arrived whole."""
    served_at: float | None = None
    """When the server says it answered, by its own clock; None: it did not say."""
    strangers: int = 0
    """Rows of the answer that are of no pair that was asked for: nothing is taken from them."""
    stranger: str = ""
    """What the first of those is about, for people."""
