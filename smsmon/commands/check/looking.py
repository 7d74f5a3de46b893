"""What ``smsmon check`` looks at: what the store knows, or with --ask what the API says."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

from smsmon.alerts import About
from smsmon.commands.check.measures import Money
from smsmon.commands.context import given_flags, open_accounts
from smsmon.commands.knowledge import OF_THE_LIST, Knowledge
from smsmon.commands.outlook import Outlook, outlook, subjects_of
from smsmon.commands.output import fail
from smsmon.commands.stores import the_store
from smsmon.filters.accounts import MONEY
from smsmon.model import ReadError
from smsmon.monitor.alerts.accounts import BALANCE_GOOD
from smsmon.rules import rules_of

if TYPE_CHECKING:
    from smsmon.commands.filtering import Choice
    from smsmon.commands.reading import Reading
    from smsmon.known import Key
    from smsmon.locations import Locations
    from smsmon.model import Balance
    from smsmon.monitor.state import Watched
    from smsmon.settings import Settings
    from smsmon.store.archive import Archive
    from smsmon.store.past import BalanceSeen


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be looked at."""

    settings: Settings
    locations: Locations
    choice: Choice
    tags: Sequence[str]
    """Those given with --tag."""
    money: bool
    """Whether what accounts hold is asked about."""

    @property
    def profile(self) -> str | None:
        """The account that is asked about; None: all are."""
        return self.settings.profile if ("profile",) in given_flags() else None

    def profiles(self, rows: Sequence[Watched]) -> list[str]:
        """The accounts of these messages; of none, the one in force."""
        return [*dict.fromkeys(row.profile for row in rows)] or [self.settings.profile]

    def seen(self, known: Knowledge, rows: Sequence[Watched]) -> Outlook:
        """How it stands with these messages, and with the alerts that belong to them."""
        all = not self.choice and self.profile is None
        of_these = None if all else subjects_of(rows, self.tags)
        return outlook(known, rows, self.locations, self.settings, of_these)


@contextmanager
def _known(wanted: Wanted) -> Iterator[tuple[Knowledge, Archive, list[Watched]]]:
    """What the store knows, and the messages that are chosen of what is watched."""
    store = the_store(wanted.locations, wanted.settings)
    entries = store.watchlist().load()
    # Reading all of the store first, to see whether it is sound, takes too long for each check.
    with store.archive(checked=False) as archive:
        known = Knowledge(wanted.settings, entries, archive, wanted.choice.fields | OF_THE_LIST)
        rows = [
            each
            for each in known.chosen(known.keys(), wanted.choice)
            if wanted.profile in (None, each.profile)
        ]
        if not rows and (wanted.choice or wanted.profile is not None):
            fail("No message that is watched matches.")
        yield known, archive, rows


def recorded(wanted: Wanted) -> tuple[Outlook, list[Money]]:
    """How it stands as whoever polls has recorded it."""
    with _known(wanted) as (known, archive, rows):
        seen, held = wanted.seen(known, rows), []
        asked = seen.holder is not None and _asks_for_money(wanted.settings)
        troubled = {each.profile for each in seen.troubled_accounts}
        for name in wanted.profiles(rows) if wanted.money else ():
            balances = archive.balances(name, known.now)
            last = balances[-1] if balances else None
            money, ago = _money(name, last), known.now - (last.at if last else known.now)
            # What does not change is recorded once, however often it is asked for.
            if (not asked or name in troubled) and ago > BALANCE_GOOD:
                money = money._replace(old=ago)
            held.append(money)
        return seen, held


def _asks_for_money(settings: Settings) -> bool:
    """True when whoever polls asks what accounts hold: only for the sake of rules."""
    return any(rule.about is About.ACCOUNT and rule.fields & MONEY for rule in rules_of(settings))


def asked(wanted: Wanted) -> tuple[Outlook, list[Money]]:
    """How it stands as the API says now. What is recorded counts of alerts alone."""
    from smsmon.commands.loops import run

    with _known(wanted) as (known, _, rows):
        keys = [(row.id, row.profile) for row in rows if not row.entry.paused]
        readings, held = run(_ask(keys, wanted.profiles(rows), wanted.settings, wanted.money))
        known.now = time.time()
        found = {each.message_id: each for each in readings}
        rows = [
            known.after((row.id, row.profile), found[row.id].report, found[row.id].fault)
            if row.id in found
            else row
            for row in rows
        ]
        return wanted.seen(known, rows), held


async def _ask(
    wanted: Sequence[Key], profiles: Sequence[str], settings: Settings, money: bool
) -> tuple[list[Reading], list[Money]]:
    from smsmon.clock import SystemClock
    from smsmon.commands.reading import read_now

    clock = SystemClock()
    async with open_accounts(profiles, settings, clock) as accounts:
        readings = await read_now(wanted, accounts, settings, clock, lambda _: None)
        held = []
        for each in profiles if money else ():
            try:
                held.append(_money(each, await accounts.balance(each)))
            except (ReadError, KeyError):  # it is refused or silent; or not set up
                held.append(Money(each, None))
        return readings, held


def _money(profile: str, held: Balance | BalanceSeen | None) -> Money:
    try:
        amount = None if held is None else float(held.amount)
    except ValueError:
        amount = None
    if held is None or amount is None or not isfinite(amount):
        return Money(profile, None)
    return Money(profile, amount, held.currency)
