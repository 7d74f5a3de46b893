"""The commands of smsmon: parse, call, print. No logic."""

from __future__ import annotations


def main() -> None:
    """The ``smsmon`` command."""
    raise SystemExit("not built yet")
