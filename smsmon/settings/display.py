"""The settings of how things look: the console's, and what commands share with it."""

from typing import Annotated, Literal

from msgspec import Meta, Struct


class Display(Struct, frozen=True, kw_only=True):
    """How things look. Commands obey privacy and utc as the console does."""

    theme: Annotated[
        str | None,
        Meta(
            description="Name of the console's theme; the command palette lists them. "
            "Unset or auto: one for as many colours as the terminal has, none with NO_COLOR.",
            examples=["smsmon-dark"],
        ),
    ] = None
    privacy: Annotated[
        bool, Meta(description="Mask phone numbers on the screen, in copies and in exports.")
    ] = False
    utc: Annotated[bool, Meta(description="Show times in UTC instead of this machine's zone.")] = (
        False
    )
    clock: Annotated[
        bool, Meta(description="Show the time in the header; off, an idle screen sends nothing.")
    ] = True
    signs: Annotated[
        Literal["auto", "unicode", "ascii"],
        Meta(
            description="Whether signs, bars and edges may be more than ASCII. auto: they are "
            "where TERM is not linux, dumb or vt…, and no locale without UTF-8 is named."
        ),
    ] = "auto"
    plain: Annotated[
        bool,
        Meta(
            description="For a screen reader or a line of Braille: words in place of signs and "
            "bars, no lines, one pane and the log below it, no clock, and the terminal's cursor on "
            "the selected row."
        ),
    ] = False
    notify: Annotated[
        Literal["auto", "off", "osc9", "osc777", "osc99"],
        Meta(
            description="How the terminal is asked to show a notification of the desktop when an "
            "alert fires. auto: as it is known to understand, through tmux where that has "
            "allow-passthrough; else not at all."
        ),
    ] = "auto"
    frame_rate: Annotated[
        int, Meta(description="Repaints a second, at most, when much changes.", ge=1, le=60)
    ] = 10
    trouble_below: Annotated[
        float,
        Meta(
            description="The delivery rate in percent under which a message is in trouble, once it "
            "has 10 final reports: f shows it in the console, trouble:yes finds it in filters.",
            ge=0,
            le=100,
        ),
    ] = 90.0
    message_columns: Annotated[
        list[str] | None,
        Meta(
            description="Columns of the messages table, in order. Unset: those that "
            "the console last showed.",
            examples=[["id", "label", "recipients", "delivered", "state"]],
        ),
    ] = None
    recipient_columns: Annotated[
        list[str] | None,
        Meta(
            description="Columns of the recipients table, in order. Unset: those that "
            "the console last showed.",
            examples=[["phone", "status", "stop", "took"]],
        ),
    ] = None

    @property
    def trouble_share(self) -> float:
        """``trouble_below`` from 0 to 1."""
        return self.trouble_below / 100


class View(Struct, frozen=True, kw_only=True):
    """One way to look at a table of the console; V calls it up."""

    table: Annotated[
        Literal["messages", "recipients", "log", "groups"],
        Meta(description="The table that it shows."),
    ] = "messages"
    group_by: Annotated[
        Literal["tag", "source", "label", "country", "profile", "minute"] | None,
        Meta(
            description="By what messages are put together, for the table of groups, or for "
            "group: in the filter of messages. Unset: as they are, else by tag.",
            examples=["tag"],
        ),
    ] = None
    filter: Annotated[
        str | None,
        Meta(
            description="What it shows, written as after /. Unset: all rows.",
            examples=["tag:otp trouble:yes"],
        ),
    ] = None
    sort: Annotated[
        str | None,
        Meta(
            description="The column it is sorted by; with - before it, the largest or latest "
            "first. Unset: in the order of the list.",
            examples=["-not_delivered"],
        ),
    ] = None
    columns: Annotated[
        list[str] | None,
        Meta(
            description="Its columns, in order. Unset: those that are shown anyway.",
            examples=[["id", "label", "state", "not_delivered", "rate"]],
        ),
    ] = None
