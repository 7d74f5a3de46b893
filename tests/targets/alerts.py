"""Alerts to tell of, at a moment that is held."""

from __future__ import annotations

from dataclasses import replace

from smsmon.alerts import About, Acknowledgement, Episode, Severity, Subject, Worst

NOW = 1_795_725_240.0
"""2026-11-26 20:34:00 UTC."""

LOSSES = Episode(
    "losses",
    Subject(About.MESSAGE, "2270138", "default"),
    Severity.CRITICAL,
    "failing>20%",
    began_at=NOW - 1_200,
    fired_at=NOW - 1_080,
    label="Win-back 2019",
    tags=("autumn", "otp"),
    facts="60% not delivered of 138 final",
    worst=Worst(0.72, NOW - 300, "72% not delivered of 200 final"),
    number=4,
)
UNREAD = replace(
    LOSSES,
    rule="unread",
    subject=Subject(About.ACCOUNT, "shop", "shop"),
    severity=Severity.WARNING,
    condition="state:down",
    label="",
    tags=(),
    facts="down for 6 m",
    worst=None,
    number=5,
)
ENDED = replace(
    LOSSES,
    over_at=NOW - 60,
    acknowledged=Acknowledgement("anna@ops1", NOW - 600, "called the gateway"),
)
