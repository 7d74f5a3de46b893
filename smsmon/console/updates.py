"""The screen brought up to date: with what happened, with the clock, and with what is set."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from smsmon.console.actions import Keymap
from smsmon.console.alert_standing import AlertsHere
from smsmon.console.alerts.told import Notifier
from smsmon.console.feed import Feed, News
from smsmon.console.formats import Formats
from smsmon.console.head_lines import HeadLines
from smsmon.console.line import KeyLine
from smsmon.console.notices import Telling
from smsmon.console.picture import Picture
from smsmon.monitor.state import MessageState

if TYPE_CHECKING:
    from smsmon.monitor.alerts import Alert
    from smsmon.session import Session

_AGES_EVERY = 10
"""Ticks of the clock between two looks at ages and overdue reads."""
_SETUP = "app.setup"


class Updates:
    """Tells the parts of the screen what there is to show; each paints what is new of it."""

    def __init__(
        self,
        session: Session,
        formats: Formats,
        picture: Picture,
        head: HeadLines,
        keys: KeyLine,
        keymap: Keymap,
        feed: Feed,
        alerts: AlertsHere,
        telling: Telling,
        notifier: Notifier,
        ring: Callable[[], None],
    ) -> None:
        """``notifier`` tells what is news elsewhere too; ``ring`` rings the terminal's bell."""
        self._session = session
        self._formats = formats
        self._picture = picture
        self._head = head
        self._keys = keys
        self._keymap = keymap
        self._feed = feed
        self._alerts = alerts
        self._telling = telling
        self._notifier = notifier
        self._ring = ring
        self._ticks = 0
        self._hour = 0.0
        """The hour of the last look at the clock: each zone's day begins with one, or nearly."""

    def show_everything(self) -> None:
        """Look at everything anew: the watchlist was read, or how things look has changed."""
        self._picture.show_everything()
        self._head.states.look_at_all()
        self._head.show()

    def show_news(self, news: News) -> None:
        """Bring the screen up to date with what happened."""
        self._picture.show_news(news)
        if news.account:
            self.show_accounts()
            self._head.states.look_at_all()
        else:
            self._head.states.look_at(news.polled | news.changed.keys())
        self._head.show()

    def show_watchlist(self) -> None:
        """Say how it stands with the list, where nothing of it is shown, and in the head."""
        add_key = self._keymap.face("message.add")
        setup_key = self._keymap.face(_SETUP) if self._head.keyless else ""
        self._picture.say_when_empty(self._session.watchlist.broken, add_key, setup_key)
        self._head.show()

    def show_accounts(self) -> None:
        """Say how it stands with the accounts, as far as that is known without a poll."""
        if self._head.keyless and self._head.name not in self._session.accounts.problems:
            self.lack_key(lacking=False)
        self._head.show()

    def lack_key(self, *, lacking: bool) -> None:
        """Say how to set the current account up, wherever it is said that it has no key."""
        self._head.keyless = lacking
        self._keys.urge(_SETUP, lacking)
        self.show_watchlist()

    def show_keys(self) -> None:
        """The actions have other keys."""
        self._keys.show()
        self.show_watchlist()

    def show_alerts(self, alerts: Sequence[Alert]) -> None:
        """Tell what began and ended together: in the log, in a notice, and at its messages."""
        from smsmon.console.alerts import told

        self._alerts.look()
        self._feed.tell(told.lines(alerts), {each.message_id for each in alerts})
        if noteworthy := told.noteworthy(alerts, self._alerts.state_of):
            self._telling.show_notice(told.notice(noteworthy))
        news = told.news(alerts, self._alerts.state_of)
        if any(each.rule.bell for each in news):
            self._ring()
        self._notifier.tell(news)

    def show_standing(self) -> None:
        """Show how it stands with the alerts by now, wherever that is told."""
        self._feed.tell((), self._alerts.turned)
        self._picture.groups.look_at_all()
        if not self._feed.frozen:
            self._picture.explain()
            self._head.show()

    def tick(self) -> None:
        """Look at the clock: paint what it changes; ages are told to the minute."""
        self._ticks += 1
        before, self._hour = self._hour, self._formats.now() // 3600
        if before != self._hour and not self._feed.frozen:
            self._picture.show_new_day()
        self._head.show_time()
        states = self._head.states
        in_turn = self._ticks % _AGES_EVERY == 0
        states.look_at_the_clock(in_turn=in_turn)
        if in_turn:
            self._alerts.look()
        ages = in_turn or bool(states.counts[MessageState.STALE])
        if not self._feed.frozen:
            self._picture.look_at_the_clock(in_turn=ages)
        if ages:
            if not self._feed.frozen:
                self._picture.show_ages()
            self._head.show()
