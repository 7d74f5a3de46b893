"""Places on the disk, as they are told where there is little room. Pure."""

from __future__ import annotations

import re
from pathlib import Path

from smsmon.text import ELLIPSIS

_PATH = re.compile(r"(?<![\w/~])~?/[^\s/:;,]+(?:/[^\s/:;,]+)+")
"""An absolute path inside a sentence: two parts at least, and no space in them."""
_SENTENCE_END = ".!?)”"


def short(path: str, width: int) -> str:
    """``path`` in at most ``width`` columns: ``~/…/smsmon/exports/copied.txt``.

    The beginning and as much of the end as there is room for; of a name too long its end.
    """
    home = str(Path.home())
    if path.startswith(home.rstrip("/") + "/"):
        path = "~" + path[len(home.rstrip("/")) :]
    if len(path) <= width:
        return path
    root, *folders = path.split("/")
    kept = folders.pop()
    while folders and len(f"{root}/{ELLIPSIS}/{folders[-1]}/{kept}") <= width:
        kept = f"{folders.pop()}/{kept}"
    told = f"{root}/{ELLIPSIS}/{kept}"
    return told if len(told) <= width else ELLIPSIS + kept[len(kept) - width + 1 :]


def shortened(sentence: str, width: int) -> str:
    """``sentence`` with every path in it that is longer than ``width`` told shorter."""

    def told(found: re.Match[str]) -> str:
        path = found[0].rstrip(_SENTENCE_END)
        return short(path, width - len(found[0]) + len(path)) + found[0][len(path) :]

    return _PATH.sub(lambda found: told(found) if len(found[0]) > width else found[0], sentence)
