"""What twenty rules cost while nothing changes, against none: `watch` on a thousand messages.

Both poll in the same seconds, at the API's own limit of requests. It takes two minutes.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from smsmon.settings.telling import BUILT_IN
from smsmon.simulator.thread import ServerThread
from tests.benchmarks.bench_idle import SETTLE, WATCHED, Contender, desk
from tests.benchmarks.pairs import Promise, ratio
from tests.benchmarks.programs import watch
from tests.pty.console import PROGRAM
from tests.pty.standing import still_world
from tests.pty.terminal import Terminal

WINDOWS, WINDOW = 8, 10.0
"""So many times, so many seconds are measured."""
OFTEN = {"SMSMON_POLLING_MAX_INTERVAL": "30"}
"""Every message is asked for as often as the limit of requests lets."""
_MESSAGES = (
    "waiting>0 oldest>10d", "failed_share>90% final>=20", "rate<1% final>=10", "tag:none waiting>0",
    "trouble:yes failed>99", "stop>500", "recipients>1000", "oldest>20d", "changed>20d", "absent>5",
)  # fmt: skip
_ACCOUNTS = ("stale_share>90%", "failing>1h", "held:yes")
_GROUPS = ("failed_share>90% final>=20", "p90>2d", "waiting_oldest>20d")
NONE = "".join(f"[alerts.{name}]\nenabled = false\n" for name in BUILT_IN)
RULES = "".join(
    f'[alerts.{about}-{place}]\nabout = "{about}"\nwhen = "{when}"\n'
    for about, conditions in (("message", _MESSAGES), ("account", _ACCOUNTS), ("all", _GROUPS))
    for place, when in enumerate(conditions)
)
"""Sixteen that never fire, besides the four that are there from the start."""


def _asked(server: ServerThread) -> int:
    return server.server.requests.count


def run() -> Iterator[Promise]:
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        contenders = []
        for name, rules in (("rules", RULES), ("none", NONE)):
            environ, server = desk(Path(folder) / name, still_world(WATCHED), stack)
            with (Path(folder) / name / "config.toml").open("a") as config:
                config.write(rules)
            terminal = stack.enter_context(Terminal([*PROGRAM, "watch"], environ | OFTEN))
            contenders.append(Contender(terminal, partial(_asked, server)))
        with_rules, without = contenders
        terminals = [each.terminal for each in contenders]
        watch(terminals, 3 * SETTLE)  # every message was read, and the rules have met it
        for each in contenders:
            each.begin()
        for _ in range(WINDOWS):
            watch(terminals, WINDOW)
            for each in contenders:
                each.count()
        yield ratio("watch with twenty rules : none (CPU)", with_rules.cpu, without.cpu, 1.1)
        for name, each in (("with rules", with_rules), ("without", without)):
            yield Promise(f"polled meanwhile {name}", sum(each.polls), unit="requests")
