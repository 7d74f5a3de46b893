"""For all tests: a promise is about what holds, never about how fast this machine is today."""

from __future__ import annotations

import gc
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from smsmon import programs

if TYPE_CHECKING:
    from tests.support.postgres import Server

# Nor about how long it takes to draw what is tried, and how much of it chance makes fit.
_NO_PROMISE = HealthCheck.too_slow, HealthCheck.filter_too_much
settings.register_profile(
    "patient", settings.default, deadline=None, suppress_health_check=_NO_PROMISE
)
settings.load_profile("patient")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Shell scripts have what they start with "&" ignore it, and so would all that tests start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    # So has nohup. What is not ignored here, but does nothing, ends what tests start.
    signal.signal(signal.SIGHUP, lambda *_: None)

programs.ENDING = 60.0
"""What is killed is waited for, however busy the machine is, and no `Popen` left behind."""

gc.disable()
"""While tests are collected, which makes some hundred thousand objects that all stay."""

_TESTS = Path(__file__).parent
_numbers = count()


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Of several that collect the same, each begins elsewhere: what one compiled, others read."""
    worker = getattr(session.config, "workerinput", None)
    if worker is None or [Path(each).resolve() for each in session.config.args] != [_TESTS]:
        return
    first, step = int(worker["workerid"].removeprefix("gw")), worker["workercount"]
    for file in sorted(_TESTS.rglob("test_*.py"))[first::step]:
        name = ".".join(file.relative_to(_TESTS.parent).with_suffix("").parts)
        with suppress(Exception, pytest.skip.Exception):  # which collecting it will tell
            import_module(name)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Spread the files of each folder over the whole run: some wait for what others reckon."""
    if not hasattr(config, "workerinput"):
        return
    folders: dict[tuple[str, ...], dict[Path, None]] = {}
    for item in items:
        folder = item.path.relative_to(_TESTS).parts[:-1][:1]
        folders.setdefault(folder, {})[item.path] = None
    place = {
        path: (number + 0.5) / len(files)
        for files in folders.values()
        for number, path in enumerate(files)
    }
    items.sort(key=lambda item: place[item.path])


def pytest_collection_finish() -> None:
    """No look at garbage needs to look at the tests themselves; it is as rare as in smsmon."""
    gc.freeze()
    gc.set_threshold(50_000)
    gc.enable()


@pytest.fixture
def tmp_path(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """A folder for this test alone. Pytest's own looks through those of all others before it."""
    name = re.sub(r"\W", "_", request.node.name)[:30]
    path = tmp_path_factory.getbasetemp() / f"{next(_numbers)}_{name}"
    path.mkdir(mode=0o700)
    return path


@pytest.fixture(autouse=True)
def _window_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test counts the requests of another, nor of a console that is open meanwhile."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))


@pytest.fixture(autouse=True)
def _databases_given_back() -> Iterator[None]:
    """What a test used of PostgreSQL may be used again after it."""
    yield
    if support := sys.modules.get("tests.support.postgres"):
        support.databases.give_back()


@pytest.fixture
def database() -> str:
    """The URL of an empty database, for this test alone."""
    from tests.support.postgres import databases

    return databases.empty()


@pytest.fixture
def team_store() -> str:
    """The URL of a database with a new store, for this test alone."""
    from tests.support.postgres import databases

    return databases.store()


@pytest.fixture
def own_server() -> Iterator[Server]:
    """A PostgreSQL for this test alone: it may be stopped."""
    from tests.support.postgres import Server

    server = Server.made()
    yield server
    server.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly what was not shown here, and what to install for it."""
    skipped: dict[str, int] = {}
    for report in terminalreporter.stats.get("skipped", ()):
        *_, why = report.longrepr
        why = why.removeprefix("Skipped: ")
        if "apt-get install" in why:
            skipped[why] = skipped.get(why, 0) + 1
    for why, times in skipped.items():
        terminalreporter.write_line(f"NOT TESTED ({times} skipped): {why}", red=True)
