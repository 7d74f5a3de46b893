"""Hands one notification to apprise: a program of its own, which `apprise_target.py` runs.

apprise is a hundred services' worth of code that waits in its own ways: here it can be ended.
The secret address comes on stdin, so that no process list shows it. On stderr goes one JSON
object, and nothing else: {"taken": "Slack", "told": true, "late": false, "words": ["…"]}, where
"taken" is the kind of target that the address is, empty when it is none, and "late" that nobody
answered in time, so that it may have arrived; or {"missing": true}.

It imports nothing of smsmon, and is run by its path.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import time
from typing import Any

_WORDS = 4
"""What is passed on of what it says: so many of its complaints."""
_LONGEST = 140
"""Characters of each."""
_SPARE = 3.0
"""Seconds of those given that are left to say what came of it."""


class _Complaints(logging.Handler):
    """What apprise says that went wrong."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.words: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if len(self.words) < _WORDS:
            self.words.append(record.getMessage()[:_LONGEST])


def main() -> None:
    """Read what to send, send it, and say what came of it."""
    answer = os.dup(2)
    os.dup2(1, 2)  # what anybody here prints goes where our stdout goes: nowhere
    os.nice(5)
    asked = json.load(sys.stdin)
    signal.alarm(int(asked["within"]) + 1)  # should whoever waits for us be gone
    said = json.dumps(_answer(asked)).encode()
    os.write(answer, said)  # noqa: TID251 - a pipe
    os._exit(0)


def _answer(asked: dict[str, Any]) -> dict[str, Any]:
    try:
        import apprise
    except ImportError:
        return {"missing": True}
    logger, complaints = logging.getLogger("apprise"), _Complaints()
    logger.addHandler(complaints)
    logger.propagate = False
    asset = apprise.AppriseAsset(
        app_id="smsmon",
        app_desc="SMS delivery",
        app_url="",
        image_url_mask="",  # else chats fetch a picture from somebody's server
        image_url_logo="",
        async_mode=False,
        interpret_escapes=False,
    )
    target = apprise.Apprise.instantiate(asked["address"], asset=asset)
    taken = "" if target is None else str(target.service_name)[:_LONGEST]
    told = late = False
    if target is not None and "body" in asked:
        have_patience(target, asked["within"])
        began = time.monotonic()
        told = bool(
            _one(apprise, asset, target).notify(
                body=asked["body"],
                title=asked["title"],
                notify_type=getattr(apprise.NotifyType, asked["type"]),
                body_format=apprise.NotifyFormat.TEXT,
            )
        )
        late = not told and time.monotonic() - began >= target.socket_read_timeout
    return {"taken": taken, "told": told, "late": late, "words": complaints.words}


def have_patience(target: Any, within: float) -> None:
    """Have it wait for an answer for as long as there is time, unless its address has ``rto=``.

    apprise waits for 4 seconds: what a slow receiver took, and answered later, counted as not told,
    and was sent again and again.
    """
    if "socket_read_timeout" not in vars(target):
        target.socket_read_timeout = max(target.socket_read_timeout, within - _SPARE)


def _one(apprise: Any, asset: Any, target: Any) -> Any:
    found = apprise.Apprise(asset=asset)
    found.add(target)
    return found


if __name__ == "__main__":
    main()
