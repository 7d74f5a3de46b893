"""What was recorded, to be asked: of messages, recipients, accounts, and of the past."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import inf
from typing import Protocol

from smsmon.known import AccountState, Key, LastPoll, Remembered, Summary
from smsmon.model import Entry, Event, Final, Transition
from smsmon.store.past import (
    Absence,
    BalanceSeen,
    DeliveryTimes,
    Grouping,
    Happened,
    Info,
    InShort,
    NumberFound,
    Pruned,
)


class Archive(Protocol):
    """What was recorded: questions to it, and the care for it. Every method raises ``StoreError``.

    An id alone means the account that the message belongs to now.
    """

    def close(self) -> None:
        """Let go; the next question opens it again."""

    def messages(self, ids: Sequence[str] | None = None, profile: str | None = None) -> list[Key]:
        """The messages that are known of ``ids``, or all: each with the account it belongs to
        now, or those that were ever read with ``profile``.
        """

    def left(self, since: float, sent_since: float = 0.0) -> list[Key]:
        """The messages that left the watchlist, or their account, from ``since`` on; but for those
        of which it is known that they came, or were sent, before ``sent_since``."""

    def summaries(self, wanted: Iterable[Key]) -> list[Summary]:
        """What is known of these without their recipients, in the order asked."""

    def load(self, wanted: Iterable[str | Key]) -> Iterator[Remembered]:
        """Messages as last seen, in the order asked; ones never read give none."""

    def polls(self) -> Mapping[Key, LastPoll]:
        """How it stands with the polls of messages, as the process that polls recorded it."""

    def accounts(self) -> Sequence[AccountState]:
        """How it stood with each account that was asked, as that process recorded it last."""

    def find_number(self, text: str, limit: int = 200) -> NumberFound:
        """Everything ever seen about the phone number ``text``, in any usual spelling.

        At most ``limit`` sightings, of each number the newest first (by the API's date, or when it
        was first seen); none where ``phones.why_not_sought`` says why.
        """

    def recipient_changes(self, wanted: str | Key, slot: int) -> tuple[Transition, ...]:
        """Every change ever seen of one recipient, oldest first."""

    def absences(self, wanted: str | Key, slot: int) -> tuple[Absence, ...]:
        """When the reports left one recipient out who was back later, oldest first."""

    def timeline(
        self, message_id: str, limit: int = 10_000, since: float = 0.0, until: float = inf
    ) -> Happened:
        """What happened to a message from ``since`` on and before ``until``, whatever account it
        was read with; the newest ``limit`` changes if there are more.
        """

    def timelines(
        self, ids: Iterable[str], since: float = 0.0, until: float = inf
    ) -> Iterator[tuple[str, Happened]]:
        """All that happened to each of these in that time, in the order asked, as ``timeline`` has
        it; many are asked for at once.
        """

    def happened(self, since: float, until: float = inf, limit: int = 10_000) -> Happened:
        """What changed in that time, in all messages; the oldest ``limit`` of each kind."""

    def account_events(self, since: float, until: float = inf) -> list[Event]:
        """What happened to accounts in that time, oldest first."""

    def in_short(self, since: float, until: float) -> list[InShort]:
        """What happened in that time, added up for each message, each account and each group of
        which there is something to tell; in no order. ``until`` is not after now.
        """

    def delivery_times(
        self,
        by: Grouping,
        *,
        ids: Sequence[str] | None = None,
        since: float = 0.0,
        until: float = inf,
    ) -> list[DeliveryTimes]:
        """How long deliveries took, per message, tag or country; the most measured first.

        Counted are recipients first seen waiting (or unknown) and then delivered: whoever was
        delivered at our first look was not observed, and guessing would make it look faster.
        Only deliveries observed from ``since`` on and before ``until`` count. A message with
        several tags counts for each; no tag, or a number without a country, is the key ``""``.
        """

    def finals(self, since: float, until: float = inf) -> Iterator[Final]:
        """Each recipient who became final in that time, and each STOP that appeared, oldest first.

        Read one by one, whatever there are. Who was final at our first look became so before.
        """

    def balances(self, profile: str, since: float = 0.0, until: float = inf) -> list[BalanceSeen]:
        """What an account was seen to hold in that time, each time that it changed, oldest first;
        the first is what it held at ``since``, where that is known.
        """

    def info(self) -> Info:
        """How large it is, and what is in it."""

    def doubt(self, now: float, days: float) -> str:
        """Why the clock should be looked at before ``prune`` drops anything by it; empty when it
        is near what was recorded last.
        """

    def prune(self, watched: Sequence[Entry], now: float, days: float) -> Pruned:
        """Drop messages that left the watchlist more than ``days`` days ago; and the log's lines
        and past alerts of that age that concern no message still kept, and silences and balances.

        ``watched`` is the watchlist: what is missing from it counts as removed from now on.
        Whoever asks for it has looked at the clock (see ``doubt``).
        """

    def retire(self, watched: Sequence[Entry], now: float, days: float) -> Pruned:
        """The same, by itself: nothing is dropped because of one look at a clock.

        A message has to be found old enough by our clock, and again later, when our clock and
        the server's agreed that it is. Where no server ever told its time, nothing is dropped.
        No more than ``RETIRED_AT_ONCE`` messages go at a time.
        """

    def vacuum(self) -> tuple[int, int]:
        """Give back room that is not needed any more; bytes before and after."""
