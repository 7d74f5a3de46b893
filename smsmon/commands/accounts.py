"""Clients for the accounts that a command needs, and which message belongs to which."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from smsmon.accounts import AccountProblem, open_client, open_to_others, profile_of
from smsmon.commands.context import open_watchlist
from smsmon.commands.flags import given_flags
from smsmon.commands.output import fail, say
from smsmon.programs import beside

if TYPE_CHECKING:
    from smsmon.api.client import SmsPartner
    from smsmon.clock import Clock
    from smsmon.locations import Locations
    from smsmon.settings import Settings


@asynccontextmanager
async def clients(
    names: Iterable[str], settings: Settings, clock: Clock
) -> AsyncIterator[tuple[dict[str, SmsPartner], dict[str, AccountProblem]]]:
    """One client for each profile, and what is wrong with those that are not set up; a failure
    if none can be used.
    """
    async with AsyncExitStack() as stack:
        opened, unusable = {}, {}
        for name in dict.fromkeys(names):
            try:
                client = await beside(open_client, name, settings, clock)
            except AccountProblem as problem:
                unusable[name] = problem
                continue
            if told := open_to_others(settings.profiles[name]):
                say(f"smsmon: Profile {name}: {told}")
            opened[name] = await stack.enter_async_context(client)
        if not opened:
            fail("\n".join(map(str, unusable.values())))
        yield opened, unusable


def profiles_of(
    ids: Sequence[str], settings: Settings, locations: Locations
) -> list[tuple[str, str]]:
    """Each message id with the profile to read it by.

    What the watchlist says, unless ``--profile`` was given; else the current one.
    """
    if ("profile",) in given_flags():
        return [(each, settings.profile) for each in ids]
    from smsmon.store.errors import StoreError

    try:
        entries = open_watchlist(locations).load()
    except StoreError as error:
        if len(settings.profiles) > 1:
            say(f"smsmon: {error} The current profile, {settings.profile}, is used for all.")
        entries = []
    known = {entry.id: profile_of(entry.profile, settings) for entry in entries}
    return [(each, known.get(each, settings.profile)) for each in ids]
