"""Where a secret comes from, and how it is read there: a key, the address of a target.

No sentence of these, and no exception that is chained to one, holds anything of the secret.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

from msgspec import Meta, Struct

from smsmon.secret import place_shown
from smsmon.text import LABEL_LIMIT, SENTENCE_LIMIT, safe

if TYPE_CHECKING:
    from pathlib import Path

    from smsmon.secret import Secret

COMMAND_WITHIN = 60.0
"""Seconds such a command may take: long enough to type a passphrase, or to touch a token."""
_FILE_LIMIT = 4_096
_FLOOD = 65_536
"""Bytes after which a command prints something else than a secret."""

# How a setting names a place, of a secret or of something else.
Variable = Annotated[str, Meta(pattern="^[A-Za-z_][A-Za-z0-9_]*$")]
Text = Annotated[str, Meta(min_length=1)]
Command = Annotated[list[str], Meta(min_length=1)]

_known: set[Secret] = set()

S = TypeVar("S", bound="Secret")
Parse = Callable[[str], S]
"""Gives the secret that a text is; raises ``ValueError`` with a sentence that does not hold it."""


class KeySource(Struct, frozen=True):
    """Where an API key, or a secret address, comes from."""

    kind: Literal["env", "file", "command"]
    value: str | tuple[str, ...]
    """The variable's name, the file's path, or the command's words."""

    def __str__(self) -> str:
        """A sentence's part for the operator. Of a command only its first word is told.

        It is no key's place that could be the key itself: dots stand for that.
        """
        if self.kind == "env":
            return f"environment variable {place_shown(str(self.value))}"
        name = self.value if isinstance(self.value, str) else self.value[0]
        return f"{self.kind} {safe(place_shown(name), SENTENCE_LIMIT)}"


def source_of(env: str | None, file: str | None, command: Sequence[str] | None) -> KeySource | None:
    """The one place that is named; None when none is."""
    if file is not None:
        return KeySource("file", file)
    if command is not None:
        return KeySource("command", tuple(command))
    return None if env is None else KeySource("env", env)


def known_secrets() -> frozenset[Secret]:
    """Every secret that this process has read, whatever became of it."""
    return frozenset(_known)


def read_secret(
    source: KeySource, noun: str, parse: Parse[S], environ: Mapping[str, str] | None = None
) -> S:
    """The secret, from wherever ``source`` says. Blocks on a file or a command.

    ``noun`` is what it is called: key, address. ``environ`` is the process's own unless given.
    Raises ``ValueError`` with a sentence that names the place.
    """
    environ = os.environ if environ is None else environ
    variable = str(source.value)
    if source.kind == "file" and isinstance(source.value, str):
        from smsmon.locations import expanded

        found = read_file(expanded(source.value), noun, parse)
    elif source.kind == "command":
        found = run_command(source.value, noun, parse)
    elif environ.get(variable, "").strip():
        found = parse(environ[variable])
    else:
        raise ValueError(f"The variable {place_shown(variable)} is not set.")
    _known.add(found)
    return found


def read_file(path: Path, noun: str, parse: Parse[S]) -> S:
    """The secret in the first line of the file at ``path``.

    Raises ``ValueError`` with a sentence that says which file and why.
    """
    from smsmon import files

    name = safe(place_shown(str(path)), 200)
    try:
        head = files.read(path, _FILE_LIMIT).data
    except OSError as error:
        reason = error.strerror or type(error).__name__
    else:
        return _first_line(head, f"The {noun} file {name}", noun, parse)
    raise ValueError(f"The {noun} file {name} cannot be read: {reason}.")


def run_command(
    argv: Sequence[str], noun: str, parse: Parse[S], *, timeout: float = COMMAND_WITHIN
) -> S:
    """The secret that the program ``argv`` prints as its first line; no shell is involved.

    Its error output goes where ours goes, so that it can ask for a passphrase. It is ended,
    with all it started, when it takes longer or prints without end.
    Raises ``ValueError`` with a sentence that names the program, never its output.
    """
    from smsmon.programs import Ended, run  # loaded here: 8 ms, and few come from a command

    if not argv or not argv[0]:
        raise ValueError(
            f"The {noun} command is empty; it is a list: a program, then its arguments."
        )
    name = f"The {noun} command “{safe(place_shown(os.path.basename(argv[0])))}”"
    problem = ""
    output = b""
    try:
        done = run(argv, hear="stdout", within=timeout, flood=_FLOOD)
        output = done.said
        if done.ended is Ended.LATE:
            problem = f"gave no {noun} within {timeout:g} s"
        elif done.ended is Ended.FLOOD:
            problem = f"printed more than {_FLOOD:,} bytes: it is to print the {noun} alone"
        elif done.ended is not None:
            problem = "was ended: it is not waited for any more"
        elif done.code:
            problem = f"ended with {'signal' if done.code < 0 else 'status'} {abs(done.code)}"
    except (OSError, ValueError) as error:
        problem = "cannot be run: " + (getattr(error, "strerror", None) or "not a command line")
    if problem:
        # Raised out here so that no exception that holds the output is chained to this one.
        raise ValueError(f"{name} {problem}.")
    return _first_line(output, name, noun, parse)


def open_to_others(source: KeySource, noun: str) -> str:
    """A sentence that others can read the file of a secret, and what to do; empty if not.

    A credential of systemd's is readable by the service alone, whatever its mode: an access list
    of the service's user shows as rights of the group (0440).
    """
    import shlex
    import stat

    from smsmon.locations import CREDENTIALS, expanded

    if source.kind != "file" or not isinstance(source.value, str):
        return ""
    try:
        path = expanded(source.value)
        mode = stat.S_IMODE(path.stat().st_mode)
    except (OSError, ValueError):
        return ""
    if str(path.parent) == os.environ.get(CREDENTIALS) or not mode & 0o077:
        return ""
    shown = place_shown(shlex.quote(str(path)))
    return f"Others can read the {noun} (mode {mode:04o}): `chmod 600 {shown}`."


def _first_line(output: bytes, source: str, noun: str, parse: Parse[S]) -> S:
    lines = output.decode("utf-8", "replace").strip().splitlines()
    problem = ""
    try:
        return parse(lines[0] if lines else "")
    except ValueError as error:
        problem = str(error)
    finally:
        del output, lines
    raise ValueError(f"{source} holds no {noun}. {safe(problem, 2 * LABEL_LIMIT)}")
