"""Reads the types: which settings exist, and what a value of each must be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, get_args, get_origin, get_type_hints

import msgspec

from smsmon.settings.types import Settings

KeyPath = tuple[str, ...]
"""Where a setting stands in the file: ``("polling", "budget")``."""
ANY = "*"
"""In the path of a leaf: a name that the user chooses (a profile, an action)."""


class Leaf(msgspec.Struct, frozen=True):
    """One setting."""

    path: KeyPath
    """With `ANY` where the user chooses the name."""
    type: Any
    """Its annotated type, for ``msgspec.convert``."""
    doc: str
    expected: str
    """What a value must be: ``a whole number from 1 to 2000``."""
    default: Any
    example: Any
    """A telling value for a setting without a default; None where there is one."""

    @property
    def variable(self) -> str | None:
        """The environment variable that sets it; None for lists and per-profile settings."""
        if ANY in self.path or "list" in self.expected:
            return None
        return "SMSMON_" + "_".join(self.path).upper()


@cache
def leaves() -> Mapping[KeyPath, Leaf]:
    """Every setting by its path, in the order of the types."""
    found: dict[KeyPath, Leaf] = {}
    _walk(Settings, (), found)
    return MappingProxyType(found)


def leaf_of(path: KeyPath) -> Leaf | None:
    """The setting at a concrete path; None when there is no such."""
    known = leaves()
    return known.get(path) or next(
        (
            leaf
            for pattern, leaf in known.items()
            if ANY in pattern
            and len(pattern) == len(path)
            and all(want in (ANY, have) for want, have in zip(pattern, path, strict=True))
        ),
        None,
    )


def is_table(path: KeyPath) -> bool:
    """True when settings stand below this path, so that it must be a table."""
    return any(
        len(pattern) > len(path)
        and all(want in (ANY, have) for want, have in zip(pattern, path, strict=False))
        for pattern in leaves()
    )


def nearest(path: KeyPath) -> str | None:
    """The known setting that an unknown path most likely meant, dotted; None when none is near."""
    import difflib

    parent, name = path[:-1], path[-1]
    siblings = {
        pattern[len(parent)]: pattern
        for pattern in leaves()
        if len(pattern) > len(parent)
        and all(want in (ANY, have) for want, have in zip(pattern, parent, strict=False))
        and pattern[len(parent)] != ANY
    }
    if close := difflib.get_close_matches(name, siblings, n=1, cutoff=0.6):
        return ".".join((*parent, close[0]))
    # The right name in the wrong table, or in none.
    elsewhere = {pattern[-1]: pattern for pattern in leaves() if pattern[-1] != ANY}
    if close := difflib.get_close_matches(name, elsewhere, n=1, cutoff=0.8):
        return ".".join("NAME" if part == ANY else part for part in elsewhere[close[0]])
    return None


def _walk(struct: type[msgspec.Struct], path: KeyPath, found: dict[KeyPath, Leaf]) -> None:
    hints = get_type_hints(struct, include_extras=True)
    for info in msgspec.structs.fields(struct):
        hint = hints[info.name]
        bare = _bare(hint)
        here = (*path, info.encode_name)
        if isinstance(bare, type) and issubclass(bare, msgspec.Struct):
            _walk(bare, here, found)
        elif get_origin(bare) is dict and issubclass(get_args(bare)[1], msgspec.Struct):
            _walk(get_args(bare)[1], (*here, ANY), found)
        elif get_origin(bare) is dict:
            found[(*here, ANY)] = _leaf((*here, ANY), get_args(bare)[1], hint, None)
        else:
            default = None if info.default is msgspec.NODEFAULT else info.default
            found[here] = _leaf(here, hint, hint, default)


def _leaf(path: KeyPath, value_type: Any, documented: Any, default: Any) -> Leaf:
    _, metas = _parts(documented)
    doc = next((meta.description for meta in metas if meta.description), None)
    if doc is None:
        raise TypeError(f"the setting {'.'.join(path)} has no description")
    example = next((meta.examples[0] for meta in metas if meta.examples), None)
    return Leaf(
        path=path,
        type=value_type,
        doc=doc,
        expected=_expected(_bare(value_type), metas, example),
        default=default,
        example=example,
    )


def _parts(hint: Any) -> tuple[Any, list[msgspec.Meta]]:
    """``hint`` without its annotations and without ``None``, and the annotations."""
    metas: list[msgspec.Meta] = []
    while True:
        options = [option for option in get_args(hint) if option is not type(None)]
        if hasattr(hint, "__metadata__"):
            metas += hint.__metadata__
            hint = hint.__origin__
        elif type(None) in get_args(hint) and len(options) == 1:
            hint = options[0]
        else:
            return hint, metas


def _bare(hint: Any) -> Any:
    return _parts(hint)[0]


def _expected(bare: Any, metas: Iterable[msgspec.Meta], example: Any) -> str:
    if bare is bool:
        return "true or false"
    if bare in (int, float):
        limits = next(meta for meta in metas if meta.le is not None)
        what = "whole number" if bare is int else "number"
        return f"a {what} from {limits.ge} to {limits.le}"
    if get_origin(bare) is list:
        return "a list of texts"
    if get_args(bare):
        return "one of " + ", ".join(f'"{choice}"' for choice in get_args(bare))
    if example and any(meta.pattern for meta in metas):
        return f'a text such as "{example}"'
    return "a text" + (" that is not empty" if any(meta.min_length for meta in metas) else "")
