"""The first line of the head: whether the screen is true. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from textual.content import Content

from smsmon.console import cells
from smsmon.console.formats import Formats
from smsmon.console.line import GAP, Part, fitted, part
from smsmon.console.signs import (
    ACKNOWLEDGED,
    ALERT,
    ALERT_TONES,
    FAILING,
    NEW,
    SILENCED,
    WELL,
    Tone,
    state_sign,
    styled,
)
from smsmon.known import AccountState, Condition
from smsmon.model import Balance
from smsmon.monitor.state import MessageState
from smsmon.times import counted

if TYPE_CHECKING:
    from smsmon.console.alert_standing import Raised
    from smsmon.who_polls import WhoPolls

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
_WIDE = 116
"""Columns from which all is told at length; a screen of 140 has them beside the clock."""
_VERY_WIDE = 150
"""Columns from which what always stands there is told at length too."""
_NARROW = 66
"""Columns below which what is told stands closer together."""
_NAME_LIMIT, _NAMES_LIMIT = 24, 40
"""The longest name of an account, and the longest list of names of alerts."""
_TROUBLE, _ALWAYS = 43, 44
"""What accounts in trouble are worth, and what no width leaves out: beyond all else."""
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
    silent: tuple[str, ...] = ()
    """Sources of ids from which nothing comes, for some trouble."""
    alerts: tuple[Raised, ...] = ()
    """The rules of the alerts that fire and nobody answered, the gravest first."""
    acknowledged: int = 0
    silenced: int = 0
    """Alerts that fire, and somebody answered."""
    polling: WhoPolls | None = None
    """Who polls; None before that is known."""
    retry_key: str = "t"
    """The key that tries an account again."""
    setup_key: str = ""
    """The key that asks where the key of the account ``name`` is; empty where that has one."""


def trouble(head: Head) -> bool:
    """True when an account is down or stopped, the store does not answer, or nothing polls: the
    whole line says so.
    """
    gone = head.polling is not None and head.polling.unreachable_since is not None
    down = any(account.condition is not Condition.OK for account in head.accounts)
    return bool(head.halted) or gone or down


def truth(head: Head, formats: Formats, width: int) -> Content:
    """The first line, in ``width`` columns: what matters least gives way first.

    No width leaves out that accounts are in trouble, that the store does not answer, that alerts
    fire, that the picture is held still or that numbers are masked. Whether these are told at
    length, and whether the account is named, is for the width to say and not for what else there
    is: nothing comes and goes.
    """
    wide = width >= _WIDE
    name = Content.styled("smsmon", "bold")
    if wide and head.name:
        name = Content.assemble(name, f"  {cells.cut(head.name, _NAME_LIMIT)}")
    parts = [part(_ALWAYS if wide else 6, name)]
    if head.halted:
        halted = Content.assemble(("NOT POLLING", "bold"))
        parts.append(part(_ALWAYS, Content.assemble(halted, f": {head.halted}"), halted))
    accounts = _all_accounts(head, formats)
    if head.polling is None or head.polling.unreachable_since is None:
        parts.extend(accounts)
    else:  # how the API does is not known by now: nobody may ask it
        parts.extend(each for each in accounts if each.worth == _TROUBLE)
    if polls := _who_polls(head.polling, head.states.total(), formats):
        parts.append(part(*polls))
    if head.alerts:
        # While an account is in trouble, the line is about that: its words need the room.
        parts.append(part(_ALWAYS, _alerts(head.alerts, named=wide and not trouble(head))))
    if answered := _answered(head, whole=wide, plain=formats.plain):
        parts.append(part(4, *answered))
    if head.frozen_since is not None:
        parts.append(part(_ALWAYS, styled(_frozen(head, formats, width), Tone.WARN)))
    if head.masked:
        masked = "numbers masked" if width >= _VERY_WIDE else "masked"
        parts.append(part(_ALWAYS, styled(masked, Tone.WAIT)))
    if head.read_only and not (head.polling and head.polling.unreachable_since):
        parts.append(part(8, styled("watchlist read-only", Tone.WARN)))
    if head.silent:
        parts.append(part(16, *_silent(head.silent)))
    parts.append(part(7, *_states(head.states, whole=wide, plain=formats.plain)))
    if head.allowed:
        parts.append(part(5, *_requests(head)))
    if head.balance:
        parts.append(part(3, styled(head.balance, Tone.DIM)))
    return fitted(parts, width, GAP if width >= _NARROW else "  ")


def _silent(names: tuple[str, ...]) -> list[Content]:
    """That nothing comes from sources: what was sent meanwhile is not seen."""
    several = counted(len(names), "source")
    which = f"source {names[0]}" if len(names) == 1 else several
    return [styled(f"{told} not read", Tone.WARN) for told in (which, several)]


def _frozen(head: Head, formats: Formats, width: int) -> str:
    """That the picture is held still: since when, and how much is new since then."""
    if width >= _VERY_WIDE:
        since = formats.moment(head.frozen_since)
        return f"FROZEN since {since}, {head.held_back:,} new"
    if width < _NARROW:
        return "FROZEN"
    return f"FROZEN {formats.minute(head.frozen_since)} +{head.held_back:,}"


def _all_accounts(head: Head, formats: Formats) -> list[Part]:
    """How it stands with all accounts: those in trouble first, each named or all counted."""
    groups = [(alike, _accounts(alike, formats, head)) for alike in _alike(head.accounts)]
    troubled = [group for group in groups if _in_trouble(group[0][0])]
    parts = [part(10, *forms) for alike, forms in groups if not _in_trouble(alike[0])]
    if not troubled:
        return parts
    if len(troubled) == 1:
        [(alike, forms)] = troubled
        return [part(_TROUBLE, *forms, *_shortest(alike, head)), *parts]
    together = _side_by_side([[*forms, *_shortest(alike, head)] for alike, forms in troubled])
    counts = ", ".join(f"{len(alike)} {_condition(alike[0])}" for alike, _ in troubled)
    count = f"{sum(len(alike) for alike, _ in troubled)} accounts"
    together += [Content.styled(f"{FAILING.glyph} {told}", "bold") for told in (counts, count)]
    return [part(_TROUBLE, *together), *parts]


def _side_by_side(forms: list[list[Content]]) -> list[Content]:
    """Several parts as one, which is shortened at its widest; each to its last form at the end."""
    told = [Content(GAP).join([each[0] for each in forms])]
    for least in (2, 1):
        while any(len(each) > least for each in forms):
            long = [each for each in forms if len(each) > least]
            max(long, key=lambda each: each[0].cell_length).pop(0)
            told.append(Content(GAP).join([each[0] for each in forms]))
    return told


def _in_trouble(account: AccountState) -> bool:
    """True when an account is not as it should be."""
    return account.condition is not Condition.OK or account.failing_since is not None


def _condition(account: AccountState) -> str:
    """How it stands with an account that is in trouble, in a word."""
    if account.condition is Condition.OK:
        return "failing"
    return "held" if account.held_until is not None else account.condition.value


def _shortest(alike: list[AccountState], head: Head) -> list[Content]:
    """Accounts in trouble by their names and a word alone; or counted."""
    alone = len(head.accounts) == 1
    names = "API" if alone else ", ".join(account.profile for account in alike)
    state = (f"{FAILING.glyph} {_condition(alike[0])}", "bold")
    named = Content.assemble(f"{names} ", state)
    if len(alike) == 1:
        return [named]
    counted = Content.assemble(f"{len(alike)} ", state)
    return [named, counted, counted]  # the last form is taken when all other accounts have theirs


def _who_polls(
    polling: WhoPolls | None, messages: int, formats: Formats
) -> tuple[int, *tuple[Content, ...]] | None:
    """Who polls, where that is not this console for itself alone: its worth, and its forms."""
    if polling is not None and polling.unreachable_since is not None:
        gone = Content.styled("store unreachable", "bold")
        since = formats.moment(polling.unreachable_since)
        return _ALWAYS, Content.assemble(gone, f" since {since}"), gone
    if polling is None or (polling.here and not polling.followed):
        return None
    if polling.here and polling.ours is not None:
        several = f"{polling.pollers} poll"
        part = styled(f"{several}, {polling.ours:,} of {messages:,} here", Tone.DIM)
        return 4, part, styled(several, Tone.DIM)
    if polling.here:
        return 2, styled("polls for others too", Tone.DIM)
    if polling.holder is None:
        return 15, styled("nobody polls", Tone.WARN)
    by = f"by {polling.holder if polling.pollers < 2 else polling.pollers}"
    return 6, styled(f"polled {by}", Tone.DIM), styled(by, Tone.DIM)


def _alerts(alerts: tuple[Raised, ...], *, named: bool) -> Content:
    """How many alerts fire that nobody answered, as grave as the gravest of them; and which, when
    ``named``."""
    told = f"{ALERT.glyph} {counted(len(alerts), 'alert')}"
    if named:
        names = ", ".join(dict.fromkeys(each.name for each in alerts))
        told = f"{told}: {cells.cut(names, _NAMES_LIMIT)}"
    return styled(told, ALERT_TONES[alerts[0].severity])


def _answered(head: Head, *, whole: bool, plain: bool) -> list[Content]:
    """How many alerts fire that somebody answered, quietly."""
    signs = ((ACKNOWLEDGED, head.acknowledged), (SILENCED, head.silenced))
    words = ", ".join(f"{sign.glyph} {count:,} {sign.word}" for sign, count in signs if count)
    short = " ".join(f"{sign.glyph} {count:,}" for sign, count in signs if count)
    forms = [words] if plain else [words, short] if whole else [short]
    return [styled(form, Tone.DIM) for form in forms] if short else []


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
        told = [*_side_by_side(each), *told[-2:]]
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
    short = cells.cut(said, _SHORT)
    told = (f"{since}{again}: {reason}", said, short, now if down else since)
    return [Content.assemble(name, (form, "bold")) for form in told]


def _not_set_up(name: str, account: AccountState, formats: Formats, key: str) -> list[Content]:
    """The way to set the account up, which no width leaves out."""
    told = f"{FAILING.glyph} stopped, {key} sets it up"
    said = f"{told}: {formats.words(account.reason)}"
    short = cells.cut(said, _SHORT)
    return [Content.assemble(name, (form, "bold")) for form in (said, short, told)]


def _held(name: str, account: AccountState, formats: Formats) -> list[Content]:
    """Until when nothing is asked, which no width leaves out."""
    until, reason = formats.moment(account.held_until), formats.words(account.reason)
    held = f"{FAILING.glyph} held until {until}"
    since = formats.moment(account.since)
    forms = (f"{held}, since {since}: {reason}", f"{held}: {reason}", held)
    return [Content.assemble(name, (form, "bold")) for form in forms]


def _next_try(account: AccountState, formats: Formats) -> str:
    if account.retry_at is None:
        return ""
    if account.tried_at(formats.now()):
        return ", trying now"
    return f", next try {formats.moment(account.retry_at)}"


def _states(states: Counter[MessageState], *, whole: bool, plain: bool) -> list[Content]:
    """How many messages are in which state; without ``whole`` those that need eyes alone.

    ``plain``: no number is told without its word.
    """
    there = [state for state in _ORDER if states[state] or state in _ALARMING]
    words = Content(GAP).join([_state(each, states[each], worded=True) for each in there])
    signs = Content(GAP).join([_state(each, states[each]) for each in there])
    alarms = Content(GAP).join([_state(each, states[each], worded=plain) for each in _ALARMING])
    forms = [words, alarms] if plain else [words, signs, alarms]
    return forms if whole else [alarms]


def _state(state: MessageState, count: int, *, worded: bool = False) -> Content:
    sign = state_sign(state.value)
    text = f"{sign.glyph} {count:,}" + (f" {sign.word}" if worded else "")
    tone = Tone.WARN if state in _ALARMING else Tone.PLAIN
    return styled(text, tone if count else Tone.DIM)


def _requests(head: Head) -> list[Content]:
    stretched = f", stretched ×{head.stretch:.1f}" if head.stretch > 1.05 else ""
    used = f"{head.used:,}/{head.allowed:,}"
    return [
        styled(f"{used} requests/min{stretched}", Tone.DIM),
        styled(f"{used} req/min{stretched}", Tone.DIM),
    ]


def balance_text(balance: Balance | None) -> str:
    """The credits for messages, or the money left; empty where neither is known."""
    if balance is None:
        return ""
    if balance.credits is not None:
        return f"{balance.credits:,} credits"
    return f"{balance.amount} {balance.currency}".strip()
