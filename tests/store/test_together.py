"""What people added and what came by itself are one list: whatever is done to it, and undone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsmon.model import Arrival, Entry
from smsmon.store.base import Store, WatchlistStore
from smsmon.store.entries import Done
from smsmon.tags import NO_TAGS, TagChange, read_tags
from tests.store.memory import Memory, MemoryStore
from tests.store.places import Place, local
from tests.store.reports import START
from tests.support.clock import VirtualClock

OTP = Arrival("otp", 3600.0, "+33612345678", START - 2.5)
CAME = tuple(
    Entry(str(id), "a code", ("otp",), added_at=START + id / 8, arrival=OTP)
    for id in range(500, 504)
)
CLOCK = VirtualClock(START + 100)
Do = Callable[[WatchlistStore], Done]

OPERATIONS: dict[str, Do] = {
    "add again": lambda list: list.add([Entry("501"), Entry("900")]),
    "add and describe": lambda list: list.add([Entry("501", "theirs", ("x",))]),
    "remove": lambda list: list.remove(["501", "300", "503"]),
    "remove all": lambda list: list.remove([each.id for each in CAME]),
    "label": lambda list: list.amend(["500", "502", "300"], label="theirs"),
    "tags": lambda list: list.amend(["500", "501"], tags=read_tags("+x -otp")),
    "no tags": lambda list: list.amend(["503"], tags=NO_TAGS),
    "note": lambda list: list.amend(["502"], note="a note"),
    "pause": lambda list: list.amend(["500", "301"], paused=True),
    "account": lambda list: list.amend(["503"], profile="test"),
}


def filled(store: Store) -> WatchlistStore:
    watchlist = store.watchlist(CLOCK)
    watchlist.add([Entry("300", "first", ("a",)), Entry("301")])
    store.arrivals(CLOCK).take(CAME)
    return watchlist


@pytest.fixture
def watchlist(place: Place) -> WatchlistStore:
    return filled(place())


def ids(entries: object) -> list[str]:
    assert isinstance(entries, list | tuple)
    return [each.id for each in entries]


def came(store: Store) -> list[str]:
    return ids(store.arrivals().load())


def test_what_people_added_stands_first(watchlist: WatchlistStore) -> None:
    assert ids(watchlist.load()) == ["300", "301", "500", "501", "502", "503"]
    watchlist.add([Entry("302")])
    assert ids(watchlist.entries) == ["300", "301", "302", "500", "501", "502", "503"]


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_is_taken_back_whole(
    watchlist: WatchlistStore, place: Place, name: str
) -> None:
    before = watchlist.load()
    done = OPERATIONS[name](watchlist)
    after = watchlist.load()
    assert after != before
    assert place().watchlist().load() == after
    assert {each.after for each in done.changed if each.after} <= set(after)
    taken = place().watchlist(CLOCK).take_back(done)
    assert not taken.left
    assert watchlist.load() == before
    assert came(place()) == ids(CAME)


def test_what_is_edited_is_theirs_and_what_is_not_stays_as_it_came(
    watchlist: WatchlistStore, place: Place
) -> None:
    watchlist.amend(["500", "501"], label="theirs")
    watchlist.amend(["502"], label="a code", paused=False)
    assert came(place()) == ["502", "503"]
    listed = {each.id: each for each in place().watchlist().load()}
    assert ids(list(listed.values())) == ["300", "301", "500", "501", "502", "503"]
    assert [listed[id].arrival for id in ("500", "502")] == [None, OTP]
    assert listed["500"].added_at == START + 62


def test_what_another_did_to_it_meanwhile_stays(watchlist: WatchlistStore, place: Place) -> None:
    done = watchlist.amend(["500", "501"], label="ours")
    place().watchlist(CLOCK).amend(["501"], note="theirs")
    watchlist.take_back(done)
    listed = {each.id: each for each in watchlist.load()}
    assert listed["500"] == CAME[0]
    assert (listed["501"].label, listed["501"].note, listed["501"].arrival) == (
        "a code", "theirs", None,
    )  # fmt: skip
    assert came(place()) == ["500", "502", "503"]


def test_what_was_removed_is_not_taken_again(watchlist: WatchlistStore, place: Place) -> None:
    watchlist.remove(["501"])
    assert place().arrivals(CLOCK).take(CAME) == 0
    assert "501" not in ids(watchlist.load())


def test_only_what_came_and_left_is_told(watchlist: WatchlistStore, place: Place) -> None:
    watchlist.load()
    assert watchlist.poll_changes() is None
    arrivals = place().arrivals(CLOCK)
    arrivals.take([replace(CAME[0], id=id) for id in ("504", "300")])
    arrivals.leave(["501"])
    changed = watchlist.poll_changes(whole=False)
    assert changed is not None
    assert (changed.listed, ids(changed.came), list(changed.left)) == (None, ["504"], ["501"])
    assert [watchlist.poll_changes(), watchlist.poll_changes()] == [None, None]
    assert list(watchlist.hidden) == ["300"], "they added it too"
    assert watchlist.poll_changes() is None
    watchlist.leave(watchlist.hidden)
    assert watchlist.poll_changes() is None
    assert not watchlist.hidden
    place().watchlist(CLOCK).amend(["502"], tags=TagChange(("x",)))
    changed = watchlist.poll_changes()
    assert changed is not None
    assert ids(list(changed.listed or ())) == ["300", "301", "502", "500", "503", "504"]
    assert watchlist.poll_changes() is None


def test_what_came_while_something_was_done_is_told_later(
    watchlist: WatchlistStore, place: Place
) -> None:
    watchlist.load()
    place().arrivals(CLOCK).take([replace(CAME[0], id="504")])
    with pytest.raises(ValueError, match="digits"):
        watchlist.add([Entry("x")])
    watchlist.amend(["nobody"], label="x")
    changed = watchlist.poll_changes()
    assert changed is not None
    assert "504" in ids(list(changed.listed or changed.came))


def test_the_file_of_people_is_not_written_by_what_comes(tmp_path: Path) -> None:
    store = local(tmp_path)()
    watchlist = filled(store)
    before = (tmp_path / "watchlist.toml").stat()
    store.arrivals(CLOCK).take([replace(CAME[0], id="504")])
    watchlist.poll_changes()
    done = watchlist.remove(["500"])
    watchlist.take_back(done)
    watchlist.leave(["501"])
    after = (tmp_path / "watchlist.toml").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


_ID = st.sampled_from(["300", "301", *ids(CAME), "900"])
_DONE = st.one_of(
    st.builds(lambda ids: lambda list: list.remove(ids), st.lists(_ID)),
    st.builds(
        lambda ids, label, tag, paused: (
            lambda list: list.amend(ids, label=label, tags=TagChange((tag,)), paused=paused)
        ),
        st.lists(_ID),
        st.sampled_from([None, "x", "a code"]),
        st.sampled_from(["otp", "y"]),
        st.sampled_from([None, True]),
    ),
    st.builds(
        lambda ids, label: lambda list: list.add([Entry(id, label) for id in ids]),
        st.lists(_ID),
        st.sampled_from(["", "z"]),
    ),
)


@given(st.lists(_DONE, max_size=4))
def test_whatever_is_done_is_undone_step_by_step(steps: list[Do]) -> None:
    memory = Memory()
    watchlist = filled(MemoryStore(memory))
    done = []
    for step in steps:
        before = watchlist.load()
        done.append((before, step(watchlist)))
        after = watchlist.load()
        assert len({*ids(after)}) == len(after)
        assert not {*ids(memory.entries)} & memory.arrivals.there.keys(), "each in one place"
    for before, each in reversed(done):
        watchlist.take_back(each)
        assert watchlist.load() == before
