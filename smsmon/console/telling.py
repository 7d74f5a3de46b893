"""What the operator is told by a notice, and in the log where it must not be lost."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from smsmon.console.feed import Feed
from smsmon.console.formats import Formats
from smsmon.console.notices import TONES, Notice, NoticeLine, Notices, Severity
from smsmon.console.tables.log import notice_line


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
