"""Batches: the client and the simulator over real HTTP, in health and in every trouble."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from smsmon.api.client import SmsPartner
from smsmon.batch import BatchAnswer, Outcome, Pair
from smsmon.model import FaultKind, ReadError
from smsmon.recipients import Status, status_of
from smsmon.secret import ApiKey
from smsmon.simulator.faults import (
    Cut,
    Echo,
    HtmlPage,
    Queued,
    Raw,
    Refuse,
    Rows,
    ServerError,
    TooMany,
    Trouble,
    WrongId,
)
from smsmon.simulator.routes import BATCH_PATH
from smsmon.simulator.server import Server, serve
from smsmon.simulator.wire import Spelling
from smsmon.simulator.world import World
from tests.simulator.support import ALICE, BOB, CARLA, add_random_messages, two_recipients
from tests.support.clock import VirtualClock

SINGLES = 60


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    world = World(clock=VirtualClock(), messages=[two_recipients(), two_recipients("007")])
    add_random_messages(world, SINGLES, recipients=1, over=60)
    async with serve(world) as server:
        yield server


@pytest.fixture
async def client(server: Server) -> AsyncIterator[SmsPartner]:
    key = ApiKey(server.key)
    async with SmsPartner(key, clock=server.world.clock, base_url=server.base_url) as client:
        yield client


def pairs_of(world: World) -> list[Pair]:
    return [Pair(id, row.phone) for id in world.messages for row in world.truth(id)]


def wrong(world: World, answer: BatchAnswer) -> list[Pair]:
    """The pairs that are told otherwise than they are."""
    told = {
        Pair(id, row.phone): (status_of(row.status), row.stop, row.date)
        for id in world.messages
        for row in world.truth(id)
    }
    return [
        row.pair
        for row in answer.rows
        if (one := row.recipient) is not None and told[row.pair] != (one.status, one.stop, one.date)
    ]


SPELLINGS = [
    Spelling(),
    Spelling(words="operator", stop="stopSms", date="paris", national=True, phone_key="number"),
    Spelling(words="other pages", date="number"),
]


@pytest.mark.parametrize("spelling", SPELLINGS, ids=str)
async def test_many_messages_are_read_as_they_are_in_one_request(
    server: Server, client: SmsPartner, spelling: Spelling
) -> None:
    world = server.world
    world.spelling = spelling
    pairs = pairs_of(world)
    answer = await client.multi_status(pairs)
    assert [row.pair for row in answer.rows] == pairs
    assert {row.outcome for row in answer.rows} == {Outcome.READ}
    assert wrong(world, answer) == []
    assert {row.recipient.status for row in answer.rows if row.recipient} >= {
        Status.WAITING,
        Status.DELIVERED,
    }
    assert (server.requests.count, answer.strangers) == (1, 0)


async def test_what_is_not_there_is_not_found(server: Server, client: SmsPartner) -> None:
    asked = [Pair("300", ALICE), Pair("300", CARLA), Pair("4711", BOB)]
    answer = await client.multi_status(asked)
    outcomes = [row.outcome for row in answer.rows]
    assert outcomes == [Outcome.READ, Outcome.NOT_FOUND, Outcome.NOT_FOUND]
    assert answer.rows[2].reason == "refused with code 4: Numéro introuvable"


@pytest.mark.parametrize(
    ("how", "hurt"),
    [
        ("other ids", Outcome.MISSING),
        ("swapped", Outcome.MISSING),
        ("missing", Outcome.MISSING),
        ("refused", Outcome.UNCLEAR),
        ("more", Outcome.UNCLEAR),
        ("words", Outcome.UNCLEAR),
        ("lies", Outcome.READ),
    ],
)
async def test_rows_that_went_wrong_say_nothing_of_those_asked_for(
    server: Server, client: SmsPartner, how: str, hurt: Outcome
) -> None:
    server.faults.only(Rows(how, share=0.5), path=BATCH_PATH)  # type: ignore[arg-type]
    pairs = pairs_of(server.world)
    answer = await client.multi_status(pairs)
    assert {row.outcome for row in answer.rows} == {Outcome.READ, hurt}
    assert all(bool(row.reason) is (row.recipient is None) for row in answer.rows)
    # A lie alone cannot be told from the truth by one who hears nothing else.
    assert bool(wrong(server.world, answer)) is (how == "lies")
    assert bool(answer.strangers) is (how in ("other ids", "swapped", "more"))
    # What is wrong with a batch is wrong with a batch alone.
    await client.bulk_status("300")


TROUBLES: list[tuple[Trouble, FaultKind, int | None]] = [
    (Refuse(10), FaultKind.AUTH, 10),
    (Refuse(1), FaultKind.AUTH, 1),
    (Refuse(96, http_errors=True), FaultKind.AUTH, 96),
    (Refuse(10, latin1=True), FaultKind.AUTH, 10),
    (Refuse(4), FaultKind.BAD_RESPONSE, 4),
    (Refuse(9), FaultKind.BAD_RESPONSE, 9),
    (TooMany("7"), FaultKind.RATE_LIMITED, 429),
    (Echo(), FaultKind.BAD_RESPONSE, 55),
    (Queued(), FaultKind.BAD_RESPONSE, None),
    (HtmlPage(), FaultKind.BAD_RESPONSE, None),
    (Cut(), FaultKind.BAD_RESPONSE, None),
    (WrongId(), FaultKind.BAD_RESPONSE, None),
    (ServerError(502), FaultKind.SERVER, None),
    (Raw(b"<html>405</html>", 405, "text/html"), FaultKind.BAD_RESPONSE, None),
    (Raw(b'{"success":false,"code":404}', 404), FaultKind.BAD_RESPONSE, 404),
]


@pytest.mark.parametrize(("trouble", "kind", "code"), TROUBLES, ids=str)
async def test_a_batch_that_fails_says_whom_it_concerns(
    server: Server, client: SmsPartner, trouble: Trouble, kind: FaultKind, code: int | None
) -> None:
    server.faults.only(trouble, path=BATCH_PATH)
    with pytest.raises(ReadError) as caught:
        await client.multi_status(pairs_of(server.world))
    fault = caught.value.fault
    assert (fault.kind, fault.code) == (kind, code)
    assert fault.retry_after == (7.0 if kind is FaultKind.RATE_LIMITED else None)
    assert server.key not in f"{fault!r}"


async def test_a_trouble_of_some_messages_hits_the_batches_that_ask_for_them(
    server: Server, client: SmsPartner
) -> None:
    server.faults.only(Refuse(9), ids=["300"])
    with pytest.raises(ReadError):
        await client.multi_status([Pair("007", ALICE), Pair("300", ALICE)])
    await client.multi_status([Pair("007", ALICE)])


async def test_the_log_of_requests_knows_what_was_asked_and_no_key(
    server: Server, client: SmsPartner
) -> None:
    asked = [Pair("300", ALICE), Pair("007", BOB)]
    await client.multi_status(asked)
    (request,) = server.requests
    assert (request.path, request.rows) == ("/v1/multi-status", 2)
    (batch,) = server.requests.batches
    assert [(str(id), phone) for id, phone in batch.rows] == asked
    assert server.key not in repr(server.requests)


@pytest.mark.parametrize(
    ("method", "posted", "expected"),
    [
        ("GET", None, 405),
        ("POST", b"", 400),
        ("POST", b"[]", 400),
        ("POST", b"{}", {"success": False, "code": 1}),
        ("POST", b'{"apiKey":"nobody"}', {"success": False, "code": 10}),
        ("POST", b'{"apiKey":"KEY"}', {"success": False, "code": 2}),
        ("POST", b'{"apiKey":"KEY","SMSStatut_List":[ROWS]}', {"success": False, "code": 55}),
        ("POST", b" " * 70_000, 413),
    ],
)
async def test_what_is_no_batch_is_refused(
    server: Server, method: str, posted: bytes | None, expected: object
) -> None:
    rows = b",".join([b'{"phoneNumber":"+33600000001","messageId":1}'] * 501)
    content = posted and posted.replace(b"KEY", server.key.encode()).replace(b"ROWS", rows)
    async with httpx.AsyncClient(trust_env=False) as http:
        said = await http.request(method, f"{server.base_url}/multi-status", content=content)
    if isinstance(expected, int):
        assert said.status_code == expected
    else:
        assert {key: said.json()[key] for key in ("success", "code")} == expected
