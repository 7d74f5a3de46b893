"""A batch over real HTTP: one request, the key in its body, an answer for every pair."""

from __future__ import annotations

import json

import pytest

from smsmon.api.errors import MessageIdRequired
from smsmon.batch import MOST_PAIRS, Outcome, Pair
from smsmon.monitor.source import BatchSource
from tests.api.support import KEY, client
from tests.api.test_batches import ONE, READ, TWO, body, row
from tests.api.wire import answer, wire


async def test_one_request_asks_for_all_with_the_key_in_its_body_alone() -> None:
    async with wire(answer(body(row()))) as server, client(server) as partner:
        assert isinstance(partner, BatchSource)
        found = await partner.multi_status([ONE, TWO])
    (head,), (posted,) = server.heads, server.bodies
    assert head.startswith(b"POST /v1/multi-status HTTP/1.1\r\n")
    assert KEY.encode() not in head
    assert json.loads(posted) == {
        "apiKey": KEY,
        "SMSStatut_List": [
            {"phoneNumber": ONE.phone, "messageId": 111},
            {"phoneNumber": TWO.phone, "messageId": 222},
        ],
    }
    assert [each.outcome for each in found.rows] == [Outcome.READ, Outcome.MISSING]
    assert found.rows[0].recipient == READ
    assert found.asked_at <= found.fetched_at


@pytest.mark.parametrize("size", [0, MOST_PAIRS + 1])
async def test_no_request_goes_out_that_is_none(size: int) -> None:
    async with wire(answer(body())) as server, client(server) as partner:
        with pytest.raises(ValueError, match="1 to 500 pairs"):
            await partner.multi_status([ONE] * size)
        with pytest.raises(MessageIdRequired):
            await partner.multi_status([Pair("", ONE.phone)])
    assert server.heads == []
