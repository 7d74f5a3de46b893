"""Runs chosen tests in processes forked from one that has collected them all, and is warm."""

from __future__ import annotations

import gc
import json
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from importlib.machinery import SourceFileLoader
from itertools import pairwise
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple

import hypothesis
import pytest

from tests.mutants.middle import all_modules
from tests.mutants.swapping import module_name

PROCESSOR, WALL = 3.0, 60.0
"""Seconds that each test is given in any case: of the processor, and altogether."""
LONGER = 10.0
"""How many times as long as without a mistake it may take besides."""
ALIKE = 20.0
"""How many times as likely a test sees a mistake in a module that its file is called like."""
_OURS = ("smsmon", "tests")
_NOT_PURE = {"database", "team_store", "own_server"}
_OPTIONS = ("-q", "-n", "0", "-s", "--tb", "no", "-p", "no:cacheprovider", "--assert", "plain",
            "-o", "timeout=0", "-o", "session_timeout=99999")  # fmt: skip


class Ended(NamedTuple):
    """What became of tests: seconds and places, by test; who failed; was it told, or ended?"""

    took: dict[str, float]
    ran: dict[str, list[int]]
    failed: list[str]
    by_itself: bool


@dataclass
class Known:
    """What a run without any mistake showed: seconds, by test; who ran which place; who failed."""

    took: dict[str, float] = field(default_factory=dict)
    ran: dict[int, set[str]] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)

    def add(self, ended: Ended) -> None:
        """Take in what some tests showed."""
        self.failed += ended.failed
        self.took |= {test: took for test, took in ended.took.items() if test not in ended.failed}
        for test, places in ended.ran.items():
            for place in places:
                self.ran.setdefault(place, set()).add(test)

    def who_runs(self, places: Iterable[int], module: str) -> dict[str, float]:
        """The tests that run any of the places, with their seconds: who sees soonest first."""
        words = {*Path(module).with_suffix("").parts[1:]} - {"__init__", "monitor", "store"}

        def rank(test: str) -> float:
            alike = any(each in test.split("::")[0] for each in words)
            return (self.took[test] + 0.005) * (1.0 if alike else ALIKE)

        tests = {test for at in places for test in self.ran.get(at, ())} & self.took.keys()
        return {test: self.took[test] for test in sorted(tests, key=rank)}


class _Watch:
    """Has tests run in their time, and notes how long each took, which failed and what they ran."""

    def __init__(self, notes: Path, given: Mapping[str, float], heard: set[int]) -> None:
        self.notes, self.given, self.heard = notes, given, heard
        self.ended = Ended({}, {}, [], True)

    def pytest_configure(self) -> None:
        """That a test fails is all there is to know: no smaller example, and no database."""
        phases = hypothesis.Phase.explicit, hypothesis.Phase.generate
        patient = hypothesis.settings.get_profile("patient")
        hypothesis.settings.register_profile("mutants", patient, database=None, phases=phases)
        hypothesis.settings.load_profile("mutants")

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [each for each in items if each.nodeid in self.given]

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self.notes.write_text(item.nodeid)
        longer = LONGER * self.given[item.nodeid]
        signal.setitimer(signal.ITIMER_PROF, PROCESSOR + longer)
        signal.setitimer(signal.ITIMER_REAL, WALL + longer)
        self.heard.clear()
        begun = monotonic()
        yield
        self.ended.took[item.nodeid] = monotonic() - begun
        self.ended.ran[item.nodeid] = [*self.heard]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and report.nodeid not in self.ended.failed:
            self.ended.failed.append(report.nodeid)


