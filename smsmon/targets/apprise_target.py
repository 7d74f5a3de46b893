"""A target that apprise tells: a chat, a mail, a pager, by one secret address.

apprise waits in its own ways, and a thread cannot be ended: it runs as a program of its own
(`sender.py`), bounded in time, and ended when nobody waits for it any more.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from smsmon.alerts import Edge, Severity
from smsmon.api.masking import without_living_keys
from smsmon.programs import Ended, Outcome, beside, run
from smsmon.secret import Address
from smsmon.settings import Settings
from smsmon.settings.secrets import KeySource
from smsmon.targets import Notification, NotTold, environment, mask_of, must_be_ours, read_address
from smsmon.text import SENTENCE_LIMIT, safe

WITHIN = 30.0
"""Seconds that it may take to tell a target."""
INSTALL = "install smsmon[notify], such as by pip install 'smsmon[notify]'"
_SENDER = Path(__file__).with_name("sender.py")
_TYPES = {Severity.INFO: "INFO", Severity.WARNING: "WARNING", Severity.CRITICAL: "FAILURE"}
_OVER = "SUCCESS"


def is_installed() -> bool:
    """True when there is an apprise to tell by."""
    return find_spec("apprise") is not None


class AppriseTarget:
    """One address. It is read when it is first needed, and anew after it failed."""

    def __init__(
        self,
        name: str,
        source: KeySource,
        settings: Settings,
        environ: Mapping[str, str],
        within: float = WITHIN,
    ) -> None:
        self.name = name
        self._source = source
        self._settings = settings
        self._environ = environ
        self._within = within
        self._address: Address | None = None

    async def tell(self, notification: Notification) -> None:
        over = notification.edge is Edge.OVER
        await self._ask(
            "was not told",
            title=notification.title,
            body="\n".join(notification.lines),
            type=_OVER if over else _TYPES[notification.severity],
        )

    async def look(self) -> str:
        """What kind of target it is, such as ``Slack``. Nothing is sent. Raises `NotTold`."""
        return safe(str((await self._ask("cannot be looked at"))["taken"]))

    async def _ask(self, failing: str, **what: str) -> dict[str, Any]:
        """What came of asking apprise, when it did what it was asked for. Raises `NotTold`."""
        address = self._address or await self._read()
        self._address = None  # until it is known to be good
        environ = environment(self._settings, self._environ)
        try:
            outcome = await beside(_run, address, what, environ, self._within)
        except (OSError, ValueError) as error:
            why = safe(getattr(error, "strerror", None) or type(error).__name__)
            raise NotTold(f"Target {self.name}: apprise could not be started ({why}).") from None
        if outcome.ended is Ended.LATE:
            raise NotTold(
                f"Target {self.name} was given up: it took longer than {self._within:g} seconds.",
                in_doubt=True,
            )
        answer = _answer(outcome)
        if answer.get("missing"):
            raise NotTold(f"Target {self.name} needs apprise: {INSTALL}.")
        if not answer.get("taken"):
            failing = "has no address that apprise takes"
        elif not answer.get("failed") and (answer.get("told") or not what):
            self._address = address
            return answer
        words = _shown(answer, address)
        told = f"Target {self.name} {failing}" + (f": {words}." if words else ".")
        raise NotTold(told, in_doubt=bool(answer.get("late")))

    async def _read(self) -> Address:
        try:
            return await beside(read_address, self._source, self._environ)
        except ValueError as error:
            raise NotTold(f"Target {self.name} has no address: {error}") from None


def _shown(answer: Mapping[str, Any], address: Address) -> str:
    """The words of apprise and of the far end, which may repeat the address."""
    words = safe(" ".join(" ".join(answer.get("words", ())).split()), SENTENCE_LIMIT)
    return without_living_keys(mask_of(address).text(words)).rstrip(".")


def _run(
    address: Address, what: Mapping[str, str], environ: Mapping[str, str], within: float
) -> Outcome:
    given = json.dumps({**what, "address": address.reveal(), "within": within}).encode()
    argv = (sys.executable, "-P", str(_SENDER))
    must_be_ours()
    return run(argv, hear="stderr", within=within, given=given, environ=environ)


def _answer(outcome: Outcome) -> dict[str, Any]:
    """What the program said; where it said nothing that makes sense, that it failed."""
    try:
        found = json.loads(outcome.said)
    except ValueError:
        found = None
    if isinstance(found, dict):
        return found
    words = f"apprise failed (exit code {outcome.code})"
    return {"taken": "unknown", "failed": True, "words": [words]}
