"""Groups: the figures of many messages at once, kept by what changes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smsmon.filters.groups import GROUP_ROWS
from smsmon.groups import Dimension, Figures, Groups, Minute, Within, names_of
from smsmon.model import Arrival, Counts, Entry
from smsmon.monitor.board import Board
from smsmon.monitor.state import Watched
from smsmon.recipients import Recipient, Status
from smsmon.shapes import group_json
from smsmon.times import utc
from tests.monitor.fakes import WORDS, fault, report

T = 1_795_000_020.0
"""The beginning of a minute."""
PHONES = ("+33639980001", "+33639980002", "+34612345678")


class Scene:
    """A board, groups that hear of each change, and a clock."""

    def __init__(self) -> None:
        self.board, self.groups, self.now = Board(), Groups(), T
        self.stepwise = Groups(stepwise=True)
        self.left: dict[str, Watched] = {}

    def add(self, id: str, *, sent: float | None = None, **fields: object) -> None:
        arrival = Arrival("log", 3600.0, sent_at=sent)
        entry = Entry(id, added_at=self.now, arrival=arrival)
        self.board.watch(replace(entry, **fields), self.now)  # type: ignore[arg-type]  # of tests
        self.left.pop(id, None)
        self.note(id)

    def read(self, id: str, *rows: tuple[str, Status, float | None]) -> None:
        found = [
            Recipient(phone, status, WORDS[status], False, None if date is None else int(date))
            for phone, status, date in rows
        ]
        self.board.apply(report(found, id, self.now), self.now)
        self.note(id)

    def fail(self, id: str) -> None:
        self.board.fail(id, fault(), self.now)
        self.note(id)

    def amend(self, id: str, **fields: object) -> None:
        entry = replace(self.board[id].entry, **fields)  # type: ignore[arg-type]  # of tests
        self.board.amend(entry, self.now)
        self.note(id)

    def leave(self, id: str) -> None:
        self.left[id] = self.board[id]
        self.board.forget(id, self.now)
        for each in (self.groups, self.stepwise):
            each.leave(id, self.now)

    def note(self, id: str) -> None:
        for each in (self.groups, self.stepwise):
            each.note(self.board[id], self.now)

    def row(self, dimension: Dimension = Dimension.SOURCE, name: str = "log") -> Figures:
        found = self.groups.row(dimension, name, self.now)
        assert found is not None
        return found

    def anew(self) -> Groups:
        """Groups that are told of everything as it is now."""
        groups = Groups()
        for watched in self.board:
            groups.note(watched, self.now)
        for watched in self.left.values():
            groups.recall(watched, self.now)
        return groups


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_a_code_counts_from_when_it_was_sent_to_the_date_of_its_delivery(scene: Scene) -> None:
    for number, took in enumerate((4, 8, 30, 100)):
        scene.add(str(number), sent=T)
        scene.now = T + took + 3  # it is seen three seconds later
        scene.read(str(number), (PHONES[0], Status.DELIVERED, T + took))
        scene.now = T
    scene.now = T + 120
    row = scene.row()
    assert (row.sent, row.sent_lately, row.delivered, row.rate) == (4, 4, 4, 1.0)
    assert [each.share for each in row.within] == [0.5, 0.75]
    assert row.p50 == pytest.approx(8, rel=0.01)
    assert row.p90 == pytest.approx(100, rel=0.01)


def test_who_was_sent_to_a_moment_ago_is_in_no_share_and_who_was_not_read_is_not_known(
    scene: Scene,
) -> None:
    scene.add("1", sent=T)
    scene.now = T + 5
    scene.read("1", (PHONES[0], Status.DELIVERED, T + 3))
    assert scene.row().within[0].share is None, "of those sent together the slow are not known yet"
    scene.add("2", sent=T)
    scene.now = T + 8
    scene.read("2", (PHONES[0], Status.WAITING, None))
    scene.now = T + 25
    assert scene.row().within[0] == (10.0, 1, 0, 1)
    scene.read("2", (PHONES[0], Status.WAITING, None))
    assert scene.row().within[0] == (10.0, 1, 1, 0)
    scene.read("2", (PHONES[0], Status.DELIVERED, T + 9))
    assert scene.row().within[0] == (10.0, 2, 0, 0), "the API told late that it was in time"


def test_what_is_told_again_is_nothing_new(scene: Scene) -> None:
    scene.add("1", sent=T)
    scene.read("1", (PHONES[0], Status.WAITING, None))
    groups = Groups()
    assert [groups.note(scene.board["1"], T) for _ in range(3)] == [True, False, False]


def test_what_cannot_be_read_is_in_trouble_and_not_paused(scene: Scene) -> None:
    scene.add("1")
    scene.fail("1")
    row = scene.row()
    assert (row.messages, row.unread, row.paused) == (1, 1, 0)


def test_a_delivery_without_a_date_tells_only_of_a_limit_it_kept_when_it_was_seen(
    scene: Scene,
) -> None:
    for id, seen in (("1", 9), ("2", 40)):
        scene.add(id, sent=T)
        scene.now = T + seen
        scene.read(id, (PHONES[0], Status.DELIVERED, None))
        scene.now = T
    scene.now = T + 90
    assert scene.row().within == ((10.0, 1, 0, 1), (60.0, 2, 0, 0))


def test_what_is_stale_in_its_own_row_is_stale_in_its_group(scene: Scene) -> None:
    for number in range(6):
        scene.add(str(number), profile="b" if number == 5 else "a")
        if number:
            scene.read(str(number), (PHONES[0], Status.WAITING, None))
    told = [scene.groups, scene.stepwise]

    def stale(*answering: str) -> int:
        for each in told:
            each.hear_of_accounts(frozenset(answering))
        return scene.row().troubled

    assert stale("a", "b") == 0
    assert (stale("b"), stale()) == (5, 6), "nothing is read while an account does not answer"
    scene.amend("1", paused=True)
    scene.board["2"].settled_at = scene.now
    scene.note("2")
    assert (stale(), scene.row().paused) == (4, 1), "nobody promised to read these"
    scene.fail("3")
    assert (stale(), stale("a", "b")) == (4, 1)
    scene.board["4"].promise = 10.0  # nothing tells when that is over, but time
    scene.now += 60
    alone = scene.stepwise.alone("4", scene.now)
    assert alone is not None
    assert (alone.troubled, stale("a", "b")) == (1, 2)
    scene.read("4", (PHONES[0], Status.WAITING, None))
    assert stale("a", "b") == 1


def test_what_left_stays_in_the_windows_and_counts_once_when_it_comes_back(scene: Scene) -> None:
    scene.add("1", sent=T, tags=("otp",))
    scene.read("1", (PHONES[0], Status.NOT_DELIVERED, T))
    scene.leave("1")
    row = scene.row(Dimension.TAG, "otp")
    assert (row.messages, row.counts.total, row.sent, row.failed) == (0, 0, 1, 1)
    assert scene.row(Dimension.COUNTRY, "FR").failed == 1
    assert row.minutes[-1] == Minute(1, 1)
    scene.add("1", sent=T, tags=("otp",))
    row = scene.row(Dimension.TAG, "otp")
    assert (row.messages, row.sent, row.failed) == (1, 1, 0)
    scene.leave("1")
    scene.now = T + 3_700
    assert scene.groups.rows(Dimension.TAG, scene.now) == {}


def test_a_large_message_counts_its_recipients_in_the_group_of_each_country(scene: Scene) -> None:
    scene.add("1", sent=T, tags=("a", "b"))
    scene.now = T + 20
    scene.read(
        "1",
        (PHONES[0], Status.DELIVERED, T + 2),
        (PHONES[1], Status.WAITING, T + 1),
        (PHONES[2], Status.DELIVERED, T + 12),
    )
    tagged = scene.groups.rows(Dimension.TAG, scene.now)
    assert {name: (each.messages, each.sent) for name, each in tagged.items()} == {
        "a": (1, 3),
        "b": (1, 3),
    }
    of = scene.groups.rows(Dimension.COUNTRY, scene.now)
    assert (of["FR"].sent, of["FR"].waiting, of["FR"].waiting_since) == (2, 1, T + 1)
    assert (of["ES"].delivered, of["ES"].waiting_since) == (1, None)
    assert of["ES"].p50 == pytest.approx(12, rel=0.01)


@pytest.mark.parametrize("places", [(0,), (2,), (0, 1), (0, 2), (2, 1, 0)])
def test_each_recipient_counts_in_its_country_however_few_there_are(
    scene: Scene, places: tuple[int, ...]
) -> None:
    scene.add("1", sent=T)
    scene.read("1", *((PHONES[place], Status.DELIVERED, T + 2) for place in places))
    of = scene.groups.rows(Dimension.COUNTRY, scene.now)
    spain = places.count(2)
    sent = {"ES": spain, "FR": len(places) - spain}
    assert {name: each.sent for name, each in of.items()} == {k: n for k, n in sent.items() if n}


def test_it_was_sent_when_the_source_says_else_when_it_was_added_or_its_first_date(
    scene: Scene,
) -> None:
    scene.add("1", sent=T - 60)
    scene.add("2", sent=T + 900)  # a clock that is wrong: it came before
    scene.add("3", arrival=None)
    scene.add("4", arrival=None)
    scene.read("4", (PHONES[0], Status.DELIVERED, T - 120))
    found = {
        name: [*scene.groups.members(Dimension.MINUTE, name)]
        for name in scene.groups.rows(Dimension.MINUTE, scene.now)
    }
    scene.add("5", arrival=None, added_at=0.0)
    assert [*scene.groups.members(Dimension.MINUTE, "")] == ["5"], "nobody knows when"
    minutes = ("2026-11-18T11:06:00Z", "2026-11-18T11:07:00Z", "2026-11-18T11:05:00Z")
    assert found == dict(zip(minutes, (["1"], ["2", "3"], ["4"]), strict=True))


def test_a_clock_that_was_a_day_ahead_empties_no_window_for_long(scene: Scene) -> None:
    for id in ("1", "2"):
        scene.add(id, sent=T)
        scene.read(id, (PHONES[0], Status.DELIVERED, T + 4))
    scene.leave("1")
    assert scene.row().sent == 2
    scene.now += 86_400
    assert scene.row().sent == 0
    scene.now -= 86_400
    scene.add("3", sent=T)
    assert (scene.row().sent, scene.row().messages) == (2, 2)
    scene.leave("2")
    assert (scene.row().sent, scene.row().delivered) == (2, 1)


_IDS = st.sampled_from(["1", "2", "3", "4"])
_ROWS = st.lists(
    st.tuples(
        st.sampled_from(PHONES), st.sampled_from(Status), st.one_of(st.none(), st.integers(-30, 90))
    ),
    max_size=3,
    unique_by=lambda each: each[0],
)
_STEPS = st.one_of(
    st.tuples(
        st.just("add"),
        _IDS,
        st.fixed_dictionaries(
            {
                "sent": st.one_of(st.none(), st.integers(-4000, 30).map(lambda each: T + each)),
                "tags": st.sampled_from([(), ("otp",), ("otp", "login")]),
                "label": st.sampled_from(["", "code"]),
            }
        ),
    ),
    st.tuples(st.just("read"), _IDS, _ROWS),
    st.tuples(st.just("fail"), _IDS, st.none()),
    st.tuples(st.just("amend"), _IDS, st.sampled_from([("otp",), ("other",)])),
    st.tuples(st.just("leave"), _IDS, st.none()),
    st.tuples(st.just("wait"), _IDS, st.sampled_from([1.0, 7.0, 60.0, 1800.0])),
    st.tuples(st.just("look"), _IDS, st.sampled_from(Dimension)),
)


@settings(max_examples=150)
@given(st.lists(_STEPS, max_size=25))
def test_they_are_the_same_as_reckoned_anew_whatever_happened(
    steps: list[tuple[str, str, object]],
) -> None:
    scene = Scene()
    for kind, id, what in steps:
        there = id in scene.board
        match kind, what:
            case "add", dict() if not there:
                scene.add(id, **what)
            case "read", list() if there:
                rows = [(phone, status, date and scene.now + date) for phone, status, date in what]
                scene.read(id, *rows)
            case "fail", _ if there:
                scene.fail(id)
            case "amend", tuple() if there:
                scene.amend(id, tags=what)
            case "leave", _ if there:
                scene.leave(id)
            case "wait", float():
                scene.now += what
            case "look", Dimension():
                scene.groups.rows(what, scene.now)
                scene.stepwise.rows(what, scene.now)
                scene.stepwise.build(1)
    anew = scene.anew()
    for dimension in Dimension:
        scene.stepwise.begin(dimension)
    assert not scene.stepwise.build(1_000)
    for dimension in Dimension:
        assert scene.stepwise.rows(dimension, scene.now) == anew.rows(dimension, scene.now)
        kept, reckoned = (each.rows(dimension, scene.now) for each in (scene.groups, anew))
        assert kept == reckoned
    for id in [each.entry.id for each in scene.board]:
        scene.leave(id)
        anew.leave(id, scene.now)
    scene.now += 2 * 3600
    scene.add("5")
    anew.note(scene.board["5"], scene.now)
    for groups in (scene.groups, scene.stepwise, anew):
        for dimension in Dimension:
            left = groups.changed(dimension, -1)
            assert set(left) <= {*names_of(scene.board["5"], dimension)}, (
                "nobody looks, and it goes"
            )


def test_each_figure_that_leaves_or_is_asked_for_is_the_one_it_is_called_after() -> None:
    within = (Within(10.0, 30, 10, 7), Within(60.0, 36, 4, 8))
    counts = Counts(100, 50, 20, 15, 5, 3, absent=9)
    minutes = (Minute(4, 1), Minute(5, 2))
    figures = Figures(Dimension.TAG, "otp", 11, 12, 13, 14, counts, T - 60.0, 16, 17, 40, 10, 6,
                      within, 2.5, 9.5, minutes)  # fmt: skip
    assert group_json(figures, private=False) == {
        "group": "otp", "messages": 11, "recipients": 100, "unread": 12, "troubled": 13,
        "sent_5m": 16, "sent": 17, "within_10s": 0.75, "within_1m": 0.9, "not_known_10s": 7,
        "not_known_1m": 8, "waiting": 15, "waiting_since": utc(T - 60.0), "not_delivered": 10,
        "delivered": 40, "delivery_rate": 0.8, "stop": 6, "p50": 2.5, "p90": 9.5, "absent": 9,
        "per_minute": [{"sent": 4, "failed": 1}, {"sent": 5, "failed": 2}],
    }  # fmt: skip
    asked = {each.name: each.of(figures) for each in GROUP_ROWS if not each.exported}
    assert asked == {"group": "otp", "paused": 14, "failed_share": 0.2, "final": 50,
                     "stop_share": 0.12, "per_minute": 17}  # fmt: skip
