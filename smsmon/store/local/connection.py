"""A connection to ``history.db``, and how SQLite has what the databases have otherwise.

A phone is an integer where it is E.164 (``33612345678``), else the text that came.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

from smsmon.phones import e164
from smsmon.store.sql.database import Parameters


class _Sqlite:
    """The ``Dialect`` of SQLite."""

    by_phone = "r.phone"
    # No text is less than the empty one, and every number is.
    fragment = (
        "SELECT DISTINCT phone FROM recipient WHERE instr(phone, ?) OR phone >= '' ORDER BY phone"
    )
    stamped = ""
    held = ""

    @staticmethod
    def stored(phone: str) -> int | str:
        digits = phone[1:]
        plain = phone[:1] == "+" and digits.isascii() and digits.isdigit() and len(digits) <= 15
        return int(digits) if plain and digits[:1] != "0" and digits else phone

    @staticmethod
    def phone_of(stored: int | str) -> str:
        return stored if isinstance(stored, str) else f"+{stored}"


SQLITE = _Sqlite()


class LocalConnection(sqlite3.Connection):
    """A connection that begins and ends its transactions itself (``isolation_level`` None)."""

    dialect = SQLITE

    def stream(self, query: str, parameters: Parameters = (), /) -> sqlite3.Cursor:
        return self.execute(query, parameters)

    def many(self, query: str, rows: Sequence[Parameters], /) -> Iterator[list[Any]]:
        return (self.execute(query, each).fetchall() for each in rows)

    def together(self) -> contextlib.AbstractContextManager[object]:
        return contextlib.nullcontext()

    def insert(self, query: str, parameters: Parameters, /) -> int:
        number = self.execute(query, parameters).lastrowid
        assert number is not None  # noqa: S101 - an INSERT has one
        return number

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        self.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.execute("COMMIT")
        except BaseException:
            # A full disk or a damaged page may have rolled it back already.
            if self.in_transaction:
                self.execute("ROLLBACK")
            raise

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        self.execute("BEGIN")
        try:
            yield
        finally:
            self.execute("COMMIT")


def respelled(key: int | str) -> int | str:
    """What is stored now for a phone that a history of version 1 holds as ``key``.

    There every national French number is one of the mainland, and other spellings are as they
    came.
    """
    digits = str(key)
    if isinstance(key, int) and not re.fullmatch(r"33[1-9][0-9]{8}", digits):
        return key
    number = e164(key if isinstance(key, str) else f"0{digits[2:]}")
    return SQLITE.stored(number) if number else key
