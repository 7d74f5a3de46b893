"""When the desktop is notified: of what matters, out of sight, through what is known to take it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from typing import Any

import pytest

from smsmon.alerts import Severity
from smsmon.console.alerts.told import DesktopNotifier, ask_tmux
from smsmon.console.terminal.notifying import Tmux
from smsmon.phones import without_numbers
from tests.console.alerts.test_standing import MINE, RULE

KITTY = {"TERM": "xterm-kitty"}
MILD = replace(MINE, rule=replace(RULE, severity=Severity.INFO))


async def notified(
    alerts: list[Any],
    environ: Mapping[str, str] = KITTY,
    setting: str = "auto",
    seen: bool | None = None,
    tmux: Tmux | None = None,
) -> str:
    """What is written to the terminal."""
    written: list[str] = []
    jobs: list[Coroutine[Any, Any, None]] = []

    def start(work: Callable[[], Coroutine[Any, Any, None]], **_: object) -> None:
        jobs.append(work())

    async def ask(_: Mapping[str, str]) -> Tmux | None:
        return tmux

    DesktopNotifier(
        written.append, environ, lambda: setting, lambda: seen, without_numbers, start, ask
    ).tell(alerts)
    await asyncio.gather(*jobs)
    return "".join(written)


async def test_it_tells_what_fires_and_masks_numbers_where_they_are() -> None:
    told = await notified([replace(MINE, label="Anne 0612345678")])
    assert told.startswith("\x1b]99;i=smsmon:d=0;smsmon: losses\x1b\\")
    assert "2 not delivered" in told
    assert "0612345678" not in told


@pytest.mark.parametrize(
    "more",
    [
        {"alerts": []},
        {"alerts": [MILD]},
        {"setting": "off"},
        {"seen": True},
        {"environ": {"TERM": "xterm-256color"}},
        {"environ": KITTY | {"TMUX": "/tmp/x,1,0"}},
        {"environ": KITTY | {"TMUX": "/tmp/x,1,0"}, "tmux": Tmux(False, "xterm-kitty")},
    ],
)
async def test_it_is_silent_where_nobody_wants_or_needs_or_surely_gets_it(
    more: dict[str, Any],
) -> None:
    assert await notified(**({"alerts": [MINE]} | more)) == ""


async def test_out_of_sight_and_through_tmux_it_arrives() -> None:
    assert await notified([MINE], seen=False)
    environ, tmux = {"TMUX": "/tmp/x,1,0"}, Tmux(True, "xterm-kitty")
    assert (await notified([MINE], environ, tmux=tmux)).startswith("\x1bPtmux;\x1b\x1b]99;")


async def test_a_tmux_that_is_not_there_passes_nothing() -> None:
    assert await ask_tmux({"PATH": "/nowhere", "TMUX": "/nowhere,1,0"}) is None
