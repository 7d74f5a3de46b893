"""What comes in pieces, cut into lines. Pure."""

from __future__ import annotations

LINE_LIMIT = 1 << 20
"""Bytes after which a line without an end is given up: it is no line of a log."""


def decoded(line: bytes) -> str:
    """A line as text: UTF-8 if it is, Latin-1 if not; so an id in it is found either way."""
    try:
        text = line.decode()
    except UnicodeDecodeError:
        text = line.decode("latin-1")
    return text.removesuffix("\r")


class Splitter:
    """Cuts what comes in pieces into lines; one that is too long is passed over."""

    def __init__(self) -> None:
        self._rest = b""
        """The beginning of a line whose end did not come yet."""
        self._skipping = False
        """Within a line that is too long."""

    def take(self, data: bytes) -> list[str]:
        """The lines that are whole with ``data``."""
        *whole, rest = (self._rest + data).split(b"\n")
        if whole and self._skipping:
            whole, self._skipping = whole[1:], False
        if len(rest) > LINE_LIMIT:
            rest, self._skipping = b"", True
        self._rest = rest
        return [decoded(line) for line in whole]

    def end(self) -> list[str]:
        """The line that nobody ended, when no more comes."""
        rest, self._rest = self._rest, b""
        return [decoded(rest)] if rest and not self._skipping else []
