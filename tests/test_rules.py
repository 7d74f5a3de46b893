"""Rules from settings: those that are there from the start, changed, turned off; and new ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from smsmon.alerts import About, Severity
from smsmon.locations import Locations
from smsmon.rules import rules_of
from smsmon.settings import Settings, SettingsError, load_settings
from smsmon.settings.telling import BUILT_IN


def loaded(home: Path, text: str) -> Settings:
    (home / "config.toml").write_text(text)
    return load_settings(Locations.under(home), {})


def test_the_rules_that_are_there_from_the_start_can_be_read_and_have_help(tmp_path: Path) -> None:
    rules = {each.name: each for each in rules_of(loaded(tmp_path, ""))}
    assert rules.keys() == BUILT_IN.keys()
    assert rules["account-refused"].severity is Severity.CRITICAL
    assert all(each.help for each in BUILT_IN.values())
    assert [each.name for each in rules_of(Settings())] == list(rules)


def test_a_table_of_their_name_changes_single_fields(tmp_path: Path) -> None:
    text = """
    [alerts.losses]
    severity = "critical"
    [alerts.account-down]
    enabled = false
    [alerts.low]
    about = "account"
    when = "balance<50"
    until = "balance>75"
    """
    rules = {each.name: each for each in rules_of(loaded(tmp_path, text))}
    losses, known = rules["losses"], BUILT_IN["losses"].alert
    assert (losses.severity, losses.condition.text) == (Severity.CRITICAL, known.when)
    assert "account-down" not in rules
    low = rules["low"]
    assert (low.about, low.until and low.until.text) == (About.ACCOUNT, "balance>75")


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("[alerts.a]\nfor = '1m'", "line 1: alerts.a needs when"),
        ("[alerts.losess]\nenabled = false", 'it is about". Did you mean losses?'),
        ("[alerts.a]\nwhen = 'balance<5'", "line 2: alerts.a.when: There is no field balance here"),
        ("[alerts.a]\nwhen = 'balance<5'", 'With about = "account" it can be asked.'),
        (
            "[alerts.a]\nwhen = 'p90>1m'",
            'or "country" or "all" it can be asked.',
        ),
        (
            "[alerts.a]\nabout = 'account'\nwhen = 'waiting>0'",
            "line 3: alerts.a.when: There is no field waiting here",
        ),
        (
            "[alerts.a]\nabout = 'tag'\nwhen = 'p90>1m'\nuntil = 'p90<x'",
            "line 4: alerts.a.until: This is no duration",
        ),
        ("[alerts.losses]\nfor = '367d'", "line 2: alerts.losses.for: It is longer than a year."),
        (
            f"[alerts.losses]\nclear = '{'9' * 40}d'",
            "line 2: alerts.losses.clear: It is longer than a year.",
        ),
        ("[alerts.losses]\nwindow = '0s'", "line 2: alerts.losses.window: In no time nothing"),
        (
            "[targets.a]\ncommand = ['true']\ndigest = '99999d'",
            "line 3: targets.a.digest: It is longer than a year.",
        ),
        ("[alerts.losses]\nabout = 'all'", "line 2: alerts.losses.when: There is no field "),
        ("[alerts.a]\nabout = 'tags'\nwhen = 'id:1'", "line 2: alerts.a.about must be one of"),
    ],
)
def test_what_is_wrong_with_a_rule_is_told_with_its_place(
    tmp_path: Path, table: str, said: str
) -> None:
    with pytest.raises(SettingsError) as error:
        loaded(tmp_path, table)
    assert any(said in each for each in error.value.problems), error.value.problems
