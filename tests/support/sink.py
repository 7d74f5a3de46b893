"""A terminal that takes everything and shows nothing, but counts."""

from __future__ import annotations

from textual.drivers.headless_driver import HeadlessDriver


class SinkDriver(HeadlessDriver):
    """Makes an app render its escape sequences as for a real terminal."""

    written = 0
    """Bytes so far."""

    @property
    def is_headless(self) -> bool:
        return False

    def write(self, data: str) -> None:
        self.written += len(data.encode())
