"""The API key: one type that never prints, and the places a key can come from.

The key is never taken from a command's arguments: process lists show those.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

from smsmon import files
from smsmon.keylike import DOTS, place_shown
from smsmon.text import LABEL_LIMIT, safe

if TYPE_CHECKING:
    from pathlib import Path

KEY_COMMAND_TIMEOUT = 60.0
"""Seconds a key command may take: long enough to type a passphrase, or to touch a token."""

_KEY_FILE_LIMIT = 4096
_FLOOD = 65_536
"""Bytes after which a key command prints something else than a key."""
_KEY_LENGTH = 256
_SHOULD_BE = "an API key is one word of letters and digits (SMS Partner's have 40)"
# RFC 3986 "unreserved": such a key reads the same in a URL, in JSON and in XML, so that there is
# one spelling to look for when an answer repeats it.
_KEY = re.compile(r"[A-Za-z0-9._~-]+")


class ApiKey:
    """An account's key. Prints as dots, compares by value, cannot be pickled or copied out."""

    __slots__ = ("__value",)

    def __init__(self, value: str) -> None:
        self.__value = value

    @classmethod
    def parse(cls, text: str) -> ApiKey:
        """The key written in ``text``, white space around it aside.

        Raises ``ValueError`` with a sentence that does not repeat the text.
        """
        word = text.strip()
        problem = _problem(word)
        if problem:
            del text, word  # a crash report prints the variables of the frame that raised
            raise ValueError(f"The API key {problem}; {_SHOULD_BE}.")
        return cls(word)

    def reveal(self) -> str:
        """The key itself: for the HTTP transport alone, and never kept in a variable there."""
        return self.__value

    def __repr__(self) -> str:
        return DOTS

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(DOTS, spec)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ApiKey):
            return NotImplemented
        return self.__value == other.__value

    def __hash__(self) -> int:
        return hash(self.__value)

    def __reduce__(self) -> NoReturn:
        raise TypeError("An API key is not pickled: a copy of it would lie in the bytes.")

    def __copy__(self) -> ApiKey:
        return self

    def __deepcopy__(self, memo: object) -> ApiKey:
        return self


def read_key_file(path: Path) -> ApiKey:
    """The key in the first line of the file at ``path``.

    Raises ``ValueError`` with a sentence that says which file and why.
    """
    name = safe(place_shown(str(path)), 200)
    try:
        head = files.read(path, _KEY_FILE_LIMIT).data
    except OSError as error:
        reason = error.strerror or type(error).__name__
    else:
        return _first_line(head, f"The key file {name}")
    raise ValueError(f"The key file {name} cannot be read: {reason}.")


def run_key_command(argv: Sequence[str], *, timeout: float = KEY_COMMAND_TIMEOUT) -> ApiKey:
    """The key that the program ``argv`` prints as its first line; no shell is involved.

    Its error output goes where ours goes, so that it can ask for a passphrase. It is ended,
    with all it started, when it takes longer or prints without end.
    Raises ``ValueError`` with a sentence that names the program, never its output.
    """
    from smsmon.programs import Ended, run  # loaded here: 8 ms, and few keys come from a command

    if not argv or not argv[0]:
        raise ValueError("The key command is empty; it is a list: a program, then its arguments.")
    name = f"The key command “{safe(place_shown(os.path.basename(argv[0])))}”"
    problem = ""
    output = b""
    try:
        done = run(argv, hear="stdout", within=timeout, flood=_FLOOD)
        output = done.said
        if done.ended is Ended.LATE:
            problem = f"gave no key within {timeout:g} s"
        elif done.ended is Ended.FLOOD:
            problem = f"printed more than {_FLOOD:,} bytes: it is to print the key alone"
        elif done.ended is not None:
            problem = "was ended: it is not waited for any more"
        elif done.code:
            problem = f"ended with {'signal' if done.code < 0 else 'status'} {abs(done.code)}"
    except (OSError, ValueError) as error:
        problem = "cannot be run: " + (getattr(error, "strerror", None) or "not a command line")
    if problem:
        # Raised out here so that no exception that holds the output is chained to this one.
        raise ValueError(f"{name} {problem}.")
    return _first_line(output, name)


def _problem(word: str) -> str:
    if not word:
        return "is empty"
    if len(word) > _KEY_LENGTH:
        return f"is {len(word)} characters long"
    return "" if _KEY.fullmatch(word) else "has characters that none has"


def _first_line(output: bytes, source: str) -> ApiKey:
    lines = output.decode("utf-8", "replace").strip().splitlines()
    problem = ""
    try:
        return ApiKey.parse(lines[0] if lines else "")
    except ValueError as error:
        problem = str(error)
    finally:
        del output, lines
    raise ValueError(f"{source} holds no key. {safe(problem, 2 * LABEL_LIMIT)}")
