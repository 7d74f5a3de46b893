"""To have a team's store costs nothing: what it needs is loaded when it is first asked."""

from __future__ import annotations

import subprocess
import sys

import pytest

from smsmon.settings import Settings
from smsmon.store.errors import StoreError
from smsmon.store.team import open_team

_OPEN = """
import sys
from smsmon.settings import Settings
from smsmon.store.team import open_team
store = open_team(Settings(store="postgresql://ops@db.example/smsmon"))
assert "psycopg" not in sys.modules
assert str(store.access.address) == "postgresql://ops@db.example/smsmon"
"""


def test_psycopg_is_not_loaded_before_the_first_question() -> None:
    subprocess.run([sys.executable, "-c", _OPEN], check=True)


def test_an_address_that_makes_no_sense_is_refused_without_its_text() -> None:
    store = open_team(Settings(store="postgresql://ops:secret@db example"))
    with pytest.raises(StoreError) as refused:
        store.watchlist().load()
    assert "secret" not in str(refused.value)


def test_nothing_is_said_in_the_words_of_the_driver() -> None:
    said = (
        "import logging, smsmon.store.team.database;"
        "logging.getLogger('psycopg').warning('error ignored terminating')"
    )
    ran = subprocess.run([sys.executable, "-c", said], check=True, capture_output=True)
    assert not ran.stderr
