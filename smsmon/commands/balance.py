"""``smsmon balance``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from smsmon import exit_codes
from smsmon.commands.context import find_locations, open_accounts, read_settings
from smsmon.commands.flags import profile_flag, timeout_flag
from smsmon.commands.output import fail
from smsmon.commands.table import print_facts
from smsmon.times import utc

if TYPE_CHECKING:
    from smsmon.model import Balance
    from smsmon.settings import Settings


@click.command
@profile_flag
@timeout_flag
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def balance(as_json: bool) -> None:
    """Ask the API what the account holds.

    \b
    Piped, one line a value, separated by tabs: name, value.
    --json prints
      {"profile", "username", "amount", "currency", "credits", "credits_eco",
       "credits_hlr", "to_send", "fetched_at"}
      amount: a decimal as text; credits: message counts, or null where the
      account has none such; to_send: messages scheduled and not yet sent.
    Exit codes as for status.
    """
    settings = read_settings(find_locations())
    print_facts(_shape(settings.profile, _ask(settings)), as_json=as_json)


def _ask(settings: Settings) -> Balance:
    from smsmon.clock import SystemClock
    from smsmon.commands.loops import run
    from smsmon.model import ReadError

    async def asked() -> Balance:
        async with open_accounts([settings.profile], settings, SystemClock()) as accounts:
            return await accounts.balance(settings.profile)

    try:
        return run(asked())
    except ReadError as error:
        fail(error.fault.message, exit_codes.of_kind(error.fault.kind))


def _shape(profile: str, balance: Balance) -> dict[str, Any]:
    return {
        "profile": profile,
        "username": balance.username,
        "amount": balance.amount,
        "currency": balance.currency,
        "credits": balance.credits,
        "credits_eco": balance.credits_eco,
        "credits_hlr": balance.credits_hlr,
        "to_send": balance.to_send,
        "fetched_at": utc(balance.fetched_at),
    }
