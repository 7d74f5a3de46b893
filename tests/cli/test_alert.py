"""``smsmon alert``: what is told of alerts, and how they are answered."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from smsmon.alerts import About, Acknowledgement, Episode, Severity, Subject, Worst
from smsmon.commands.alert.told import NOBODY_POLLS
from smsmon.store.alerts import Over
from smsmon.store.local import LocalStore
from tests.cli.inside import Inside
from tests.store.memory_alerts import MemoryAlerts

NOW = time.time()
LOSSES = Episode(
    "losses",
    Subject(About.MESSAGE, "2270138", "default"),
    Severity.CRITICAL,
    "failed_share>5%",
    NOW - 400,
    NOW - 360,
    label="Win-back \x1b[31m0612345678",
    tags=("autumn",),
    facts="60% not delivered of 138 final",
    worst=Worst(0.7, NOW - 100, "70% not delivered of 200 final"),
)
ANOTHER = replace(LOSSES, subject=Subject(About.MESSAGE, "300", "default"), label="", tags=())
BALANCE = Episode(
    "balance",
    Subject(About.ACCOUNT, "default", "default"),
    Severity.WARNING,
    "balance<50",
    NOW - 3600,
    NOW - 3600,
    facts="42.10 EUR left",
)
FRANCE = replace(BALANCE, rule="slow", subject=Subject(About.COUNTRY, "FR"), tags=("otp",))


class Alerts:
    """`smsmon alert` on a store that holds alerts."""

    def __init__(self, home: Path, store: MemoryAlerts) -> None:
        self.store = store
        self._inside = Inside(home, {"SMSMON_API_KEY": "k"})

    def run(self, *args: str, code: int = 0) -> str:
        ended, said = self._inside.run(["alert", *args])
        assert ended == code, said.decode()
        return said.decode().replace(f"{NOBODY_POLLS}\n", "")

    def json(self, *args: str) -> Any:
        return json.loads(self.run(*args, "--json"))

    def standing(self) -> dict[str, str]:
        """How it stands with what is listed, by what it is about."""
        return {each["subject"]: each["standing"] for each in self.json("ls")["alerts"]}

    def fire(self, *episodes: Episode) -> Sequence[int]:
        return self.store.fire(episodes)


@pytest.fixture
def alerts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Alerts:
    kept = MemoryAlerts()
    monkeypatch.setattr(LocalStore, "alerts", lambda *_: kept)
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "watchlist.toml").write_text(
        '[[message]]\nid = "2270141"\ntags = ["autumn", "otp"]\n'
    )
    return Alerts(tmp_path / "home", kept)


def test_nothing_fires_and_nothing_polls(alerts: Alerts) -> None:
    assert alerts.json("ls") == {"polled_by": None, "alerts": [], "silences": []}
    _, said = Inside(alerts._inside.home, {}).run(["alert", "ls"])
    assert said.decode() == f"{NOBODY_POLLS}\n"


def test_what_fires_stands_first_the_worst_before_and_no_terminal_obeys_it(alerts: Alerts) -> None:
    alerts.fire(BALANCE, LOSSES)
    rows = [line.split("\t") for line in alerts.run("ls").splitlines()]
    assert [row[0] for row in rows] == ["firing", "firing"]
    assert rows[0][2:7] == [
        "critical", "losses", "2270138", "60% not delivered of 138 final",
        "Win-back \N{REPLACEMENT CHARACTER}[31m0612345678",
    ]  # fmt: skip
    assert "0612345678" not in alerts.run("ls", "--privacy")
    assert "0612345678" not in alerts.run("history", "--privacy", "--json")


def test_an_alert_is_acknowledged_by_rule_or_by_what_it_is_about(alerts: Alerts) -> None:
    alerts.fire(LOSSES, ANOTHER, BALANCE, FRANCE)
    said = alerts.run("ack", "losses", "300", "--note", "on  it\n", "--until", "2h", "--by", "anna")
    assert said.startswith("Acknowledged losses 300, until ")
    assert alerts.standing() == {
        "2270138": "firing", "account:default": "firing", "country:FR": "firing",
        "300": "acknowledged",
    }  # fmt: skip
    (answered,) = (each for each in alerts.json("ls")["alerts"] if each["acknowledged"])
    assert answered["acknowledged"]["by"] == "anna"
    assert answered["acknowledged"]["note"] == "on it"
    assert answered["acknowledged"]["until"] is not None

    said = alerts.run("ack", "losses")
    assert said.endswith("Before, it was acknowledged by anna.\n")
    alerts.run("ack", "slow", "country:fr")
    alerts.run("ack", "balance", "account:default")
    assert {*alerts.standing().values()} == {"acknowledged"}

    assert alerts.run("unack", "losses", "300") == "Not acknowledged any more: losses 300.\n"
    assert alerts.standing()["300"] == "firing"
    assert "Nobody had acknowledged this" in alerts.run("unack", "losses", "300", code=4)


def test_an_acknowledgement_ends_by_itself_and_one_of_long_ago_is_still_one(
    alerts: Alerts,
) -> None:
    first, second = alerts.fire(LOSSES, BALANCE)
    alerts.store.acknowledge([first], Acknowledgement("anna", NOW - 900, until=NOW - 1))
    alerts.store.acknowledge([second], Acknowledgement("anna", NOW - 200_000))
    assert alerts.standing() == {"2270138": "firing", "account:default": "acknowledged"}


@pytest.mark.parametrize(
    ("args", "code", "sentence"),
    [
        (("ack", "loses"), 2, "There is no rule 'loses'. Did you mean losses?"),
        (("ack", "losses", "300"), 4, "losses does not fire for 300."),
        (("ack", "losses", "2270138", "300"), 4, "losses does not fire for 300."),
        (("ack", "losses", "tagg:x"), 2, "nothing an alert can be about"),
        (("ack", "losses", "--until", "yesterday"), 2, "'yesterday' is over already."),
        (("ack", "losses", "--note", "0123456789abcdef" * 2), 2, "looks like an API key"),
        (("silence", "loses"), 2, "There is no rule 'loses'. Did you mean losses?"),
        (("silence", "tag:autum"), 4, "No message has the tag 'autum'. Did you mean autumn?"),
        (("silence", "99"), 4, "99 is not on the watchlist, and no alert is about it."),
        (("silence", "losses", "--for", "2h", "--until", "18:00"), 2, "Choose one of"),
        (("silence", "losses", "--for", "9000d"), 2, "is more than a year ahead."),
        (("unsilence", "losses"), 4, "'losses' is not silenced. Nothing is."),
        (("history", "--rule", "loses"), 2, "There is no rule 'loses'. Did you mean losses?"),
        (("history", "--since", "soon"), 2, "'soon' is no time that can be read."),
    ],
)
def test_what_is_not_there_is_said_in_a_sentence(
    alerts: Alerts, args: tuple[str, ...], code: int, sentence: str
) -> None:
    alerts.fire(LOSSES)
    assert sentence in alerts.run(*args, code=code)


def test_a_rule_a_tag_and_a_message_are_silenced_for_a_while(alerts: Alerts) -> None:
    alerts.fire(LOSSES, BALANCE, FRANCE)
    assert "1 alert of it fires now." in alerts.run("silence", "tag:AUTUMN", "--for", "2h")
    later = f"{datetime.fromtimestamp(NOW + 2 * 86_400, UTC):%Y-%m-%d}"
    alerts.run("silence", "balance", "--until", later, "--note", "ordered", "--by", "bea")
    alerts.run("silence", "2270141")
    assert alerts.standing() == {
        "country:FR": "firing", "2270138": "silenced", "account:default": "silenced",
    }  # fmt: skip
    told = {(each["what"], each["name"]): each for each in alerts.json("ls")["silences"]}
    assert [*told] == [("message", "2270141"), ("tag", "autumn"), ("rule", "balance")]
    assert (told["rule", "balance"]["by"], told["rule", "balance"]["note"]) == ("bea", "ordered")
    rows = [line.split("\t") for line in alerts.run("ls").splitlines()]
    assert [row[4] for row in rows if row[0] == "silence"] == ["2270141", "tag:autumn", "balance"]

    assert alerts.run("unsilence", "tag:Autumn") == "Silenced no more: tag:autumn.\n"
    assert alerts.standing()["2270138"] == "firing"
    assert "What is: 2270141, balance." in alerts.run("unsilence", "losses", code=4)


def test_history_tells_what_is_over_with_its_worst_moment(alerts: Alerts) -> None:
    long_ago = replace(LOSSES, rule="older", fired_at=NOW - 9 * 86_400, worst=None)
    old, first, _ = alerts.fire(long_ago, LOSSES, BALANCE)
    alerts.store.end([Over(old, NOW - 8 * 86_400), Over(first, NOW - 60, "no longer watched")])
    rows = [line.split("\t") for line in alerts.run("history").splitlines()]
    assert [(row[3], row[5]) for row in rows] == [
        ("losses", "70% not delivered of 200 final"),
        ("balance", "42.10 EUR left"),
    ]
    assert [bool(row[1]) for row in rows] == [True, False]
    told = alerts.json("history", "2270138", "--rule", "losses")
    assert (told["standing"], told["state"], told["detail"]) == (
        "past", "over", "no longer watched"
    )  # fmt: skip
    assert alerts.json("history", "--since", "20d", "--rule", "older")["name"] == "older"
    assert "more than 1" in alerts.run("history", "--limit", "1")
    assert "losses" in alerts.run("history", "2270138", "--limit", "1")
    assert "more than" not in alerts.run("history", "2270138", "--limit", "1")
