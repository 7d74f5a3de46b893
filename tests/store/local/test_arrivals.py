"""Messages that came by themselves in ``history.db``: kept when it is another one by now."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from smsmon.model import Arrival, Entry
from smsmon.store.local import LocalArrivals
from tests.store.reports import START
from tests.support.clock import VirtualClock

CAME = Entry("1", added_at=START, arrival=Arrival("otp", 60.0))


def arrivals(path: Path) -> LocalArrivals:
    return LocalArrivals(path, VirtualClock(START))


def test_to_look_makes_no_file(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    looking = arrivals(path)
    assert (looking.load(), looking.newer(), looking.position("otp")) == ([], None, "")
    assert not path.exists()
    arrivals(path).take([CAME])
    found = looking.newer()
    assert found is not None
    assert list(found.came) == [CAME]


def test_a_history_begun_anew_gets_back_what_is_known(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    reading, looking = arrivals(path), arrivals(path)
    reading.take([replace(CAME, id=str(each)) for each in range(5)], "otp", "50")
    assert len(looking.load()) == 5
    for each in tmp_path.glob("history.db*"):
        each.rename(tmp_path / f"away{each.suffix}")
    arrivals(path).take([replace(CAME, id="9")], "other", "7")
    found = looking.newer()
    assert found is not None
    assert not found.left
    assert [each.id for each in looking.known] == ["9", "0", "1", "2", "3", "4"]
    assert looking.newer() is None
    assert reading.newer() is not None
    kept = arrivals(path)
    assert (kept.position("otp"), kept.position("other")) == ("50", "7")
    assert kept.load() == list(looking.known)


def test_a_backup_that_was_put_in_its_place_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    looking = arrivals(path)
    looking.take([CAME])
    backup = path.read_bytes()
    looking.take([replace(CAME, id="2")])
    looking.load()
    path.rename(tmp_path / "away")
    path.write_bytes(backup)
    looking.newer()
    assert [each.id for each in arrivals(path).load()] == ["1", "2"]
