"""The rules of alerts that are there from the start: few, and calm.

A table of their name in config.toml changes single fields of one; ``enabled = false`` turns it off.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from smsmon.settings.telling import Alert


class BuiltIn(NamedTuple):
    """One rule that is there from the start."""

    alert: Alert
    help: str
    """What it tells, in a few words."""


BUILT_IN: Mapping[str, BuiltIn] = MappingProxyType(
    {
        "account-refused": BuiltIn(
            Alert(when="condition:refused", about="account", clear="0s", severity="critical"),
            "the API refuses an account: nothing is asked for it until its key is set right",
        ),
        "account-down": BuiltIn(
            Alert(when="condition:down", about="account", hold="5m"),
            "the API has not answered an account for 5 minutes",
        ),
        "account-unread": BuiltIn(
            # While the account itself is down, that is told.
            Alert(when="stale>0 condition:ok", about="account", hold="30m", clear="5m"),
            "messages of an account could not be read for 30 minutes, though the API answers",
        ),
        "losses": BuiltIn(
            # A day after its last change a message is no news any more.
            Alert(when="rate<60% final>=50 changed<1d", hold="2m", clear="5m"),
            "less than 60 % of a message is delivered, of 50 final at least",
        ),
    }
)


def built_in_alerts() -> dict[str, Alert]:
    """The rules themselves, by their names."""
    return {name: each.alert for name, each in BUILT_IN.items()}
