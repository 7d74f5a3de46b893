"""What survives: the watchlist and the history."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from smsmon.locations import Locations
    from smsmon.store.base import Store


def open_store(locations: Locations) -> Store:
    """The store of this installation. Nothing of it is read, or made, yet."""
    from smsmon.store.local import LocalStore

    return LocalStore(locations.watchlist, locations.history)
