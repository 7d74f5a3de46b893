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
from smsmon.targets.base import Notification, NotTold
from smsmon.targets.secrecy import environment, mask_of, read_address
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
        told = notification.edge is Edge.OVER
        answer = await self._asked(
            title=notification.title,
            body="\n".join(notification.lines),
            type=_OVER if told else _TYPES[notification.severity],
        )
        if not answer.get("told"):
            self._address = None
            raise NotTold(self._said("was not told", answer))

    async def look(self) -> str:
        """What kind of target it is, such as ``Slack``. Nothing is sent. Raises `NotTold`."""
        return safe(str((await self._asked())["taken"]))

    async def _asked(self, **what: str) -> dict[str, Any]:
        """What came of asking apprise, which takes the address. Raises `NotTold`."""
        if self._address is None:
            try:
                self._address = await beside(read_address, self._source, self._environ)
            except ValueError as error:
                raise NotTold(f"Target {self.name} has no address: {error}") from None
        environ = environment(self._settings, self._environ)
        try:
            outcome = await beside(_run, self._address, what, environ, self._within)
        except (OSError, ValueError) as error:
            why = safe(getattr(error, "strerror", None) or type(error).__name__)
            raise NotTold(f"Target {self.name}: apprise could not be started ({why}).") from None
        if outcome.ended is Ended.LATE:
            self._address = None
            raise NotTold(
                f"Target {self.name} was given up: it took longer than {self._within:g} seconds."
            )
        answer = _answer(outcome)
        if answer.get("missing"):
            raise NotTold(f"Target {self.name} needs apprise: {INSTALL}.")
        if not answer.get("taken"):
            said = self._said("has no address that apprise takes", answer)
            self._address = None
            raise NotTold(said)
        return answer

    def _said(self, what: str, answer: Mapping[str, Any]) -> str:
        """A sentence with the words of apprise and of the far end, which may repeat secrets."""
        told = f"Target {self.name} {what}"
        words = safe(" ".join(" ".join(answer.get("words", ())).split()), SENTENCE_LIMIT)
        if self._address is not None:
            words = mask_of(self._address).text(words)
        words = without_living_keys(words).rstrip(".")
        return f"{told}: {words}." if words else f"{told}."


def _run(
    address: Address, what: Mapping[str, str], environ: Mapping[str, str], within: float
) -> Outcome:
    given = json.dumps({**what, "address": address.reveal(), "within": within}).encode()
    argv = (sys.executable, "-P", str(_SENDER))
    return run(argv, hear="stderr", within=within, given=given, environ=environ)


def _answer(outcome: Outcome) -> dict[str, Any]:
    """What the program said; where it said nothing that makes sense, that it failed."""
    try:
        found = json.loads(outcome.said)
    except ValueError:
        found = None
    if isinstance(found, dict):
        return found
    return {"taken": "unknown", "words": [f"apprise failed (exit code {outcome.code})"]}
