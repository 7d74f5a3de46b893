"""Leases in rows of a team's database: who is there, and whose each part of the work is.

A process is there for `parts.LASTS` seconds at a time, by the database's clock; while it is, what
its rows call its own is so, and nothing else has to be said again: one row a process is written
every few seconds. Whoever was there for too long without a word is buried by the next one that
comes, and only then are its parts free. So none is taken from one that says a word just then: both
write the same row.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from smsmon.known import CHIEF
from smsmon.store.parts import LASTS, Card, Seen
from smsmon.store.shared import Holder, Rank
from smsmon.store.shares import Member
from smsmon.store.team.connection import Connection
from smsmon.store.team.database import Database

_BURY = (
    "DELETE FROM member WHERE owner IN (SELECT owner FROM member"
    " WHERE seen_until <= clock_timestamp() FOR UPDATE SKIP LOCKED)"
)
_COME = (
    "INSERT INTO member (owner, name, host, pid, rank, egress, polls, standing, joined, seen_until)"
    " VALUES (:owner, :name, :host, :pid, :rank, :egress, :polls, :standing, clock_timestamp(),"
    " clock_timestamp() + :lasts * interval '1 second')"
    " ON CONFLICT (owner) DO UPDATE SET rank = excluded.rank, polls = excluded.polls,"
    " standing = excluded.standing, seen_until = excluded.seen_until"
    " RETURNING extract(epoch FROM clock_timestamp())::float8"
)
_LET_GO = (
    "UPDATE message_lease SET owner = '' WHERE owner = ? AND message_id = ANY(?)",
    "UPDATE message_lease SET owner = '' WHERE owner = ?",
)
_KNOW = (
    "INSERT INTO message_lease (message_id) SELECT unnest(?::text[])"
    " ON CONFLICT (message_id) DO NOTHING"
)
_THERE = (
    "SELECT owner, name, host, pid, rank, standing, extract(epoch FROM joined) FROM member"
    " WHERE seen_until > clock_timestamp() ORDER BY joined, owner"
)
_FREE = (
    "SELECT message_id, epoch FROM message_lease l"
    " WHERE NOT EXISTS (SELECT 1 FROM member m WHERE m.owner = l.owner)"
)
_OURS = "SELECT message_id, epoch FROM message_lease WHERE owner = ?"
_OWNER_OF = "SELECT owner FROM message_lease WHERE message_id = ?"
# Whoever records under a lease holds its row until that is committed: it is passed over here. Of
# two that take one at the same time the epoch tells the second that it comes late: only what the
# row itself says is looked at again where it was changed meanwhile.
_TAKE = (
    "WITH free AS (SELECT l.message_id FROM message_lease l"
    " JOIN unnest(:names::text[], :epochs::bigint[]) AS seen (name, epoch)"
    " ON l.message_id = seen.name AND l.epoch = seen.epoch"
    " WHERE NOT EXISTS (SELECT 1 FROM member m WHERE m.owner = l.owner)"
    " FOR UPDATE OF l SKIP LOCKED)"
    " UPDATE message_lease l SET owner = :owner, epoch = nextval('message_epoch') FROM free"
    " WHERE l.message_id = free.message_id"
    " AND EXISTS (SELECT 1 FROM member m WHERE m.owner = :owner)"
    " RETURNING l.message_id, l.epoch"
)
# What nobody has had yet has the epoch 0: of two that begin it the first has it.
_BEGIN = (
    "INSERT INTO message_lease (message_id, owner, epoch)"
    " SELECT name, :owner, nextval('message_epoch') FROM unnest(:names::text[]) name"
    " WHERE EXISTS (SELECT 1 FROM member m WHERE m.owner = :owner)"
    " ON CONFLICT (message_id) DO UPDATE SET owner = excluded.owner, epoch = excluded.epoch"
    " WHERE message_lease.owner = '' AND message_lease.epoch = 0"
    " RETURNING message_id, epoch"
)
_GONE = (
    "DELETE FROM message_lease WHERE message_id IN (SELECT message_id FROM message_lease l"
    " WHERE owner = '' AND message_id = ANY(?) FOR UPDATE SKIP LOCKED)"
)
_LEAVE = "DELETE FROM member WHERE owner = ?"


class TeamRows:
    """The ``Rows`` of a team's database."""

    def __init__(self, database: Database, egress: str) -> None:
        """``egress`` is the name of the address by which this process reaches the API."""
        self._database = database
        self._egress = egress
        self._free: Mapping[str, int] = {}
        """What was nobody's at the last visit, each with the epoch in which it was somebody's."""

    def visit(self, card: Card, let_go: Collection[str] | None, new: Collection[str]) -> Seen:
        me, holder = card.member, card.holder
        time = self._database.access.time
        with self._database.writing() as connection, connection.together():
            connection.execute(_BURY)
            asked = time.steady()
            said: Any = connection.execute(
                _COME,
                {
                    "owner": me.owner,
                    "name": holder.name,
                    "host": holder.host,
                    "pid": holder.pid,
                    "rank": int(me.rank),
                    "egress": self._egress,
                    "polls": bool(me.loads),
                    "standing": _standing(me),
                    "lasts": LASTS,
                },
            ).fetchone()
            time.heard(said[0], asked)
            if let_go is None:
                connection.execute(_LET_GO[1], (me.owner,))
            elif let_go:
                connection.execute(_LET_GO[0], (me.owner, [*let_go]))
            if new:
                connection.execute(_KNOW, ([*new],))
            seen, self._free = _seen(connection, me.owner)
            return seen

    def take(self, owner: str, names: Collection[str]) -> Mapping[str, int]:
        with self._database.writing() as connection:
            epochs = [self._free[name] for name in names]
            given = {"owner": owner, "names": [*names], "epochs": epochs}
            taken = connection.execute(_TAKE, given)
            return {name: int(epoch) for name, epoch in taken}

    def begin(self, owner: str, names: Collection[str]) -> Mapping[str, int]:
        with self._database.writing() as connection:
            begun = connection.execute(_BEGIN, {"owner": owner, "names": sorted(names)})
            return {name: int(epoch) for name, epoch in begun}

    def forget(self, names: Collection[str]) -> None:
        """Have no rows any more of parts that nobody wants."""
        with self._database.writing() as connection:
            connection.execute(_GONE, ([*names],))

    def look(self) -> Seen:
        return self._database.ask(lambda connection: _seen(connection, ""))[0]

    def leave(self, owner: str) -> None:
        with self._database.writing() as connection:
            connection.execute(_LET_GO[1], (owner,))
            connection.execute(_LEAVE, (owner,))


