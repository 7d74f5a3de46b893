"""Each endpoint that only reads, and the order in which requests are refused."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from smsmon.simulator.messages import Change, SimMessage, SimRecipient
from smsmon.simulator.routes import TAG_PAGE, Question, respond
from smsmon.simulator.wire import Spelling
from smsmon.simulator.world import World
from tests.simulator.support import ALICE, at, two_recipients
from tests.support.clock import VirtualClock

KEY = "k" * 40


def crowd() -> SimMessage:
    people = [
        SimRecipient(f"+33700{n:06}", (Change(at(0), "Waiting"),)) for n in range(TAG_PAGE + 1)
    ]
    return SimMessage("400", people, tag="promo")


WORLD = World(clock=VirtualClock(), messages=[two_recipients(), crowd()])


def ask(target: str, world: World = WORLD) -> dict[str, Any]:
    answer = respond(world, KEY, Question.parse(target), at(7))
    told: dict[str, Any] = msgspec.json.decode(answer.body)
    return told


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("/v1/bulk-status", 1),
        ("/v1/bulk-status?messageId=300", 1),
        ("/v1/bulk-status?apiKey=&messageId=300", 1),
        ("/v1/bulk-status?apiKey=wrong&messageId=300", 10),
        ("/v1/bulk-status?apiKey=wrong", 10),
        (f"/v1/bulk-status?apiKey={KEY}", 3),
        (f"/v1/bulk-status?apiKey={KEY}&messageId=", 3),
        (f"/v1/bulk-status?apiKey={KEY}&messageId=301", 4),
        (f"/v1/bulk-status?apiKey={KEY}&messageId=300", 200),
        ("/v1/me", 1),
        ("/v1/me?apiKey=wrong", 10),
        (f"/v1/me?apiKey={KEY}", 200),
        (f"/v1/message-status?apiKey={KEY}&messageId=300", 2),
        (f"/v1/message-status?apiKey={KEY}&messageId=300&phoneNumber=%2B999", 4),
        (f"/v1/message-status?apiKey={KEY}&messageId=301&phoneNumber=%2B999", 4),
        (f"/v1/bulk-status-by-tag?apiKey={KEY}&tag=none", 4),
        (f"/v1/bulk-status-by-tag?apiKey={KEY}", 4),
    ],
)
def test_control_code(target: str, code: int) -> None:
    told = ask(target)
    assert (told["code"], told["success"]) == (code, code == 200)


def test_format_follows_the_request_for_reports_and_errors_alike() -> None:
    for target in (f"/v1/bulk-status?apiKey={KEY}&messageId=300", "/v1/me"):
        mark = "&" if "?" in target else "?"
        question = Question.parse(f"{target}{mark}_format=xml")
        assert respond(WORLD, KEY, question, at(7)).body.startswith(b"<?xml")


def test_balance_has_its_numbers() -> None:
    told = ask(f"/v1/me?apiKey={KEY}")
    assert told["credits"]["creditSms"] > 0
    assert float(told["credits"]["balance"]) > 0
    assert told == ask(f"/v1/me?apiKey={KEY}")


def test_one_recipient_can_be_asked_for() -> None:
    told = ask(f"/v1/message-status?apiKey={KEY}&messageId=300&phoneNumber=%2B33639980001")
    assert (told["number"], told["statut"], told["stopSms"]) == (ALICE, "Delivered", False)


def test_tag_gathers_its_messages_page_by_page() -> None:
    first = ask(f"/v1/bulk-status-by-tag?apiKey={KEY}&tag=promo")
    second = ask(f"/v1/bulk-status-by-tag?apiKey={KEY}&tag=promo&page=2")
    assert (first["currentPage"], first["total"]) == (1, 2)
    assert second["currentPage"] == 2
    assert len(first["StatutResponse_List"]) == TAG_PAGE
    assert len(second["StatutResponse_List"]) == 1


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/v1/", "/v2/me", "/v1/message-cancel", "/v1/stop-sms/delete", "/me"]
)
def test_anything_else_is_not_there_with_or_without_a_key(path: str) -> None:
    for query in ("", f"?apiKey={KEY}&messageId=300"):
        assert respond(WORLD, KEY, Question.parse(path + query), at(7)).status == 404


def test_errors_take_their_http_status_from_the_spelling() -> None:
    world = World(clock=VirtualClock(), spelling=Spelling(http_errors=True))
    for target, status in (("/v1/me", 401), (f"/v1/bulk-status?apiKey={KEY}&messageId=1", 404)):
        assert respond(world, KEY, Question.parse(target), at(0)).status == status


def test_question_prints_without_its_key() -> None:
    assert repr(Question.parse(f"/v1/bulk-status?apiKey={KEY}&messageId=300")) == (
        "<Question /v1/bulk-status 300>"
    )
