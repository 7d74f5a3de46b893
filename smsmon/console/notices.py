"""What the operator is told in the line above the keys: notices, and what is wrong with a row.

A notice stays until the next key. Without one the line tells the worst alert that nobody answered,
and behind it why the row under the cursor is not as it should be; with nothing wrong it is blank,
and keeps its place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal, NamedTuple

from textual.content import Content
from textual.geometry import Size

from smsmon.console.feed import Feed
from smsmon.console.formats import Formats
from smsmon.console.line import FittedLine, shortened, wrapped
from smsmon.console.signs import Tone, styled
from smsmon.console.tables.log import notice_line
from smsmon.text import safe_lines

Severity = Literal["information", "warning", "error"]
TONES: dict[Severity, Tone] = {
    "information": Tone.STRONG,
    "warning": Tone.WARN,
    "error": Tone.BAD,
}
_RANKS: dict[Severity, int] = {"information": 1, "warning": 2, "error": 3}
MOST_LINES = 6
"""Lines that a sentence may take; what is longer than all of them ends in an ellipsis."""
_BETWEEN = " · "
_APART = "  "
"""Between an alert and what is wrong with a row."""


class Notice(NamedTuple):
    """Something to tell."""

    text: str
    severity: Severity


class Notices:
    """The notices since the last key: of those that matter most the newest is told, and how
    many there are besides."""

    def __init__(self) -> None:
        self._told: Notice | None = None
        self._count = 0

    def __bool__(self) -> bool:
        """True while there is something to tell."""
        return self._told is not None

    def add(self, notice: Notice) -> Notice | None:
        """There is something to tell; gives the notice that is not told for it, if there is one.

        More than one line becomes one.
        """
        self._count += 1
        lines = filter(None, map(str.strip, safe_lines(notice.text).splitlines()))
        notice, before = notice._replace(text=_BETWEEN.join(lines)), self._told
        if before is not None and _RANKS[notice.severity] < _RANKS[before.severity]:
            return notice
        self._told = notice
        return before

    def clear(self) -> None:
        """All of them were seen."""
        self._told, self._count = None, 0

    def text(self, width: int) -> Content:
        """What is told, in lines of ``width`` columns: each path in it on one of them, whole or
        shortened in its middle."""
        if self._told is None:
            return Content()
        text, severity = self._told
        told = styled(shortened(text, width), TONES[severity])
        if more := self._count - 1:
            told = Content.assemble(told, " ", styled(f"(+{more:,} in the log)", Tone.DIM))
        return wrapped(told, width, MOST_LINES)


class NoticeLine(FittedLine):
    """One line, or more where the width does not suffice for what it says."""

    DEFAULT_CSS = """
    NoticeLine { height: auto; padding: 0 1; background: $background; }
    NoticeLine.-passing.-silent { display: none; }
    """

    def __init__(self, *, id: str | None = None, passing: bool = False) -> None:
        """``passing``: it is there only while there is a notice."""
        super().__init__(id=id, classes="-passing -silent" if passing else None)
        self._reason = Content()
        self._alert: Sequence[Content] = ()
        self._notices = Notices()

    def explain(self, reason: Content, alert: Sequence[Content] = ()) -> None:
        """What to say while there is no notice: an alert, in its forms from the longest to the
        shortest, and what is wrong with the row under the cursor."""
        before, after = (self._reason, *self._alert), (reason, *alert)
        if before != after or [it.spans for it in before] != [it.spans for it in after]:
            self._reason, self._alert = reason, alert
            self.show(self._notices)

    def show(self, notices: Notices) -> None:
        """Say these, as they are now."""
        self._notices = notices
        self.set_class(not notices, "-silent")
        self.fit(self._text)

    def _text(self, width: int) -> Content:
        if self._notices:
            return self._notices.text(width)
        return wrapped(explained(self._alert, self._reason, width), width, MOST_LINES)

    def say(self, content: Content) -> None:
        before = _height(self.content)
        super().say(content)
        if _height(content) != before:
            self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        return _height(self._text(width))


def explained(alert: Sequence[Content], reason: Content, width: int) -> Content:
    """An alert, in the longest of its forms that has room beside ``reason``, and that."""
    forms = [Content(_APART).join(filter(None, (each, reason))) for each in alert or [Content()]]
    return next((each for each in forms if each.cell_length <= width), forms[-1])


def _height(content: Content) -> int:
    return 1 + content.plain.count("\n")


class Telling:
    """The notices, and where they are shown."""

    def __init__(
        self,
        notices: Notices,
        feed: Feed,
        formats: Formats,
        lines: Callable[[], Iterable[NoticeLine]],
    ) -> None:
        """``lines`` are those of the screen that the operator sees."""
        self._notices = notices
        self._feed = feed
        self._formats = formats
        self._lines = lines

    def say(self, text: str, severity: Severity = "information") -> None:
        """Tell the operator something, in the line above the keys until the next key.

        What is wrong is told in the log too, and what gives way before a key was pressed.
        """
        notice = Notice(text, severity)
        passed = self.show_notice(notice)
        logged = [] if severity == "information" else [notice]
        if passed is not None and passed.severity == "information":
            logged.append(passed)
        now = self._formats.now()
        self._feed.tell([notice_line(now, each.text, TONES[each.severity]) for each in logged], ())

    def show_notice(self, notice: Notice) -> Notice | None:
        """Show it, without a line in the log; gives the notice that is not told for it."""
        passed = self._notices.add(notice)
        self.show()
        return passed

    def show(self) -> None:
        """Show the notices on the screen that the operator sees."""
        for line in self._lines():
            line.show(self._notices)

    def noticed(self) -> None:
        """The operator is there, with a key: the notices before his eyes were seen."""
        if self._notices and list(self._lines()):
            self._notices.clear()
            self.show()
