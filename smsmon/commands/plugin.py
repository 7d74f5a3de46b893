"""How a plugin of Nagios, Icinga and Centreon speaks: a line on stdout, and one of four codes.

Both are fixed by the Monitoring Plugins Development Guidelines.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from enum import IntEnum

from smsmon.commands.output import Failure, emit
from smsmon.phones import without_numbers
from smsmon.secret import without_likely_keys
from smsmon.text import safe

_LINE = 300
"""Characters."""


class State(IntEnum):
    """What a plugin says by its exit code."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


def worst(*states: State) -> State:
    """The one state of several: what is not known gives way to what is known to be wrong."""
    order = (State.OK, State.UNKNOWN, State.WARNING, State.CRITICAL)
    return max(states, key=order.index, default=State.OK)


def head(state: State) -> str:
    """How the first line begins."""
    return f"SMSMON {state.name}"


def unknown(sentences: Sequence[str], place: str = "") -> int:
    """Say why it is not known how it stands; gives the exit code. In the ``place`` that the first
    sentence may begin with is nothing of others: an address in it is no phone number.
    """
    first, *others = sentences or ("It did not come to its end.",)
    with contextlib.suppress(OSError, Failure):  # nobody reads it
        why = foreign(first.removeprefix(place)) if place else foreign(first)
        emit(f"{head(State.UNKNOWN)}: {inert(place * first.startswith(place) + why)}")
        for each in others:
            emit(inert(foreign(each)))
    return State.UNKNOWN


_INERT = str.maketrans(
    {"|": "¦", "<": "‹", ">": "›", "&": "+", "$": "¤", "`": "’", "'": "’", '"': "”", "\\": "/"}
)
"""What a monitoring system takes for the beginning of figures, a browser for markup, or a shell
that runs its notifications for more than text."""


def foreign(words: str) -> str:
    """Words of others, in which keys and phone numbers can be, without them."""
    return without_numbers(without_likely_keys(words))


def inert(text: str) -> str:
    """``text`` as one line that nothing on its way obeys. Ids and amounts in it stay readable:
    words of others are made `foreign` before they come in.
    """
    line = without_likely_keys(" ".join(text.split())).strip(" :")
    return safe(line, _LINE).translate(_INERT)
