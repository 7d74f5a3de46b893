"""The head of the screen: is it true? Then the totals. Pure text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from textual.content import Content

from smsmon.console import cells
from smsmon.console.lens import Lens
from smsmon.console.looks import STATUS_LOOKS, Tone
from smsmon.console.tones import styled
from smsmon.model import Counts, Status
from smsmon.monitor.account import AccountState, Condition
from smsmon.monitor.state import MessageState

_ORDER = (
    MessageState.STALE,
    MessageState.NOT_FOUND,
    MessageState.NEW,
    MessageState.LIVE,
    MessageState.COMPLETE,
    MessageState.SETTLED,
    MessageState.PAUSED,
)
_ALARMING = (MessageState.STALE, MessageState.NOT_FOUND)


@dataclass(frozen=True, slots=True)
class Head:
    """All that the first line tells."""

    accounts: tuple[AccountState, ...]
    states: Counter[MessageState]
    name: str = ""
    """The profile, or ``demo``."""
    balance: str = ""
    used: int = 0
    """Requests in the last minute."""
    allowed: int = 0
    stretch: float = 1.0
    frozen: bool = False
    held_back: int = 0
    """Messages changed since the screen was frozen."""
    read_only: str = ""
    """Why the watchlist cannot be written; empty when it can."""


def trouble(head: Head) -> bool:
    """True when an account is down or stopped: the whole line says so."""
    return any(account.condition is not Condition.OK for account in head.accounts)


def truth(head: Head, lens: Lens, width: int) -> Content:
    """The first line, in ``width`` columns: what matters least goes first."""
    name = Content.assemble(("smsmon", "bold"), f"  {head.name}" if head.name else "")
    parts: list[tuple[int, Content]] = [(9, name)]
    parts += [(10, _account(account, lens, len(head.accounts) > 1)) for account in head.accounts]
    if head.frozen:
        parts.append((8, styled(f"FROZEN, {head.held_back:,} new", Tone.WARN)))
    if head.read_only:
        parts.append((8, styled("watchlist read-only", Tone.WARN)))
    parts.append((7, _states(head.states)))
    if head.allowed:
        parts.append((3, styled(_requests(head), Tone.DIM)))
    if head.balance:
        parts.append((4, styled(head.balance, Tone.DIM)))
    return fitted(parts, width)


def fitted(parts: list[tuple[int, Content]], width: int, gap: str = "   ") -> Content:
    """``parts`` side by side; while they are too wide the one of least worth is left out."""
    parts = [part for part in parts if part[1].plain]
    while len(parts) > 1 and (
        sum(part.cell_length for _, part in parts) + len(gap) * (len(parts) - 1) > width
    ):
        parts.remove(min(parts, key=lambda part: part[0]))
    return Content(gap).join([part for _, part in parts])


def _account(account: AccountState, lens: Lens, named: bool) -> Content:
    name = f"{account.profile} " if named else "API "
    match account.condition:
        case Condition.OK:
            return Content.assemble(name, styled("● ok", Tone.GOOD))
        case Condition.DOWN:
            again = f", next try {lens.moment(account.retry_at)}" if account.retry_at else ""
            text = f"▲ down since {lens.moment(account.since)}{again}: {account.reason}"
            return Content.assemble(name, Content.styled(text, "bold"))
        case Condition.STOPPED:
            text = f"✖ stopped since {lens.moment(account.since)}: {account.reason}"
            return Content.assemble(name, Content.styled(text, "bold"))


def _states(states: Counter[MessageState]) -> Content:
    total = states.total()
    pieces = [Content(f"{total:,} watched")]
    for state in _ORDER:
        if states[state]:
            alarming = state in _ALARMING
            glyph = "⚠ " if alarming else ""
            tone = Tone.WARN if alarming else Tone.PLAIN
            pieces.append(styled(f"{glyph}{states[state]:,} {state.value}", tone))
    return Content(" · ").join(pieces)


def _requests(head: Head) -> str:
    stretched = f", stretched ×{head.stretch:.1f}" if head.stretch > 1.05 else ""
    return f"{head.used:,}/{head.allowed:,} requests/min{stretched}"


def totals(counts: Counts, width: int, *, of_filtered: bool = False) -> Content:
    """The second line: the recipients of all messages, or of those the filter shows."""
    what = "filtered recipients" if of_filtered else "recipients"
    parts: list[tuple[int, Content]] = [
        (10, Content.assemble((f"{counts.total:,}", "bold"), " ", styled(what, Tone.DIM)))
    ]
    for worth, status in ((9, Status.DELIVERED), (8, Status.WAITING), (8, Status.NOT_DELIVERED)):
        parts.append((worth, _total(counts, status)))
    if counts.unknown:
        parts.append((6, _total(counts, Status.UNKNOWN)))
    parts.append((7, Content.assemble(styled("STOP ", Tone.DIM), f"{counts.stop:,}")))
    rate = cells.rate(counts.delivery_rate)
    parts.append((5, Content.assemble((rate, "bold"), styled(" of final delivered", Tone.DIM))))
    return fitted(parts, width)


def _total(counts: Counts, status: Status) -> Content:
    look = STATUS_LOOKS[status]
    number = int(getattr(counts, status.slug))
    share = cells.percent(number, counts.total)
    return Content.assemble(
        styled(f"{look.glyph} {number:,}", look.tone if number else Tone.DIM),
        styled(f" {look.word.lower()} {share}", Tone.DIM),
    )


def tally(states: Iterable[MessageState]) -> Counter[MessageState]:
    """How many messages are in each state."""
    return Counter(states)
