"""The watchlist file: shared, merged, never half written, never lost."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsmon.model import Entry
from smsmon.store import watchlist_format
from smsmon.store.errors import Busy, StoreError
from smsmon.store.local.files import locked
from smsmon.store.local.watchlist import Watchlist, WatchlistError
from smsmon.store.watchlist_format import Table, parse


class StillClock:
    """The wall clock, stopped at ``at``."""

    def __init__(self, at: float) -> None:
        self.at = at

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at

    async def wait(self, event: object, seconds: float | None) -> bool:
        raise NotImplementedError


NOON = 1_795_348_800.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "smsmon" / "watchlist.toml"


@pytest.fixture
def watchlist(path: Path) -> Watchlist:
    return Watchlist(path, StillClock(NOON + 0.7))


def ids(entries: list[Entry] | None) -> list[str]:
    assert entries is not None
    return [entry.id for entry in entries]


def broken(path: Path, content: str | bytes) -> WatchlistError:
    """The error that ``content`` gives; checks that the file is kept and read-only."""
    path.parent.mkdir(exist_ok=True)
    raw = content.encode() if isinstance(content, str) else content
    path.write_bytes(raw)
    watchlist = Watchlist(path)
    with pytest.raises(WatchlistError) as caught:
        watchlist.load()
    with pytest.raises(WatchlistError):
        watchlist.add([Entry("1")])
    assert path.read_bytes() == raw
    assert watchlist.broken is not None
    return caught.value


def test_no_file_is_an_empty_list_and_makes_none(watchlist: Watchlist, path: Path) -> None:
    assert watchlist.load() == []
    assert not path.exists()


def test_the_file_is_for_its_owner_only(watchlist: Watchlist, path: Path) -> None:
    watchlist.add([Entry("300")])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_the_file_reads_well(watchlist: Watchlist, path: Path) -> None:
    watchlist.add([Entry("300", "Black Friday", ("fr",)), Entry("301")])
    assert path.read_text().split("\n\n", 1)[1] == (
        'version = 1\n\n[[message]]\nid = "300"\nlabel = "Black Friday"\ntags = [\n    "fr",\n]\n'
        "added = 2026-11-22 12:00:00+00:00\n\n"
        '[[message]]\nid = "301"\nadded = 2026-11-22 12:00:00+00:00\n'
    )


def test_unknown_keys_are_kept(watchlist: Watchlist, path: Path) -> None:
    path.parent.mkdir()
    path.write_text(
        'theme = "dark"\n[owner]\nname = "ops"\n'
        '[[message]]\nid = "300"\ncolour = "red"\n[message.alert]\nafter = 5\n'
        "[[message]]\nid = 301\n[[message.steps]]\nn = 1\n"
    )
    watchlist.add([Entry("302", "new")])
    text = path.read_text()
    document, problems = parse(text.encode())
    assert not problems
    assert document.extra == {"theme": "dark", "owner": {"name": "ops"}}
    assert [entry.extra for entry in document.entries] == [
        {"colour": "red", "alert": {"after": 5}},
        {"steps": [{"n": 1}]},
        {},
    ]


def test_a_hand_written_file_may_be_terse(path: Path) -> None:
    path.parent.mkdir()
    path.write_text(
        "\ufeff"
        'message = [{id = 300, tags = "otp"}, {id = "301", added = 2026-11-22T13:00:00+01:00},'
        ' {id = "302", added = 1795348800, note = """two\nlines"""}]\n'
    )
    assert Watchlist(path).load() == [
        Entry("300", tags=("otp",)),
        Entry("301", added_at=NOON),
        Entry("302", note="two lines", added_at=NOON),
    ]


HEAD = 'version = 1\n\n[[message]]\nid = "300"\nnote = """\nmany\nlines"""\n'


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        (HEAD + "[[message]]\nid = 30x\n", 9, "not TOML"),
        (HEAD + '[[message]]\nid = "30x"\n', 9, "digits 0 to 9"),
        (HEAD + "[[message]]\nid = true\n", 9, "written as text"),
        (HEAD + '[[message]]\nlabel = "no id"\n\n[[message]]\nid = "301"\n', 8, "id is empty"),
        (HEAD + '[[message]]\nid = "301"\nlabel = 5\n', 10, "label is text"),
        (HEAD + '[[message]]\nid = "301"\ntags = [\n "a",\n 1]\n', 10, "list of texts"),
        (HEAD + '[[message]]\nid = "301"\npaused = "no"\n', 10, "true or false"),
        (HEAD + '[[message]]\nid = "301"\nadded = "today"\n', 10, "date and time"),
        (HEAD + '[[message]]\nid = "300"\n', 9, "listed twice"),
        ("a = 1\nversion = 0\n", 2, "whole number"),
        ("a = 1\nmessage = 3\n", 2, r"\[\[message\]\]"),
        (b"version = 1\n\n# \xe9t\xe9\n", 3, "UTF-8"),
        ('version = 1\n[[message]]\nid = "300', 3, "not TOML"),
    ],
)
def test_a_broken_file_is_kept_and_named_by_line_and_reason(
    path: Path, content: str | bytes, line: int, reason: str
) -> None:
    error = broken(path, content)
    with pytest.raises(WatchlistError, match=reason):
        raise error
    assert f"{path}, line {line}: " in str(error)
    assert "read-only" in str(error)


def test_a_file_of_a_newer_version_is_refused_and_kept(path: Path) -> None:
    error = broken(path, 'version = 2\n[[message]]\nid = "300"\nnew_things = 1\n')
    assert "newer smsmon" in str(error)
    assert "Update smsmon" in str(error)


def test_a_hand_edit_is_noticed(watchlist: Watchlist, path: Path) -> None:
    watchlist.add([Entry("300")])
    with path.open("a") as file:
        file.write('\n[[message]]\nid = "301"\nlabel = "by hand"\n')
    assert ids(watchlist.poll_changes()) == ["300", "301"]
    watchlist.add([Entry("302")])
    assert ids(watchlist.load()) == ["300", "301", "302"]


def test_a_removal_counts_at_the_second_look(watchlist: Watchlist, path: Path) -> None:
    watchlist.add([Entry("300"), Entry("301")])
    Watchlist(path).remove(["300"])
    assert watchlist.poll_changes() is None
    assert ids(watchlist.poll_changes()) == ["301"]


def test_an_editor_that_saves_in_place_drops_nothing(watchlist: Watchlist, path: Path) -> None:
    watchlist.add([Entry("300"), Entry("301")])
    text = path.read_text()
    path.write_text("")
    assert watchlist.poll_changes() is None
    path.write_text(text[:90])
    assert watchlist.poll_changes() is None
    path.write_text(text + '[[message]]\nid = "302"\n')
    assert ids(watchlist.poll_changes()) == ["300", "301", "302"]
    assert watchlist.broken is None


def test_a_file_broken_by_hand_is_said_once_and_mended_later(
    watchlist: Watchlist, path: Path
) -> None:
    watchlist.add([Entry("300")])
    good = path.read_text()
    path.write_text(good + "oops\n")
    assert watchlist.poll_changes() is None
    with pytest.raises(WatchlistError, match="line 9"):
        watchlist.poll_changes()
    assert watchlist.poll_changes() is None
    assert watchlist.broken is not None
    assert [entry.id for entry in watchlist.entries] == ["300"]
    path.write_text(good)
    assert ids(watchlist.poll_changes()) == ["300"]
    assert watchlist.broken is None


def test_what_a_start_said_of_a_broken_file_is_not_said_again(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("oops")
    watchlist = Watchlist(path)
    with pytest.raises(WatchlistError):
        watchlist.load()
    assert [watchlist.poll_changes() for _ in range(3)] == [None, None, None]
    assert watchlist.broken is not None
    path.write_text('message = [{id = "300"}]')
    assert ids(watchlist.poll_changes()) == ["300"]
    assert watchlist.broken is None


def test_a_file_that_cannot_be_read_is_broken_until_it_can(path: Path) -> None:
    path.mkdir(parents=True)  # reading it fails even for root
    watchlist = Watchlist(path)
    for read in (watchlist.load, watchlist.poll_changes, watchlist.poll_changes):
        with pytest.raises(StoreError, match="it is a folder, not a file"):
            read()
        assert watchlist.broken is not None
    path.rmdir()
    path.write_text('message = [{id = "300"}]')
    assert ids(watchlist.poll_changes()) == ["300"]
    assert watchlist.broken is None


def test_a_file_that_vanished_is_written_anew_from_what_is_known(
    watchlist: Watchlist, path: Path
) -> None:
    watchlist.add([Entry("300")])
    path.unlink()
    assert watchlist.poll_changes() is None
    with pytest.raises(WatchlistError, match="gone"):
        watchlist.poll_changes()
    watchlist.add([Entry("301")])
    assert ids(Watchlist(path).load()) == ["300", "301"]


def test_a_hand_edit_between_read_and_write_is_not_lost(watchlist: Watchlist, path: Path) -> None:
    watchlist.add([Entry("300")])
    calls = 0

    def slow_operation(known: list[Entry]) -> list[Entry]:
        nonlocal calls
        calls += 1
        if calls == 1:
            with path.open("a") as file:
                file.write('\n[[message]]\nid = "301"\n')
        return [*known, Entry("302")]

    assert ids(watchlist.update(slow_operation)) == ["300", "301", "302"]
    assert calls == 2


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    real = tmp_path / "dotfiles" / "w.toml"
    real.parent.mkdir()
    link = tmp_path / "watchlist.toml"
    link.symlink_to(real)
    Watchlist(link).add([Entry("300")])
    assert link.is_symlink()
    assert ids(Watchlist(real).load()) == ["300"]


def test_what_a_killed_writer_left_is_swept(watchlist: Watchlist, path: Path) -> None:
    path.parent.mkdir()
    left = path.parent / ".watchlist.toml.abc.tmp"
    left.write_text("half")
    watchlist.add([Entry("300")])
    assert not left.exists()


def test_waiting_for_the_lock_is_bounded_and_names_the_holder(path: Path) -> None:
    impatient = Watchlist(path, lock_wait=0.05)
    with locked(path), pytest.raises(Busy, match=f"process {os.getpid()}"):
        impatient.add([Entry("300")])
    assert [entry.id for entry in impatient.add([Entry("300")]).new] == ["300"]


def test_twenty_concurrent_adds_lose_nothing(watchlist: Watchlist, path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from smsmon.model import Entry;"
        "from smsmon.store.local.watchlist import Watchlist;"
        "sys.stdin.readline(); Watchlist(Path(sys.argv[1])).add([Entry(sys.argv[2])])"
    )
    adders = [
        subprocess.Popen([sys.executable, "-c", program, path, str(n)], stdin=subprocess.PIPE)
        for n in range(300, 320)
    ]
    for adder in adders:  # all are started by now: let them go together
        assert adder.stdin is not None
        adder.stdin.close()
    assert [adder.wait(30) for adder in adders] == [0] * 20
    assert sorted(ids(watchlist.load())) == [str(n) for n in range(300, 320)]


def test_reading_needs_no_writer() -> None:
    program = "import sys, smsmon.store.local.watchlist; print('tomli_w' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert out.stdout == "False\n"


VALUES = st.recursive(
    st.none().map(lambda _: 1.5) | st.booleans() | st.integers(-(2**60), 2**60) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.text(max_size=8).filter(lambda key: key not in watchlist_format._KNOWN | {"message"})


@given(st.dictionaries(KEYS, VALUES, max_size=4), st.dictionaries(KEYS, VALUES, max_size=3))
def test_whatever_keys_others_add_survive_a_rewrite(extra: Table, top: Table) -> None:
    top.pop("version", None)
    document = watchlist_format.Document((Entry("1", extra=extra), Entry("2")), top)
    assert parse(watchlist_format.dump(document)) == (document, [])
