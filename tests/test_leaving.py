"""A signal ends a process wherever it comes, and no file of its memory is ever written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from smsmon import cli, leaving, run
from smsmon.failures import Failures
from smsmon.leaving import CODES, ToldToStop, heeding_signals
from tests.support.keeper import wait_until
from tests.support.waiting import PATIENCE

CRASHING = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
sys.argv = ["smsmon", "--version"]
os._exit = sys.exit  # it ends here only when the test is through
from smsmon.run import main
try:
    main()
except SystemExit:
    pass
print(resource.getrlimit(resource.RLIMIT_CORE)[0], flush=True)
os.abort()
"""


def test_a_process_that_may_hold_the_key_leaves_no_core(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CRASHING], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == -signal.SIGABRT
    assert done.stdout.splitlines()[-1] == "0"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="PR_GET_DUMPABLE is Linux's")
def test_a_process_that_may_hold_the_key_cannot_be_dumped() -> None:
    source = CRASHING.replace(
        "os.abort()", "import ctypes; print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"
    )
    done = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "0"


class _Finalized:
    """Gets a signal while it is finalized, when Python drops whatever is raised."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __del__(self) -> None:
        os.kill(os.getpid(), self.number)
        sum(range(1_000))


@pytest.mark.parametrize("number", CODES)
def test_a_signal_that_comes_within_a_finalizer_is_not_lost(
    number: signal.Signals, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leaving, "WITHIN", 2 * PATIENCE)  # it would end the tests by force

    def work() -> None:
        _Finalized(number)
        wait_until(lambda: False, "it is raised again", PATIENCE)

    with heeding_signals(), Failures(lambda _: None).catching(), pytest.raises(ToldToStop) as told:
        work()
    assert told.value.code == CODES[number]
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("number", CODES)
def test_a_signal_that_whoever_started_us_had_blocked_is_heard(number: signal.Signals) -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, CODES)
    try:
        signal.pthread_kill(threading.get_ident(), number)  # it waits; other threads block nothing
        with pytest.raises(ToldToStop) as told, heeding_signals():
            sum(range(1_000))
        assert told.value.code == CODES[number]
        assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) >= {*CODES}
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Named:
    """Gets a signal while its class is made, of which Python makes a RuntimeError."""

    def __set_name__(self, _: type, __: str) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        sum(range(1_000))


def test_a_signal_that_became_another_exception_is_no_fault_of_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted(_: object) -> None:
        type("Interrupted", (), {"named": _Named()})

    monkeypatch.setattr(cli.smsmon, "invoke", interrupted)
    monkeypatch.setattr(sys, "argv", ["smsmon", "locate"])
    with heeding_signals():
        assert run._run() == CODES[signal.SIGTERM]
