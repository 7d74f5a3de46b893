"""What is wrong with a value of the settings, without repeating it, or within one table."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec

from smsmon.secret import is_address, is_most_likely_key
from smsmon.settings.leaves import KeyPath, Leaf, nearest
from smsmon.settings.telling import BUILT_IN
from smsmon.text import SENTENCE_LIMIT, safe


def is_key(named: str | list[str]) -> bool:
    """True for a key that stands where the name of its place should. Paths may hold digests."""
    first = named if isinstance(named, str) else named[0]
    return "/" not in first and is_most_likely_key(first)


def pasted_address(at: KeyPath, value: Any) -> str:
    """What is wrong where a secret address itself stands in the settings; empty when none does."""
    places = {"targets": "url_file", "alerts": "url_file", "watch": "ping_url_file"}
    if at[0] not in places or at[-1] in ("when", "until"):
        return ""
    words = value if isinstance(value, list) else [value]
    if at[-1] in ("command", "url_command"):
        words = words[:1]  # what a program is told may well be an address
    if not any(isinstance(word, str) and is_address(word) for word in words):
        return ""
    return (
        "looks like an address itself. Put the address into a file of mode 0600 and name that file"
        f" in {places[at[0]]}."
    )


def useless(at: KeyPath, text: str) -> str:
    """What is wrong with a text that is of the right form; empty when nothing is."""
    if at == ("store",):
        return wrong_store(text)
    if at[-1] == "base_url":
        return wrong_base_url(text)
    if at[0] == "targets" and at[-1] == "quiet":
        hours = [int(each) for each in text.replace("-", ":").split(":")[::2]]
        return "" if max(hours) < 24 else "A day has the hours 00 to 23."
    if at[0] in ("alerts", "targets") and at[-1] in _DURATIONS:
        return _useless_duration(text, longer_than_none=at[-1] == "window")
    if at[0] == "sources" and at[-1] == "leave" and _useless_duration(text, longest=_STAYS):
        return "It is longer than two days: no message that came by itself stays longer."
    if at[0] == "sources" and at[-1] == "file":
        return _wrong_log(text)
    if at[0] == "sources" and at[-1] == "match":
        from smsmon.patterns import LinePattern

        try:
            LinePattern(text)
        except ValueError as error:
            return safe(str(error), SENTENCE_LIMIT)
    return ""


def _wrong_log(text: str) -> str:
    from smsmon.locations import expanded

    try:
        absolute = expanded(text).is_absolute()
    except ValueError as error:
        return str(error)
    return "" if absolute else "Write its path in full: smsmon is started in any folder."


_DURATIONS = ("for", "clear", "window", "digest", "escalate_after")
_LONGEST = 366 * 86_400.0
_STAYS = 2 * 86_400.0


def _useless_duration(
    text: str, *, longer_than_none: bool = False, longest: float = _LONGEST
) -> str:
    from smsmon.filters.questions import BadValue, parse_duration

    try:
        seconds = parse_duration(text)
    except BadValue:  # of its form, and of so many digits
        return "It is longer than a year."
    if seconds > longest:
        return "It is longer than a year."
    return "In no time nothing is counted." if longer_than_none and not seconds else ""


def wrong_condition(text: str, about: str) -> str:
    """What is wrong with a condition of an alert, and at which place; empty when it can be used."""
    from smsmon.alerts import About
    from smsmon.filters import FilterError, parse
    from smsmon.filters.subjects import FIELDS_ABOUT, can_be_asked

    try:
        return "" if parse(text, FIELDS_ABOUT[About(about)]) else "It asks for nothing."
    except FilterError as wrong:
        error = wrong
    others = [f'"{each}"' for each in can_be_asked(text)]
    hint = f" With about = {' or '.join(others)} it can be asked." if others else ""
    return f"{error.sentence} (At character {error.start + 1} of the condition.){hint}"


def unknown(at: KeyPath, dotted: str) -> str:
    if at[-1] in ("api_key", "apikey", "apiKey", "key"):
        return (
            f"{dotted} is not a setting: a key has no place in this file. Name where it is with"
            " api_key_env, api_key_file or api_key_command, under [profiles.NAME]."
        )
    if at == ("store_password",):
        return (
            "store_password is not a setting: a password has no place in this file. Name where it"
            " is with store_password_env, store_password_file or store_password_command."
        )
    if at[0] == "targets" and at[-1] in ("url", "address", "apprise"):
        return (
            f"{dotted} is not a setting: an address has no place in this file. Name where it is"
            " with url_env, url_file or url_command."
        )
    near = nearest(at)
    hint = f"Did you mean {near}?" if near else "`smsmon config schema` lists all settings."
    return f"{dotted} is not a setting. {hint}"


def wrong(leaf: Leaf, value: Any, *, lax: bool = False) -> str:
    """What a value must be, when it is not; empty when it is fine."""
    try:
        msgspec.convert(value, leaf.type, strict=not lax)
    except (msgspec.ValidationError, UnicodeEncodeError):  # a variable may hold any bytes
        return leaf.expected
    return ""


def wrong_base_url(url: str) -> str:
    """Why the key may not be sent to ``url``; empty when it may."""
    from smsmon.api.address import check_base_url

    try:
        check_base_url(url)
    except ValueError as error:
        return str(error)
    return ""


def wrong_store(text: str) -> str:
    """What is wrong with the address of a store; empty when nothing is that can be seen so."""
    if not text.isprintable() or " " in text:
        return "It has spaces, or characters that cannot be seen: write %20 for a space."
    if text.startswith("service="):
        return "" if _SERVICE.fullmatch(text) else "A service is named like service=smsmon."
    try:
        parts = urlsplit(text)
    except ValueError:
        return "A host of it is no host's name and no address."
    if parts.fragment:
        return "It has a #: write %23 for it in a name or a password."
    for host in parts.netloc.rpartition("@")[2].split(","):
        port = host.rpartition("]")[2].partition(":")[2]
        if port and not (port.isascii() and port.isdigit() and 0 < int(port) < 65_536):
            return "The port of a host is a number from 1 to 65535."
    return ""


_SERVICE = re.compile(r"service=[A-Za-z0-9_.-]+")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A sentence, after a space, with the one of ``known`` that is near; empty when none is."""
    from difflib import get_close_matches

    near = get_close_matches(name, list(known), 1)
    return f" Did you mean {near[0]}?" if near else ""


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
