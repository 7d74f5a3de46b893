"""The text of the head: whether the screen is true, and the totals. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from textual.content import Content

from smsmon.console import cells
from smsmon.console.formats import Formats
from smsmon.console.line import GAP, fitted, part
from smsmon.console.signs import (
    ALERT,
    ALERT_TONES,
    FAILING,
    GONE,
    NEW,
    WELL,
    Tone,
    state_sign,
    status_sign,
    styled,
)
from smsmon.known import AccountState, Condition
from smsmon.model import Balance, Counts
from smsmon.monitor.state import MessageState
from smsmon.recipients import Status
from smsmon.text import ELLIPSIS

if TYPE_CHECKING:
    from smsmon.monitor.alerts import Rule
    from smsmon.sharing import WhoPolls

_ORDER = (
    MessageState.STALE,
    MessageState.NOT_FOUND,
    MessageState.NEW,
    MessageState.LIVE,
    MessageState.COMPLETE,
    MessageState.SETTLED,
    MessageState.PAUSED,
)
_SHORT = 60
"""Columns in which a reason must fit at 80."""
_LATELY_FROM = 138
"""Columns from which deliveries per minute have room; two less than the screen's."""
_WORTH = {Condition.OK: 10, Condition.STOPPED: 20, Condition.DOWN: 21}
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
    frozen_since: float | None = None
    """Of when the picture below is, while it is held still."""
    held_back: int = 0
    """Messages changed since the screen was frozen."""
    masked: bool = False
    """Phone numbers are masked."""
    read_only: str = ""
    """Why the watchlist cannot be written; empty when it can."""
    halted: str = ""
    """Why nothing is polled at all, by a fault of our own; empty when all is well."""
    alerts: tuple[Rule, ...] = ()
    """The rule of each alert that fires."""
    polling: WhoPolls | None = None
    """Who polls; None before that is known."""
    retry_key: str = "t"
    """The key that tries an account again."""
    setup_key: str = ""
    """The key that asks where the key of the account ``name`` is; empty where that has one."""


def trouble(head: Head) -> bool:
    """True when an account is down or stopped, or nothing polls: the whole line says so."""
    return bool(head.halted) or any(
        account.condition is not Condition.OK for account in head.accounts
    )


def truth(head: Head, formats: Formats, width: int) -> Content:
    """The first line, in ``width`` columns: what matters least gives way first."""
    name = Content.styled("smsmon", "bold")
    parts = [part(6, Content.assemble(name, f"  {head.name}") if head.name else name, name)]
    if head.halted:
        halted = Content.assemble(("NOT POLLING", "bold"))
        parts.append(part(30, Content.assemble(halted, f": {head.halted}"), halted))
    parts.extend(
        part(_WORTH[alike[0].condition], *_accounts(alike, formats, head))
        for alike in _alike(head.accounts)
    )
    if polls := _who_polls(head.polling):
        parts.append(part(*polls))
    if head.alerts:
        parts.append(part(25, *_alerts(head.alerts)))
    if head.frozen_since is not None:
        forms = (f"FROZEN since {formats.moment(head.frozen_since).strip()}", "FROZEN")
        new = f", {head.held_back:,} new"
        parts.append(part(9, *(styled(form + new, Tone.WARN) for form in forms)))
    if head.masked:
        parts.append(part(5, styled("numbers masked", Tone.WAIT), styled("masked", Tone.WAIT)))
    if head.read_only:
        parts.append(part(8, styled("watchlist read-only", Tone.WARN)))
    parts.append(part(7, *_states(head.states)))
    if head.allowed:
        parts.append(part(3, *_requests(head)))
    if head.balance:
        parts.append(part(4, styled(head.balance, Tone.DIM)))
    return fitted(parts, width)


def _who_polls(polling: WhoPolls | None) -> tuple[int, *tuple[Content, ...]] | None:
    """Who polls, where that is not this console for itself alone: its worth, and its forms."""
    if polling is None or (polling.here and not polling.followed):
        return None
    if polling.here:
        return 2, styled("polls for others too", Tone.DIM)
    if polling.holder is None:
        return 15, styled("nobody polls", Tone.WARN)
    by = f"by {polling.holder}"
    return 6, styled(f"polled {by}", Tone.DIM), styled(by, Tone.DIM)


def trying(account: AccountState, now: float) -> bool:
    """True when a silent account is being tried again at this moment."""
    return account.retry_at is not None and account.retry_at <= now


def _alerts(alerts: tuple[Rule, ...]) -> list[Content]:
    """How many alerts fire, as grave as the gravest of them; and which, where there is room."""
    gravest_first = sorted(alerts, key=lambda rule: -rule.severity)
    tone = ALERT_TONES[gravest_first[0].severity]
    count = f"{ALERT.glyph} {len(alerts):,} alert" + ("" if len(alerts) == 1 else "s")
    names = ", ".join(dict.fromkeys(rule.name for rule in gravest_first))
    return [styled(f"{count}: {names}", tone), styled(count, tone)]


