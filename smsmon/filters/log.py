"""The fields of the log: what a filter can ask of its lines, and its columns. Pure."""

from __future__ import annotations

from smsmon.filters import Field, Kind

LOG_FIELDS: tuple[Field, ...] = (
    Field("text", Kind.TEXT, plain=True, help="what happened"),
    Field("message", Kind.TEXT, plain=True, help="the message id", offered=True),
    Field("phone", Kind.PHONE, plain=True, help="any part of the number", asked_as="phone:0612"),
    Field("age", Kind.MOMENT, help="since it happened", asked_as="age<1h"),
    Field("trouble", Kind.FLAG, help="what went wrong", asked_as="trouble:yes"),
)
LOG_COLUMNS = ("at", "message", "phone", "text")
"""The names of its columns, in their usual order."""
