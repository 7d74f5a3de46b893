"""Lays flags, environment, file and defaults over each other, and says what is wrong and where.

A problem tells file, line and what was expected, and never the value: it could be a key.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from smsmon import files
from smsmon.locations import VARIABLES, Locations
from smsmon.secret import DOTS, is_address, is_most_likely_key, without_keys
from smsmon.settings.leaves import KeyPath, leaf_of, leaves
from smsmon.settings.leaves import is_table as _is_table
from smsmon.settings.reading import Problem, Reading
from smsmon.settings.telling import BUILT_IN, built_in_alerts
from smsmon.settings.types import API_KEY_VARIABLE, Settings
from smsmon.settings.values import (
    KEY_SOURCES,
    PASSWORD_SOURCES,
    did_you_mean,
    is_key,
    look_at,
    pasted_address,
    unknown,
    usable_sources,
    useless,
    wrong,
    wrong_base_url,
)
from smsmon.text import SENTENCE_LIMIT, safe

BASE_URL_VARIABLE = "SMSMON_BASE_URL"
OTHER_VARIABLES = VARIABLES | {API_KEY_VARIABLE, BASE_URL_VARIABLE}
FILE_LIMIT = 2**20
"""The largest settings file read, in bytes."""

NAMED = {
    "profiles": "a profile",
    "alerts": "an alert",
    "sources": "a source",
    "targets": "a target",
    "views": "a view",
}
"""The tables whose names the user chooses, and what stands in one."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")
_PASSWORD = ("a password", "store_password_file")


