"""The doctor looks at a team's store: its address, the password, the way there, and what it is."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from importlib import metadata

from smsmon import exit_codes
from smsmon.commands.doctor import Finding, Health, finding, judged
from smsmon.commands.store.words import ON_BELL, ON_WAY, SKEW
from smsmon.commands.stores import within_time
from smsmon.secret import has_password
from smsmon.settings import Settings
from smsmon.settings.secrets import open_to_others
from smsmon.store import open_care
from smsmon.store.care import Care, Looked, May
from smsmon.store.errors import StoreError, Unreachable
from smsmon.times import duration

PART = "store"
_OUT_OF_ADDRESS = (
    "Take it out of the address, and name where it is: store_password_file,"
    " store_password_command, or ~/.pgpass."
)


def looked_at(settings: Settings, *, offline: bool) -> Iterator[Finding]:
    """The store that the settings name; nothing where it is on this machine."""
    if not settings.store:
        return
    try:
        care = open_care(settings)
    except StoreError as error:
        yield finding(PART, "address", Health.BAD, error.reason, error.remedy)
        return
    yield finding(PART, "address", Health.GOOD, care.where)
    yield finding(PART, "psycopg", Health.GOOD, metadata.version("psycopg"))
    if has_password(settings.store):
        source = settings.store_password_source
        where = "in the address" + (f", but that of {source} is used" if source else "")
        yield finding(PART, "password", Health.POOR, where, _OUT_OF_ADDRESS)
    if not (yield from _password(settings)):
        return
    yield _budget(settings)
    if offline:
        yield finding(PART, "network", Health.SKIPPED, "--offline")
        return
    yield from _found(care, settings.network.timeout)


def _budget(settings: Settings) -> Finding:
    """With whom the requests are shared: behind NAT no host sees what address it leaves by."""
    limit = f"{settings.polling.budget} requests a minute"
    if named := settings.polling.egress:
        told = f"{limit}, for all hosts with polling.egress {named} together"
        return finding(PART, "budget", Health.GOOD, told)
    advice = "Where hosts leave by one address (NAT), name it in polling.egress, the same on each."
    return finding(PART, "budget", Health.NOTE, f"{limit}, for this host alone", advice)


def _password(settings: Settings) -> Generator[Finding, None, bool]:
    """Whether it can be read, where the settings say where it is; gives False when not."""
    source = settings.store_password_source
    if source is None:
        return True
    try:
        settings.store_password()
    except ValueError as error:
        yield finding(PART, "password", Health.BAD, error)
        return False
    yield finding(PART, "password", Health.GOOD, f"found in {source}")
    if told := open_to_others(source, "password"):
        yield finding(PART, "password file", Health.POOR, "open", told)
    return True


def _found(care: Care, within: float) -> Iterator[Finding]:
    try:
        looked = within_time(care.look, within)
    except Unreachable as error:
        yield finding(PART, "connection", Health.BAD, error.reason, exit_code=exit_codes.TROUBLE)
    except StoreError as error:
        yield finding(PART, "connection", Health.BAD, error.reason, error.remedy)
    except TimeoutError:
        why = f"it did not answer within {within:g} s"
        advice = "Look at the network, its name servers and its firewall."
        yield finding(PART, "connection", Health.BAD, why, advice, exit_codes.TROUBLE)
    else:
        yield from told(looked)


def told(looked: Looked) -> Iterator[Finding]:
    """What was seen of a store that answers."""
    way, version = looked.way, looked.version
    pooled = ", by a pooler" * looked.pooled
    yield finding(PART, "server", Health.GOOD, f"PostgreSQL {looked.server} at {way.host}{pooled}")
    if way.here:
        yield finding(PART, "TLS", Health.GOOD, "none needed: this machine")
    else:
        said = f"{way.tls or 'none'}, sslmode {way.sslmode}"
        yield judged(PART, "TLS", said, not way.verified, ON_WAY)
    if not version.there:
        advice = "`smsmon store init` makes one."
        yield finding(PART, "version", Health.BAD, "there is no store in this database", advice)
    elif version.older:
        said = f"{version.there}, and this smsmon needs {version.here}"
        yield finding(PART, "version", Health.BAD, said, "`smsmon store migrate` changes it.")
    elif not version.usable:
        said = f"{version.there}, and this smsmon knows up to {version.here}"
        yield finding(PART, "version", Health.BAD, said, "Update smsmon.")
    else:
        yield finding(PART, "version", Health.GOOD, version.there)
        yield _rights(looked)
        polling = ", ".join(map(str, looked.pollers)) or "nobody"
        yield finding(PART, "polling", Health.GOOD if looked.pollers else Health.NOTE, polling)
    if looked.copied_from:
        said = f"a copy from {looked.copied_from} has not ended"
        yield finding(PART, "copy", Health.POOR, said, "Run `smsmon store copy` again.")
    ahead = f"{duration(abs(looked.clock))} {'ahead of' if looked.clock > 0 else 'behind'} its"
    yield judged(PART, "clock", ahead, abs(looked.clock) > SKEW, "Set this machine's clock.")
    if not looked.bell:
        yield finding(PART, "notifications", Health.NOTE, "none", ON_BELL)


def _rights(looked: Looked) -> Finding:
    if looked.may is May.NOTHING:
        advice = "`smsmon store roles` prints the rights that it needs."
        return finding(PART, "rights", Health.BAD, f"{looked.user} may not read it", advice)
    return finding(PART, "rights", Health.GOOD, f"those of a {looked.may} ({looked.user})")
