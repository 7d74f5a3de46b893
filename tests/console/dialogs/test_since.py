"""What happened while nobody looked: told from the history, a row a message, and its lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from smsmon.alerts import About, Acknowledgement, Episode, Severity, Subject
from smsmon.console.actions import Where
from smsmon.console.dialogs.since import Past, SinceScreen, lines, of_account
from smsmon.console.formats import Formats
from smsmon.console.line import KeyLine
from smsmon.console.tables.happened import Subject as Of
from smsmon.console.tables.happened import sign_of, summary
from smsmon.console.tables.log import transition_lines
from smsmon.model import Entry, Event, EventKind, Transition
from smsmon.recipients import Status
from smsmon.store.errors import StoreError
from smsmon.store.past import Happened, InShort, Unread
from tests.console.dialogs.stage import NARROW, SMALL, WIDE, DialogApp, asking, calm, type_text
from tests.console.test_console import Open, opened, text_of
from tests.support.clock import START, VirtualClock
from tests.support.scene import Scene
from tests.support.waiting import until

__all__ = ["opened"]

NIGHT = START - 12 * 3600
"""22:00 of yesterday."""


def changed(at: float, phone: str, after: Status, stop: bool = False) -> Transition:
    """One recipient that was waiting."""
    return Transition("2270142", 0, phone, Status.WAITING, after, after.name, False, stop, None, at)


BAD = [changed(NIGHT + 60 + n, f"+3360000000{n}", Status.NOT_DELIVERED) for n in range(2)]
GOOD = [changed(NIGHT + 90, f"+336000001{n:02}", Status.DELIVERED) for n in range(30)]
EVENTS = (
    Event(EventKind.ACCOUNT_DOWN, NIGHT + 100, detail="The connection was refused"),
    Event(EventKind.ACCOUNT_UP, NIGHT + 200),
    Event(EventKind.COMPLETED, NIGHT + 300, "2270142"),
)
LAST_NIGHT = Happened(tuple(BAD + GOOD), EVENTS)
LOSSES = Episode("losses", Subject(About.MESSAGE, "2270138"), Severity.CRITICAL, "", NIGHT + 840,
                 NIGHT + 840)  # fmt: skip
ROWS = [
    InShort("2270140", label="Quiet", delivered=3_100, last_at=NIGHT + 9),
    InShort("2270139", label="Also quiet", delivered=20, last_at=NIGHT + 9),
    InShort("2270142", label="Black Friday", delivered=30, not_delivered=5, stop=1,
            events=((EventKind.COMPLETED, 1),), last_at=NIGHT + 300),
    InShort("2270137", label="Loyalty points", delivered=302, not_delivered=4,
            unread=(Unread(NIGHT + 4 * 3600 + 600, NIGHT + 4 * 3600 + 1860),), last_at=NIGHT + 5),
    InShort("2270138", label="Win-back 2019 list", delivered=41, not_delivered=68,
            alerts=(LOSSES,)),
    InShort(None, "default", unread=(Unread(NIGHT + 100, NIGHT + 200),),
            events=((EventKind.ACCOUNT_DOWN, 1), (EventKind.ACCOUNT_UP, 1))),
]  # fmt: skip


@dataclass
class Told:
    """A history in which something happened last night, and nothing since."""

    rows: Sequence[InShort] = tuple(ROWS)
    asked: list[tuple[float, float]] = field(default_factory=list)
    more: bool = False

    async def in_short(self, start: float, end: float) -> list[InShort]:
        self.asked.append((start, end))
        return list(self.rows) if start <= NIGHT + 300 else []

    async def lines(self, start: float, end: float, of: Of | None) -> Happened:
        self.asked.append((start, end))
        if of is None:
            return replace(LAST_NIGHT, more=self.more)
        message_id, account = of
        if message_id is None:
            return of_account((each for each in EVENTS if not each.message_id), account)
        changes = LAST_NIGHT.transitions if message_id == "2270142" else ()
        return Happened(changes, tuple(e for e in EVENTS if e.message_id == message_id), self.more)

    def screen(self) -> SinceScreen:
        past = Past(self.in_short, self.lines)
        return SinceScreen(START - 30, Formats(VirtualClock(START), utc=True), past)


async def seen(app: DialogApp, pilot: Pilot[None], *keys: str) -> str:
    await pilot.press(*keys)
    await calm(app, pilot)
    return app.text


def order(app: DialogApp) -> list[str]:
    """What the rows are about, from the top down."""
    names = ["account", *(row.message_id or "" for row in ROWS)]
    found = [(line.split() or [""]) for line in app.lines]
    return [*dict.fromkeys(word for words in found for word in words[1:3] if word in names)]


@pytest.mark.parametrize("size", [NARROW, SMALL, WIDE])
async def test_when_nothing_happened_since_the_last_look_last_night_is_told(
    size: tuple[int, int],
) -> None:
    told = Told()
    async with asking(told.screen(), size) as (app, _):
        flat = " ".join(app.text.replace("│", " ").split())
        assert "Nothing happened since you looked, 09:59." in flat
        assert "last night, 21 Nov 22:00 until 08:00" in flat
        assert "✓ 3,493 delivered ✗ 77 not delivered STOP 1 in 5 messages" in flat
        assert told.asked == [(START - 30, START), (NIGHT, NIGHT + 10 * 3600)]
        assert app.line_with("esc close")


async def test_there_is_a_row_a_message_the_worst_first_and_the_rest_in_a_line() -> None:
    async with asking(Told().screen(), SMALL) as (app, pilot):
        assert order(app) == ["account", "2270138", "2270137", "2270142"]
        assert app.line_with("○ account")
        assert app.line_with("◆ 2270138  Win-back 2019 list")
        row = app.line_with("! 2270137")
        assert row.split()[-5:-1] == ["302", "4", "·", "02:10–02:31"]
        assert app.line_with("2 more without trouble: 3,120 ✓")
        whole = await seen(app, pilot, "down")
        assert "2270138 · Win-back 2019 list · ◆ losses 21 Nov 22:14–" in whole
        every = await seen(app, pilot, "f")
        assert order(app)[-2:] == ["2270140", "2270139"]
        assert "more without trouble" not in every


async def test_wide_screens_tell_the_alerts_and_what_else_happened() -> None:
    async with asking(Told().screen(), WIDE) as (app, _):
        assert "losses 21 Nov 22:14–" in app.line_with("◆ 2270138")
        assert "completed" in app.line_with("2270142")
        assert "down, up" in app.line_with("○ account")


async def test_what_is_no_message_has_a_row_of_its_own_with_who_acknowledged() -> None:
    late = replace(LOSSES, subject=Subject(About.TAG, "otp"), over_at=NIGHT + 3_600,
                   acknowledged=Acknowledgement("anna@ops1", NIGHT + 900))  # fmt: skip
    told = Told([*ROWS, InShort(None, "", group="tag:otp", alerts=(late,))])
    async with asking(told.screen(), WIDE) as (app, pilot):
        assert "◆ tag:otp" in app.text
        assert "5 messages, 1 account, 1 group" in app.text
        text = await seen(app, pilot, "down", "down")
        assert "tag:otp · ◆ losses 21 Nov 22:14–21 Nov 23:00, ack. by anna@ops1" in text
        assert "lines of" not in await seen(app, pilot, "enter")


@pytest.mark.parametrize(
    ("row", "sign"),
    [
        (InShort("1", unread=(Unread(0.0, None),), missing=True), "∅"),
        (InShort("1", unread=(Unread(0.0, None),)), "!"),
        (InShort("1", unread=(Unread(0.0, None),), missing=True, alerts=(LOSSES,)), "◆"),
        (InShort("1", unread=(Unread(0.0, 10.0),)), None),
    ],
)
def test_what_the_api_does_not_find_is_told_from_what_was_not_read(
    row: InShort, sign: str | None
) -> None:
    found = sign_of(row)
    assert (found and found[0].glyph) == sign


async def test_enter_opens_the_lines_of_a_message_and_escape_comes_back() -> None:
    told = Told()
    async with asking(told.screen(), SMALL) as (app, pilot):
        shown = await seen(app, pilot, "down", "down", "down", "enter")
        assert "4 lines of 2270142" in shown
        assert app.line_with("30 × Waiting → Delivered")
        assert told.asked[-1] == (NIGHT, NIGHT + 10 * 3600)
        assert "account down" not in shown
        assert "went wrong" in await seen(app, pilot, "f")
        await seen(app, pilot, "f", "slash", *"zzz", "enter")
        assert "Nothing matches" in app.text
        assert "30 ×" in await seen(app, pilot, "escape"), "first the filter goes"
        assert "◆ 2270138" in await seen(app, pilot, "escape"), "then the lines"
        await seen(app, pilot, "escape")
        assert app.answers == [None]


async def test_the_account_and_all_messages_have_their_lines_too() -> None:
    async with asking(Told().screen(), SMALL) as (app, pilot):
        shown = await seen(app, pilot, "enter")
        assert "2 lines of account default" in shown
        assert "account down: The connection was refused" in shown
        shown = await seen(app, pilot, "l")
        assert "6 lines" in shown
        assert app.line_with("30 × Waiting → Delivered")
        assert app.line_with("account up")


async def test_a_line_that_is_too_long_a_list_says_up_to_when() -> None:
    other = Event(EventKind.ACCOUNT_UP, NIGHT, profile="other")
    assert of_account([*EVENTS[:2], other], "default").events == EVENTS[:2]
    async with asking(Told(more=True).screen(), SMALL) as (app, pilot):
        assert "There are more" not in await seen(app, pilot, "enter"), "an account has but its own"
        await seen(app, pilot, "escape")
        assert "There are more than 10,000 changes: shown up to" in await seen(app, pilot, "l")
        rows = await seen(app, pilot, "escape")
        assert "There are more" not in rows, "the rows are all there"
        assert "in 5 messages" in rows


async def test_while_a_range_is_typed_the_keys_are_those_of_typing() -> None:
    async with asking(Told().screen(), SMALL) as (app, pilot):
        typing = await seen(app, pilot, "w")
        assert "enter show it  esc back" in typing
        assert "all lines" not in typing
        assert "all lines" in await seen(app, pilot, "escape")


async def test_a_range_is_typed_as_people_say_it() -> None:
    told = Told()
    async with asking(told.screen(), SMALL) as (app, pilot):
        assert "22:00 until 06:00" in await seen(app, pilot, "w")
        await type_text(app, pilot, "22:00 until 6:00")
        assert app.line_with("= yesterday 22:00 until 06:00")
        await seen(app, pilot, "enter")
        assert told.asked[-1] == (NIGHT, NIGHT + 8 * 3600)
        assert app.line_with("▸ yesterday 22:00 until 06:00")
        await seen(app, pilot, "w")
        await type_text(app, pilot, "soon")
        refused = await seen(app, pilot, "enter")
        assert "¬ 'soon' is no time that can be read." in refused
        assert "last night" in refused, "and it says what can be"
        await seen(app, pilot, "escape")
        assert app.line_with("▸ yesterday 22:00 until 06:00"), "given up: as it was"
        assert len(told.asked) == 3


async def test_arrows_step_by_the_hour() -> None:
    told = Told()
    async with asking(told.screen(), SMALL) as (app, pilot):
        await seen(app, pilot, "left")
        assert app.line_with("▸ 07:00 until 08:00")
        await seen(app, pilot, "left")
        assert told.asked[-1] == (START - 4 * 3600, START - 3 * 3600)
        await seen(app, pilot, *["right"] * 6)
        assert told.asked[-1] == (START - 3600, START), "no hour that has not begun"
        assert app.line_with("▸ since 09:00")


async def test_the_lines_shown_follow_the_range() -> None:
    told = Told()
    async with asking(told.screen(), SMALL) as (app, pilot):
        await seen(app, pilot, "l", "left")
        assert told.asked[-2:] == [(START - 3 * 3600, START - 2 * 3600)] * 2
        assert app.line_with("6 lines")


async def test_a_history_that_cannot_be_read_says_so() -> None:
    async def broken(start: float, end: float) -> list[InShort]:
        raise StoreError(Path("history.db"), "is damaged", "Move it away.")

    screen = Told().screen()
    screen._past = replace(screen._past, in_short=broken)
    async with asking(screen, SMALL) as (app, _):
        assert "is damaged" in app.text
        assert "The history cannot be read." in app.text


async def test_a_line_leads_to_its_recipient(opened: Open) -> None:
    unread = Entry("1999999", label="Not sent")
    async with opened([Entry("2270142"), Entry("2270140"), unread]) as (scene, pilot):
        await away(scene, pilot)
        await scene.pass_time(pilot, 60)  # what changes one by one has lines of its own
        assert "i what happened" in scene.screen.query_one(KeyLine).content.plain[:20]
        await pilot.press("i")
        await until(pilot, lambda: " not delivered   STOP " in text_of(scene), "what happened")
        assert "i what happened" not in scene.screen.query_one(KeyLine).content.plain[:20]
        screen = scene.app.screen
        assert isinstance(screen, SinceScreen)
        assert "1999999  Not sent" in text_of(scene), "the history has no label of it yet"
        screen._pane.table.move_to_key(("2270142", "default"))
        await pilot.press("enter")
        await until(pilot, lambda: len(screen._lines) > 0, "the lines of the worst message")
        table = screen._log.table
        key = next(key for key in table.view.keys if table.rows.row(key).phone)
        phone = table.rows.row(key).phone
        table.move_to_key(key)
        await pilot.press("enter")
        await until(pilot, lambda: scene.app.screen is scene.screen, "the console's screen")
        await scene.show(pilot)
        assert scene.screen.picture.at is Where.RECIPIENT
        assert scene.screen.formats.phone(phone) in text_of(scene)


async def away(scene: Scene, pilot: Pilot[Any]) -> None:
    """Be away for somewhat longer than ten minutes, and come back."""
    await pilot.press("down")
    scene.clock.jump(600)  # no key was pressed, and nothing else has to happen meanwhile
    await scene.clock.advance(60)
    await scene.show(pilot)
    await pilot.press("up")
    await pilot.pause()
    await scene.screen.session.history.flush()


def test_what_goes_wrong_among_many_changes_has_lines_of_its_own() -> None:
    told = transition_lines([changed(1.0, each.phone, each.after) for each in BAD + GOOD])
    assert [line.text for line in told] == [
        "30 × Waiting → Delivered",
        "Waiting → Not delivered",
        "Waiting → Not delivered",
    ]
    many = transition_lines([changed(1.0, each.phone, Status.NOT_DELIVERED) for each in GOOD])
    assert [line.text for line in many] == ["30 × Waiting → Not delivered"]


def test_lines_are_in_the_order_of_time() -> None:
    assert [line.at for line in lines(LAST_NIGHT)] == sorted(line.at for line in lines(LAST_NIGHT))


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (InShort("1", stop=1), "STOP 1   in 1 message"),
        (InShort("1", stop_withdrawn=1), "STOP withdrawn 1   in 1 message"),
        (InShort("1", unknown=1), "? 1 unknown   in 1 message"),
        (InShort("1", waiting=1), "… 1 waiting   in 1 message"),
        (InShort("1", events=((EventKind.COMPLETED, 1),)), "No recipient changed."),
    ],
)
def test_a_summary_hides_no_kind_of_change(row: InShort, said: str) -> None:
    assert summary([row]).plain == said


def test_many_words_of_the_api_make_no_endless_line() -> None:
    news = [replace(changed(1.0, f"+3360000{n:04}", Status.UNKNOWN), raw_status=f"word {n}")
            for n in range(1_000)]  # fmt: skip
    (line,) = transition_lines(news)
    assert len(line.text) < 300
    assert line.text.endswith(", 995 otherwise")