def _seen(connection: Connection, owner: str) -> tuple[Seen, Mapping[str, int]]:
    """What is to be seen, and the epochs of what is nobody's."""
    with connection.together():
        there = connection.execute(_THERE)
        of_chief = connection.execute(_OWNER_OF, (CHIEF,))
        ours: Iterable[Any] = connection.execute(_OURS, (owner,)) if owner else ()
        nobodys = connection.execute(_FREE)
    cards = [_card(row) for row in there]
    chief: Any = of_chief.fetchone()
    held = {name: int(epoch) for name, epoch in ours}
    free = {name: int(epoch) for name, epoch in nobodys}
    owners = {each.member.owner for each in cards}
    return Seen(cards, held, free, chief[0] if chief and chief[0] in owners else ""), free


def _standing(me: Member) -> str:
    """How it stands with the accounts of a process, for a column."""
    told = {"well": sorted(me.well), "ill": sorted(me.ill), "tries": sorted(me.tries)}
    return json.dumps({**told, "loads": me.loads})


def _card(row: Any) -> Card:
    owner, name, host, pid, rank, told, joined = row
    accounts = {each: frozenset(map(str, told.get(each, ()))) for each in ("well", "ill", "tries")}
    loads = {str(name): float(load) for name, load in told.get("loads", {}).items()}
    member = Member(owner, Rank(rank), float(joined), **accounts, loads=loads)
    return Card(member, Holder(int(pid), name, host))
