"""What can be asked of each kind of thing that a rule of alerts can be about, and of the log."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from smsmon.alerts import About
from smsmon.filters import Field, FilterError, Kind, parse
from smsmon.filters.accounts import ACCOUNT_FIELDS
from smsmon.filters.groups import GROUP_FIELDS
from smsmon.filters.messages import MESSAGE_FIELDS

FIELDS_ABOUT: Mapping[About, tuple[Field, ...]] = MappingProxyType(
    {
        About.MESSAGE: MESSAGE_FIELDS,
        About.ACCOUNT: ACCOUNT_FIELDS,
        About.TAG: GROUP_FIELDS,
        About.SOURCE: GROUP_FIELDS,
        About.LABEL: GROUP_FIELDS,
        About.PROFILE: GROUP_FIELDS,
        About.COUNTRY: GROUP_FIELDS,
        About.ALL: GROUP_FIELDS,
    }
)


def can_be_asked(text: str) -> list[About]:
    """What a condition can be asked of."""
    found = []
    for about, fields in FIELDS_ABOUT.items():
        try:
            parse(text, fields)
        except FilterError:
            continue
        found.append(about)
    return found


LOG_FIELDS: tuple[Field, ...] = (
    Field("text", Kind.TEXT, plain=True, help="what happened"),
    Field("message", Kind.TEXT, plain=True, help="the message id", offered=True),
    Field("phone", Kind.PHONE, plain=True, help="any part of the number", asked_as="phone:0612"),
    Field("age", Kind.MOMENT, help="since it happened", asked_as="age<1h"),
    Field("trouble", Kind.FLAG, help="what went wrong", asked_as="trouble:yes"),
)
LOG_COLUMNS = ("at", "message", "phone", "text")
"""The names of its columns, in their usual order."""
