"""What can be asked of each kind of thing that a rule of alerts can be about."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from smsmon.alerts import About
from smsmon.filters import Field, FilterError, parse
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
