"""``smsmon alert``: what fires and what fired, who answered, and what is silenced."""

from __future__ import annotations

import click

from smsmon.commands.alert.answering import ack, silence, unack, unsilence
from smsmon.commands.alert.listing import history, ls
from smsmon.commands.alert.trying import test, try_
from smsmon.commands.flags import Group


@click.group(cls=Group)
def alert() -> None:
    """Tell of alerts, answer them, silence them, and try rules.

    Rules say what is an alert ([alerts.NAME] in config.toml, and some that are there from the
    start). The console or `smsmon watch` looks at them while it polls: without one, no alert
    begins or ends.
    """


for each in (ls, history, ack, unack, silence, unsilence, try_, test):
    alert.add_command(each)
