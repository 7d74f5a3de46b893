"""What one look of the doctor found."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from smsmon import exit_codes
from smsmon.keylike import without_keys
from smsmon.text import SENTENCE_LIMIT, safe


class Health(StrEnum):
    """How it stands with one thing."""

    GOOD = "good"
    NOTE = "note"
    """Worth knowing; nothing has to be done."""
    POOR = "poor"
    """It works, and worse than it could."""
    BAD = "bad"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    part: str
    """``terminal``, ``files``, ``account default`` and so on."""
    name: str
    health: Health
    detail: str
    advice: str = ""
    """What to do; empty where nothing has to be done."""
    exit_code: int = exit_codes.OK
    """What a bad one ends the command with."""


def finding(
    part: str,
    name: str,
    health: Health,
    detail: object,
    advice: str = "",
    exit_code: int = exit_codes.USAGE,
) -> Finding:
    """A finding, its texts safe to print and without what could be a key.

    The exit code counts for a bad one only.
    """
    return Finding(
        safe(without_keys(part)),
        safe(without_keys(name)),
        health,
        safe(without_keys(without_home(str(detail))), SENTENCE_LIMIT),
        safe(without_keys(without_home(advice)), SENTENCE_LIMIT),
        exit_code if health is Health.BAD else exit_codes.OK,
    )


def without_home(text: str) -> str:
    """``text`` with the home folder as ``~``: it names the user."""
    home = os.path.expanduser("~")
    return text.replace(home, "~") if len(home) > 1 and Path(home).is_absolute() else text
