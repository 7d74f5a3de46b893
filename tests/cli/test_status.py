"""``smsmon status``: the contract that scripts rely on."""

from __future__ import annotations

from pathlib import Path

import pytest

from smsmon.simulator.thread import ServerThread
from tests.cli.conftest import TROUBLES
from tests.cli.program import Program

MESSAGE_300 = {
    "id": "300",
    "state": "ok",
    "error": None,
    "counts": {
        "total": 2,
        "delivered": 2,
        "not_delivered": 0,
        "waiting": 0,
        "unknown": 0,
        "stop": 0,
    },
    "recipients": [
        {
            "phone": "+33600000001",
            "status": "delivered",
            "raw_status": "Delivered",
            "stop": False,
            "date": "2018-02-07T07:38:31Z",
        },
        {
            "phone": "+33600000002",
            "status": "delivered",
            "raw_status": "Delivered",
            "stop": False,
            "date": "2018-02-07T07:38:21Z",
        },
    ],
}


@pytest.mark.parametrize("answer_format", ["json", "xml"])
def test_prints_the_same_json_for_json_and_xml_answers(
    program: Program, answer_format: str
) -> None:
    program.home.mkdir()
    (program.home / "config.toml").write_text(
        f'[profiles.default]\nanswer_format = "{answer_format}"\n'
    )
    done = program.run("status", "300", "--json")
    (message,) = done.json["messages"]
    fetched_at = message.pop("fetched_at")
    assert message == MESSAGE_300
    assert fetched_at[10] == "T"
    assert fetched_at[-1] == "Z"
    assert (done.err, done.code) == ("", 0)


def test_each_kind_of_failure_is_named_and_the_worst_decides(program: Program) -> None:
    ids = ("300", "1", "929", "950", "960", "961", "962", "970", "980")
    done = program.run("status", *ids, "--json", SMSMON_NETWORK_TIMEOUT="1.5")
    messages = {each["id"]: each for each in done.json["messages"]}
    assert list(messages) == list(ids), "in the order asked for"
    assert {
        each: shape["error"] and shape["error"]["kind"] for each, shape in messages.items()
    } == {
        "300": None,
        "1": "not_found",
        "929": "rate_limited",
        "950": "server",
        "960": "bad_response",
        "961": "bad_response",
        "962": "bad_response",
        "970": "network",
        "980": "timeout",
    }
    assert messages["1"]["state"] == "not_found"
    assert messages["1"]["error"]["code"] == 4
    assert messages["929"]["error"]["code"] == 429
    assert messages["950"]["state"] == "error"
    for each in ids[1:]:
        assert messages[each]["counts"] is None, "no report, no counts"
        assert messages[each]["recipients"] == []
        assert messages[each]["fetched_at"] is None
        assert f"smsmon: {each}: {messages[each]['error']['message']}\n" in done.err
    assert done.code == 5, "trouble outweighs a message that was not found"


@pytest.mark.parametrize(
    ("message_id", "code"), [("901", 1), ("910", 10), ("920", 20), ("996", 96)]
)
def test_a_refused_account_ends_with_3_and_is_not_asked_again(
    program: Program, api: ServerThread, message_id: str, code: int
) -> None:
    (program.home).mkdir()
    (program.home / "config.toml").write_text("[polling]\nconcurrency = 1\n")
    before = len(api.server.requests)
    done = program.run("status", message_id, "300", "1", "--json")
    assert [each["error"]["kind"] for each in done.json["messages"]] == ["auth"] * 3
    assert done.json["messages"][0]["error"]["code"] == code
    assert done.code == 3
    assert len(api.server.requests) - before == 1


def test_a_wrong_key_ends_with_3_and_a_missing_message_with_4(program: Program) -> None:
    assert program.run("status", "300", SMSMON_API_KEY="not-this-one").code == 3
    done = program.run("status", "300", "1")
    assert done.code == 4
    first, second = done.out.splitlines()
    assert first.startswith("300\tok\t2\t2\t0\t0\t0\t0\t20")
    assert second.split("\t") == ["1", "not_found", *[""] * 7]


def test_ids_come_from_stdin_and_file_as_well(program: Program, tmp_path: Path) -> None:
    listed = tmp_path / "ids.csv"
    listed.write_text("id;label\n300;Black Friday\n")
    done = program.run("status", "301", "-", "--file", str(listed), input="301 again\n1\n")
    assert [line.split("\t")[0] for line in done.out.splitlines()] == ["301", "1", "300"]


def test_nothing_is_asked_when_one_id_is_no_id(program: Program, api: ServerThread) -> None:
    before = len(api.server.requests)
    done = program.run("status", "300", "30O")
    assert done.code == 2
    assert done.out == ""
    assert done.err == (
        "smsmon: '30O' is no message id: an id has only the digits 0 to 9, and this has “O”.\n"
        "smsmon: None of the others was taken either.\n"
    )
    assert len(api.server.requests) == before


def test_a_missing_key_says_where_to_put_one(program: Program) -> None:
    done = program.run("status", "300", SMSMON_API_KEY=None)
    assert done.code == 2
    assert done.out == ""
    assert "set SMSMON_API_KEY" in done.err


def test_the_key_is_printed_nowhere(program: Program, api: ServerThread) -> None:
    done = program.run("status", "300", *TROUBLES, SMSMON_NETWORK_TIMEOUT="1")
    assert api.key not in done.out + done.err
    for file in program.home.rglob("*"):
        assert api.key.encode() not in file.read_bytes()


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://sms.example/v1", "unencrypted"),
        ("https://user:secret@sms.example/v1", "user name"),
        ("ftp://sms.example", "https://"),
        ("http://127.0.0.1:1/v1", ""),
    ],
)
def test_a_key_is_never_sent_where_it_must_not_go(
    program: Program, url: str, sentence: str
) -> None:
    done = program.run("status", "300", SMSMON_BASE_URL=url)
    assert done.code == (2 if sentence else 5)
    assert sentence in done.err
    assert "secret" not in done.err
