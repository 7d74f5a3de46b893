"""From a request to its answer: the endpoints that only read, and the order of the refusals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import msgspec

from smsmon.simulator.wire import (
    HTML_TYPE,
    Answer,
    Format,
    batch_row,
    encode,
    not_found_row,
    refusal,
    row_fields,
)
from smsmon.simulator.world import World

BASE_PATH = "/v1"
BATCH_PATH = "/multi-status"
BATCH_LIMIT = 500
"""Rows that one request of multi-status may ask for."""
TOO_MANY_ROWS = 55
"""The code for more of them: a guess, as the API's own is not documented."""
TAG_PAGE = 500
"""Rows in a page of bulk-status-by-tag. The API's own number is not documented."""


class AskedRow(NamedTuple):
    """A row that multi-status is asked for, as the client wrote it."""

    message_id: int | str
    phone: str


@dataclass(frozen=True, slots=True)
class Question:
    """A request, taken apart. It prints without its key."""

    path: str
    parameters: Mapping[str, str]
    rows: Sequence[AskedRow] = ()
    """What a batch asks for."""

    @classmethod
    def parse(cls, target: str) -> Question:
        """The question of a request target; the last of equal parameters counts.

        Raises ValueError when it has more than 50 parameters.
        """
        path, _, query = target.partition("?")
        return cls(path, dict(parse_qsl(query, keep_blank_values=True, max_num_fields=50)))

    @classmethod
    def posted(cls, target: str, body: bytes) -> Question:
        """The question of a request that posts a JSON object. Raises ValueError for any other."""
        given = msgspec.json.decode(body, type=_Posted)
        rows = [AskedRow(row.messageId, row.phoneNumber) for row in given.SMSStatut_List]
        return cls(target.partition("?")[0], {"apiKey": given.apiKey}, rows)

    def __repr__(self) -> str:
        return f"<Question {self.path} {self.message_id or len(self.rows) or '-'}>"

    @property
    def endpoint(self) -> str:
        """The path below the base; what is not below it, as it is."""
        return self.path.removeprefix(BASE_PATH)

    @property
    def message_id(self) -> str:
        return self.parameters.get("messageId", "")

    @property
    def answer_format(self) -> Format:
        return "xml" if self.parameters.get("_format") == "xml" else "json"


class _PostedRow(msgspec.Struct):
    phoneNumber: str
    messageId: int | str


class _Posted(msgspec.Struct):
    apiKey: str = ""
    SMSStatut_List: list[_PostedRow] = []


def respond(world: World, key: str, question: Question, at: float) -> Answer:
    """What a healthy API answers at that moment."""
    endpoint = question.endpoint
    if endpoint == question.path or endpoint not in _ENDPOINTS:
        return not_there()
    given = question.parameters.get("apiKey", "")
    if given != key:
        return _refused(world, question, 10 if given else 1)
    match endpoint:
        case "/me":
            return world.balance(question.answer_format)
        case "/bulk-status-by-tag":
            return _by_tag(world, question, at)
        case _ if endpoint == BATCH_PATH:
            return _batch(world, question, at)
        case _ if not question.message_id:
            return _refused(world, question, 3)
        case "/message-status":
            return _one_recipient(world, question, at)
        case _:
            return world.answer(question.message_id, at, question.answer_format)


_ENDPOINTS = frozenset(
    {"/me", "/bulk-status", "/bulk-status-by-tag", "/message-status", BATCH_PATH}
)


def not_there() -> Answer:
    """A page that is not part of the API: what a web server in front of one says."""
    page = (
        "<!DOCTYPE html><html><head><title>404</title></head><body>Page introuvable</body></html>"
    )
    return Answer(page.encode(), HTML_TYPE, 404)


def _refused(world: World, question: Question, code: int) -> Answer:
    return refusal(code, question.answer_format, http_errors=world.spelling.http_errors)


def _one_recipient(world: World, question: Question, at: float) -> Answer:
    phone = question.parameters.get("phoneNumber", "")
    if not phone:
        return _refused(world, question, 2)
    rows = world.truth(question.message_id, at) if world.exists(question.message_id, at) else []
    row = next((row for row in rows if row.phone == phone), None)
    if row is None:
        return _refused(world, question, 4)
    return encode(
        {
            "success": True,
            "code": 200,
            "number": row.phone,
            "messageId": question.message_id,
            "stopSms": row.stop,
            "date": str(row.date or 0),
            "statut": row.status,
            "cost": 0.045,
            "countryCode": "FR",
            "currency": "EUR",
        },
        question.answer_format,
    )


def _batch(world: World, question: Question, at: float) -> Answer:
    if not question.rows:
        return _refused(world, question, 2)
    if len(question.rows) > BATCH_LIMIT:
        return _refused(world, question, TOO_MANY_ROWS)
    wanted: dict[str, dict[str, AskedRow]] = {}
    for asked in question.rows:
        wanted.setdefault(str(asked.message_id), {})[asked.phone] = asked
    found: dict[AskedRow, dict[str, Any]] = {}
    for message_id, phones in wanted.items():
        if not world.exists(message_id, at):
            continue
        spelling = world.messages[message_id].spelling or world.spelling
        for row in world.rows(message_id, at):
            if (one := phones.get(row.phone)) is not None:
                found[one] = batch_row(row, one.message_id, spelling)
    rows = [found.get(one) or not_found_row(one.phone, one.message_id) for one in question.rows]
    return encode({"success": True, "code": 200, "StatutResponse_List": rows}, "json")


def _by_tag(world: World, question: Question, at: float) -> Answer:
    tag = question.parameters.get("tag", "")
    page = question.parameters.get("page", "1")
    rows = [
        row_fields(row, message.spelling or world.spelling)
        for message in list(world.messages.values())
        if tag and message.tag == tag and world.exists(message.id, at)
        for row in world.rows(message.id, at)
    ]
    number = int(page) if page.isascii() and page.isdigit() else 1
    if not rows:
        return _refused(world, question, 4)
    return encode(
        {
            "success": True,
            "code": 200,
            "currentPage": number,
            "total": -(-len(rows) // TAG_PAGE),
            "StatutResponse_List": rows[(number - 1) * TAG_PAGE : number * TAG_PAGE],
        },
        question.answer_format,
    )
