"""The settings of sources: where message ids come in by themselves."""

from typing import Annotated

from msgspec import Meta, Struct

from smsmon.settings.secrets import Command, Text


class Source(Struct, frozen=True, kw_only=True):
    """One place that tells of messages as they are sent."""

    file: Annotated[
        Text | None,
        Meta(
            description="A log that is followed, through rotation and truncation, from what is "
            "written from now on; after a restart from where it was read to.",
            examples=["/var/log/shop/sms.log"],
        ),
    ] = None
    command: Annotated[
        Command | None,
        Meta(
            description="A command whose lines are read as it prints them, run without a "
            "shell. It is started again when it ends.",
            examples=[["journalctl", "-f", "-o", "cat", "-t", "shop"]],
        ),
    ] = None
    stdin: Annotated[
        bool,
        Meta(description="Read what comes on the standard input of `smsmon watch`."),
    ] = False
    match: Annotated[
        Text | None,
        Meta(
            description="A regular expression that finds a message in a line: its named group "
            "id, and if you like label, tag, phone and time (ISO 8601, or seconds).",
            examples=["sent (?P<id>[0-9]+) to (?P<phone>[+0-9]+)"],
        ),
    ] = None
    answers: Annotated[
        bool,
        Meta(
            description="The lines hold the API's own answers to sends, a JSON object each (of "
            "/send and /bulk-send): no match is needed."
        ),
    ] = False
    profile: Annotated[
        Text | None,
        Meta(
            description="The profile that its messages are asked with. Unset: the current one.",
            examples=["default"],
        ),
    ] = None
    label: Annotated[
        Text | None,
        Meta(
            description="The label of its messages, where a line gives none.",
            examples=["Login code"],
        ),
    ] = None
    tags: Annotated[
        list[str] | None, Meta(description="Tags that all of its messages get.", examples=[["otp"]])
    ] = None
    leave: Annotated[
        str,
        Meta(
            description="How long after it is complete a message leaves the watchlist by itself; "
            "it stays in the history. At the latest it leaves 49 hours after it came.",
            pattern="^([0-9]+(\\.[0-9]+)?[smhd])+$",
            examples=["1h"],
        ),
    ] = "1h"

    @property
    def leave_after(self) -> float:
        """``leave`` in seconds."""
        from smsmon.filters.questions import parse_duration

        return parse_duration(self.leave)
