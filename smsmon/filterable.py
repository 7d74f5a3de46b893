"""What can be asked of a message and of a recipient: the fields of the two kinds of filters."""

from __future__ import annotations

from smsmon.filters import Field, Kind
from smsmon.model import Status

_USUAL = [Status.DELIVERED, Status.WAITING, Status.NOT_DELIVERED, Status.UNKNOWN]
STATUS_WORDS = tuple(status.slug for status in _USUAL)

# Columns of few values stand before the phone: a word found in all of them asks no further.
RECIPIENT_FIELDS: tuple[Field, ...] = (
    Field("status", Kind.WORD, plain=True, words=STATUS_WORDS, help="the delivery status"),
    Field("word", Kind.TEXT, plain=True, help="the API's own word for the status"),
    Field("country", Kind.COUNTRY, plain=True, help="ISO code or name"),
    Field("phone", Kind.PHONE, plain=True, help="any part of the number"),
    Field("stop", Kind.FLAG, help="said STOP"),
    Field("took", Kind.DURATION, help="from first seen to final, as observed"),
    Field("age", Kind.DURATION, help="since first seen"),
    Field("changed", Kind.DURATION, help="since the last change seen"),
    Field("absent", Kind.FLAG, help="missing from the last report"),
    Field("reason", Kind.TEXT, help="why the row could not be understood"),
)

STATE_WORDS = ("new", "live", "complete", "settled", "paused", "not_found", "stale")

MESSAGE_FIELDS: tuple[Field, ...] = (
    Field("id", Kind.TEXT, plain=True, help="the message id"),
    Field("label", Kind.TEXT, plain=True),
    Field("tag", Kind.TEXT, plain=True, help="any of its tags"),
    Field("note", Kind.TEXT, plain=True),
    Field("profile", Kind.TEXT, help="the account it is read with"),
    Field("state", Kind.WORD, plain=True, words=STATE_WORDS),
    Field("reason", Kind.TEXT, help="why it is stale or not found"),
    Field("recipients", Kind.NUMBER, help="how many"),
    Field("delivered", Kind.NUMBER),
    Field("waiting", Kind.NUMBER),
    Field("failed", Kind.NUMBER, help="how many are not delivered"),
    Field("unknown", Kind.NUMBER),
    Field("stop", Kind.NUMBER, help="how many said STOP"),
    Field("rate", Kind.NUMBER, help="delivered ÷ final, as 95% or 0.95"),
    Field("age", Kind.DURATION, help="since it was added"),
    Field("oldest", Kind.DURATION, help="how long its oldest recipient has been waiting"),
    Field("changed", Kind.DURATION, help="since the last change seen"),
    Field("read", Kind.DURATION, help="since it was last truly read"),
)
