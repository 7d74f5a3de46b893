"""Plans the next poll of each message, and tells whose turn it is.

Whatever ends a poll (an answer, a fault, nothing) plans the next one by the ``Planner``. How
long a message can wait is reckoned in ``schedule``, from how likely news is (``habits``). The
``agenda`` keeps the turns: fair under scarcity, and no dearer with ten thousand messages.
All times are monotonic seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from smsmon.clock import Clock
from smsmon.monitor.agenda import Agenda, Stretch, Turn
from smsmon.monitor.board import Board
from smsmon.monitor.doubts import Doubts
from smsmon.monitor.flights import Reading
from smsmon.monitor.habits import Habits
from smsmon.monitor.pool import Load, Pool
from smsmon.monitor.rows import readable
from smsmon.monitor.schedule import Limits, for_many, next_interval, not_found_interval, spread
from smsmon.monitor.state import Watched

JUMP = 30.0
"""Seconds by which the wall clock must run ahead before the messages are caught up on."""
FIRST_INTERVAL = 0.2
"""Seconds: under scarcity a message never read competes as if it wanted five polls a second: it
is quickly first, for most reports come in the first seconds."""


SIFTED = 200
"""Messages that are planned anew at once: thousands would hold up the screen."""
LEFT_OUT = 3
"""Batches in a row that may leave a message out; then it is read alone."""
UNREAD = Reading()


class Planner:
    """When each message of one account is polled next.

    Times are monotonic, but for ``Watched.next_due``, which is for showing. ``wake`` is called
    when something may have become due earlier than was said before.
    """

    def __init__(
        self,
        board: Board,
        clock: Clock,
        limits: Limits,
        habits: Habits,
        wake: Callable[[], None],
    ) -> None:
        self.focus: frozenset[str] = frozenset()
        """The messages that operators look at, here or in other consoles."""
        self.stretch = Stretch()
        self.several: set[str] = set()
        """Sources whose number of a message is not always that of its only recipient."""
        self.pool = Pool()
        """Those that may be read with others, while batches are used."""
        self._doubts = Doubts()
        self._to_sift: list[str] = []
        self._together = False
        self._board = board
        self._clock = clock
        self._limits = limits
        self._habits = habits
        self._wake = wake
        self._agenda = Agenda(limits.min_interval, limits.max_interval)
        self._ahead = clock.now() - clock.monotonic()

    def __len__(self) -> int:
        return len(self._agenda)

    def turn(self, message_id: str) -> Turn | None:
        """The planned poll of a message; None when none is."""
        return self._agenda.get(message_id)

    def chosen(self, now: float, rare_at: float) -> tuple[Turn | None, bool, float]:
        """Whose turn it is at ``now``, whether it is urgent, and else when to look again.

        What the operator looks at is urgent and goes first, then whoever has waited longest
        for its kind; what is rarely read not before ``rare_at``.
        """
        if self._to_sift:
            self._sift()
        turns = filter(None, map(self._agenda.get, self.focus))
        looked_at = min(turns, key=lambda turn: turn.due, default=None)
        if looked_at is not None and looked_at.due <= now:
            return looked_at, True, now
        turn, next_due = self._agenda.look(now, rare_at)
        return turn, False, next_due

    def earliest(self) -> Turn | None:
        """The next to come due; None when nothing is planned."""
        return self._agenda.earliest()

    def started(self, turn: Turn, now: float) -> None:
        """A poll that the schedule chose goes out: its wait tells by how much all are stretched."""
        if turn.regular:
            self.stretch.note(now, turn.stretched(now))

    def regular(self) -> list[Turn]:
        """The turns that follow the schedule."""
        return [turn for turn in self._agenda.turns() if turn.regular]

    def load(self, now: float) -> Load:
        """What a request for many that goes out now is to read; none of it has a turn then."""
        load = self.pool.take(now)
        self.stretch.note(now, load.stretched)
        for message_id in load.messages:
            self.drop(message_id)
        return load

    def together(self, used: bool) -> None:
        """Whether messages may be read with others, in one request, from now on."""
        if used is self._together:
            return
        self._together = used
        self.pool.clear()
        if used:
            for turn in self._agenda.turns():
                self._share(turn)
            self._wake()

    def after_answer(
        self, message_id: str, reading: Reading = UNREAD, now: float | None = None
    ) -> None:
        """Plan the poll after a true answer; none for what is settled or paused. ``reading`` tells
        how the message was read lately, ``now`` when the answer came; None: at this moment.
        """
        watched = self._board[message_id]
        if watched.settled_at is not None or watched.entry.paused:
            self.drop(message_id)
            watched.promise = None
            return
        now, limits = self._clock.monotonic() if now is None else now, self._limits
        if message_id in self.focus:
            watched.promise = limits.min_interval
            self.at(message_id, now + limits.min_interval, limits.min_interval)
            return
        stretch = self.stretch.factor
        # What people added may have got more recipients, which a batch does not tell; what a source
        # brought and had one recipient is a code, and stays one.
        code = watched.entry.arrival is not None and watched.counts.total == 1
        together = code or now - reading.alone_at < limits.max_interval
        together = together and reading.left_out < LEFT_OUT
        interval = self._interval(watched, now, limits)
        turn = self._agenda.put(message_id, now, interval, together=together)
        self._share(turn)
        watched.promise = turn.planned if stretch == 1.0 else turn.planned * stretch
        watched.next_due = self._clock.now() + watched.promise

    def _interval(self, watched: Watched, anchor: float, limits: Limits) -> float:
        """The interval that suits a message that was last read at ``anchor``."""
        counts = watched.counts
        age = self._clock.now() - self._clock.monotonic() + anchor - watched.origin
        # Of one that was never read it is known that nothing is known: it has not arrived yet.
        waiting = counts.waiting * watched.pace.factor if watched.read_at is not None else 1
        return next_interval(
            age,
            waiting,
            counts.total - counts.waiting if counts.total else 0,
            *self._habits.curves(max(1, counts.total)),
            limits,
            self.stretch.factor,
        )

    def _share(self, turn: Turn) -> None:
        """Let a message wait to be read with others too, if it may be."""
        if turn.message_id in self._doubts.missed and not turn.together:
            return
        watched = self._board[turn.message_id]
        recipients = self._readable(watched) if self._together and turn.together else 0
        if not recipients:
            self.pool.drop(turn.message_id)
        elif turn.regular:
            share = self.pool.share_of(recipients)
            limits = for_many(self._limits, share)
            interval = self._interval(watched, turn.anchor, limits)
            self.pool.put(turn.message_id, turn.anchor, interval, recipients)
        else:
            soon = min(turn.due, self._clock.monotonic())
            self.pool.put(turn.message_id, soon, FIRST_INTERVAL, recipients)

    def _readable(self, watched: Watched) -> int:
        """How many rows of a batch read the whole message; 0 when it is to be read alone."""
        first = watched.read_at is None
        return 0 if first and watched.entry.source in self.several else readable(watched)

    def after_not_found(self, message_id: str, times: int) -> None:
        """Plan the poll after the message was not found ``times`` times in a row."""
        self._after(message_id, not_found_interval(times, self._limits))

    def after_left_out(self, message_id: str) -> None:
        """Plan the poll after a batch did not tell how it stands with a message that was read
        before: alone, as if there had been no batch."""
        watched, now = self._board[message_id], self._clock.monotonic()
        if watched.entry.paused:
            self.drop(message_id)
        elif watched.read_at is None or message_id in self.focus:
            self.again(message_id)
        else:
            anchor = min(now, now + watched.read_at - self._clock.now())
            interval = self._interval(watched, anchor, self._limits)
            turn = self._agenda.put(message_id, anchor, interval, together=False)
            watched.next_due = turn.due + self._clock.now() - now

    def after_missed(self, message_id: str, times: int) -> None:
        """Plan the poll after batches did not find a message ``times`` times in a row, which proves
        nothing: alone, and until that is its turn some times with others."""
        if not self._board[message_id].entry.paused:
            self._doubts.missed.add(message_id)
            self.again(message_id)
            if self._together and times <= LEFT_OUT:
                pause = not_found_interval(times + 1, self._limits)
                self.pool.put(message_id, self._clock.monotonic(), pause, 1)

    def first_read(self, watched: Watched, *, found: bool, missed: bool) -> None:
        """A message was read for the first time, or could not be found then; ``missed``: a batch
        had not found it. Where hardly any are found, others of the kind are read rarely."""
        if self._doubts.first_read(watched, found=found, missed=missed):
            self._to_sift = [turn.message_id for turn in self._agenda.turns()]
            self._wake()

    def _sift(self) -> None:
        """Plan anew some of those that are read rarely from now on, or no more."""
        now = self._clock.monotonic()
        for message_id in self._to_sift[-SIFTED:]:
            turn = self._agenda.get(message_id)
            if turn is not None and turn.rare is not self._doubts.rare(self._board[message_id]):
                interval = self._first_interval(message_id, now)
                self.at(message_id, turn.due, interval, together=turn.together)
        del self._to_sift[-SIFTED:]
        self._wake()

    def after_fault(self, message_id: str, pause: float) -> None:
        """Plan the poll after a fault, ``pause`` seconds later than at the soonest."""
        self._after(message_id, self._limits.min_interval + pause)

    def _after(self, message_id: str, pause: float) -> None:
        if self._board[message_id].entry.paused:
            self.drop(message_id)
        else:
            self.at(message_id, self._clock.monotonic() + pause, pause)

    def again(self, message_id: str, pause: float = 0.0) -> None:
        """Plan a poll ``pause`` seconds from now: the last one brought nothing to go by."""
        self.at(message_id, self._clock.monotonic() + pause, self._limits.min_interval)

    def soon(self, message_id: str, pause: float = 0.0, interval: float = FIRST_INTERVAL) -> None:
        """Plan a poll at once, or after a pause: what it shows is waited for. It goes ahead of
        nearly all others, or competes like a wait of another ``interval``."""
        self.at(message_id, self._clock.monotonic() + pause, interval)

    def at(self, message_id: str, due: float, interval: float, *, together: bool = False) -> None:
        """Plan a poll at ``due``, whatever the schedule says: alone, or ``together`` with others
        as soon as that is worth it. None while the message lacks its recipients.
        """
        watched = self._board[message_id]
        if not watched.loaded:
            return
        rare = self._doubts.rare(watched)
        if rare and watched.fault is None:
            interval = self._limits.max_interval  # it may come too early: first those read once
        turn = self._agenda.put_at(message_id, due, interval, together=together, rare=rare)
        self._share(turn)
        watched.next_due = due + self._clock.now() - self._clock.monotonic()
        self._wake()

    def drop(self, message_id: str) -> None:
        """Plan no poll."""
        self._agenda.drop(message_id)
        self._doubts.missed.discard(message_id)
        self.pool.drop(message_id)
        watched = self._board.get(message_id)
        if watched is not None:
            watched.next_due = None

    def spread_out(self, message_ids: list[str], per_second: float) -> None:
        """Plan a poll for each, at its own stable place in the time that all of them need.

        One that has just come by itself is not read before its report is to be expected.
        """
        now = self._clock.monotonic()
        width = (len(message_ids) - 1) / per_second
        for message_id in message_ids:
            soonest = now + spread(message_id) * width
            if not self._later(message_id, soonest):
                self.at(message_id, soonest, self._first_interval(message_id, now), together=True)
        self._wake()

    def _first_interval(self, message_id: str, now: float) -> float:
        """As what a message competes that is to be read soon: one that a source brought has a
        recipient or a few, of others nobody knows how much there is to learn."""
        watched = self._board[message_id]
        if watched.entry.arrival is None:
            return FIRST_INTERVAL
        return self._interval(watched, now, self._limits)

    def _later(self, message_id: str, soonest: float) -> bool:
        """Plan the first poll of one that came by itself; False where that is not after
        ``soonest``, or somebody waits for it.

        How many recipients it has is not known: as if it were one, like most that come so. While
        batches are used it is read soon all the same, for from then on it is read with others; if
        it can be at once, it waits with them.
        """
        watched = self._board[message_id]
        if watched.read_at is not None or watched.entry.arrival is None:
            return False
        if message_id in self.focus or not watched.loaded or self._doubts.rare(watched):
            return False
        if self._together and not self._readable(watched):
            return False
        curves, stretch = self._habits.curves(1), self.stretch.factor
        interval = next_interval(0.0, 1, 0, *curves, self._limits, stretch)
        now = self._clock.monotonic()
        ahead = self._clock.now() - now
        began = min(watched.origin - ahead, now)  # later by a clock that was set back since
        if began + interval <= soonest and not self._together:
            return False
        turn = self._agenda.put(message_id, began, interval)
        watched.next_due = turn.due + ahead
        self._share(turn)
        return True

    def go_on(self, message_ids: list[str], per_second: float) -> list[str]:
        """Plan the next poll of each as whoever polled it before did, and what is overdue in that
        order: none is passed over, however often they come to another one. Gives those of which
        that is not known, or over.
        """
        now, wall, limits = self._clock.monotonic(), self._clock.now(), self._limits
        left, late = [], []
        for message_id in message_ids:
            due = self._board[message_id].next_due
            if due is None or due > wall + limits.max_interval:
                left.append(message_id)
            elif due > wall:
                interval = max(due - wall, limits.min_interval)
                self.at(message_id, now + due - wall, interval, together=True)
            else:
                late.append((due, message_id))
        for place, (_, message_id) in enumerate(sorted(late)):
            self.at(message_id, now + place / per_second, FIRST_INTERVAL, together=True)
        return left

    def look_at(self, message_ids: frozenset[str]) -> None:
        """Operators look at these messages from now on, and at no other."""
        new, self.focus = message_ids - self.focus, message_ids
        for message_id in new:
            turn = self._agenda.get(message_id)
            if turn is not None:
                self._hasten(turn)

    def _hasten(self, turn: Turn) -> None:
        """Poll this one as soon as the floor allows."""
        now, floor = self._clock.monotonic(), self._limits.min_interval
        soon = max(now, turn.anchor + floor) if turn.regular else now + floor
        if turn.due > soon:
            self.at(turn.message_id, soon, floor)

    def limit(self, limits: Limits) -> list[str]:
        """Plan within other limits from now on; gives those whose next poll does not follow the
        schedule, and is later than the limits allow."""
        self._limits = limits
        self._agenda.floor, self._agenda.ceiling = limits.min_interval, limits.max_interval
        now, ahead = self._clock.monotonic(), self._clock.now() - self._clock.monotonic()
        late = []
        for turn in self._agenda.turns():
            id = turn.message_id
            if turn.regular:
                again = self._agenda.put(id, turn.anchor, min(turn.interval, limits.max_interval))
                self._share(again)
                self._board[id].next_due = again.due + ahead
            elif turn.due > now + limits.max_interval:
                late.append(id)
        return late

    def missed(self, message_ids: Iterable[str]) -> list[str]:
        """Those to be polled because the wall clock jumped; nearly always none.

        It is ahead of the monotonic one when the machine was suspended: what fell due meanwhile
        is polled. So it is when somebody sets it forward: then they are read once for nothing.
        When it is set back, what was planned by it is void: all are polled, and so are those that
        it had settled.
        """
        ahead = self._clock.now() - self._clock.monotonic()
        slept, self._ahead = ahead - self._ahead, ahead
        if abs(slept) < JUMP:
            return []
        now, wall = self._clock.monotonic(), self._clock.now()
        found = []
        for message_id in message_ids:
            if self._board.unsettle(self._board[message_id], wall):
                found.append(message_id)
                continue
            turn = self._agenda.get(message_id)
            if turn is not None:
                self._board[message_id].next_due = turn.due + ahead
                if slept < 0 or turn.due - slept <= now:
                    found.append(message_id)
        return found
