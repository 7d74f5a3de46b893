"""The doctor looks at an account: its key's source, the way to the API, one round trip."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

from smsmon import exit_codes
from smsmon.accounts import AccountProblem, ca_file_of, open_client, read_key, windows_of
from smsmon.api.address import is_loopback, proxy_for
from smsmon.api.backend import look_up
from smsmon.api.stream import trust
from smsmon.batch import BatchAnswer, Outcome, Pair
from smsmon.clock import SystemClock
from smsmon.commands.context import window_beyond
from smsmon.commands.doctor import Finding, Health, finding, judged
from smsmon.model import FaultKind, ReadError
from smsmon.monitor.budget import Budget
from smsmon.secret import ApiKey
from smsmon.settings import Settings
from smsmon.settings.secrets import open_to_others
from smsmon.times import duration
from smsmon.window import ask

SKEW = 30.0
"""Seconds that this clock may differ from the server's before ages on the screen mislead."""
SLOW = 2.0
"""Seconds from which a round trip counts as slow."""
_CERTIFICATE_DAYS = 14
_NOBODY = Pair("1", "+33639980000")
"""What no account has: the first message ever, to a number that is kept for films."""
_ONE_BY_ONE = "messages are read one by one"


def key_source(name: str, settings: Settings) -> tuple[ApiKey | None, list[Finding]]:
    """Whether a key can be had; never which."""
    part = f"account {name}"
    profile = settings.profiles[name]
    source = profile.key_source
    try:
        key = read_key(name, profile)
    except AccountProblem as problem:
        return None, [finding(part, "key", Health.BAD, problem)]
    found = [finding(part, "key", Health.GOOD, f"found in {source}")]
    if told := open_to_others(source, "key"):
        found.append(finding(part, "key file", Health.POOR, "open", told))
    return key, found


def way(name: str, settings: Settings) -> Iterator[Finding]:
    """Proxy, name resolution, TLS."""
    part = f"account {name}"
    url = settings.profiles[name].base_url
    yield finding(part, "API", Health.GOOD, url)
    try:
        proxy = proxy_for(url, settings.network.proxy)
    except ValueError as error:
        yield finding(part, "proxy", Health.BAD, error)
        return
    if proxy:
        yield finding(part, "proxy", Health.NOTE, f"{proxy}; name and TLS are left to it")
        return
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    start = time.monotonic()
    try:
        found = look_up(host, port).result(settings.network.timeout)
        addresses = {address[0] for _, address in found}
    except OSError as error:
        silent = isinstance(error, TimeoutError)
        why = "no name server answered" if silent else error.strerror or error
        advice = "Look at the network and its name servers."
        yield finding(part, "name", Health.BAD, f"{host}: {why}", advice, exit_codes.TROUBLE)
        return
    took = (time.monotonic() - start) * 1000
    listed = ", ".join(sorted(map(str, addresses)))
    yield finding(part, "name", Health.GOOD, f"{host} is {listed} ({took:.0f} ms)")
    if parts.scheme == "https":
        yield _tls(part, host, port, settings)
    elif is_loopback(host):
        yield finding(part, "TLS", Health.NOTE, "none: this machine")


def _tls(part: str, host: str, port: int, settings: Settings) -> Finding:
    try:
        context = trust(ca_file_of(settings)).context
    except ValueError as error:
        return finding(
            part, "TLS", Health.BAD, error, "Name another file of certificate authorities."
        )
    try:
        with (
            socket.create_connection((host, port), settings.network.timeout) as plain,
            context.wrap_socket(plain, server_hostname=host) as tls,
        ):
            version, certificate = tls.version(), tls.getpeercert() or {}
    except (ssl.SSLError, ValueError) as error:
        why = getattr(error, "verify_message", "") or error
        advice = "If a proxy opens TLS here, name its authority in network.ca_file."
        return finding(part, "TLS", Health.BAD, why, advice, exit_codes.TROUBLE)
    except OSError as error:
        why = error.strerror or error
        advice = "Look at the network and its firewall."
        return finding(part, "connection", Health.BAD, why, advice, exit_codes.TROUBLE)
    until = ssl.cert_time_to_seconds(str(certificate.get("notAfter", "Jan  1 00:00:00 1970 GMT")))
    days = (until - time.time()) / 86_400
    told = f"{version}, certificate good for {days:.0f} days"
    return judged(part, "TLS", told, days < _CERTIFICATE_DAYS, "")


def round_trip(name: str, settings: Settings, key: ApiKey) -> list[Finding]:
    """One request of ``/me``: does the API take the key, how fast, and by which clock? Where it
    is answered one more, of a batch about nobody: does it read several messages at once?"""
    part = f"account {name}"
    batch: BatchAnswer | ReadError | None = None

    async def asked() -> tuple[ReadError | None, float | None, float | None, float]:
        nonlocal batch
        clock = SystemClock()
        beyond = window_beyond(settings, clock)
        windows = windows_of([name], settings, lambda _: None, beyond=beyond)
        budget = Budget(settings.polling.budget, windows[name])
        async with open_client(name, settings, clock, key=key) as client:
            failed = None
            try:
                await ask(client.me, budget, clock)
            except ReadError as error:
                failed = error
            last = client.last_exchange
            if failed is None:
                try:
                    batch = await ask(lambda: client.multi_status([_NOBODY]), budget, clock)
                except ReadError as error:
                    batch = error
            budget.window.close(clock.monotonic())
            if last is None:
                return failed, None, None, time.time()
            return failed, last.latency, last.server_date, last.at

    try:
        failed, latency, server_date, at = asyncio.run(asked())
    except AccountProblem as problem:
        return [finding(part, "round trip", Health.BAD, problem)]
    found = []
    if failed is not None:
        why, code = failed.fault.message, exit_codes.of_kind(failed.fault.kind)
        found.append(finding(part, "round trip", Health.BAD, why, exit_code=code))
    elif latency is not None:
        told = f"{latency * 1000:.0f} ms, connection included"
        advice = "The line or the API is slow now."
        found.append(judged(part, "round trip", told, latency > SLOW, advice))
    if server_date is not None:
        # A Date header is a whole second: half of one is no skew.
        skew = at - server_date - 0.5
        which = "ahead of" if skew > 0 else "behind"
        told = f"{duration(abs(skew))} {which} the server's"
        advice = "Set this machine's clock: ages and delivery times are wrong."
        found.append(judged(part, "clock", told, abs(skew) > SKEW, advice))
    if batch is not None:
        found.append(_batches(part, batch))
    return found


def _batches(part: str, answer: BatchAnswer | ReadError) -> Finding:
    """What came of a batch about nobody. That it is understood proves nothing of what others will
    say: whoever polls compares them with other reads before it trusts them."""
    if isinstance(answer, BatchAnswer):
        (row,) = answer.rows
        if row.outcome is Outcome.NOT_FOUND:
            return finding(part, "batches", Health.GOOD, "answered; compared before they are used")
        why = row.reason or "a message that nobody sent was found"
        return finding(part, "batches", Health.NOTE, f"not understood ({why}): {_ONE_BY_ONE}")
    fault = answer.fault
    if fault.kind is FaultKind.AUTH:
        code = exit_codes.of_kind(fault.kind)
        return finding(part, "batches", Health.BAD, fault.message, exit_code=code)
    if fault.kind is FaultKind.BAD_RESPONSE:
        return finding(part, "batches", Health.NOTE, f"{fault.message} So {_ONE_BY_ONE}.")
    return finding(part, "batches", Health.POOR, fault.message, f"While that lasts {_ONE_BY_ONE}.")
