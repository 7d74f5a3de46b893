"""What is so when an alert fires, in words: as much of it as its rule asks about. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import inf

from smsmon.filters.groups import WITHIN_FIELDS, RuledGroup
from smsmon.filters.messages import Message
from smsmon.filters.questions import Value
from smsmon.filters.subjects import Account
from smsmon.monitor.alerts.rules import Rule
from smsmon.times import counted, duration

ValueOf = Callable[[str], Value]


def message_facts(rule: Rule, message: Message, value: ValueOf) -> str:
    """``60 % not delivered of 138 final``, ``12 waiting, oldest waiting for 4 m``."""
    counts = message.counts
    told: list[str] = []
    for name in _asked(rule):
        match name:
            case "failed" | "failed_share" | "final" | "rate" | "delivered":
                told.append(_lost(counts.not_delivered, counts.final))
            case "waiting" | "waiting_share":
                told.append(f"{counts.waiting:,} waiting")
            case "oldest":
                told.append(_for("oldest waiting", value(name)))
            case "stop" | "stop_share":
                told.append(f"{counts.stop:,} STOP of {counts.total:,}")
            case "unknown":
                told.append(f"{counts.unknown:,} of unknown status")
            case "absent":
                told.append(f"{counts.absent:,} no longer listed")
            case "recipients":
                told.append(counted(counts.total, "recipient"))
            case "state" | "reason":
                told += [_word(value("state")), _word(value("reason"))]
            case "trouble":
                told += [_word(value("state")), _lost(counts.not_delivered, counts.final)]
            case "read":
                told.append(_for("not read", value(name)))
            case "changed":
                told.append(_for("unchanged", value(name)))
    lost = _lost(counts.not_delivered, counts.final)
    return _joined(told) or f"{counts.waiting:,} waiting, {lost}"


def account_facts(rule: Rule, account: Account, value: ValueOf, currency: str) -> str:
    """``refused: the API key is not valid``, ``48.20 EUR left``."""
    told: list[str] = []
    for name in _asked(rule):
        match name:
            case "condition" | "reason" if account.condition != "ok":
                told.append(": ".join(filter(None, (account.condition, account.reason))))
            case "held":
                told.append("the API asked for a pause" if account.held else "")
            case "failing":
                told.append(_for("nothing answered", value(name)))
            case "stale" | "stale_share":
                messages = counted(account.messages, "message")
                told.append(f"{account.stale:,} of {messages} stale")
            case "balance" if account.balance is not None:
                told.append(f"{_money(account.balance, currency)} left")
            case "credits" if account.credits is not None:
                told.append(f"{account.credits:,} SMS left")
            case "spent" if account.spent is not None:
                told.append(f"{_money(account.spent, currency)} spent {_within(rule)}")
    return _joined(told) or account.condition


def group_facts(rule: Rule, group: RuledGroup, value: ValueOf) -> str:
    """``12 % not delivered of 1,204 final within 1 h``, ``90 % delivered within 38 s``."""
    final = group.delivered + group.failed
    lost = f"{_lost(group.failed, final)} within {duration(rule.window)}"
    told: list[str] = []
    for name in _asked(rule):
        match name:
            case "failed" | "failed_share" | "final" | "rate" | "delivered":
                told.append(lost)
            case "stop" | "stop_share":
                told.append(f"{group.stop:,} STOP, {final:,} final {_within(rule)}")
            case "p50":
                told.append(_within_time("half delivered", group.p50))
            case "p90":
                told.append(_within_time("90 % delivered", group.p90))
            case "within_10s" | "within_1m":
                told += [
                    f"{percent(each.share)} delivered within {duration(each.limit)}"
                    for each in group.within
                    if each.limit == WITHIN_FIELDS[name] and each.share is not None
                ]
            case "waiting":
                told.append(f"{group.waiting:,} waiting")
            case "waiting_oldest":
                told.append(_for("oldest waiting", value(name)))
            case "failed_times":
                told += [lost, _times(group.failed_times)]
            case "stop_times":
                told += [f"{group.stop:,} STOP {_within(rule)}", _times(group.stop_times)]
            case "p90_times":
                told += [_within_time("90 % delivered", group.p90), _times(group.p90_times)]
    return _joined(told) or lost


def _asked(rule: Rule) -> Iterable[str]:
    """The fields of the condition, in its order, each once."""
    return dict.fromkeys(
        check.name
        for term in rule.condition.terms
        for check in term.checks
        if not check.edges or check.test(inf)  # that something was lately is no fact to tell
    )


def _joined(parts: Iterable[str]) -> str:
    """One phrase of them all: a sentence among them has no full stop, more may follow."""
    return ", ".join(dict.fromkeys(part.rstrip(".") for part in parts if part))


def _lost(failed: int, final: int) -> str:
    if not final:
        return "nothing final"
    return f"{percent(failed / final)} not delivered of {final:,} final"


def percent(share: float) -> str:
    """``60 %``, ``0.9 %``: a digit after the point where it is below ten, or not quite all."""
    hundredths = share * 100
    if 99.5 <= hundredths < 100:
        return f"{min(hundredths, 99.9):.1f} %"
    return f"{hundredths:.1f} %" if 0 < hundredths < 9.95 else f"{hundredths:.0f} %"


def _word(value: Value) -> str:
    return str(value).replace("_", " ") if value else ""


def _for(what: str, seconds: Value) -> str:
    known = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    return f"{what} for {duration(float(seconds))}" if known else ""  # type: ignore[arg-type]


def _within_time(what: str, seconds: float | None) -> str:
    return "" if seconds is None else f"{what} within {duration(seconds)}"


def _within(rule: Rule) -> str:
    return f"within {duration(rule.window)}"


def _times(times: float | None) -> str:
    return "" if times is None else f"{times:.1f} times the usual"


def _money(amount: float, currency: str) -> str:
    return f"{amount:,.2f} {currency}".rstrip()
