"""A message that is moved to another account begins anew, and its past stays readable."""

from __future__ import annotations

from smsmon.model import Entry, Event, EventKind
from smsmon.monitor.engine import Engine
from smsmon.recipients import Recipient, Status
from smsmon.watching import Watching
from tests.store.places import Place, Process, load
from tests.store.reports import START, phone, report, row
from tests.support.clock import VirtualClock

W, D = Status.WAITING, Status.DELIVERED


async def moved(place: Place) -> None:
    """Message 300, read with the account a, then with b, where it has other recipients."""
    async with Process(place) as console:
        console.watch("300", profile="a", label="Autumn")
        console.poll("300", [row(1), row(2)], START)
        console.poll("300", [row(1, "Delivered"), row(2)], START + 5)
    async with Process(place) as console:
        console.watch("300", profile="b", label="Autumn")
        console.history.watching([Entry("300", "Autumn", profile="b")])
        console.poll("300", [row(1), row(7), row(8)], START + 60)
        console.poll("300", [row(1), row(7, "Delivered"), row(8)], START + 70)


async def test_of_the_account_before_nothing_is_left_in_it(place: Place) -> None:
    await moved(place)
    now = load(place, "300")
    assert now.summary.profile == "b"
    assert [each.phone for each in now.recipients] == [phone(1), phone(7), phone(8)]
    assert (now.summary.counts.total, now.summary.counts.absent) == (3, 0)
    assert (now.summary.first_read_at, now.summary.removed_at) == (START + 60, None)


async def test_the_past_is_as_it_was_last_seen(place: Place) -> None:
    await moved(place)
    past = load(place, ("300", "a"))
    assert [(each.phone, each.status) for each in past.recipients] == [(phone(1), D), (phone(2), W)]
    assert past.summary.read_at == START + 5
    assert past.summary.removed_at is not None
    with place().archive() as archive:
        assert archive.messages() == [("300", "b")]
        assert archive.messages(["300", "9"], "a") == [("300", "a")]


async def test_every_question_tells_the_account(place: Place) -> None:
    await moved(place)
    with place().archive() as archive:
        found = archive.find_number(phone(1)).sightings
        told = archive.timeline("300")
        of_b = archive.recipient_changes("300", 1)
        of_a = archive.recipient_changes(("300", "a"), 0)
    assert {(each.profile, each.recipient.status) for each in found} == {("a", D), ("b", W)}
    assert [(each.profile, each.phone) for each in told.transitions] == [
        ("a", phone(1)),
        ("b", phone(7)),
    ]
    assert [(each.kind, each.profile) for each in told.events] == [
        ("first read", "a"),
        ("first read", "b"),
    ]
    assert [each.phone for each in (*of_b, *of_a)] == [phone(7), phone(1)]


async def test_it_begins_anew_while_it_is_watched_and_goes_on_when_it_comes_back(
    place: Place,
) -> None:
    clock = VirtualClock(START)
    watchlist = place().watchlist(clock)
    watchlist.add([Entry("300", profile="a"), Entry("301", profile="a")])
    history = place().history(clock)
    engine = Engine({}, clock, recorder=history)
    watching = Watching(engine, watchlist, history, lambda _: None)
    await watching.start(clock, 90)
    events: list[Event] = []
    engine.subscribe(lambda news: events.append(news) if isinstance(news, Event) else None)

    def answered(*rows: Recipient) -> None:
        applied = engine.board.apply(report("300", rows, clock.now()), clock.now())
        history.record(applied, engine.board["300"])

    answered(row(1, "Delivered"), row(2, "Delivered"))
    await history.flush()
    await watching.amend(["300"], profile="b")
    anew = engine.board["300"]
    assert [*engine.board.messages] == ["300", "301"], "it keeps its place"
    assert (anew.entry.profile, len(anew.recipients), anew.digest) == ("b", 0, None)
    assert (anew.read_at, anew.first_read_at, anew.completed_at) == (None, None, None)
    assert engine.board.totals().total == 0
    assert [(each.kind, each.profile) for each in events] == [
        (EventKind.REMOVED, "a"),
        (EventKind.ADDED, "b"),
    ]
    await clock.advance(60)
    answered(row(7))
    await history.flush()
    place().watchlist(clock).amend(["300"], profile="a")  # elsewhere
    for _ in range(3):
        await watching.look()
    back = engine.board["300"]
    assert (back.entry.profile, [each.phone for each in back.recipients]) == (
        "a",
        [phone(1), phone(2)],
    )
    assert back.read_at == START
    await history.close()
