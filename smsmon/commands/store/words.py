"""How it stands with a team's store, in words: for its commands and the doctor alike."""

from __future__ import annotations

from collections.abc import Sequence

from smsmon.store.care import Care, Looked, May

_FEW = 3
SKEW = 5.0
"""Seconds that a clock may differ from the database's before it is told: moments are recorded by
the database's, so that nothing is false then."""
ON_WAY = (
    "Nobody can tell that this is the server that is meant: add ?sslmode=verify-full to its address"
    " (and sslrootcert=… where its certificate is of your own authority)."
)
ON_BELL = (
    "Notifications do not come through (a pooler that lends connections by the transaction, say):"
    " consoles look every 2 seconds instead."
)


def is_well(looked: Looked) -> bool:
    """True when this user can use the store as it is."""
    return looked.version.usable and looked.may is not May.NOTHING and not looked.copied_from


def advice(looked: Looked) -> list[str]:
    """What is to be done, or to be known: a sentence each."""
    told = []
    version = looked.version
    if not version.there:
        told.append("There is no store of smsmon in this database: `smsmon store init` makes one.")
    elif version.older:
        told.append("An older smsmon made it: `smsmon store migrate` changes it.")
    elif not version.usable:
        told.append("A newer smsmon changed it: update smsmon here.")
    if looked.copied_from:
        told.append(f"A copy from {looked.copied_from} has begun and not ended: run it again.")
    if not looked.way.verified:
        told.append(ON_WAY)
    if version.usable and looked.may is May.NOTHING:
        told.append("This user may not read it: `smsmon store roles` prints what it needs.")
    elif version.usable and looked.may is May.VIEW:
        told.append("This user may only look: its consoles show, and change nothing.")
    if not looked.bell:
        told.append(ON_BELL)
    if abs(looked.clock) > SKEW:
        told.append("The clocks differ: set this machine's. What is recorded goes by the other.")
    if version.usable and not looked.pollers:
        told.append("Nobody polls now: start `smsmon watch` on a machine that has the API keys.")
    return told


def _few(rights: Sequence[str]) -> str:
    """A viewer lacks nearly all: the first tell what kind they are."""
    more = len(rights) - _FEW
    return ", ".join(rights[:_FEW]) + f" and {more} more" * (more > 0)


def facts(care: Care, looked: Looked) -> dict[str, object]:
    """Each by its name, for people."""
    way, version, size = looked.way, looked.version, looked.size
    ahead = "ahead of" if looked.clock > 0 else "behind"
    tls = f"{way.tls}, {way.sslmode}" if way.tls else "none"
    known = version.usable and looked.may is not May.NOTHING
    told: dict[str, object] = {
        "store": care.where,
        "server": f"PostgreSQL {looked.server} at {way.host}{', by a pooler' * looked.pooled}",
        "TLS": f"{tls}{' (this machine)' * way.here}",
        "database": f"{looked.database}, schema {looked.schema or 'none'}",
        "version": f"{version.there or 'none'} (this smsmon makes {version.here})",
        "user": f"{looked.user}: {looked.may}",
        "lacks": _few(looked.lacking),
        "clock": f"{abs(looked.clock):.1f} s {ahead} the database's",
        "notifications": "come through" if looked.bell else "do not come through",
        "polling": ", ".join(map(str, looked.pollers)) or ("nobody" if known else "not known"),
        "others": ", ".join(str(each) for each in looked.living if not each.polls),
    }
    if size is not None:
        told |= {
            "size": f"{size.bytes:,} B",
            "messages": f"{size.messages:,}",
            "recipients": f"{size.recipients:,}",
            "changes": f"{size.changes:,}",
            "events": f"{size.events:,}",
            "months": size.months,
        }
    return {name: value for name, value in told.items() if value != ""}


def shape(care: Care, looked: Looked) -> dict[str, object]:
    """The same for programs."""
    way, version, size = looked.way, looked.version, looked.size
    living = [
        (each.polls, {name: getattr(each, name) for name in ("name", "host", "pid", "egress")})
        for each in looked.living
    ]
    sizes = ("bytes", "messages", "recipients", "changes", "events", "months")
    return {
        "store": care.where,
        "reachable": True,
        "error": None,
        "host": way.host,
        "tls": way.tls or None,
        "sslmode": way.sslmode,
        "verified": way.verified,
        "server": looked.server,
        "database": looked.database,
        "user": looked.user,
        "schema": looked.schema,
        "version": version.there,
        "newest": version.here,
        "needed": version.needed,
        "role": str(looked.may),
        "lacking": [*looked.lacking],
        "pooled": looked.pooled,
        "clock_offset": round(looked.clock, 3),
        "bell": looked.bell,
        "pollers": [told for polls, told in living if polls],
        "others": [told for polls, told in living if not polls],
        "copied_from": looked.copied_from or None,
        **{name: None if size is None else getattr(size, name) for name in sizes},
        "well": is_well(looked),
    }
