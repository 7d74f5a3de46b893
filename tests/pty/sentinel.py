"""smsmon with everything logged, and a fault put into it: ``python -m tests.pty.sentinel …``.

``SENTINEL_LOG`` is the file for the logs of all libraries at DEBUG. ``SENTINEL_FAULTS`` names
methods (``module:Class.method``) that fail with the key within their reach, in all the
spellings a key has: the first with a LookupError, the second with an ArithmeticError. The
arguments are smsmon's.
"""

from __future__ import annotations

import base64
import logging
import os
import re
from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import quote

KEY = "5ent1nel" * 5
"""Looks like a key and stands nowhere else: to be looked for where it must not be."""
MARKER = "5ent1nel"


def _percent(text: str) -> str:
    return "".join(f"%{ord(char):02x}" for char in text)


def _escaped(text: str) -> str:
    return "".join(f"\\u{ord(char):04x}" for char in text)


def _in_base64(text: str) -> Iterable[str]:
    """What base64 has of ``text`` wherever it begins; its ends depend on what stands beside."""
    for before in range(3):
        whole = base64.b64encode(b" " * before + text.encode()).decode()
        yield whole[4 if before else 0 : (before + len(text)) // 3 * 4]


DISGUISED = _escaped(KEY)
_SPELLINGS = re.compile(
    "|".join(
        map(
            re.escape,
            (
                MARKER,
                _percent(MARKER),
                _escaped(MARKER),
                MARKER.encode().hex(),
                *_in_base64(MARKER * 2),
            ),
        )
    ).encode(),
    re.IGNORECASE,
)
_TERMINAL = re.compile(rb"\x1b\[[0-9;?<>=]*[A-Za-z]")


def found(data: bytes) -> str:
    """Where the key stands in ``data``, with what is around it; empty when nowhere."""
    for text in (data, _TERMINAL.sub(b"", data), data.replace(b"\0", b"")):
        if hit := _SPELLINGS.search(text):
            return repr(text[max(0, hit.start() - 200) : hit.end() + 80])
    return ""


def leaks(places: Mapping[str, bytes], *folders: Path) -> dict[str, str]:
    """Where the key stands: in what was read, in files and their names. ``key`` files may."""
    leaking = {name: hit for name, data in places.items() if (hit := found(data))}
    for folder in folders:
        for path in folder.rglob("*"):
            if path.name != "key" and path.is_file():
                data = str(path).encode() + b"\n" + path.read_bytes()
                if hit := found(data):
                    leaking[str(path.relative_to(folder))] = hit
    return leaking


def fail(kind: type[Exception]) -> NoReturn:
    """Fail as badly as can be: the key in variables, in the message and in the cause's."""
    key = KEY
    url = f"https://api.example/v1/bulk-status?messageId=1&apiKey={key}"
    message = f"{url} {quote(url, safe='')} {base64.b64encode(key.encode()).decode()}"
    # Where a text is cut, the beginning of a key may be left.
    for length in range(200, 2100, 40):
        message = message.ljust(length - 12, ".") + key
    try:
        raise KeyError(key, message)
    except KeyError as error:
        raise kind(message) from error


def _put_fault(place: str, kind: type[Exception]) -> None:
    def faulty(*_: Any, **__: Any) -> NoReturn:
        fail(kind)

    module, _, name = place.partition(":")
    owner, _, method = name.partition(".")
    setattr(getattr(import_module(module), owner), method, faulty)


if __name__ == "__main__":
    logging.basicConfig(filename=os.environ["SENTINEL_LOG"], level=logging.DEBUG)
    faults = os.environ.get("SENTINEL_FAULTS", "").split()
    for fault, kind in zip(faults, (LookupError, ArithmeticError), strict=False):
        _put_fault(fault, kind)
    from smsmon.run import main

    main()
