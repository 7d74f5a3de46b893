"""What the console remembers between two runs: its columns and views, and when it was looked at
last.

It is in a small file of its own. Nothing depends on it: a file that is missing, broken or not
writable is as good as none.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from smsmon import files

if TYPE_CHECKING:
    from smsmon.locations import Locations
    from smsmon.settings import Settings

GROUPED_BY = "grouped by"
"""What the dimension of the groups is remembered under."""


class Memory:
    """Lists of words by a key, kept in ``console.json`` in the folder given."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "console.json"
        self._kept = self._read()
        self._preferred: dict[str, list[str]] = {}

    def get(self, key: str) -> list[str]:
        """The names kept under ``key``; none when none are."""
        return list(self._preferred.get(key) or self._kept.get(key) or ())

    def keys(self, beginning: str) -> list[str]:
        """The keys kept that begin like this."""
        return [key for key in self._kept if key.startswith(beginning)]

    def prefer(self, key: str, names: list[str]) -> None:
        """Use ``names`` from now on, without keeping them for the next time."""
        self._preferred[key] = list(names)

    def keep(self, key: str, names: list[str]) -> None:
        """Keep ``names`` under ``key``. Blocks on the disk, for one small file."""
        self._preferred.pop(key, None)
        self._change({key: list(names)})

    def forget(self, key: str) -> None:
        """Keep nothing under ``key`` any more. Blocks on the disk, for one small file."""
        self._change({key: None})

    def _change(self, changes: Mapping[str, list[str] | None]) -> None:
        """Change these keys in what is kept now: another console may have kept something, too."""
        kept = self._read() or self._kept
        for key, names in changes.items():
            kept.pop(key, None)
            if names is not None:
                kept[key] = names
        self._kept = kept
        with contextlib.suppress(OSError):  # it is remembered as long as the console is open
            files.write_whole(self._path, json.dumps(kept, indent=1).encode())

    def _read(self) -> dict[str, list[str]]:
        try:
            found = json.loads(files.read(self._path).data)
        except (OSError, ValueError, RecursionError):
            return {}
        if not isinstance(found, dict):
            return {}
        return {
            str(key): [str(name) for name in names]
            for key, names in found.items()
            if isinstance(names, list)
        }


def memory_of(settings: Settings, locations: Locations) -> Memory:
    """What was remembered, unless the settings say otherwise."""
    memory = Memory(locations.state)
    display = settings.display
    for table, names in (
        ("messages", display.message_columns),
        ("recipients", display.recipient_columns),
    ):
        if names:
            memory.prefer(f"columns of {table}", names)
    return memory


ABSENCE = 600.0
"""Seconds without a key or a click that count as an absence."""
_LAST_LOOK = "last look"
"""What the moment of leaving is remembered under, whole seconds."""


class Attention:
    """Notes every sign of the operator; tells where the last absence began.

    Wall-clock seconds.
    """

    def __init__(self, now: float, memory: Memory) -> None:
        last = memory.get(_LAST_LOOK)
        self._memory = memory
        self._seen = now
        self.away_since = min(float(last[0]), now) if last and last[0].isdigit() else now
        """When the operator looked last, before the absence that ended last."""

    def sign(self, now: float) -> bool:
        """A key or a click; True when it ends an absence."""
        back = now - self._seen >= ABSENCE
        if back:
            self.away_since = self._seen
        self._seen = now
        return back

    def leave(self, now: float) -> None:
        """Remember when the operator left."""
        self._memory.keep(_LAST_LOOK, [str(int(now))])
