"""The types and values of the settings as text: for ``smsmon config``."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from smsmon.secret import DOTS, place_shown, without_keys
from smsmon.settings.leaves import ANY, KeyPath, Leaf, leaves
from smsmon.settings.loading import Loaded
from smsmon.settings.telling import BUILT_IN
from smsmon.settings.types import Settings
from smsmon.text import safe

_WIDTH = 96
_HEAD = """\
# Settings of smsmon. Everything here is optional: a line that begins with "#" shows a default,
# or an example. Flags and SMSMON_… environment variables outrank this file, and
# `smsmon config show` tells where each value comes from. smsmon itself never writes this file.
"""
_NAMED_TABLES = {
    "profiles": ("# One table for each account: [profiles.default], [profiles.NAME] …", "default"),
    "sources": (
        "# One table for each place that tells of messages as they are sent: [sources.NAME] …\n"
        "# It has one of file, command and stdin, and one of match and answers.",
        "codes",
    ),
    "alerts": (
        "# One table for each rule of what to be told about: [alerts.NAME] …\n"
        "# Some are there from the start, and a table of their name changes single fields of one:\n"
        f"# {', '.join(BUILT_IN)}.",
        "late-codes",
    ),
    "targets": ("# One table for each who is told of alerts: [targets.NAME] …", "on-call"),
    "views": ("# One table for each named view of the console: [views.NAME] …", "otp-trouble"),
}
"""Tables whose names the user chooses → what the commented file says above one, and its name."""


class Value(NamedTuple):
    """One setting as it is in force."""

    name: str
    """Dotted: ``polling.budget``."""
    value: Any
    origin: str
    """``flag``, ``environment …``, ``config.toml`` or ``default``."""


def values(loaded: Loaded) -> Iterator[Value]:
    """Every setting in force, in the order of the types; one set for each profile."""
    tree = msgspec.to_builtins(loaded.settings)
    for pattern in leaves():
        for path in _concrete(pattern, tree):
            value = _public(path[-1], _at(tree, path))
            yield Value(without_keys(".".join(path)), value, loaded.origins.get(path, "default"))


def commented_file() -> str:
    """A ``config.toml`` with every setting, commented out, and what it means."""
    lines = [_HEAD]
    table: KeyPath = ()
    for leaf in leaves().values():
        if leaf.path[:-1] != table:
            table = leaf.path[:-1]
            above, name = _NAMED_TABLES.get(leaf.path[0], ("", ""))
            head = f"[{'.'.join(name if part == ANY else part for part in table)}]"
            # An alert must have a condition, a source something to read, and a view that says
            # nothing is one more to look at.
            lines += [
                "",
                *filter(None, [above]),
                f"#{head}" if table[0] in ("alerts", "sources", "targets", "views") else head,
            ]
        lines += textwrap.wrap(_sentence(leaf), _WIDTH, initial_indent="# ", subsequent_indent="# ")
        name = '"action.name"' if leaf.path[-1] == ANY else leaf.path[-1]
        lines.append(f"#{name} = {toml_value(_shown(leaf))}")
    return "\n".join(lines) + "\n"


def json_schema() -> dict[str, Any]:
    """The JSON schema of ``config.toml``, for editors."""
    schema: dict[str, Any] = msgspec.json.schema(Settings)
    for definition in schema.get("$defs", {}).values():
        definition["additionalProperties"] = False
    # A table that changes a rule that is there from the start need not say its condition.
    schema["$defs"]["Alert"].pop("required", None)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "config.toml of smsmon"
    return schema


def toml_value(value: Any) -> str:
    """``value`` as TOML writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml_value, value))}]"
    return f"{value:g}" if isinstance(value, float) else str(value)


_PLACES = ("api_key_env", "api_key_file", "store_password_env", "store_password_file")


def _public(name: str, value: Any) -> Any:
    """``value`` without what may be a secret: a command's arguments, a proxy's password, and what
    could be a key that was pasted in by mistake."""
    if name.endswith("command") and value:
        return [place_shown(value[0]), *(["…"] if len(value) > 1 else [])]
    if name in _PLACES and value:
        return place_shown(value)
    if name == "proxy" and value:
        value = re.sub(r"//[^/]*@", f"//{DOTS}@", value)
    if isinstance(value, str):
        return without_keys(value)
    return [without_keys(each) for each in value] if isinstance(value, list) else value


def _quoted(text: str) -> str:
    """The text whole, and nothing in it that a terminal would obey: escaped where ``safe`` cuts."""
    shown: list[str] = []
    for char in text.replace("\\", "\\\\").replace('"', '\\"'):
        marks = "".join(shown[-2:]) + char
        plain = char.isprintable() and safe(marks, len(marks)) == marks
        shown.append(char if plain else f"\\U{ord(char):08x}")
    return f'"{"".join(shown)}"'


def _sentence(leaf: Leaf) -> str:
    expected = leaf.expected
    variable = f" Environment: {leaf.variable}." if leaf.variable else ""
    return f"{leaf.doc} ({expected[0].upper()}{expected[1:]}.){variable}"


def _shown(leaf: Leaf) -> Any:
    """The default, or where there is none something that shows the form."""
    if leaf.default is not None:
        return leaf.default
    return leaf.example if leaf.example is not None else ""


def _concrete(pattern: KeyPath, tree: Mapping[str, Any]) -> Iterator[KeyPath]:
    if ANY not in pattern:
        yield pattern
        return
    place = pattern.index(ANY)
    for name in _at(tree, pattern[:place]):
        yield (*pattern[:place], name, *pattern[place + 1 :])


def _at(tree: Mapping[str, Any], path: KeyPath) -> Any:
    value: Any = tree
    for name in path:
        value = value[name]
    return value