class SettingsError(Exception):
    """Settings that cannot be used: one sentence for each problem, without what could be a key."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        self.problems = tuple(map(without_keys, problems))
        super().__init__("\n".join(self.problems))


class Loaded(Struct, frozen=True):
    """Settings, and where each value that is not a default came from."""

    settings: Settings
    origins: Mapping[KeyPath, str]
    """``flag``, ``environment SMSMON_…`` or ``config.toml``."""


@dataclass(slots=True)
class _Layers:
    """The values found so far, the later layers over the earlier ones."""

    values: dict[KeyPath, Any] = field(default_factory=dict)
    origins: dict[KeyPath, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    text: str = ""
    named: dict[str, list[str]] = field(default_factory=lambda: {each: [] for each in NAMED})
    """By the tables whose names the user chooses: the names."""

    @property
    def profiles(self) -> list[str]:
        return self.named["profiles"]

    def set(self, path: KeyPath, value: Any, origin: str) -> None:
        self.values[path] = value
        self.origins[path] = origin

    def drop(self, path: KeyPath) -> None:
        self.values.pop(path, None)
        self.origins.pop(path, None)

    def problem(
        self, at: KeyPath, what: str, *, refused: bool = True, in_file: bool = False
    ) -> None:
        self.problems.append(Problem(at, what, refused, in_file))


def load_settings(
    locations: Locations,
    environ: Mapping[str, str] = os.environ,
    flags: Mapping[KeyPath, Any] | None = None,
) -> Settings:
    """The settings in force. Raises `SettingsError`, with every problem at once."""
    return load(locations, environ, flags).settings


def load(
    locations: Locations,
    environ: Mapping[str, str] = os.environ,
    flags: Mapping[KeyPath, Any] | None = None,
) -> Loaded:
    """As `load_settings`, with the origin of each value."""
    found = read(locations, environ, flags)
    if found.refused:
        raise SettingsError(found.told(each for each in found.problems if each.refused))
    return Loaded(found.settings, found.origins)


def read(
    locations: Locations,
    environ: Mapping[str, str] = os.environ,
    flags: Mapping[KeyPath, Any] | None = None,
) -> Reading:
    """The settings as far as they can be used, and all that is wrong with them."""
    layers = _Layers()
    _read_file(locations.config, layers)
    _read_environment(environ, layers)
    for path, value in (flags or {}).items():
        if value is not None:
            layers.set(path, value, "flag")
    _apply_account_variables(_choose_profile(layers), environ, layers)
    settings = _build(layers)
    problems = tuple(layers.problems)
    return Reading(settings, dict(layers.origins), problems, locations.config, layers.text)


def unknown_profile(locations: Locations, names: Iterable[str]) -> str:
    """A sentence about the first of ``names`` that is no profile of the settings file; empty when
    all are. Raises `SettingsError` for a file that cannot be read."""
    layers = _Layers()
    _read_file(locations.config, layers)
    known = layers.profiles or ["default"]
    return next((_no_profile(name, known) for name in names if name not in known), "")


def read_toml(path: Path) -> tuple[str, dict[str, Any]]:
    """A settings file's text and tables; both empty when there is no file.

    Raises `SettingsError` for a file that cannot be read or is not TOML.
    """
    name = safe(str(path), SENTENCE_LIMIT)
    try:
        data = files.read(path, FILE_LIMIT + 1).data
    except FileNotFoundError:
        return "", {}
    except OSError as error:
        why = safe(error.strerror or type(error).__name__)
        raise SettingsError((f"{name} cannot be read ({why}).",)) from None
    if len(data) > FILE_LIMIT:
        raise SettingsError((f"{name} is larger than 1 MiB: it is not a settings file.",))
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SettingsError((f"{name}, line {line}: not UTF-8 text; save it as UTF-8.",)) from None
    import tomllib  # with its regular expressions 4 ms, and there often is no file

    try:
        return text, tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError((_toml_sentence(name, text, str(error)),)) from None
    except RecursionError:
        raise SettingsError((f"{name}: not valid TOML: it is nested too deeply.",)) from None


def _toml_sentence(name: str, text: str, message: str) -> str:
    place = re.search(r"\(at (?:line (\d+), column \d+|end of document)\)$", message)
    line = int(place[1]) if place and place[1] else text.count("\n") + 1
    what = safe(message[: place.start()].strip() if place else message, SENTENCE_LIMIT)
    return f"{name}, line {line}: not valid TOML: {what}."


def _read_file(path: Path, layers: _Layers) -> None:
    try:
        text, table = read_toml(path)
    except SettingsError as error:
        for each in error.problems:
            layers.problem((), each)
        return
    layers.text, problem = text, partial(layers.problem, in_file=True)
    for at, value in _flatten(table, ()):
        dotted = safe(".".join(DOTS if is_address(name) else name for name in at), SENTENCE_LIMIT)
        leaf = leaf_of(at)
        if len(at) == 2 and at[0] in NAMED and isinstance(value, dict):
            _name_of_table(at, dotted, layers.named[at[0]], NAMED[at[0]], problem)
        elif leaf is None and _is_table(at):
            problem(at, f"{dotted} must be a table: write [{dotted}] and the settings below it.")
        elif leaf is None:
            problem(at, unknown(at, dotted))
        elif mistake := pasted_address(at, value):
            problem(at, f"{dotted} {mistake}")
        elif mistake := wrong(leaf, value):
            problem(at, f"{dotted} must be {mistake}.")
        elif isinstance(value, str) and (mistake := useless(at, value)):
            problem(at, f"{dotted}: {mistake}")
        elif at[-1] in (*KEY_SOURCES, *PASSWORD_SOURCES) and is_key(value):
            key, file = ("an API key", "api_key_file") if len(at) > 1 else _PASSWORD
            problem(
                at,
                f"{dotted} looks like {key} itself. Put it into a file of mode 0600 and name that"
                f" file in {file}.",
            )
        else:
            layers.set(at, value, "config.toml")
    look_at(table, layers.named, layers.values, problem, layers.drop)


def _name_of_table(
    at: KeyPath, dotted: str, names: list[str], what: str, problem: Callable[[KeyPath, str], None]
) -> None:
    if _NAME.fullmatch(at[1]) and not is_most_likely_key(at[1]):
        names.append(at[1])
    else:
        problem(at, f'"{dotted}" is no name for {what}: use letters, digits, - and _.')


def _flatten(table: Mapping[str, Any], path: KeyPath) -> Iterator[tuple[KeyPath, Any]]:
    """Each value with its path; of tables only those that hold settings are entered."""
    for name, value in table.items():
        at = (*path, name)
        if isinstance(value, dict) and leaf_of(at) is None and _is_table(at):
            if len(path) == 1 and path[0] in NAMED:
                yield at, value
            yield from _flatten(value, at)
        else:
            yield at, value


def _read_environment(environ: Mapping[str, str], layers: _Layers) -> None:
    if not any(name.startswith("SMSMON_") and name not in OTHER_VARIABLES for name in environ):
        return  # reading the types costs some milliseconds of every start
    for name in unknown_variables(environ):
        what = f"Environment variable {safe(name)} is none that smsmon reads."
        layers.problem((), what + did_you_mean(name, _variables()), refused=False)
    for path, leaf in leaves().items():
        variable = leaf.variable
        if variable is None or not (text := environ.get(variable, "")):
            continue
        if mistake := wrong(leaf, text, lax=True):
            layers.problem((), f"Environment variable {variable} must be {mistake}.")
        elif mistake := useless(path, text):
            layers.problem((), f"Environment variable {variable}: {mistake}")
        else:
            if path[-1] in PASSWORD_SOURCES:  # before those of the file, it counts
                for each in PASSWORD_SOURCES:
                    if "environment" in (origin := layers.origins.get((each,), "")):
                        both = f"{origin.removeprefix('environment ')} and {variable}"
                        what = f"Environment variables {both} both name the store's password: "
                        layers.problem((), what + "keep one.")
                    layers.drop((each,))
            layers.set(
                path, msgspec.convert(text, leaf.type, strict=False), f"environment {variable}"
            )


def unknown_variables(environ: Mapping[str, str]) -> list[str]:
    """Variables that begin like ours and mean nothing: most likely misspelt."""
    known = _variables()
    return sorted(name for name in environ if name.startswith("SMSMON_") and name not in known)


def _variables() -> frozenset[str]:
    return OTHER_VARIABLES.union(leaf.variable for leaf in leaves().values() if leaf.variable)


def _choose_profile(layers: _Layers) -> str:
    """The profile in use; completes ``profiles`` where the file names none."""
    if not layers.profiles:
        layers.profiles.append("default")
    named = layers.values.get(("profile",))
    if named is None and "default" not in layers.profiles:
        if len(layers.profiles) > 1:
            layers.problem(
                (),
                f"There are several profiles ({', '.join(layers.profiles)}) and none is chosen:"
                ' set profile = "NAME" in config.toml, or use --profile NAME.',
            )
        layers.set(("profile",), layers.profiles[0], "config.toml")
        return layers.profiles[0]
    chosen = named if isinstance(named, str) else "default"
    if chosen not in layers.profiles:
        layers.problem(("profile",), _no_profile(chosen, layers.profiles))
        layers.values["profile",] = layers.profiles[0]
        return layers.profiles[0]
    return chosen


def _no_profile(name: str, known: Iterable[str]) -> str:
    return (
        f'There is no profile "{safe(without_keys(name))}". Known: {", ".join(known)}.'
        " Add [profiles.NAME] to config.toml, or name another."
    )


def _apply_account_variables(profile: str, environ: Mapping[str, str], layers: _Layers) -> None:
    """Let SMSMON_API_KEY and SMSMON_BASE_URL rule the current profile.

    A profile named by a flag keeps what the file says of it: the flag outranks the environment,
    and one account's key must not go to another account's address.
    """
    by_flag = layers.origins.get(("profile",)) == "flag"
    prefix = ("profiles", profile)
    own_key = any((*prefix, key) in layers.values for key in KEY_SOURCES)
    if environ.get(API_KEY_VARIABLE) and not (by_flag and own_key):
        for key in KEY_SOURCES:
            layers.drop((*prefix, key))
        layers.set((*prefix, "api_key_env"), API_KEY_VARIABLE, f"environment {API_KEY_VARIABLE}")
    at = (*prefix, "base_url")
    url = environ.get(BASE_URL_VARIABLE)
    if url and not (by_flag and at in layers.values):
        if mistake := wrong_base_url(url):
            layers.problem((), f"Environment variable {BASE_URL_VARIABLE}: {mistake}")
        else:
            layers.set(at, url, f"environment {BASE_URL_VARIABLE}")


def _build(layers: _Layers) -> Settings:
    """The settings that can be used; a table with no usable name, or without what it must have,
    is left out."""
    usable = {table: set(names) for table, names in layers.named.items()}
    usable["alerts"] = {
        name
        for name in usable["alerts"]
        if name in BUILT_IN or ("alerts", name, "when") in layers.values
    }
    usable["sources"] = usable_sources(usable["sources"], layers.values)
    tree: dict[str, Any] = {
        "profiles": {name: {} for name in layers.profiles},
        "alerts": msgspec.to_builtins(built_in_alerts()),
    }
    for path, value in layers.values.items():
        if len(path) > 1 and path[1] not in usable.get(path[0], {path[1]}):
            continue
        table = tree
        for name in path[:-1]:
            table = table.setdefault(name, {})
        table[path[-1]] = value
    settings = msgspec.convert(tree, Settings)
    if settings.polling.max_interval < settings.polling.min_interval:
        what = "polling.max_interval must not be below polling.min_interval."
        layers.problem(("polling", "max_interval"), what)
    return settings
