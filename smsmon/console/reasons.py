"""Why a row is not as it should be: stale, not found, an alert, no longer listed; and why nothing
is asked. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from textual.content import Content

from smsmon.console import alert_words
from smsmon.console.details import gone_note
from smsmon.console.formats import Formats
from smsmon.console.signs import GONE, Tone, state_sign, styled
from smsmon.known import AccountState, Condition
from smsmon.monitor.standing import Standing
from smsmon.monitor.state import MessageState
from smsmon.times import counted, recipients_are

if TYPE_CHECKING:
    from smsmon.console.alert_standing import AlertRow


class Doubts(NamedTuple):
    """How many messages are stale or not found, and how it stands with the worst."""

    stale: int
    never_read: int
    """Of the stale ones."""
    not_found: int
    worst: Standing
    """Of those that were read, the one that was so longest ago."""


TROUBLED = (MessageState.STALE, MessageState.NOT_FOUND)
_BETWEEN = "  "


def reason(
    stands: Standing,
    alerts: Iterable[Content],
    gone: int,
    gone_since: float | None,
    formats: Formats,
) -> Content:
    """All that is wrong with a message, or with one recipient of it; empty when nothing is.

    ``gone``: how many recipients are no longer listed; ``gone_since``: since when the recipient
    looked at is not.
    """
    told = [_not_fresh(stands, formats), *alerts]
    if gone_since is not None:
        told.insert(0, gone_note(gone_since, formats))
    elif gone:
        told.append(styled(f"{GONE} {recipients_are(gone)} no longer listed", Tone.WARN))
    return Content(_BETWEEN).join([each for each in told if each.plain])


def reason_of_group(doubts: Doubts | None, number: int, formats: Formats) -> Content:
    """What is not fresh of a group of ``number`` messages, or of one that stands alone."""
    if doubts is None:
        return Content()
    stands = doubts.worst
    if number == 1:
        return _not_fresh(stands, formats)
    told = [f"{doubts.stale:,} of {counted(number, 'message')} stale"] if doubts.stale else []
    if doubts.stale:
        if doubts.never_read:
            some = f"{doubts.never_read:,} of them " if doubts.never_read < doubts.stale else ""
            told.append(f"{some}never read")
        if stands.since is not None:
            told.append(f"the oldest as of {formats.moment(stands.since).strip()}")
    if doubts.not_found:
        of = "" if told else f" of {counted(number, 'message')}"
        told.append(f"{doubts.not_found:,}{of} not found")
    sign, reason = state_sign(stands.state.value).glyph, formats.words(stands.reason)
    return styled(f"{sign} {', '.join(told)}: {reason}", Tone.WARN)


def firing(
    unanswered: Sequence[AlertRow], of_row: Sequence[AlertRow], formats: Formats, key: str
) -> tuple[Sequence[Content], list[Content]]:
    """The worst alert that nobody answered, in its forms, and what else fires for the row under the
    cursor. ``key`` shows all alerts."""
    worst: Sequence[Content] = ()
    if unanswered and (episode := unanswered[0].episode):
        worst = alert_words.line(
            episode,
            unanswered[0].facts,
            formats,
            more=len(unanswered) - 1,
            key=key,
            here=unanswered[0] in of_row,
        )
    others = [
        alert_words.of_row(each.episode, each.facts, each.state, formats)
        for each in of_row
        if each.episode and each not in unanswered[:1]
    ]
    return worst, others


def _not_fresh(stands: Standing, formats: Formats) -> Content:
    """Why what is shown is not fresh, whole; empty when it is."""
    if stands.state not in TROUBLED:
        return Content()
    return styled(
        f"{state_sign(stands.state.value).glyph} {formats.words(stands.reason)}", Tone.WARN
    )


def why_not_asked(account: AccountState, formats: Formats, retry_key: str, *, named: bool) -> str:
    """What becomes of a wish to ask an account that is down or stopped; empty where it is well.

    ``named``: there are several accounts, so tell which.
    """
    what = f"The account {account.profile}" if named else "The account"
    since = f" since {formats.moment(account.since)}" if account.since else ""
    reason = formats.words(account.reason).rstrip(".")
    match account.condition:
        case Condition.OK:
            return ""
        case Condition.STOPPED:
            return f"{what} is stopped{since}: {reason}. Nothing is asked; {retry_key} tries again."
        case Condition.DOWN if account.retry_at is None or account.tried_at(formats.now()):
            return f"{what} is down{since}: {reason}. It is being tried now."
        case Condition.DOWN:
            again = formats.moment(account.retry_at)
            told = f"{what} is down{since}: {reason}. The next try is at {again}"
            if account.held_until is None:
                return f"{told}."
            until = formats.moment(account.held_until)
            return f"{told}: the API asked for a pause until {until}."


def what_of_account(account: AccountState, formats: Formats, retry_key: str) -> str:
    """How it stands with one account, and why."""
    told = why_not_asked(account, formats, retry_key, named=True)
    if told:
        return told
    if account.failing_since is not None:
        since = formats.moment(account.failing_since)
        return f"The account {account.profile} fails since {since}: {formats.words(account.reason)}"
    return f"The account {account.profile} answers."


def limit_used_up(until: float, allowed: int, formats: Formats) -> str:
    """What becomes of a wish to ask while no more requests are allowed, up to ``until``."""
    return (
        f"All {allowed:,} requests a minute are used up, by all smsmon programs that share them."
        f" The next goes out at {formats.moment(until)}."
    )
