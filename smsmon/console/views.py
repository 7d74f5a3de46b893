"""Named views of the tables: those of config.toml, and those kept from the console. No Textual.

A view of config.toml is read there and changed there only; one that was saved in the console is in
the console's memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from smsmon.console.memory import Memory
from smsmon.settings import Settings
from smsmon.settings.checking import wrong_views

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
