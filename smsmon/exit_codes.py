"""The exit codes: a contract with scripts, printed by ``smsmon --help``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

OK: Final = 0
USAGE: Final = 2
ACCOUNT: Final = 3
NOT_FOUND: Final = 4
TROUBLE: Final = 5
FAIL_ON: Final = 6
CRASH: Final = 70
INTERRUPTED: Final = 130
BROKEN_PIPE: Final = 141
TERMINATED: Final = 143

MEANINGS: Final = {
    OK: "all is well: every message was read",
    USAGE: "wrong usage, settings or files",
    ACCOUNT: "the API refused the key or the account",
    NOT_FOUND: "a message, or an alert, was not found",
    TROUBLE: "network, timeout, server fault, a store out of reach, or an answer that is no report",
    FAIL_ON: "what --fail-on names was met",
    CRASH: "a fault of smsmon itself; a note about it was written",
    INTERRUPTED: "interrupted",
    BROKEN_PIPE: "whoever read the output went away",
    TERMINATED: "told to stop (SIGTERM, SIGHUP), or the terminal is gone",
}

_WORST_FIRST = (ACCOUNT, TROUBLE, NOT_FOUND, FAIL_ON)


def worst(codes: Iterable[int]) -> int:
    """The one exit code for several results: 3 before 5 before 4 before 6, else 0."""
    seen = set(codes)
    return next((code for code in _WORST_FIRST if code in seen), OK)


def of_kind(kind: str) -> int:
    """The exit code for a fault of this kind (see `smsmon.model.FaultKind`)."""
    return {"auth": ACCOUNT, "not_found": NOT_FOUND}.get(kind, TROUBLE)
