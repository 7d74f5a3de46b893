"""The settings of alerts: the rules, who is told, and what `smsmon watch` tells machines.

Some rules are there from the start (``BUILT_IN``): few, and calm. A table of their name in
config.toml changes single fields of one; ``enabled = false`` turns it off.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal, NamedTuple

from msgspec import Meta, Struct, field

from smsmon.settings.secrets import Command, KeySource, Text, Variable, source_of

_DURATION = "^([0-9]+(\\.[0-9]+)?[smhd])+$"
Severity = Literal["info", "warning", "critical"]


class Alert(Struct, frozen=True, kw_only=True):
    """One rule of what to be told about."""

    when: Annotated[
        str,
        Meta(
            description="What must hold, written as a filter of what the rule is about.",
            min_length=1,
            examples=["tag:otp waiting>0 oldest>60s"],
        ),
    ]
    about: Annotated[
        Literal["message", "account", "tag", "source", "label", "profile", "country", "all"],
        Meta(
            description="What it is asked of: each message, each account, all messages of each "
            "tag, source, label or profile, all recipients of each country, or everything at once."
        ),
    ] = "message"
    until: Annotated[
        Text | None,
        Meta(
            description="What must hold for it to be over. Unset: that the condition does not.",
            examples=["waiting<5"],
        ),
    ] = None
    window: Annotated[
        str,
        Meta(
            description="How far back numbers of tags, countries and of all are counted, and how "
            "far back spending is.",
            pattern=_DURATION,
            examples=["1h"],
        ),
    ] = "1h"
    hold: Annotated[
        str,
        Meta(
            description="How long it must hold until the alert fires.",
            pattern=_DURATION,
            examples=["2m"],
        ),
    ] = field(default="0s", name="for")
    clear: Annotated[
        str,
        Meta(
            description="How long it must not hold any more until the alert is over.",
            pattern=_DURATION,
            examples=["1m"],
        ),
    ] = "1m"
    severity: Annotated[Severity, Meta(description="How much it matters.")] = "warning"
    enabled: Annotated[bool, Meta(description="false: the rule is not looked at.")] = True
    bell: Annotated[
        bool, Meta(description="Ring the terminal's bell when it fires in the console.")
    ] = False
    targets: Annotated[
        list[str] | None,
        Meta(
            description="Names of the targets that are told. Unset: all whose severity fits.",
            examples=[["on-call"]],
        ),
    ] = None
    command: Annotated[
        Command | None,
        Meta(
            description="A command to run when it fires and when it is over, without a shell; "
            "it gets the facts as JSON on its standard input.",
            examples=[["/usr/local/bin/page-someone"]],
        ),
    ] = None


class Target(Struct, frozen=True, kw_only=True):
    """Who is told of alerts, and how: a command, or an address of apprise."""

    url_env: Annotated[
        Variable | None,
        Meta(
            description="The environment variable that holds the apprise address.",
            examples=["ON_CALL_URL"],
        ),
    ] = None
    url_file: Annotated[
        Text | None,
        Meta(
            description="A file whose first line is the apprise address (chat, mail, pager: "
            "smsmon[notify] knows about a hundred kinds), readable by you alone.",
            examples=["~/.config/smsmon/on-call"],
        ),
    ] = None
    url_command: Annotated[
        Command | None,
        Meta(
            description="A command that prints the apprise address, run without a shell.",
            examples=[["pass", "show", "on-call"]],
        ),
    ] = None
    command: Annotated[
        Command | None,
        Meta(
            description="A command to run, without a shell; it gets the facts as JSON on its "
            "standard input.",
            examples=[["/usr/local/bin/page-someone"]],
        ),
    ] = None
    severity: Annotated[
        Severity, Meta(description="It is told of alerts that are as grave as this, or graver.")
    ] = "warning"
    digest: Annotated[
        str,
        Meta(
            description="How long what fires waits for what fires with it: one message tells all.",
            pattern=_DURATION,
            examples=["30s"],
        ),
    ] = "10s"
    quiet: (
        Annotated[
            str,
            Meta(
                description="From when to when, each day, only what is critical is told; the rest "
                "is told in one message at its end. In this machine's zone.",
                pattern="^[0-2][0-9]:[0-5][0-9]-[0-2][0-9]:[0-5][0-9]$",
                examples=["22:00-07:00"],
            ),
        ]
        | None
    ) = None
    over: Annotated[bool, Meta(description="Tell it as well when an alert is over.")] = True
    escalate_to: Annotated[
        str | None,
        Meta(
            description="The target that is told when nobody acknowledged in time.",
            examples=["team-lead"],
        ),
    ] = None
    escalate_after: Annotated[
        str,
        Meta(
            description="How long nobody may acknowledge until then.",
            pattern=_DURATION,
            examples=["15m"],
        ),
    ] = "15m"

    @property
    def url_source(self) -> KeySource | None:
        """Where its secret address comes from; None for a target that is a command."""
        return source_of(self.url_env, self.url_file, self.url_command)


class Watch(Struct, frozen=True, kw_only=True):
    """What `smsmon watch` tells machines."""

    log: Annotated[
        Literal["text", "json"],
        Meta(description="How its notices are written to stderr; json: one object a line."),
    ] = "text"
    ping_url_env: Annotated[
        Variable | None,
        Meta(
            description="The environment variable that holds the address which is fetched "
            "while all is well (a dead man's switch).",
            examples=["PING_URL"],
        ),
    ] = None
    ping_url_file: Annotated[
        Text | None,
        Meta(
            description="A file whose first line is that address, readable by you alone.",
            examples=["~/.config/smsmon/ping"],
        ),
    ] = None
    ping_file: Annotated[
        Text | None,
        Meta(
            description="A file that is touched while all is well.", examples=["/run/smsmon/alive"]
        ),
    ] = None
    ping_every: Annotated[
        float, Meta(description="Seconds between two signs of life.", ge=1, le=86_400)
    ] = 60.0
    metrics_file: Annotated[
        Text | None,
        Meta(
            description="A file that metrics are written to, for node_exporter's textfile "
            "collector: its name ends in .prom. Needs smsmon[metrics].",
            examples=["/var/lib/node_exporter/smsmon.prom"],
        ),
    ] = None
    metrics_port: (
        Annotated[
            int,
            Meta(
                description="A port of 127.0.0.1 where metrics are served, at /metrics. Needs "
                "smsmon[metrics].",
                ge=1,
                le=65_535,
                examples=[9876],
            ),
        ]
        | None
    ) = None
    metrics_every: Annotated[
        float, Meta(description="Seconds between two writings of the file.", ge=1, le=3_600)
    ] = 15.0

    @property
    def ping_source(self) -> KeySource | None:
        """Where the address of the dead man's switch comes from; None: none is fetched."""
        return source_of(self.ping_url_env, self.ping_url_file, None)


class BuiltIn(NamedTuple):
    """One rule that is there from the start."""

    alert: Alert
    help: str
    """What it tells, in a few words."""


BUILT_IN: Mapping[str, BuiltIn] = MappingProxyType(
    {
        "account-refused": BuiltIn(
            Alert(when="condition:refused", about="account", clear="0s", severity="critical"),
            "the API refuses an account: nothing is asked for it until its key is set right",
        ),
        "account-down": BuiltIn(
            Alert(when="condition:down", about="account", hold="5m"),
            "the API has not answered an account for 5 minutes",
        ),
        "account-unread": BuiltIn(
            # While the account itself is down, that is told.
            Alert(when="stale>0 condition:ok", about="account", hold="30m", clear="5m"),
            "messages of an account could not be read for 30 minutes, though the API answers",
        ),
        "losses": BuiltIn(
            # A day after its last change a message is no news any more.
            Alert(when="rate<60% final>=50 changed<1d", hold="2m", clear="5m"),
            "less than 60% of a message is delivered, of 50 final at least",
        ),
    }
)


def built_in_alerts() -> dict[str, Alert]:
    """The rules themselves, by their names."""
    return {name: each.alert for name, each in BUILT_IN.items()}
