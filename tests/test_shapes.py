"""What leaves the program where phone numbers are masked: in no word that anybody chose is one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from smsmon.alerts import About, Acknowledgement, Edge, Silence, Subject, What, Worst
from smsmon.filters import Kind
from smsmon.model import Entry
from smsmon.monitor.alerts import Alert
from smsmon.shapes import (
    alert_json,
    entry_json,
    episode_json,
    in_short_json,
    shape_of,
    silence_json,
)
from smsmon.store.past import InShort
from smsmon.times import utc
from tests.alerting.fakes import episode
from tests.alerting.test_property import RULE

PHONE = "0612345678"
TAG = Subject(About.TAG, PHONE)
SAID = replace(
    episode("2270138", tags=(f"call {PHONE}",)),
    label=PHONE,
    facts=PHONE,
    worst=Worst(1.0, 0.0, PHONE),
    acknowledged=Acknowledgement("anna@ops1", 0.0, PHONE),
)
ALERT = Alert(RULE, TAG, True, 0.0, 0.0, label=PHONE, facts=PHONE, tags=(PHONE,))


@pytest.mark.parametrize(
    "told",
    [
        episode_json(SAID, private=True),
        episode_json(replace(SAID, subject=TAG), private=True),
        alert_json(ALERT, private=True),
        silence_json(Silence(What.TAG, PHONE, 0.0, 9.0, note=PHONE), private=True),
        in_short_json(InShort("2270138", label=PHONE, alerts=(SAID,)), private=True),
        in_short_json(InShort("", "", "", group=f"tag:{PHONE}"), private=True),
        {"tags": shape_of(Kind.TEXT, private=True)((PHONE, "otp"))},
    ],
    ids=["episode", "of a tag", "alert", "silence", "in short", "in short, of a tag", "fields"],
)
def test_no_phone_number_is_in_words(told: Mapping[str, Any]) -> None:
    assert PHONE not in json.dumps(told)


@pytest.mark.parametrize("over_at", [None, 60.0])
@pytest.mark.parametrize("edge", [None, *Edge])
def test_an_edge_is_told_as_it_is_and_an_episode_as_it_stands(
    over_at: float | None, edge: Edge | None
) -> None:
    one = replace(SAID, fired_at=30.0, over_at=over_at, why_over="read again")
    told = episode_json(one, edge, private=False)
    over = over_at is not None if edge is None else edge is Edge.OVER
    assert told["state"] == ("over" if over else "firing")
    assert told["at"] == utc(over_at if over else 30.0)
    assert told["detail"] == ("read again" if over else "")
    assert (told["fired_at"], told["over_at"]) == (utc(30.0), utc(over_at))


def test_ids_stay_and_so_do_names_of_accounts_and_rules() -> None:
    account = Subject(About.ACCOUNT, "shop 2270138", "shop 2270138")
    told = episode_json(replace(SAID, subject=account, rule="late-2270138"), private=True)
    assert told["subject"] == "account:shop 2270138"
    assert (told["profile"], told["name"]) == ("shop 2270138", "late-2270138")
    assert episode_json(SAID, private=True)["subject"] == "2270138"
    silenced = Silence(What.MESSAGE, "2270138", 0.0, 9.0)
    assert silence_json(silenced, private=True)["name"] == "2270138"


def test_an_entry_is_told_whole_and_what_it_has_not_is_null() -> None:
    bare: dict[str, Any] = {
        "id": "300", "label": "", "tags": [], "note": "", "note_by": "", "note_at": None,
        "added_at": None, "paused": False, "profile": "default",
    }  # fmt: skip
    assert entry_json(Entry("300")) == bare
    noted = Entry("300", "OTP", ("a", "b"), "n", note_by="anna", note_at=60.0, added_at=30.0,
                  paused=True, profile="shop")  # fmt: skip
    assert entry_json(noted) == {
        "id": "300", "label": "OTP", "tags": ["a", "b"], "note": "n", "note_by": "anna",
        "note_at": "1970-01-01T00:01:00Z", "added_at": "1970-01-01T00:00:30Z", "paused": True,
        "profile": "shop",
    }  # fmt: skip
