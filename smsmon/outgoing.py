"""Whether a request may still go out, asked just before its first byte does.

Whoever lets it out counts it, and says until when that holds; a process can stand still in between
for any time (stopped, suspended, waiting for a connection). Said and asked in the same task, or in
one that it began.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar

Still = Callable[[], bool]


def always() -> bool:
    return True


_still: ContextVar[Still] = ContextVar("still", default=always)


def goes_out_while(still: Still) -> None:
    """The next request of this task goes out only while ``still`` gives True."""
    _still.set(still)


def may_still_go_out() -> bool:
    """True while the request of this task may go out."""
    return _still.get()()
