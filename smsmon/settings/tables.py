"""What must hold within one table of the settings, beyond the type of each value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from smsmon.settings.built_in import BUILT_IN
from smsmon.settings.leaves import KeyPath
from smsmon.settings.values import did_you_mean, wrong_condition

KEY_SOURCES = ("api_key_env", "api_key_file", "api_key_command")
PASSWORD_SOURCES = ("store_password_env", "store_password_file", "store_password_command")
_WAYS = ("url_file", "url_env", "url_command", "command")
"""How a target can be told: by an apprise address, or by a command."""
_LINES = ("file", "command", "stdin")
"""Where the lines of a source come from."""
_READINGS = ("match", "answers")
"""How its lines are understood."""

Values = Mapping[KeyPath, Any]
"""The values that can be used as they are."""
Say = Callable[[KeyPath, str], None]


def look_at(
    table: Mapping[str, Any],
    named: Mapping[str, Sequence[str]],
    values: Values,
    problem: Say,
    drop: Callable[[KeyPath], None],
) -> None:
    """Tell ``problem`` of all that is wrong within the tables of the file, ``named`` by the user.

    What cannot be used is given to ``drop``.
    """
    for alert in named["alerts"]:
        _look_at_conditions(alert, table["alerts"][alert], values, problem, drop)
    for profile in named["profiles"]:
        given = [key for key in KEY_SOURCES if ("profiles", profile, key) in values]
        if len(given) > 1:
            at = ("profiles", profile, given[1])
            problem(at, f"profile {profile} has {len(given)} sources for its key: keep one.")
    given = [key for key in PASSWORD_SOURCES if (key,) in values]
    if len(given) > 1:
        problem((given[1],), f"the store has {len(given)} sources for its password: keep one.")
    for target in named["targets"]:
        given = [way for way in _WAYS if way in table["targets"][target]]
        _one_of(("targets", target), _WAYS, given, "nobody can be told", problem)
    for source in named["sources"]:
        _look_at_source(source, table["sources"][source], problem)
    reading = [each for each in named["sources"] if values.get(("sources", each, "stdin"))]
    for other in reading[1:]:
        what = f"sources.{reading[0]} reads the standard input already: there is only one."
        problem(("sources", other, "stdin"), what)
    profiles = named["profiles"] or ["default"]
    for source in named["sources"]:
        place = ("sources", source, "profile")
        if (wanted := values.get(place)) is not None and wanted not in profiles:
            known = f"Known: {', '.join(profiles)}."
            problem(place, f"{'.'.join(place)}: there is no such profile. {known}")


def _look_at_source(name: str, table: Mapping[str, Any], problem: Say) -> None:
    at = ("sources", name)
    for keys, without in ((_LINES, "nothing can be read"), (_READINGS, "no line is understood")):
        given = [key for key in keys if table.get(key, False) is not False]
        _one_of(at, keys, given, without, problem)


def _one_of(
    at: KeyPath, keys: Sequence[str], given: Sequence[str], without: str, problem: Say
) -> None:
    """Exactly one of ``keys`` must be given in the table."""
    dotted = ".".join(at)
    if not given:
        needs = f"{', '.join(keys[:-1])} and {keys[-1]}" if len(keys) > 2 else " and ".join(keys)
        problem(at, f"{dotted} needs one of {needs}: {without}.")
    elif len(given) > 1:
        what = "ways" if len(keys) > 2 else "readings"
        problem(
            (*at, given[1]), f"{dotted} has {len(given)} {what} ({', '.join(given)}): keep one."
        )


def usable_sources(names: Iterable[str], values: Values) -> set[str]:
    """Those of which enough can be used: where lines come from, and how one is understood."""

    def has_one_of(name: str, keys: Sequence[str]) -> bool:
        return any(values.get(("sources", name, key)) for key in keys)

    return {name for name in names if has_one_of(name, _LINES) and has_one_of(name, _READINGS)}


def _look_at_conditions(
    name: str,
    table: Mapping[str, Any],
    values: Values,
    problem: Say,
    drop: Callable[[KeyPath], None],
) -> None:
    """Look at a rule's conditions: what they may ask depends on what it is about."""
    at = ("alerts", name)
    known = BUILT_IN.get(name)
    if known is None and "when" not in table:
        needs = f'alerts.{name} needs when = "a filter of what it is about".'
        problem(at, needs + did_you_mean(name, BUILT_IN))
    about = values.get((*at, "about"), known.alert.about if known else "message")
    for key in ("when", "until"):
        text = values.get((*at, key), getattr(known.alert, key) if known else None)
        if text is None or not (mistake := wrong_condition(text, about)):
            continue
        place = (*at, key if key in table else "about")
        problem(place, f"alerts.{name}.{key}: {mistake}{_asked_of(about)}")
        drop(place)


def _asked_of(about: str) -> str:
    return "" if about == "message" else f" (The rule is about: {about}.)"
