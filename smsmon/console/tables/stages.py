"""What a key narrows a table to, step by step. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stage:
    """A filter that a key puts before the operator's own."""

    term: str
    """As it is typed."""
    words: str
    """What it shows, for the title."""
    none: str
    """What an empty table says."""


Stages = tuple[Stage, ...]
"""What a key narrows a table to, in the order in which it goes through them."""


def stage_of(text: str, stages: Stages) -> Stage | None:
    """The stage that a filter begins with; None: it begins with none of them."""
    return next((each for each in stages if f"{text} ".startswith(f"{each.term} ")), None)


def stepped(text: str, stages: Stages) -> str:
    """The filter after ``text``: the next stage before what the operator typed; at the end that
    alone."""
    now = stage_of(text, stages)
    own = text if now is None else text.removeprefix(now.term).lstrip()
    place = 0 if now is None else stages.index(now) + 1
    if place == len(stages):
        return own
    # A filter that is turned round as a whole would turn round the stage, too.
    turned = own == "!" or own.startswith("! ")
    return stages[place].term if turned or not own else f"{stages[place].term} {own}"
