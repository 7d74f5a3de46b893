"""Rules over messages, accounts and groups: when an alert begins, and when it is over. Pure.

A rule is a condition in the grammar of filters; an alert is one rule that holds for one thing.
It fires once, and is over once, however its condition flickers in between (``cases``). Nothing is
concluded from what is not known: while a message is stale, or was not read since the program
started, rules about its recipients stand still (a pending alert begins anew, a firing one goes
on). Rules that ask for the state itself do not.

``looking`` says who is looked at and when; ``messages``, ``accounts`` and ``groups`` tell how each
is (``sights`` is what they have in common), ``facts`` says it in words. All times are wall-clock
seconds since the epoch.
"""

from smsmon.monitor.alerts.accounts import BALANCE_EVERY, Money
from smsmon.monitor.alerts.agenda import PORTION
from smsmon.monitor.alerts.cases import START_GRACE
from smsmon.monitor.alerts.looking import Alerts
from smsmon.monitor.alerts.rules import Alert, Rule
from smsmon.monitor.alerts.windows import Windows

__all__ = ["BALANCE_EVERY", "PORTION", "START_GRACE", "Alert", "Alerts", "Money", "Rule", "Windows"]
