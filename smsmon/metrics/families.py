"""The metrics and their names, as Prometheus has them: one table, made of what was seen. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from math import isfinite
from operator import attrgetter

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)

from smsmon.groups import Figures
from smsmon.known import Condition
from smsmon.metrics.seen import Seen
from smsmon.metrics.tally import Histogram, cumulative, shown
from smsmon.monitor.state import MessageState
from smsmon.store.past import BalanceSeen
from smsmon.text import safe

Samples = Iterable[tuple[tuple[str, ...], float | None]]
"""The labels of each, and its value; None is not known, and is left out."""


def families(seen: Seen) -> Iterator[Metric]:
    """All that is told of ``seen``."""
    yield InfoMetricFamily("smsmon_build", "What runs here.", {"version": seen.version})
    yield from _of_process(seen)
    yield from _of_accounts(seen)
    yield from _of_messages(seen)
    yield from _of_alerts(seen)
    yield from _of_sources(seen)
    yield from _of_groups(seen)
    yield from _counted(seen)


def _of_process(seen: Seen) -> Iterator[Metric]:
    for name, help_, value in (
        ("start_time_seconds", "When this process began.", seen.started_at),
        ("collected_timestamp_seconds", "When all of this was so.", seen.at),
        ("healthy", "1 while all is well with this process (see smsmon watch).", seen.well),
        ("store_up", "1 while the store answers.", seen.unreachable_since is None),
        ("polling", "1 while this process asks the API, 0 while it follows another.", seen.polls),
        (
            "requests_per_minute",
            "Requests of the last minute, of all who share the limit.",
            seen.requests,
        ),
        ("requests_per_minute_limit", "As many are allowed at present.", seen.allowed),
    ):
        yield _gauge(name, help_, (), [((), float(value))])
    yield _gauge(
        "store_unreachable_since_timestamp_seconds",
        "Since when the store does not answer; absent while it does.",
        (),
        [((), seen.unreachable_since)],
    )


def _of_accounts(seen: Seen) -> Iterator[Metric]:
    states = {name: of.state for name, of in seen.accounts.items()}
    yield _gauge(
        "account_up",
        "1 while the API answers for the account, 0 while it is down, or refused.",
        ("profile",),
        (
            ((name,), float(state.condition is Condition.OK))
            for name, state in states.items()
            if state is not None and (state.heard or state.condition is not Condition.OK)
        ),
    )
    yield _gauge(
        "account_held_until_timestamp_seconds",
        "Until when the API asked to be left alone; absent when it did not.",
        ("profile",),
        (((name,), state.held_until) for name, state in states.items() if state is not None),
    )
    balances = {name: of.balance for name, of in seen.accounts.items() if of.balance is not None}
    yield _gauge(
        "balance",
        "The money that the account held when it was last seen.",
        ("profile", "currency"),
        (((name, safe(it.currency, 10)), _amount(it)) for name, it in balances.items()),
    )
    yield _gauge(
        "credits",
        "The SMS that the account could send when it was last seen.",
        ("profile",),
        (((name,), _number(it.credits)) for name, it in balances.items()),
    )
    yield _gauge(
        "balance_timestamp_seconds",
        "Since when the account is known to hold that.",
        ("profile",),
        (((name,), it.at) for name, it in balances.items()),
    )


def _of_messages(seen: Seen) -> Iterator[Metric]:
    accounts = seen.accounts.items()
    yield _gauge(
        "messages",
        "Messages that are watched, by what is known of them.",
        ("profile", "state"),
        (
            ((name, state.value.replace(" ", "_")), of.messages[state])
            for name, of in accounts
            for state in MessageState
        ),
    )
    yield _gauge(
        "recipients",
        "Recipients of watched messages, as last seen.",
        ("profile", "status"),
        _by_status({(name,): of.recipients for name, of in accounts}),
    )
    yield _gauge(
        "stops",
        "Recipients of watched messages that said STOP.",
        ("profile",),
        (((name,), of.stops) for name, of in accounts if of.read),
    )
    yield _gauge(
        "absent",
        "Recipients of watched messages that the API no longer lists, and that are as last seen.",
        ("profile",),
        (((name,), of.absent) for name, of in accounts if of.read),
    )
    yield _gauge(
        "last_read_timestamp_seconds",
        "When a message of the account was last truly read.",
        ("profile",),
        (((name,), of.last_read_at) for name, of in accounts),
    )
    yield _gauge(
        "oldest_waiting_timestamp_seconds",
        "Since when that recipient waits that has been waiting longest; absent when none waits.",
        ("profile",),
        (((name,), of.oldest_waiting) for name, of in accounts),
    )
    yield _gauge(
        "tag_recipients",
        "Recipients of watched messages with a tag, as last seen.",
        ("tag", "status"),
        _by_status({(tag,): numbers for tag, numbers in seen.tags.items()}),
    )
    yield _gauge(
        "country_recipients",
        "Recipients of watched messages in a country, as last seen.",
        ("country", "status"),
        _by_status({(code,): numbers for code, numbers in seen.countries.items()}),
    )


def _of_alerts(seen: Seen) -> Iterator[Metric]:
    yield _gauge(
        "alerts_firing",
        "Alerts of a rule that fire now.",
        ("rule", "severity"),
        seen.firing.items(),
    )
    if seen.unanswered is not None:
        yield _gauge(
            "alerts_unanswered",
            "Alerts that fire, and that nobody acknowledged or silenced.",
            ("severity",),
            (((name,), number) for name, number in seen.unanswered.items()),
        )


def _of_sources(seen: Seen) -> Iterator[Metric]:
    found = {shown(name): of for name, of in seen.sources.items()}
    of_source = ("source",)
    yield _gauge(
        "source_up",
        "1 while a source is read here without trouble.",
        of_source,
        (((name,), float(not of.trouble)) for name, of in found.items()),
    )
    yield _gauge(
        "source_behind_bytes",
        "Bytes of a source's log that wait to be read.",
        of_source,
        (((name,), float(of.behind)) for name, of in found.items()),
    )
    yield _gauge(
        "source_last_line_timestamp_seconds",
        "When a source gave its last line; absent before it gave one.",
        of_source,
        (((name,), of.last_line_at) for name, of in found.items()),
    )
    brought = CounterMetricFamily(
        "smsmon_source_messages",
        "Messages that a source told of, since it is read here, and lines that looked meant.",
        labels=("source", "outcome"),
    )
    for name, of in found.items():
        brought.add_metric((name, "taken"), of.taken)
        brought.add_metric((name, "known"), of.known)
        brought.add_metric((name, "left_out"), of.not_taken)
    yield brought


def _of_groups(seen: Seen) -> Iterator[Metric]:
    groups, by = seen.groups.items(), ("by", "group")
    yield _gauge(
        "group_sent",
        "To how many recipients messages of a group were sent within the last 5 minutes or hour.",
        (*by, "window"),
        [
            *(((*of, "5m"), float(each.sent_lately)) for of, each in groups),
            *(((*of, "1h"), float(each.sent)) for of, each in groups),
        ],
    )
    yield _gauge(
        "group_within_ratio",
        "Delivered within the limit ÷ sent in the last hour, of whom that is known.",
        (*by, "limit"),
        (((*of, f"{one.limit:.0f}s"), one.share) for of, each in groups for one in each.within),
    )
    yield _gauge(
        "group_arrival_seconds",
        "Seconds from sending within which that share of the last hour's deliveries came.",
        (*by, "quantile"),
        [
            *(((*of, "0.5"), each.p50) for of, each in groups),
            *(((*of, "0.9"), each.p90) for of, each in groups),
        ],
    )
    for name, help_, value in (
        ("delivered", "Delivered, of those sent to within the last hour.", _field("delivered")),
        (
            "not_delivered",
            "Not delivered, of those sent to within the last hour.",
            _field("failed"),
        ),
        ("waiting", "Recipients of a group's watched messages that wait.", _field("waiting")),
        (
            "oldest_waiting_timestamp_seconds",
            "Since when that recipient of a group waits that has been waiting longest.",
            _field("waiting_since"),
        ),
        ("messages", "Messages of a group that are watched.", _field("messages")),
        ("messages_unread", "Of them, those that were never read.", _field("unread")),
        ("messages_troubled", "Of them, those that are stale or not found.", _field("troubled")),
    ):
        yield _gauge(f"group_{name}", help_, by, ((of, value(each)) for of, each in groups))


def _field(name: str) -> Callable[[Figures], float | None]:
    return attrgetter(name)


def _counted(seen: Seen) -> Iterator[Metric]:
    tally = seen.tally
    reads = CounterMetricFamily(
        "smsmon_reads", "Requests of this process for reports.", labels=("profile", "outcome")
    )
    changes = CounterMetricFamily(
        "smsmon_changes", "Recipients seen to come to a status.", labels=("profile", "status")
    )
    for family, numbers in ((reads, tally.reads), (changes, tally.changes)):
        for labels, number in sorted(numbers.items()):
            family.add_metric(labels, number)
        yield family
    told = "Seconds from when a recipient was first seen until delivered, as observed here."
    yield _histogram("delivery_seconds", told, "country", tally.by_country)
    yield _histogram("tag_delivery_seconds", told, "tag", tally.by_tag)


def _gauge(name: str, help_: str, labels: tuple[str, ...], samples: Samples) -> Metric:
    family = GaugeMetricFamily(f"smsmon_{name}", help_, labels=labels)
    for values, value in samples:
        if value is not None:
            family.add_metric(values, value)
    return family


def _histogram(name: str, help_: str, label: str, found: Mapping[str, Histogram]) -> Metric:
    family = HistogramMetricFamily(f"smsmon_{name}", help_, labels=(label,))
    for value, histogram in sorted(found.items()):
        family.add_metric((value,), [*cumulative(histogram)], histogram.total)
    return family


def _by_status(found: Mapping[tuple[str, ...], Mapping[str, int]]) -> Samples:
    for labels, numbers in found.items():
        for status, number in numbers.items():
            yield (*labels, status), number


def _amount(balance: BalanceSeen) -> float | None:
    try:
        amount = float(balance.amount)
    except ValueError:
        return None
    return amount if isfinite(amount) else None


def _number(value: int | None) -> float | None:
    return None if value is None else float(value)
