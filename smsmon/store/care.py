"""What is done to stores by hand: made, looked at, changed to a newer version, copied."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class May(StrEnum):
    """What a user of the database may do in the store."""

    OWN = "owner"
    POLL = "poller"
    VIEW = "viewer"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Way:
    """How the server is reached."""

    host: str
    """The one of the address that was found, with its port; or the folder of its socket."""
    here: bool
    """True where nothing leaves this machine."""
    tls: str
    """The version of TLS; empty: in the clear."""
    sslmode: str
    """What is asked of its certificate (see libpq)."""

    @property
    def verified(self) -> bool:
        """True when it is known that nobody stands between."""
        return self.here or bool(self.tls and self.sslmode == "verify-full")


@dataclass(frozen=True, slots=True)
class Version:
    """The version of the tables there, and the one that this smsmon makes."""

    there: int
    """0: there is no store."""
    here: int
    needed: int = 0
    """The version that a program must know at least to use it."""

    @property
    def usable(self) -> bool:
        return self.there == self.here or (self.there > self.here >= self.needed)

    @property
    def older(self) -> bool:
        """True for a store that `smsmon store migrate` can change."""
        return 0 < self.there < self.here


@dataclass(frozen=True, slots=True)
class Living:
    """A process that uses the store just now."""

    name: str
    host: str
    pid: int
    polls: bool
    egress: str

    def __str__(self) -> str:
        return f"{self.name} {self.pid} on {self.host}"


@dataclass(frozen=True, slots=True)
class Size:
    """How much is in it."""

    bytes: int
    messages: int
    recipients: int
    changes: int
    events: int
    months: int
    """Of how many months changes and events have a part of their own."""


@dataclass(frozen=True, slots=True)
class Looked:
    """How it stands with a team's store."""

    way: Way
    server: str
    """The version of PostgreSQL."""
    user: str
    database: str
    schema: str
    version: Version
    pooled: bool
    """A pooler lends connections by the transaction."""
    may: May
    lacking: Sequence[str]
    """Rights that it lacks of the next of these roles, in words."""
    clock: float
    """Seconds that this machine's clock is ahead of the database's."""
    bell: bool
    """Notifications come through."""
    living: Sequence[Living] = ()
    size: Size | None = None
    """None where there is no store that can be used."""
    copied_from: str = ""
    """A copy from there has begun and not ended; empty where none has."""

    @property
    def pollers(self) -> Sequence[Living]:
        return [each for each in self.living if each.polls]


class Care(Protocol):
    """The care for one team's store. Everything blocks, and raises ``StoreError``."""

    @property
    def where(self) -> str:
        """Where it is, as it may be shown."""

    def version(self) -> Version:
        """The version of what is there."""

    def make(self) -> Version:
        """Make a store in a database without one."""

    def migrate(self) -> Version:
        """Bring the store to the version of this smsmon: everything, or nothing."""

    def changes(self, there: int) -> Sequence[str]:
        """What is done to a store of version ``there``, a sentence each."""

    def look(self) -> Looked:
        """How it stands with it."""

    def roles(self, owner: str, poller: str, viewer: str, schema: str) -> str:
        """SQL that gives these users of the database the rights they need, and no others. All
        names are of letters, digits, _ and -. Nothing is asked of the database.
        """


# --- copying -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sum:
    """How much is in a part of a store, and what: those with the same sum hold the same rows."""

    rows: int = 0
    checksum: str = ""


@dataclass(frozen=True, slots=True)
class Compared:
    """What stands in one part of two stores."""

    part: str
    source: Sum
    target: Sum

    @property
    def alike(self) -> bool:
        return self.source == self.target


@dataclass(frozen=True, slots=True)
class Copied:
    """What a copy came to."""

    source: str
    """Where it was copied from, as it may be shown."""
    target: str
    parts: Sequence[Compared]

    @property
    def same(self) -> bool:
        """True when both hold the same."""
        return all(each.alike for each in self.parts)


Copying = Callable[[str, int], None]
"""Hears what is copied: of which part, and how many rows more."""
