"""Only files are read, and nobody waits for what is none."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from smsmon import files
from smsmon.api.stream import trust
from smsmon.commands.ids import read_list
from smsmon.commands.output import Failure
from smsmon.console.memory import Memory
from smsmon.locations import Locations
from smsmon.secret import ApiKey
from smsmon.settings import SettingsError, load_settings
from smsmon.settings.secrets import read_file
from smsmon.store import ThisMachine, open_store
from smsmon.store.errors import StoreError
from smsmon.store.local.files import write_whole
from smsmon.store.local.history import LocalHistory
from smsmon.store.local.reader import Reader
from smsmon.store.local.watchlist import Watchlist
from smsmon.store.sql import queries
from tests.files.kinds import write


def test_what_is_no_file_is_an_error_at_once_and_says_what_it_is(
    tmp_path: Path, no_file: tuple[str, Callable[[Path], None]]
) -> None:
    word, make = no_file
    make(tmp_path / "x")
    for read in (files.read, files.must_be_file):
        with pytest.raises(files.NotAFile, match=f"it is a {word}, not a file"):
            read(tmp_path / "x")


def test_every_place_of_a_file_says_so(
    tmp_path: Path, no_file: tuple[str, Callable[[Path], None]]
) -> None:
    word, make = no_file
    place = Locations.under(tmp_path)
    place.state.mkdir()
    key, given, ca_file = tmp_path / "key", tmp_path / "list", tmp_path / "ca"
    own = [place.learned, place.state / "console.json"]
    for each in (place.config, place.watchlist, place.history, key, given, ca_file, *own):
        make(each)
    why = f"it is a {word}, not a file"
    with pytest.raises(SettingsError, match=why):
        load_settings(place, {})
    with pytest.raises(StoreError, match=why):
        Watchlist(place.watchlist).load()
    with pytest.raises(StoreError, match=why):
        Watchlist(place.watchlist).update(list)
    with pytest.raises(StoreError, match=why), Reader(place.history) as reader:
        reader.ask(queries.messages)
    writer = LocalHistory(place.history)
    writer.begin()
    with pytest.raises(StoreError, match=why):
        writer.end()
    with pytest.raises(ValueError, match=why):
        read_file(key, "key", ApiKey.parse)
    with pytest.raises(ValueError, match=why):
        trust(ca_file)
    with pytest.raises(Failure, match=why):
        read_list(str(given))
    # Nothing hangs on this one: there is none is as good.
    with pytest.raises(StoreError, match=why):  # as good as none: see Learning
        open_store(place, ThisMachine()).learned()
    assert Memory(place.state).get("columns") == []
    Memory(place.state).keep("columns", ["id"])
    kinds = [stat.S_IFMT(each.stat().st_mode) for each in (place.history, *own)]
    assert stat.S_IFREG not in kinds, "and none of them was replaced"


@pytest.mark.parametrize("name", ["/dev/fd/{}", "/proc/self/fd/{}", "/proc/thread-self/fd/{}"])
def test_a_list_may_come_through_what_a_shell_opened(name: str) -> None:
    reading, writing = os.pipe()
    with open(writing, "wb") as file:
        file.write(b"300\n301")
    with open(reading, "rb"):
        found = read_list(name.format(reading))
    assert [entry.id for entry in found.entries] == ["300", "301"]


def test_a_link_to_nothing_is_nothing_and_one_to_itself_an_error(tmp_path: Path) -> None:
    (tmp_path / "nothing").symlink_to("elsewhere")
    (tmp_path / "loop").symlink_to("loop")
    assert files.must_be_file(tmp_path / "nothing") is None
    for path in (tmp_path / "loop", tmp_path / "loop" / "below"):
        with pytest.raises(OSError, match="symbolic links"):
            files.read(path)
        with pytest.raises(OSError, match="symbolic links"):
            write(path)
        for act in (lambda p=path: Watchlist(p).load(), lambda p=path: write_whole(p, b"")):
            with pytest.raises(StoreError, match="symbolic links"):
                act()
        with pytest.raises(StoreError, match="symbolic links"), Reader(path) as reader:
            reader.ask(queries.messages)
