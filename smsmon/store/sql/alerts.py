"""What the history keeps of alerts: the ``AlertStore`` of a store in tables.

Each write is a short transaction on a connection of its own, beside the writer's: it is kept, or
refused, when the call is over.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from math import inf, isnan
from typing import Any, TypeVar

from smsmon.alerts import (
    About,
    Acknowledgement,
    Edge,
    Episode,
    Severity,
    Silence,
    Subject,
    Telling,
    What,
    Worst,
)
from smsmon.store.alerts import Answered, Over, Told
from smsmon.store.sql.columns import ms, ms_until, seconds, seconds_until
from smsmon.store.sql.database import Connection, Database, Row, marks, parts, rows_in
from smsmon.store.sql.fence import Fence, Superseded

T = TypeVar("T")
CLAIM_LASTS = 120.0
"""Seconds after which what a process took on counts as given up, though it seems to live: what
looks like it may be another one."""
MayLive = Callable[[Connection, str, float], bool]
"""Tells whether a process, by its name, may still do what it took on so many seconds ago."""

_KEPT = (
    "rule, about, name, profile, severity, condition, label, tags, began_at, fired_at, facts,"
    " worst, worst_at, worst_facts, over_at, why_over, ack_by, ack_at, ack_note, ack_until, old"
)
_EPISODE = f"SELECT id, {_KEPT} FROM episode"  # noqa: S608 - a constant
_ACKNOWLEDGED = "ack_by, ack_at, ack_note, ack_until"
_SILENCE = "SELECT id, what, name, since, until, who, note FROM silence"
_TELLING = "episode = ? AND target = ? AND edge = ?"


def nobody_polls() -> Fence:
    """The fence of a process that does not poll."""
    raise Superseded


class TableAlerts:
    """The ``AlertStore`` in the tables of ``database``."""

    def __init__(
        self,
        database: Database,
        claimant: str,
        may_live: MayLive,
        fence: Callable[[], Fence] = nobody_polls,
    ) -> None:
        """``claimant`` is what takes on to tell something, ``may_live`` says of another one whether
        it still tells; ``fence`` gives what we record by, and raises ``Superseded`` when another
        process polls.
        """
        self._database = database
        self._claimant = claimant
        self._may_live = may_live
        self._fence = fence

    def firing(self) -> list[Episode]:
        query = f"{_EPISODE} WHERE over_at IS NULL ORDER BY fired_at, id"
        return self._ask(lambda db: [_episode(row) for row in db.execute(query)])

    def episodes(
        self,
        since: float = 0.0,
        until: float = inf,
        rule: str | None = None,
        subject: Subject | None = None,
        limit: int = 10_000,
    ) -> list[Episode]:
        return self._ask(lambda db: episodes(db, since, until, rule, subject, limit))

    def fire(self, episodes: Sequence[Episode]) -> list[int]:
        return self._as_poller(lambda db: [_fire(db, each) for each in episodes], episodes, 0)

    def end(self, ends: Sequence[Over]) -> list[bool]:
        query = "UPDATE episode SET over_at = ?, why_over = ? WHERE id = ? AND over_at IS NULL"

        def end(db: Connection, over: Over) -> bool:
            return db.execute(query, (ms(over.at), over.why, over.number)).rowcount > 0

        return self._as_poller(lambda db: [end(db, each) for each in ends], ends, False)

    def worsen(self, worst: Mapping[int, Worst]) -> None:
        query = (
            "UPDATE episode SET worst = ?, worst_at = ?, worst_facts = ?"
            " WHERE id = ? AND (worst_at IS NULL OR worst < ?)"
        )
        rows = [
            (each.badness, ms(each.at), each.facts, number, each.badness)
            for number, each in worst.items()
            if not isnan(each.badness)
        ]

        def write(db: Connection) -> list[None]:
            db.executemany(query, rows)
            return []

        self._as_poller(write, rows, None)

    # --- answering -----------------------------------------------------------------------

    def acknowledge(self, numbers: Collection[int], told: Acknowledgement) -> list[Answered]:
        return self._answer(numbers, told)

    def withdraw(self, numbers: Collection[int]) -> list[Answered]:
        return self._answer(numbers, None)

    def _answer(self, numbers: Collection[int], told: Acknowledgement | None) -> list[Answered]:
        query = f"SELECT {_ACKNOWLEDGED} FROM episode WHERE id = ? AND over_at IS NULL"  # noqa: S608
        answered: list[Answered] = []
        with self._writing() as db:
            for number in sorted(numbers):
                before = db.execute(query + db.dialect.held, (number,)).fetchone()
                if before is not None:
                    answered.append(Answered(number, _acknowledgement(before), told))
                    _acknowledge(db, number, told)
        return answered

    def take_back(self, answered: Sequence[Answered]) -> int:
        query = f"SELECT {_ACKNOWLEDGED} FROM episode WHERE id = ?"  # noqa: S608 - a constant
        back = 0
        with self._writing() as db:
            for each in sorted(answered, key=lambda one: one.number):
                stands = db.execute(query + db.dialect.held, (each.number,)).fetchone()
                if stands == _acknowledged(each.after):
                    _acknowledge(db, each.number, each.before)
                    back += 1
        return back

    def silence(self, silence: Silence) -> Silence:
        of_its_kind = f"{_SILENCE} WHERE what = ? AND name = ? AND until > ?"
        insert = (
            "INSERT INTO silence (what, name, since, until, who, note) VALUES (?, ?, ?, ?, ?, ?)"
        )
        values = _silence_row(silence)
        with self._writing() as db:
            _unsilence(db, db.execute(of_its_kind, values[:3]).fetchall(), silence.since)
            return _silence((db.insert(insert, values), *values))

    def unsilence(self, numbers: Collection[int], at: float) -> list[Silence]:
        query = f"{_SILENCE} WHERE id = ? AND until > ?"
        with self._writing() as db:
            found = [db.execute(query, (each, ms(at))).fetchone() for each in set(numbers)]
            rows = sorted(filter(None, found))
            _unsilence(db, rows, at)
        return list(map(_silence, rows))

    def silences(self, now: float) -> list[Silence]:
        query = f"{_SILENCE} WHERE until > ? ORDER BY until, id"
        return self._ask(lambda db: [_silence(row) for row in db.execute(query, (ms(now),))])

    # --- telling -------------------------------------------------------------------------

    def told(self, numbers: Collection[int]) -> Mapping[int, Sequence[Told]]:
        query = "SELECT episode, target, edge, claimed_at, done_at FROM telling WHERE episode IN"
        found: defaultdict[int, list[Told]] = defaultdict(list)

        def ask(db: Connection) -> list[Row]:
            return list(rows_in(db, query, numbers, "ORDER BY claimed_at, target, edge"))

        for number, target, edge, claimed_at, done_at in self._ask(ask):
            found[number].append(Told(target, Edge(edge), claimed_at / 1000, seconds(done_at)))
        return {number: found[number] for number in numbers}

    def claim(self, tellings: Sequence[Telling], at: float) -> list[bool]:
        return self._as_poller(
            lambda db: [self._claim(db, each, at) for each in tellings], tellings, False
        )

    def _claim(self, db: Connection, telling: Telling, at: float) -> bool:
        before = db.execute(
            f"SELECT claimant, claimed_at, done_at FROM telling WHERE {_TELLING}",  # noqa: S608
            telling,
        ).fetchone()
        if before is not None:
            claimant, claimed_at, done_at = before
            if done_at is not None or claimant == self._claimant:
                return done_at is None
            if self._may_live(db, claimant, abs(at - claimed_at / 1000)):
                return False
        db.execute(
            "INSERT INTO telling (episode, target, edge, claimed_at, claimant)"
            " VALUES (?, ?, ?, ?, ?) ON CONFLICT (episode, target, edge) DO UPDATE SET"
            " claimed_at = excluded.claimed_at, done_at = NULL, claimant = excluded.claimant",
            (*telling, ms(at), self._claimant),
        )
        return True

    def holds(self, tellings: Sequence[Telling]) -> list[bool]:
        query = (
            "SELECT episode, target, edge FROM telling WHERE claimant = ? AND done_at IS NULL"
            " AND episode IN"
        )

        def held(db: Connection) -> list[bool]:
            ours = {
                (number, target, Edge(edge))
                for part in parts(tuple({each.number for each in tellings}))
                for number, target, edge in db.execute(
                    f"{query} ({marks(part)})", (self._claimant, *part)
                )
            }
            return [each in ours for each in tellings]

        return self._as_poller(held, tellings, False)

    def done(self, tellings: Sequence[Telling], at: float) -> None:
        query = f"UPDATE telling SET done_at = ? WHERE {_TELLING} AND claimant = ?"  # noqa: S608
        with self._writing() as db:
            db.executemany(query, [(ms(at), *each, self._claimant) for each in tellings])

    def release(self, tellings: Sequence[Telling]) -> None:
        query = f"DELETE FROM telling WHERE {_TELLING} AND claimant = ? AND done_at IS NULL"  # noqa: S608
        with self._writing() as db:
            db.executemany(query, [(*each, self._claimant) for each in tellings])

    # --- the database --------------------------------------------------------------------

    def _ask(self, question: Callable[[Connection], T]) -> T:
        return self._database.ask(question)

    def _writing(self) -> AbstractContextManager[Connection]:
        return self._database.writing()

    def _as_poller(
        self, write: Callable[[Connection], list[T]], what: Sequence[object], refused: T
    ) -> list[T]:
        """What ``write`` gives of each of ``what``; ``refused`` when another process polls."""
        if not what:
            return []
        try:
            fence = self._fence()
            with self._writing() as connection:
                fence.check(connection)
                return write(connection)
        except Superseded:
            return [refused] * len(what)


def episodes(
    connection: Connection,
    since: float,
    until: float,
    rule: str | None = None,
    subject: Subject | None = None,
    limit: int = 10_000,
) -> list[Episode]:
    """The episodes that fired, or still did, in that time; the latest fired first."""
    where = ["(over_at IS NULL OR over_at > ?)", "fired_at < ?"]
    values: list[object] = [ms(since), ms_until(until)]
    if rule is not None:
        where.append("rule = ?")
        values.append(rule)
    if subject is not None:
        where.append("about = ? AND name = ? AND profile = ?")
        values += [subject.about, subject.name, subject.profile]
    rows = connection.execute(
        f"{_EPISODE} WHERE {' AND '.join(where)} ORDER BY fired_at DESC, id DESC LIMIT ?",
        (*values, limit),
    )
    return [_episode(row) for row in rows]


def _fire(connection: Connection, episode: Episode) -> int:
    subject = episode.subject
    found = connection.execute(
        "SELECT id FROM episode WHERE rule = ? AND about = ? AND name = ? AND profile = ?"
        " AND (over_at IS NULL OR fired_at = ?) ORDER BY fired_at != ?",
        (episode.rule, *subject, *(ms(episode.fired_at),) * 2),
    ).fetchone()
    if found is not None:
        return int(found[0])
    worst = episode.worst
    values = (
        episode.rule,
        *subject,
        episode.severity,
        episode.condition,
        episode.label,
        "\n".join(episode.tags),
        ms(episode.began_at),
        ms(episode.fired_at),
        episode.facts,
        *((worst.badness, ms(worst.at), worst.facts) if worst else (None, None, None)),
        ms(episode.over_at),
        episode.why_over,
        *_acknowledged(episode.acknowledged),
        int(episode.old),
    )
    return connection.insert(
        f"INSERT INTO episode ({_KEPT}) VALUES ({', '.join('?' * len(values))})",  # noqa: S608
        values,
    )


def _acknowledge(connection: Connection, number: int, told: Acknowledgement | None) -> None:
    connection.execute(
        "UPDATE episode SET ack_by = ?, ack_at = ?, ack_note = ?, ack_until = ? WHERE id = ?",
        (*_acknowledged(told), number),
    )


def _unsilence(connection: Connection, rows: Sequence[Row], at: float) -> None:
    connection.executemany(
        "UPDATE silence SET until = ? WHERE id = ?", [(ms(at), row[0]) for row in rows]
    )


# --- rows ------------------------------------------------------------------------------------


def _episode(row: Row) -> Episode:
    number, rule, about, name, profile, severity, condition, label, tags, *rest = row
    began_at, fired_at, facts, worst, worst_at, worst_facts, over_at, why_over, *rest = rest
    return Episode(
        rule,
        Subject(About(about), name, profile),
        Severity(severity),
        condition,
        began_at / 1000,
        fired_at / 1000,
        label,
        tuple(filter(None, tags.split("\n"))),
        facts,
        None if worst_at is None else Worst(worst, worst_at / 1000, worst_facts),
        seconds(over_at),
        why_over,
        _acknowledgement(rest[:4]),
        bool(rest[4]),
        number,
    )


def _acknowledged(told: Acknowledgement | None) -> Row:
    """An acknowledgement as its columns."""
    if told is None:
        return (None,) * 4
    return told.by, ms(told.at), told.note, None if told.until is None else ms_until(told.until)


def _acknowledgement(columns: Sequence[Any]) -> Acknowledgement | None:
    by, at, note, until = columns
    return None if by is None else Acknowledgement(by, at / 1000, note, seconds_until(until))


def _silence_row(silence: Silence) -> Row:
    since, until = ms(silence.since), ms_until(silence.until)
    return silence.what, silence.name, since, until, silence.by, silence.note


def _silence(row: Row) -> Silence:
    number, what, name, since, until, who, note = row
    return Silence(What(what), name, since / 1000, seconds_until(until), who, note, number)
