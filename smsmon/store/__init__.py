"""What survives: the watchlist and the history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from smsmon.store.errors import StoreError

if TYPE_CHECKING:
    from smsmon.locations import Locations
    from smsmon.secret import Password
    from smsmon.store.base import Store
    from smsmon.store.care import Care, Copied, Copying
    from smsmon.store.sql.copying import Whole

PLACE = "The store is on PostgreSQL"


class Where(Protocol):
    """Which store is meant: what of the settings `open_store` needs."""

    @property
    def store(self) -> str:
        """The address of a team's store; empty: the one on this machine."""

    def store_password(self, *, anew: bool = False) -> Password | None:
        """Its password; None: whatever connects is to find it. Raises ``ValueError``.

        ``anew``: what was given before is refused now.
        """


class ThisMachine:
    """The store that is meant when nothing is said."""

    store = ""

    def store_password(self, *, anew: bool = False) -> None:
        del anew


def open_store(locations: Locations, where: Where) -> Store:
    """The store of this installation. Nothing of it is read, or made, yet.

    Raises ``StoreError`` for a team's store where what it needs is not installed.
    """
    if not where.store:
        from smsmon.store.local import LocalStore

        return LocalStore(locations.watchlist, locations.history, locations.learned)
    store: Store = _team().open_team(where)
    return store


def open_care(where: Where) -> Care:
    """The care for a team's store. Nothing is connected to yet. Raises ``StoreError``."""
    care: Care = _team().open_care(where)
    return care


def copy_store(locations: Locations, source: Where, target: Where, told: Copying) -> Copied:
    """Fill the store at ``target``, where nothing is, with all that the one at ``source`` keeps.

    One that was ended before goes on. Raises ``StoreError``, also for a target with something else
    in it, and where somebody polls meanwhile.
    """
    from smsmon.store.sql.copying import copy

    return copy(_whole(locations, source), _whole(locations, target), told)


def _whole(locations: Locations, where: Where) -> Whole:
    if not where.store:
        from smsmon.store.local import LocalStore
        from smsmon.store.local.archive import LocalWhole

        return LocalWhole(LocalStore(locations.watchlist, locations.history, locations.learned))
    whole: Whole = _team().open_whole(where)
    return whole


def _team() -> Any:
    from importlib import import_module, util

    if util.find_spec("psycopg") is None:
        raise StoreError(PLACE, "psycopg is missing here", "Install smsmon[team].")
    return import_module("smsmon.store.team")