def _alike(accounts: tuple[AccountState, ...]) -> list[list[AccountState]]:
    """The accounts by how it stands with them: few, however many accounts there are."""
    found: dict[object, list[AccountState]] = {}
    for each in accounts:
        well = each.condition is Condition.OK and (each.heard, each.failing_since is None)
        found.setdefault((each.condition, each.held_until, well), []).append(each)
    return list(found.values())


def _accounts(alike: list[AccountState], formats: Formats, head: Head) -> list[Content]:
    """How it stands with accounts that are ``alike``: each for itself, together, or their count.

    Together they tell the one reason that all have: of several, none is told as that of all.
    """
    if len(head.accounts) == 1:
        return _account(alike[0], "API ", formats, head)
    each = [_account(account, f"{account.profile} ", formats, head) for account in alike]
    if len(alike) == 1:
        return each[0]
    since, retry_at, failing = (
        min((moment for account in alike if (moment := getattr(account, name))), default=None)
        for name in ("since", "retry_at", "failing_since")
    )
    all_of_them = replace(alike[0], since=since, retry_at=retry_at, failing_since=failing)
    names, count = ", ".join(account.profile for account in alike), f"{len(alike)} accounts"
    forms = [_account(all_of_them, f"{name} ", formats, head) for name in (names, count)]
    told = [form for both in zip(*forms, strict=True) for form in both]
    if len({account.reason for account in alike}) > 1:
        told = [*(Content(GAP).join(of_each) for of_each in zip(*each, strict=True)), *told[-2:]]
    if all_of_them.condition is not Condition.OK:
        what = "held" if all_of_them.held_until else all_of_them.condition.value
        told.append(Content.assemble(f"{len(alike)} ", (what, "bold")))
    return told


def _account(account: AccountState, name: str, formats: Formats, head: Head) -> list[Content]:
    match account.condition:
        case Condition.OK if account.failing_since is not None:
            failing = f"{FAILING.glyph} failing since {formats.moment(account.failing_since)}"
            forms = (f"{failing}: {formats.words(account.reason)}", failing)
            return [Content.assemble(name, styled(form, Tone.WARN)) for form in forms]
        case Condition.OK if not account.heard:
            return [Content.assemble(name, styled(f"{NEW.glyph} no answer yet", Tone.DIM))]
        case Condition.OK:
            return [Content.assemble(name, styled(f"{WELL.glyph} ok", Tone.GOOD))]
        case Condition.DOWN:
            if account.held_until is not None:
                return _held(name, account, formats)
            state, again = "down", _next_try(account, formats)
        case Condition.STOPPED:
            if head.setup_key and account.profile == head.name:
                return _not_set_up(name, account, formats, head.setup_key)
            state, again = "stopped", f", {head.retry_key} tries again"
    since = f"{FAILING.glyph} {state} since {formats.moment(account.since)}"
    reason = formats.words(account.reason)
    down = account.condition is Condition.DOWN
    now = f"{FAILING.glyph} {state}{again if down else ''}"
    said = f"{now}: {reason}"
    short = said if len(said) <= _SHORT else said[: _SHORT - 1] + ELLIPSIS
    told = (f"{since}{again}: {reason}", said, short, now if down else since)
    return [Content.assemble(name, (form, "bold")) for form in told]


def _not_set_up(name: str, account: AccountState, formats: Formats, key: str) -> list[Content]:
    """The way to set the account up, which no width leaves out."""
    told = f"{FAILING.glyph} stopped, {key} sets it up"
    said = f"{told}: {formats.words(account.reason)}"
    short = said if len(said) <= _SHORT else said[: _SHORT - 1] + ELLIPSIS
    return [Content.assemble(name, (form, "bold")) for form in (said, short, told)]


def _held(name: str, account: AccountState, formats: Formats) -> list[Content]:
    """Until when nothing is asked, which no width leaves out."""
    until, reason = formats.moment(account.held_until).strip(), formats.words(account.reason)
    held = f"{FAILING.glyph} held until {until}"
    since = formats.moment(account.since).strip()
    forms = (f"{held}, since {since}: {reason}", f"{held}: {reason}", held)
    return [Content.assemble(name, (form, "bold")) for form in forms]


def _next_try(account: AccountState, formats: Formats) -> str:
    if account.retry_at is None:
        return ""
    if trying(account, formats.now()):
        return ", trying now"
    return f", next try {formats.moment(account.retry_at)}"


