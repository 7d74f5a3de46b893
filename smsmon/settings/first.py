"""The first settings: where the key comes from, chosen by the operator and written down once.

A key never goes into a settings file: what is written is the name of its place. A key that is
typed in goes into a new file of its own. A settings file that exists is never changed: the
operator is told what to put into it.
"""

from __future__ import annotations

import contextlib
import os
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from smsmon import files
from smsmon.locations import Locations, expanded
from smsmon.secret import is_most_likely_key
from smsmon.settings.loading import SettingsError, load_settings, read_toml
from smsmon.settings.printing import commented_file, toml_value
from smsmon.settings.secrets import KeySource
from smsmon.settings.types import API_KEY_VARIABLE, Profile
from smsmon.text import SENTENCE_LIMIT, safe

if TYPE_CHECKING:
    from smsmon.secret import ApiKey

PATH_LIMIT = 1_000
"""The longest path or command taken, in characters."""
_NEVER_WRITTEN = "smsmon itself never writes this file."
_NEVER_CHANGED = "smsmon never changes this file."


class SetupProblem(Exception):
    """A choice that cannot be used: one sentence with what to do. It holds no key."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of a key source that works."""

    lines: tuple[str, ...] = ()
    """The lines of config.toml that name it; none when nothing had to be written."""
    by_hand: str = ""
    """What the operator must do with the lines; empty when they are written."""


def profile_with(
    kind: Literal["env", "file", "command"],
    text: str,
    profile: Profile,
    environ: Mapping[str, str],
) -> Profile:
    """``profile`` with its key taken from where ``text`` says. Raises `SetupProblem`.

    ``text`` is a variable's name, a path, or a command line. Looks at the environment only.
    """
    text = text.strip()
    if is_most_likely_key(text):
        raise SetupProblem(
            "This looks like the key itself. Say where it is, or choose “Paste it here”."
        )
    if len(text) > PATH_LIMIT or safe(text, PATH_LIMIT) != text:
        raise SetupProblem("This has characters that cannot be shown, or too many.")
    value: str | list[str] = text
    match kind:
        case "env":
            if not text:
                raise SetupProblem("Name the variable.")
        case "file":
            value = _absolute(text)
        case "command":
            value = _words(text)
    try:
        chosen = _with_source(profile, kind, value)
    except msgspec.ValidationError:
        raise SetupProblem("A variable's name has letters, digits and _ only.") from None
    if kind == "env" and not environ.get(text, "").strip():
        raise SetupProblem(
            "This variable was not set when smsmon was started. Leave smsmon, set it and start"
            " again; or choose another way."
        )
    refuse_outranked(chosen, environ)
    return chosen


def refuse_outranked(profile: Profile, environ: Mapping[str, str]) -> None:
    """Raise `SetupProblem` when the environment would overrule the profile's source."""
    ours = KeySource("env", API_KEY_VARIABLE)
    if environ.get(API_KEY_VARIABLE) and profile.key_source != ours:
        raise SetupProblem(
            f"{API_KEY_VARIABLE} is set, and outranks config.toml. Leave smsmon, unset it or set"
            " it right, and start again."
        )


def write_key(key: ApiKey, profile: Profile, name: str, folder: Path) -> tuple[Path, Profile]:
    """Put ``key`` into a new file in ``folder``, readable by this user alone.

    Gives the file, and ``profile`` with its key taken from there. No file is written over.
    Raises `SetupProblem`.
    """
    stem = "key" if name == "default" else f"key-{name}"
    for number in count(1):
        path = folder / (stem if number == 1 else f"{stem}-{number}")
        with contextlib.suppress(FileExistsError):
            # The key stands in no variable here: a crash report may print those.
            _write_new(path, lambda: key.reveal().encode() + b"\n")
            break
    return path, _with_source(profile, "file", str(path))


