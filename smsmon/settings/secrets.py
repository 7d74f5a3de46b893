"""Where a secret comes from: never the secret itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from smsmon.keylike import place_shown
from smsmon.text import SENTENCE_LIMIT, safe


class KeySource(Struct, frozen=True):
    """Where an API key, or a secret address, comes from."""

    kind: Literal["env", "file", "command"]
    value: str | tuple[str, ...]
    """The variable's name, the file's path, or the command's words."""

    def __str__(self) -> str:
        """A sentence's part for the operator. Of a command only its first word is told.

        It is no key's place that could be the key itself: dots stand for that.
        """
        if self.kind == "env":
            return f"environment variable {place_shown(str(self.value))}"
        name = self.value if isinstance(self.value, str) else self.value[0]
        return f"{self.kind} {safe(place_shown(name), SENTENCE_LIMIT)}"


def source_of(env: str | None, file: str | None, command: Sequence[str] | None) -> KeySource | None:
    """The one place that is named; None when none is."""
    if file is not None:
        return KeySource("file", file)
    if command is not None:
        return KeySource("command", tuple(command))
    return None if env is None else KeySource("env", env)
