"""``GET /me``: the balance, the credits and the user, in all their spellings."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from smsmon.api.decode import parse
from smsmon.api.envelope import check_success
from smsmon.api.errors import NotAReport, amended
from smsmon.model import Balance, ReadError
from smsmon.text import safe, safe_bytes

_AMOUNT = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{1,12})?")


def decode_balance(body: bytes, fetched_at: float) -> Balance:
    """The account that ``body`` describes. Raises the ``ReadError`` that it stands for."""
    try:
        answer = parse(body)
        check_success(answer)
        return _balance(answer.fields, fetched_at)
    except ReadError as error:
        raise amended(error, excerpt=safe_bytes(body)) from None


def _balance(answer: dict[str, Any], fetched_at: float) -> Balance:
    credits = answer.get("credits")
    if not isinstance(credits, dict):
        raise NotAReport("The answer claims success but holds no credits.")
    user = answer.get("user")
    username = user.get("username") if isinstance(user, dict) else None
    currency = credits.get("currency")
    return Balance(
        username=safe(username) if isinstance(username, str) else "",
        amount=_amount(credits.get("solde")) or _amount(credits.get("balance")),
        currency=safe(currency, 8) if isinstance(currency, str) else "",
        credits=_count(credits.get("creditSms")),
        credits_eco=_count(credits.get("creditSmsECO", credits.get("creditSmsLowCost"))),
        credits_hlr=_count(credits.get("creditHlr")),
        to_send=_count(credits.get("toSend")),
        fetched_at=fetched_at,
    )


def _amount(value: object) -> str:
    """A decimal as the API wrote it; empty when it is none."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = f"{value:.12g}"
    return value if isinstance(value, str) and _AMOUNT.fullmatch(value) else ""


def _count(value: object) -> int | None:
    try:
        return msgspec.convert(value, int, strict=False)
    except msgspec.ValidationError:
        return None
