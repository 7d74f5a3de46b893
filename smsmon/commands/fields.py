"""What the rows of a command can be asked for: fields of messages, or of recipients too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from smsmon.filters import Field


def of_messages() -> tuple[Field, ...]:
    """What a command that lists messages takes."""
    from smsmon.filters.messages import ALERT_FIELD, MESSAGE_FIELDS

    return (*MESSAGE_FIELDS, ALERT_FIELD)


def of_groups() -> tuple[Field, ...]:
    """What a command that lists groups takes."""
    from smsmon.filters.groups import GROUP_ROW_FIELDS

    return GROUP_ROW_FIELDS


def of_recipients(own: Sequence[Field] = ()) -> tuple[Field, ...]:
    """What a command that lists recipients takes; ``own``: what can be asked of its rows.

    Words without a field are looked for in what is known of recipients alone.
    """
    from msgspec.structs import replace

    from smsmon.filters.recipients import RECIPIENT_FIELDS

    own = own or RECIPIENT_FIELDS
    names = {each.name for each in RECIPIENT_FIELDS}
    theirs = (each for each in of_messages() if each.name not in names)
    return (*own, *(replace(each, plain=False) for each in theirs))
