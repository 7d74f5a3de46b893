"""Pieces of sentences, said alike on the screen and by every command. Pure."""

from __future__ import annotations

from collections.abc import Sequence


def counted(number: int, noun: str) -> str:
    """``1 row``, ``1,204 rows``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def some(words: Sequence[str], shown: int = 10) -> str:
    """Those whose number is told already: all of a few, the first of many."""
    return ", ".join(words[:shown]) + (", …" if len(words) > shown else "")


def recipients_are(number: int) -> str:
    """The beginning of what is said of them: ``1 recipient is``, ``2 recipients are``."""
    return f"{counted(number, 'recipient')} {'is' if number == 1 else 'are'}"


def capital(text: str) -> str:
    """``text`` as a sentence begins; all but its first letter stays as it is."""
    return text[:1].upper() + text[1:]
