"""Which messages are ours to poll: whatever holds them, and the two plain answers."""

from __future__ import annotations

from collections.abc import Container


class Everything:
    """Holds every message: nobody else polls any."""

    def __contains__(self, message_id: object) -> bool:
        return True


EVERYTHING = Everything()
NOTHING: Container[str] = frozenset()
"""Holds no message: others poll."""