def keep(locations: Locations, environ: Mapping[str, str], name: str, profile: Profile) -> Kept:
    """See to it that the next start takes the key of profile ``name`` from the same source.

    Writes config.toml if there is none. Raises `SetupProblem` when it cannot be written.
    """
    if not why_not_in_force(locations, environ, name, profile):
        return Kept()
    lines = lines_for(name, profile)
    text = first_config(name, profile)
    try:
        _write_new(locations.config, text.encode)
    except FileExistsError:
        return Kept(lines, by_hand=instruction(locations.config, name))
    return Kept(lines)


def why_not_in_force(
    locations: Locations, environ: Mapping[str, str], name: str, profile: Profile
) -> str:
    """Why the settings as they are now do not take the key from the profile's source.

    Empty when they do.
    """
    try:
        settings = load_settings(locations, environ)
    except SettingsError as error:
        return error.problems[0]
    now = settings.profiles.get(name)
    if now is None:
        return f"config.toml has no profile {name}."
    if now.key_source != profile.key_source:
        source = safe(str(now.key_source), SENTENCE_LIMIT)
        return f"Not yet: profile {name} still takes its key from {source}."
    return ""


def lines_for(name: str, profile: Profile) -> tuple[str, str]:
    """The two lines of config.toml that name the profile's key source."""
    return f"[profiles.{name}]", _source_line(profile)


def first_config(name: str, profile: Profile) -> str:
    """A commented config.toml with the profile's key source set."""
    line = _source_line(profile)
    commented = "#" + line.split("=", 1)[0]
    lines = [
        line if each.startswith(commented) else each
        for each in commented_file().replace(_NEVER_WRITTEN, _NEVER_CHANGED).split("\n")
    ]
    return "\n".join(lines).replace("\n[profiles.default]\n", f"\n[profiles.{name}]\n")


def instruction(path: Path, name: str) -> str:
    """What to do with the two lines in the settings file at ``path``, as it is now."""
    try:
        table = read_toml(path)[1]
    except SettingsError as error:
        return f"{error.problems[0]} Mend it, and add these two lines:"
    profiles = table.get("profiles")
    profile = profiles.get(name) if isinstance(profiles, dict) else None
    if not isinstance(profile, dict):
        return "Add these two lines at its end:"
    has = [key for key in profile if key in ("api_key_env", "api_key_file", "api_key_command")]
    if has:
        return f"In it, put the second of these lines in place of {' and '.join(has)}:"
    return "The first of these lines is in it; put the second below it:"


def _with_source(profile: Profile, kind: str, value: str | list[str]) -> Profile:
    tree: dict[str, Any] = msgspec.to_builtins(profile)
    tree |= {"api_key_env": None, "api_key_file": None, "api_key_command": None}
    return msgspec.convert(tree | {f"api_key_{kind}": value}, Profile)


def _source_line(profile: Profile) -> str:
    source = profile.key_source
    return f"api_key_{source.kind} = {toml_value(source.value)}"


def _absolute(text: str) -> str:
    """A path that means the same wherever smsmon is started; ``~`` stays as it is written."""
    try:
        path = expanded(text)
    except ValueError as error:
        raise SetupProblem(str(error)) from None
    if not path.is_absolute():
        raise SetupProblem("Write the file's path in full, from / or ~.")
    return text


def _words(text: str) -> list[str]:
    try:
        words = shlex.split(text)
    except ValueError:
        raise SetupProblem("A quote in this command is not closed.") from None
    if not words or not words[0]:
        raise SetupProblem("Name the command.")
    return words


def _write_new(path: Path, content: Callable[[], bytes]) -> None:
    """Make the file ``path``, mode 0600, whole or not at all.

    Raises ``FileExistsError`` when something has that name, and `SetupProblem`.
    """
    try:
        files.create(path, content)
    except OSError as error:
        if isinstance(error, FileExistsError) and os.path.lexists(path):
            raise
        why = safe(files.why(error))
        raise SetupProblem(f"{safe(str(path), PATH_LIMIT)} cannot be written ({why}).") from None