def why_not_asked(account: AccountState, formats: Formats, retry_key: str, *, named: bool) -> str:
    """What becomes of a wish to ask an account that is down or stopped; empty where it is well.

    ``named``: there are several accounts, so tell which.
    """
    what = f"The account {account.profile}" if named else "The account"
    since = f" since {formats.moment(account.since).strip()}" if account.since else ""
    reason = formats.words(account.reason).rstrip(".")
    match account.condition:
        case Condition.OK:
            return ""
        case Condition.STOPPED:
            return f"{what} is stopped{since}: {reason}. Nothing is asked; {retry_key} tries again."
        case Condition.DOWN if account.retry_at is None or trying(account, formats.now()):
            return f"{what} is down{since}: {reason}. It is being tried now."
        case Condition.DOWN:
            again = formats.moment(account.retry_at).strip()
            told = f"{what} is down{since}: {reason}. The next try is at {again}"
            if account.held_until is None:
                return f"{told}."
            until = formats.moment(account.held_until).strip()
            return f"{told}: the API asked for a pause until {until}."


def limit_used_up(until: float, allowed: int, formats: Formats) -> str:
    """What becomes of a wish to ask while no more requests are allowed, up to ``until``."""
    return (
        f"All {allowed:,} requests a minute are used up, by all smsmon programs here together."
        f" The next goes out at {formats.moment(until).strip()}."
    )


def _states(states: Counter[MessageState]) -> list[Content]:
    watched = Content(f"{states.total():,} watched")
    told = [_state(state, states[state]) for state in _ORDER if states[state]]
    alarms = [_state(state, states[state]) for state in _ALARMING if states[state]]
    glyphs = [_state(state, states[state], short=True) for state in _ORDER if states[state]]
    between = Content(" · ")
    return [
        between.join([watched, *told]),
        Content("  ").join([watched, *glyphs]),
        between.join([watched, *alarms]),
        Content("  ").join([*glyphs]),
    ]


def _state(state: MessageState, count: int, *, short: bool = False) -> Content:
    sign = state_sign(state.value)
    alarming = state in _ALARMING
    text = f"{count:,}" if short else f"{count:,} {sign.word}"
    if alarming or short:
        text = f"{sign.glyph} {text}"
    return styled(text, Tone.WARN if alarming else Tone.PLAIN)


def _requests(head: Head) -> list[Content]:
    stretched = f", stretched ×{head.stretch:.1f}" if head.stretch > 1.05 else ""
    used = f"{head.used:,}/{head.allowed:,}"
    return [
        styled(f"{used} requests/min{stretched}", Tone.DIM),
        styled(f"{used} req/min{stretched}", Tone.DIM),
    ]


def totals(counts: Counts, width: int, *, of_filtered: bool = False, lately: str = "") -> Content:
    """The second line: the recipients of all messages, or of those the filter shows.

    ``lately``: deliveries of the last minutes as small columns, for the right end of a wide line.
    """
    if lately and width >= _LATELY_FROM:
        seen = Content.assemble(styled("delivered/min ", Tone.DIM), styled(lately, Tone.GOOD))
        room = width - seen.cell_length
        left = totals(counts, room - len(GAP), of_filtered=of_filtered)
        return Content.assemble(left, " " * (room - left.cell_length), seen)
    what = "filtered recipients" if of_filtered else "recipients"
    number = Content.styled(f"{counts.total:,}", "bold")
    parts = [part(10, Content.assemble(number, " ", styled(what, Tone.DIM)), number)]
    for worth, status in ((8, Status.DELIVERED), (7, Status.WAITING), (9, Status.NOT_DELIVERED)):
        parts.append(part(worth, *_total(counts, status)))
    if counts.unknown:
        parts.append(part(5, *_total(counts, Status.UNKNOWN)))
    if counts.absent:
        gone = f"{GONE} {counts.absent:,}"
        forms = (f"{gone} no longer listed", f"{gone} not listed", gone)
        parts.append(part(9, *(styled(form, Tone.WARN) for form in forms)))
    parts.append(part(6, Content.assemble(styled("STOP ", Tone.DIM), f"{counts.stop:,}")))
    rate = (cells.rate(counts.delivery_rate), "bold")
    named = [styled(f"{name} ", Tone.DIM) for name in ("delivery rate", "rate")]
    parts.append(part(6, *(Content.assemble(name, rate) for name in named)))
    return fitted(parts, width)


def _total(counts: Counts, status: Status) -> list[Content]:
    sign = status_sign(status)
    number = int(getattr(counts, status.slug))
    share = cells.percent(number, counts.total)
    seen = styled(f"{sign.glyph} {number:,}", sign.tone if number else Tone.DIM)
    return [
        Content.assemble(seen, styled(f" {sign.word.lower()} {share}", Tone.DIM)),
        Content.assemble(seen, styled(f" {share}", Tone.DIM)),
        seen,
    ]


def balance_text(balance: Balance | None) -> str:
    """The credits for messages, or the money left; empty where neither is known."""
    if balance is None:
        return ""
    if balance.credits is not None:
        return f"{balance.credits:,} credits"
    return f"{balance.amount} {balance.currency}".strip()
