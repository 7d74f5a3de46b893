"""Why a row is not as it should be: stale, not found, an alert, no longer listed; and why nothing
is asked. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from textual.content import Content

from smsmon.console import cells
from smsmon.console.details import gone_note
from smsmon.console.formats import Formats
from smsmon.console.signs import ALERT, ALERT_TONES, GONE, Tone, state_sign, styled
from smsmon.filters import Kind
from smsmon.filters.messages import MESSAGES_BY_NAME
from smsmon.known import AccountState, Condition
from smsmon.monitor.alerts import Alert
from smsmon.monitor.standing import Monitor, Standing, message_fact
from smsmon.monitor.state import MessageState, Watched
from smsmon.sentences import recipients_are

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


def _not_fresh(stands: Standing, formats: Formats) -> Content:
    """Why what is shown is not fresh, whole; empty when it is."""
    if stands.state not in TROUBLED:
        return Content()
    return styled(
        f"{state_sign(stands.state.value).glyph} {formats.words(stands.reason)}", Tone.WARN
    )


def alert_reason(alert: Alert, watched: Watched, monitor: Monitor, formats: Formats) -> Content:
    """``◆ losses: failed_share 60.1%, recipients 138, since 20:14``.

    What its rule asks about, as it is now; the condition itself where none of that is a number or
    a moment.
    """
    rule, now = alert.rule, formats.now()
    facts = []
    for name in dict.fromkeys(check.name for term in rule.condition.terms for check in term.checks):
        field = MESSAGES_BY_NAME[name]
        fact = message_fact(monitor, watched, now, field)
        if field.kind is Kind.MOMENT and isinstance(fact, float | int):
            facts.append(f"{name} since {formats.minute(fact)}")
        elif field.kind is Kind.SHARE and isinstance(fact, float):
            facts.append(f"{name} {cells.rate(fact)}")
        elif field.kind is Kind.NUMBER and isinstance(fact, int):
            facts.append(f"{name} {cells.count(fact)}")
    facts = [*(facts or [rule.condition.text]), f"since {formats.minute(alert.began)}"]
    told = f"{ALERT.glyph} {rule.name}: {', '.join(facts)}"
    return styled(told, ALERT_TONES[rule.severity])


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


def limit_used_up(until: float, allowed: int, formats: Formats) -> str:
    """What becomes of a wish to ask while no more requests are allowed, up to ``until``."""
    return (
        f"All {allowed:,} requests a minute are used up, by all smsmon programs here together."
        f" The next goes out at {formats.moment(until)}."
    )
