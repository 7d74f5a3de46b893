"""What the history holds: the questions of an ``Archive``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import inf

from smsmon.known import AccountState, Key, LastPoll, Remembered, Summary
from smsmon.model import Event, Final, Transition
from smsmon.store.past import (
    Absence,
    BalanceSeen,
    DeliveryTimes,
    Grouping,
    Happened,
    InShort,
    NumberFound,
)
from smsmon.store.sql import balances, deliveries, exchange, happenings, queries
from smsmon.store.sql.database import Asked


class TableArchive(Asked):
    """The questions of an ``Archive``, for one that can be asked."""

    def messages(self, ids: Sequence[str] | None = None, profile: str | None = None) -> list[Key]:
        return self.ask(lambda db: queries.messages(db, ids, profile))

    def left(self, since: float) -> list[Key]:
        return self.ask(lambda db: queries.left(db, since))

    def summaries(self, wanted: Iterable[Key]) -> list[Summary]:
        return self.ask(lambda db: queries.summaries_of(db, wanted))

    def load(self, wanted: Iterable[str | Key]) -> Iterator[Remembered]:
        return self.each(lambda db: queries.load(db, wanted))

    def polls(self) -> Mapping[Key, LastPoll]:
        return dict(self.ask(exchange.polls))

    def accounts(self) -> Sequence[AccountState]:
        return self.ask(exchange.accounts)

    def find_number(self, text: str, limit: int = 200) -> NumberFound:
        return self.ask(lambda db: queries.find_number(db, text, limit))

    def recipient_changes(self, wanted: str | Key, slot: int) -> tuple[Transition, ...]:
        return self.ask(lambda db: queries.recipient_changes(db, wanted, slot))

    def absences(self, wanted: str | Key, slot: int) -> tuple[Absence, ...]:
        return self.ask(lambda db: queries.absences(db, wanted, slot))

    def timeline(
        self, message_id: str, limit: int = 10_000, since: float = 0.0, until: float = inf
    ) -> Happened:
        return self.ask(lambda db: happenings.timeline(db, message_id, limit, since, until))

    def timelines(
        self, ids: Iterable[str], since: float = 0.0, until: float = inf
    ) -> Iterator[tuple[str, Happened]]:
        return self.each(lambda db: happenings.timelines(db, ids, since, until))

    def happened(self, since: float, until: float = inf, limit: int = 10_000) -> Happened:
        return self.ask(lambda db: happenings.happened(db, since, until, limit))

    def account_events(self, since: float, until: float = inf) -> list[Event]:
        return self.ask(lambda db: happenings.account_events(db, since, until))

    def in_short(self, since: float, until: float) -> list[InShort]:
        return self.ask(lambda db: happenings.in_short(db, since, until))

    def delivery_times(
        self,
        by: Grouping,
        *,
        ids: Sequence[str] | None = None,
        since: float = 0.0,
        until: float = inf,
    ) -> list[DeliveryTimes]:
        return self.ask(lambda db: deliveries.delivery_times(db, by, ids, since, until))

    def finals(self, since: float, until: float = inf) -> Iterator[Final]:
        return self.each(lambda db: happenings.finals(db, since, until))

    def balances(self, profile: str, since: float = 0.0, until: float = inf) -> list[BalanceSeen]:
        return self.ask(lambda db: balances.seen(db, profile, since, until))
