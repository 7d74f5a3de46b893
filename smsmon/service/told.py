"""How trouble with what this room does is told: once when it begins, and once when it is over."""

from __future__ import annotations

from typing import Literal, Protocol


class Say(Protocol):
    """Takes a sentence for the log, and fields that tell what it is about."""

    def __call__(
        self, sentence: str, level: Literal["error", "warning", "info"], **fields: str
    ) -> None: ...


class Told:
    """One thing that may fail: told when it begins to, when it fails otherwise, and when it works
    again."""

    def __init__(self, say: Say, event: str, again: str) -> None:
        """``event`` is what it is called in a log that programs read; ``again`` is the sentence
        that tells that it works again."""
        self._say = say
        self._event = event
        self._again = again
        self._told = ""

    def tell(self, failure: str) -> None:
        """How it went this time: a sentence, or nothing when all went well."""
        before, self._told = self._told, failure
        if before == failure:
            return
        if failure:
            self._say(failure, "error", event=self._event)
        else:
            self._say(self._again, "info", event=self._event)
