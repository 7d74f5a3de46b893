"""What the console remembers between two runs: its columns, when it was looked at last, and views.

It is in a small file of its own. Nothing depends on it: a file that is missing, broken or not
writable is as good as none.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from smsmon import files
from smsmon.settings import Settings
from smsmon.settings.checking import wrong_views

if TYPE_CHECKING:
    from smsmon.locations import Locations


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


NAME_LIMIT = 32
"""The longest name of a view, in characters."""
_KEPT_AS = "view "
"""Before the name of a view, in the memory."""
_BY = " by "
"""Between its table and what groups it, there."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a table shows, and how."""

    filter: str = ""
    sort: str = ""
    """A column, with ``-`` before it downwards; empty: the order of the source."""
    columns: tuple[str, ...] = ()
    """Their names, in order; empty: whichever are shown."""
    group_by: str = ""
    """By what messages are put together; empty: not at all, or as they are."""

    def worn_by(self, shown: Look) -> bool:
        """True when what is shown is this."""
        columns, group_by = self.columns or shown.columns, self.group_by or shown.group_by
        return replace(self, columns=columns, group_by=group_by) == shown


@dataclass(frozen=True, slots=True)
class View:
    """A look with a name."""

    name: str
    table: str
    """The id of its pane."""
    look: Look
    configured: bool = False
    """True: it is in config.toml, and cannot be changed here."""


class Views:
    """All views there are, by their names."""

    def __init__(self, memory: Memory, settings: Callable[[], Settings]) -> None:
        """``settings`` gives those in force."""
        self._memory = memory
        self._settings = settings

    def all(self) -> Mapping[str, View]:
        """Those of config.toml first; one that was kept under the same name is hidden by it.

        What config.toml has wrong is told when it is read, and left out.
        """
        settings = self._settings()
        wrong = {problem.at[1] for problem in wrong_views(settings)}
        found = {
            name: View(
                name,
                each.table,
                Look(
                    each.filter or "",
                    each.sort or "",
                    tuple(each.columns or ()),
                    each.group_by or "",
                ),
                configured=True,
            )
            for name, each in settings.views.items()
            if name not in wrong
        }
        for key in sorted(self._memory.keys(_KEPT_AS), key=str.casefold):
            name, kept = key.removeprefix(_KEPT_AS), self._memory.get(key)
            if name not in settings.views and len(kept) > 2:
                table, text, sort, *columns = kept
                table, _, group_by = table.partition(_BY)
                found[name] = View(name, table, Look(text, sort, tuple(columns), group_by))
        return found

    def why_not(self, name: str) -> str:
        """Why nothing can be saved under ``name``; empty when it can."""
        if not name:
            return "Give it a name."
        if name in self._settings().views:
            return f"{name} is in config.toml: change it there, or take another name."
        return ""

    def kept(self, name: str) -> View | None:
        """The view that was kept here under ``name``; None where there is none."""
        found = self.all().get(name)
        return None if found is None or found.configured else found

    def restore(self, before: Mapping[str, View | None]) -> None:
        """Have these names stand for what they stood for; None: for nothing."""
        for name, view in before.items():
            if view is None:
                self.delete(name)
            else:
                self.save(view)

    def save(self, view: View) -> None:
        """Keep a view, in place of one that was kept under its name."""
        look = view.look
        table = f"{view.table}{_BY}{look.group_by}" if look.group_by else view.table
        self._memory.keep(_KEPT_AS + view.name, [table, look.filter, look.sort, *look.columns])

    def delete(self, name: str) -> None:
        """Forget a view that was kept."""
        self._memory.forget(_KEPT_AS + name)

    def move(self, view: View, name: str) -> None:
        """Keep a view under another name."""
        self.save(replace(view, name=name))
        if name != view.name:
            self.delete(view.name)
