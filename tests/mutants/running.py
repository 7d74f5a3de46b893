"""Runs tests in a process that is warm: what is not ours was imported before it was forked."""

from __future__ import annotations

import ast
import json
import os
import resource
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from time import monotonic, process_time, sleep
from typing import Any

import coverage
import pytest

WARM = (
    "click",
    "defusedxml.ElementTree",
    "httpx",
    "msgspec",
    "phonenumbers",
    "textual.app",
    "textual.pilot",
    "textual.widgets",
    "tomli_w",
)
OURS = ("smsmon", "tests")
LONGER = 5.0
"""How much longer than without a mistake tests may take, in time and in time of the processor."""
AT_LEAST = 20.0
"""Seconds that are given in any case."""


@dataclass(frozen=True)
class Known:
    """What a run without any mistake showed, in seconds, by test; and who ran which line."""

    took: dict[str, float]
    runners: dict[str, dict[int, list[str]]]
    failed: list[str]

    def who_sees(self, module: str, line: int) -> dict[str, float]:
        """The tests that run the statement at a line, with their seconds, the quick ones first.

        What runs when the module is imported is asked of all that run any of it.
        """
        lines = self.runners.get(module, {})
        tests = {test for each in _statement(module, line) for test in lines.get(each, ())}
        if not tests or "" in tests:
            tests = {test for some in lines.values() for test in some}
        ranked = sorted(tests & self.took.keys(), key=self.took.__getitem__)
        return {test: self.took[test] for test in ranked}


class _Timed:
    """Notes what each test took, and tells the recorder of lines which one runs."""

    def __init__(self, lines: coverage.Coverage) -> None:
        self.lines = lines
        self.took: dict[str, float] = {}
        self.failed: list[str] = []

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self.lines.switch_context(item.nodeid)
        begun = monotonic()
        yield
        self.took[item.nodeid] = monotonic() - begun
        self.lines.switch_context("")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.append(report.nodeid)


class _Chosen:
    """Runs the tests asked for and no others, in their order, up to the first that fails."""

    def __init__(self, tests: Sequence[str]) -> None:
        self.rank = {test: at for at, test in enumerate(tests)}
        self.failed = "(collection)"

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [each for each in items if each.nodeid in self.rank]
        items.sort(key=lambda each: self.rank[each.nodeid])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed = report.nodeid


def warm_up() -> None:
    """Import what is not ours, once for all that are forked."""
    for name in WARM:
        import_module(name)


def joined(parts: Iterable[Known]) -> Known:
    """What several runs of different tests showed."""
    whole = Known({}, {}, [])
    for part in parts:
        whole.took.update(part.took)
        whole.failed.extend(part.failed)
        for module, lines in part.runners.items():
            for line, tests in lines.items():
                whole.runners.setdefault(module, {}).setdefault(line, []).extend(tests)
    return whole


def known(paths: Sequence[str], modules: Sequence[str], notes: Path) -> Known:
    """Run all tests of ``paths`` without a mistake, noting who runs which line of ``modules``."""

    def body() -> int:
        lines = coverage.Coverage(include=list(modules), data_file=None, config_file=False)
        timed = _Timed(lines)
        lines.start()
        ended = _pytest(paths, timed)
        lines.stop()
        if ended in (pytest.ExitCode.INTERRUPTED, pytest.ExitCode.USAGE_ERROR):
            return ended
        data = lines.get_data()
        runners = {
            str(Path(each).relative_to(Path.cwd())): data.contexts_by_lineno(each)
            for each in data.measured_files()
        }
        took = {test: spent for test, spent in timed.took.items() if test not in timed.failed}
        notes.write_text(json.dumps([took, runners, timed.failed]))
        return 0

    if _forked(body, Path(f"{notes}.out"), 3600.0, 3600.0) != 0:
        raise RuntimeError(Path(f"{notes}.out").read_text()[-2000:])
    took, runners, failed = json.loads(notes.read_text())
    by_line = {
        module: {int(line): tests for line, tests in lines.items()}
        for module, lines in runners.items()
    }
    return Known(took, by_line, failed)


def first_failing(tests: Mapping[str, float], notes: Path) -> str | None:
    """The first of ``tests`` that fails; None when all pass.

    Raises TimeoutError when they take much longer than their seconds without any mistake.
    """
    if not tests:
        return None

    def body() -> int:
        chosen = _Chosen(list(tests))
        sys.dont_write_bytecode = True
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        ended = _pytest(["-x", *dict.fromkeys(each.split("::")[0] for each in tests)], chosen)
        unseen = ended in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
        notes.write_text("" if unseen else chosen.failed)
        return 0

    notes.write_text("(ended by itself)")
    limit = AT_LEAST + LONGER * sum(tests.values())
    _forked(body, Path(f"{notes}.out"), limit, 3 * limit)
    return notes.read_text() or None


def _pytest(arguments: Iterable[str], plugin: Any) -> int:
    for name in [each for each in sys.modules if each.split(".")[0] in OURS]:
        del sys.modules[name]
    sys.path.insert(0, str(Path.cwd()))
    options = ("-q", "-n", "0", "-p", "no:cacheprovider", "--assert", "plain", "-o", "timeout=0")
    return int(pytest.main([*options, "-o", "session_timeout=99999", *arguments], [plugin]))


def _forked(body: Callable[[], int], out: Path, processor: float, wall: float) -> int:
    """The exit code of ``body`` in a process of its own, which is ended at its limits.

    Raises TimeoutError when it met one of them.
    """
    pid = os.fork()
    if pid == 0:
        code = 70
        try:
            os.setpgid(0, 0)
            signal.signal(signal.SIGINT, signal.default_int_handler)  # a job behind has it ignored
            resource.setrlimit(resource.RLIMIT_CPU, (int(processor + process_time()) + 1,) * 2)
            opened = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(opened, 1)
            os.dup2(opened, 2)
            code = body()
        finally:
            os._exit(code)
    until = monotonic() + wall
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        late = monotonic() > until
        if ended or late:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
            if late and not ended:
                os.waitpid(pid, 0)
            if late or -os.waitstatus_to_exitcode(status) in (signal.SIGXCPU, signal.SIGKILL):
                raise TimeoutError
            return os.waitstatus_to_exitcode(status)
        sleep(0.02)


def _statement(module: str, line: int) -> range:
    """The lines of the statement around a line; of one with a body, those of its head."""
    return next(
        (span for span in _statements(module) if line in span),
        range(line, line + 1),
    )


@cache
def _statements(module: str) -> list[range]:
    """The lines of all statements of a module, the shortest first."""
    spans = []
    for node in ast.walk(ast.parse(Path(module).read_text(encoding="utf-8"))):
        if isinstance(node, ast.stmt):
            body = getattr(node, "body", None)
            end = (body[0].lineno if body else (node.end_lineno or node.lineno) + 1) or 0
            spans.append(range(node.lineno, max(end, node.lineno + 1)))
    return sorted(spans, key=len)