class Collected:
    """Tests that were collected, and run when one wishes: in a process of their own each time."""

    def __init__(self, body: Callable[[Collected], None], folder: Path) -> None:
        self.body, self.folder = body, folder
        self.items: dict[str, pytest.Item] = {}
        self.at_import: set[tuple[str, str]] = set()
        """The functions that ran while modules were imported, by module and name."""

    def collect(self, paths: Iterable[str]) -> None:
        """Collect the tests of these files, and call the body."""
        pytest.main([*_OPTIONS, *paths], [self])

    def pytest_configure(self) -> None:
        _Watch(self.folder, {}, set()).pytest_configure()
        sys.setprofile(self._called)

    def _called(self, frame: Any, event: str, _: object) -> None:
        if event == "call" and "/smsmon/" in frame.f_code.co_filename:
            path = Path(frame.f_code.co_filename)
            with suppress(ValueError):
                name = str(path.relative_to(Path.cwd()))
                self.at_import.add((name, frame.f_code.co_name))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        for module in all_modules():  # some are imported only when they are needed
            import_module(module_name(module))
        sys.setprofile(None)
        self.items = {each.nodeid: each for each in session.items if not _asks_a_server(each)}
        gc.unfreeze()
        hypothesis.given(hypothesis.strategies.text())(lambda _: None)()  # it loads what it needs
        self.body(self)
        return True

    def all_of(self, file: str, heard: set[int]) -> Ended:
        """Run all tests of a file; who is called meanwhile puts into ``heard`` what they run."""
        tests = {test: 12.0 for test in self.items if test.split("::")[0] == file}
        return self._forked(lambda watch: self._run(watch, until_failed=False), tests, heard)

    def as_it_is(self, tests: Mapping[str, float], wrong: Callable[[], object]) -> Ended:
        """Run tests up to the first that fails, after ``wrong`` did something to this process."""

        def body(watch: _Watch) -> None:
            wrong()
            self._run(watch, until_failed=True)

        return self._forked(body, tests, set())

    def fails(self, test: Mapping[str, float]) -> bool:
        """True for a test that fails by itself, without any mistake."""
        return bool(self.as_it_is(test, lambda: None).failed)

    def imported(self, tests: Mapping[str, float], module: str, source: str) -> Ended:
        """Run tests up to the first that fails, with another source of a module."""

        def body(watch: _Watch) -> None:
            _import_anew(module, source)
            for file in dict.fromkeys(test.split("::")[0] for test in tests):
                watch.notes.write_text(file)
                signal.setitimer(signal.ITIMER_PROF, 60.0)
                signal.setitimer(signal.ITIMER_REAL, 600.0)
                code = pytest.main([*_OPTIONS, "-x", file], [watch])
                if code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
                    watch.ended.failed.append(file)
                    break

        return self._forked(body, tests, set())

    def _run(self, watch: _Watch, until_failed: bool) -> None:
        items = [self.items[test] for test in watch.given]
        items[0].config.pluginmanager.register(watch)
        for item, after in pairwise([*items, None]):
            if item and not (until_failed and watch.ended.failed):
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)

    def _forked(
        self, body: Callable[[_Watch], None], tests: Mapping[str, float], heard: set[int]
    ) -> Ended:
        if not tests:
            return Ended({}, {}, [], True)
        home = self.folder / str(os.getpid())
        home.mkdir()
        notes, found = home / "notes", home / "found"
        pid = os.fork()
        if pid == 0:
            try:
                os.setpgid(0, 0)
                os.environ["PYTEST_DEBUG_TEMPROOT"] = str(home)
                signal.signal(signal.SIGINT, signal.default_int_handler)
                out = os.open(home / "out", os.O_WRONLY | os.O_CREAT)
                os.dup2(out, 1)
                os.dup2(out, 2)
                watch = _Watch(notes, tests, heard)
                body(watch)
                found.write_text(json.dumps(watch.ended))
            except BaseException:
                found.write_text(json.dumps(traceback.format_exc()))
            finally:
                os._exit(0)
        os.waitpid(pid, 0)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
        told = json.loads(found.read_text()) if found.exists() else None
        last = notes.read_text() if notes.exists() else "(nothing)"
        shutil.rmtree(home, ignore_errors=True)
        if isinstance(told, str):
            raise RuntimeError(told)
        return Ended(*told) if told else Ended({}, {}, [last], False)


def _import_anew(module: str, source: str) -> None:
    """From now on all that is ours is imported again, a module from another source."""
    for name in [each for each in sys.modules if each.split(".")[0] in _OURS]:
        if not name.startswith("tests.mutants") and name not in _OURS[1:]:
            del sys.modules[name]
    path, real = str(Path(module).absolute()), SourceFileLoader.get_code

    def get_code(loader: SourceFileLoader, name: str) -> Any:
        if loader.path == path:
            return compile(source, path, "exec", dont_inherit=True)
        return real(loader, name)

    setattr(SourceFileLoader, "get_code", get_code)  # noqa: B010


def _asks_a_server(item: pytest.Item) -> bool:
    """True for a test that asks PostgreSQL: what is pure is seen without."""
    given = getattr(item, "callspec", None)
    return not _NOT_PURE.isdisjoint(getattr(item, "fixturenames", ())) or (
        given is not None and "team" in given.params.values()
    )
