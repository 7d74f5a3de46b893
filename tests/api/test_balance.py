"""``GET /me``, in every form it is known to have."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given

from smsmon.api.decode import decode_balance
from smsmon.api.errors import KeyRefused, NotAReport
from smsmon.model import Balance, ReadError
from tests.api.support import KEY, client
from tests.api.test_decode import json_values
from tests.api.wire import answer, wire

CREDITS: dict[str, Any] = {
    "creditSms": 269082,
    "creditSmsECO": 444570,
    "creditHlr": 2045023,
    "toSend": 0,
    "solde": "10225.119",
    "balance": "10225.119",
    "currency": "EUR",
}
USER = {"username": "ops", "firstname": "A", "lastname": "B"}


def body(credits: Any = CREDITS, user: Any = USER, **more: Any) -> bytes:
    return json.dumps(
        {"success": True, "code": 200, "user": user, "credits": credits, **more}
    ).encode()


def test_balance_of_the_reference() -> None:
    assert decode_balance(body(), 5.0) == Balance(
        username="ops",
        amount="10225.119",
        currency="EUR",
        credits=269082,
        credits_eco=444570,
        credits_hlr=2045023,
        to_send=0,
        fetched_at=5.0,
    )


def test_older_account_has_low_cost_credits_and_a_number_for_money() -> None:
    older = {"creditSms": "12", "creditSmsLowCost": 7, "solde": 5.5}
    found = decode_balance(body(older, {"username": "old"}), 0.0)
    assert (found.credits, found.credits_eco, found.credits_hlr) == (12, 7, None)
    assert (found.amount, found.currency, found.username) == ("5.5", "", "old")


@pytest.mark.parametrize(
    ("solde", "amount"),
    [
        ("10225.119", "10225.119"),
        (10225.119, "10225.119"),
        (3, "3"),
        ("-1.5", "-1.5"),
        (0.1, "0.1"),
        (None, "9"),
        ("much", "9"),
        ("1e9", "9"),
        (True, "9"),
        ([], "9"),
        (1e300, "9"),
    ],
)
def test_money_is_kept_as_written_or_taken_from_its_other_name(solde: Any, amount: str) -> None:
    assert decode_balance(body({"solde": solde, "balance": "9"}), 0.0).amount == amount


def test_texts_are_made_safe() -> None:
    found = decode_balance(body({"currency": "E\x1bUR"}, {"username": "\x1b]0;x\x07"}), 0.0)
    assert (found.username + found.currency).isprintable()


@pytest.mark.parametrize("credits", [None, [], "12", 12])
def test_success_without_credits_is_no_balance(credits: Any) -> None:
    with pytest.raises(NotAReport, match="no credits"):
        decode_balance(body(credits), 0.0)


@given(json_values, json_values)
def test_any_values_are_a_balance_or_a_read_error(credits: Any, user: Any) -> None:
    for value in (credits, dict.fromkeys(CREDITS, credits)):
        with suppress(ReadError):
            decode_balance(body(value, user), 0.0)


async def test_me_is_asked_with_the_key_and_always_in_json() -> None:
    async with wire(answer(body())) as server, client(server, answer_format="xml") as partner:
        found = await partner.me()
    assert found.credits == 269082
    assert server.heads[0].startswith(f"GET /v1/me?apiKey={KEY} HTTP/1.1\r\n".encode())


async def test_me_raises_what_the_answer_stands_for() -> None:
    refused = answer(b'{"success": false, "code": 10}', status="403 Forbidden")
    page = answer(b"<html>", content_type="text/html")
    unsure = answer(body(), content_type="text/html")
    async with wire(refused, page, unsure) as server, client(server) as partner:
        with pytest.raises(KeyRefused):
            await partner.me()
        with pytest.raises(NotAReport, match="web page"):
            await partner.me()
        with pytest.raises(NotAReport, match="labelled text/html"):
            await partner.me()
