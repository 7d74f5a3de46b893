"""The client reads the truth out of every way the simulator can spell it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Literal

import pytest

from smsmon.api.client import SmsPartner
from smsmon.model import Report, Unchanged
from smsmon.recipients import status_of
from smsmon.secret import ApiKey
from smsmon.simulator.scenario import SENDS, demo_world, message_of
from smsmon.simulator.server import Server, serve
from smsmon.simulator.wire import Spelling
from smsmon.simulator.world import World
from tests.support.clock import VirtualClock

SPELLINGS: list[dict[str, Any]] = [
    {},
    {"words": "other pages"},
    {"words": "operator"},
    {"stop": "stopSms"},
    {"stop": "digit", "date": "number"},
    {"stop": "missing"},
    {"date": "paris"},
    {"national": True},
    {"phone_key": "number"},
    {"id_key": "messageId", "id_number": True},
    {"http_errors": True},
]
UNDATED = ["zero", "null", "empty", "missing"]


@pytest.fixture
async def demo() -> AsyncIterator[Server]:
    async with serve(demo_world(VirtualClock())) as server:
        yield server


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    dentist = next(send for send in SENDS if send.id == "2270135")
    world = World(clock=VirtualClock())
    world.add(message_of(dentist, world.seed, world.start))
    async with serve(world) as server:
        yield server


def partner(server: Server, answer_format: Literal["json", "xml"] = "json") -> SmsPartner:
    return SmsPartner(
        ApiKey(server.key),
        clock=server.world.clock,
        base_url=server.base_url,
        answer_format=answer_format,
    )


async def read(
    client: SmsPartner, message_id: str
) -> list[tuple[str, int, bool | None, int | None]]:
    report = await client.bulk_status(message_id)
    assert isinstance(report, Report)
    return [(row.phone, row.status, row.stop, row.date) for row in report.recipients]


def truth(world: World, message_id: str) -> list[tuple[str, int, bool | None, int | None]]:
    return [
        (row.phone, status_of(row.status), row.stop, row.date) for row in world.truth(message_id)
    ]


@pytest.mark.parametrize("answer_format", ["json", "xml"])
async def test_every_message_of_the_demo_is_read_as_it_is(
    demo: Server, answer_format: Literal["json", "xml"]
) -> None:
    world = demo.world
    async with partner(demo, answer_format) as client:
        for send in SENDS:
            if not world.exists(send.id) or send.unknown_numbers:
                continue
            assert await read(client, send.id) == truth(world, send.id), send.label


@pytest.mark.parametrize("spelling", SPELLINGS, ids=str)
async def test_spelling_changes_nothing_of_what_is_read(
    server: Server, spelling: dict[str, Any]
) -> None:
    world = server.world
    world.messages["2270135"].spelling = Spelling(**spelling)
    expected = truth(world, "2270135")
    if spelling.get("stop") == "missing":
        expected = [(phone, status, None, date) for phone, status, _, date in expected]
    async with partner(server) as client:
        assert await read(client, "2270135") == expected


@pytest.mark.parametrize("spelling", UNDATED)
async def test_date_that_is_not_given_is_none(server: Server, spelling: Any) -> None:
    server.world.messages["2270135"].spelling = Spelling(date=spelling)
    async with partner(server) as client:
        assert {date for *_, date in await read(client, "2270135")} == {None}


@pytest.mark.parametrize("answer_format", ["json", "xml"])
async def test_rows_the_api_cannot_find_are_unknown_and_say_why(
    demo: Server, answer_format: Literal["json", "xml"]
) -> None:
    async with partner(demo, answer_format) as client:
        report = await client.bulk_status("2270138")
    assert isinstance(report, Report)
    lost = [row for row in report.recipients if row.reason]
    assert len(lost) == 4
    said = {(row.status.slug, row.raw_status, row.date, row.reason) for row in lost}
    word = "Numéro introuvable"
    assert said == {("unknown", word, None, f"refused with code 4: {word}")}


async def test_unchanged_report_is_noticed_by_its_digest(server: Server) -> None:
    async with partner(server) as client:
        first = await client.bulk_status("2270135")
        assert isinstance(await client.bulk_status("2270135", first.digest), Unchanged)
        clock = server.world.clock
        assert isinstance(clock, VirtualClock)
        following = server.world.next_change("2270135")
        assert following is not None
        clock.jump(following - clock.now())
        assert isinstance(await client.bulk_status("2270135", first.digest), Report)


async def test_balance_is_read(server: Server) -> None:
    async with partner(server) as client:
        balance = await client.me()
    assert (balance.username, balance.currency) == ("demo", "EUR")
    assert balance.credits
