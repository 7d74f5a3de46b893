"""The limit that the pollers of all hosts behind one egress address share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from smsmon.clock import Clock
    from smsmon.monitor.budget import Window
    from smsmon.settings import Settings
    from smsmon.store.base import Store


def egress_windows(
    store: Store, settings: Settings, clock: Clock
) -> Callable[[str], Window | None]:
    """What opens the window of an address that all behind this host's egress address share; it
    gives None where ``store`` knows of this machine alone."""

    def window(address: str) -> Window | None:
        allowance = store.allowance(egress_of(settings), address)
        if allowance is None:
            return None
        from smsmon.egress.window import EgressWindow

        return EgressWindow(allowance, settings.polling.budget, clock.monotonic)

    return window


def egress_of(settings: Settings) -> str:
    """The name of the address that requests leave this host by."""
    from socket import gethostname

    return settings.polling.egress or gethostname()
