"""``smsmon check``: what monitoring systems are told, and that nothing is OK by accident."""

from __future__ import annotations

import json
import os
import re
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from math import inf
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsmon.alerts import About, Severity, Subject
from smsmon.clock import SystemClock
from smsmon.commands import check as command
from smsmon.commands.check.measures import (
    BY_NAME,
    BadBand,
    Band,
    Bands,
    Money,
    figure,
    read_band,
    verdict,
)
from smsmon.commands.knowledge import Outlook
from smsmon.commands.plugin import State, worst
from smsmon.monitor.state import MessageState
from smsmon.simulator.thread import ServerThread
from smsmon.store.local import LocalStore
from smsmon.store.local.lease import LocalLease
from tests.cli.inside import Inside
from tests.cli.outlooks import ALERT, CALM, NOW, PHONE, STOPPED, stood
from tests.store.memory_alerts import MemoryAlerts
from tests.store.reports import rows_of

# Thresholds


@pytest.mark.parametrize(
    ("text", "well", "alerts", "told"),
    [
        ("10", [0, 5, 10], [-1, 10.1], "10"),
        ("10:", [10, 99], [9.9, -1], "10:"),
        ("~:10", [-5, 10], [10.1], "~:10"),
        ("10:20", [10, 20], [9, 21], "10:20"),
        ("@10:20", [9, 21], [10, 15, 20], "@10:20"),
        ("0:10", [0, 10], [-1, 11], "10"),
        (":10", [0, 10], [-1, 11], "10"),
        ("-5:-1", [-5, -1], [0, -6], "-5:-1"),
        ("0.5", [0.5], [0.51], "0.5"),
        ("5%", [5], [6], "5"),
        ("0", [0], [1], "0"),
    ],
)
def test_a_threshold_means_what_the_guidelines_say(
    text: str, well: Sequence[float], alerts: Sequence[float], told: str
) -> None:
    band = read_band(text)
    assert not any(map(band.alerts, well))
    assert all(map(band.alerts, alerts))
    assert str(band) == told


def test_a_threshold_of_seconds_may_be_a_duration() -> None:
    assert read_band("10m", seconds=True) == Band(0, 600)
    assert read_band("@1h:", seconds=True) == Band(3600, inf, inside=True)


@pytest.mark.parametrize("text", ["", "@", "x", "10m", "1:2:3", "20:10", "-5", "nan", "1e999"])
def test_what_is_no_threshold_is_refused(text: str) -> None:
    with pytest.raises(BadBand):
        read_band(text)


@given(st.text(max_size=12) | st.from_regex(r"@?(~|-?\d+(\.\d+)?)?:?(-?\d+)?", fullmatch=True))
def test_a_threshold_is_told_as_it_is_read(text: str) -> None:
    try:
        band = read_band(text)
    except BadBand:
        return
    again = read_band(str(band))
    assert str(again) == str(band)


@given(st.floats(0, 1e12) | st.none(), st.sampled_from(["", "s", "%"]))
def test_a_figure_is_one_that_every_reader_takes(value: float | None, unit: str) -> None:
    told = figure("waiting", value, unit, Band(0, 10), None)
    assert re.fullmatch(r"waiting=(U|\d+(\.\d+)?(s|%)?);10;;0(;100)?", told)


def test_critical_comes_before_warning_before_unknown() -> None:
    assert worst() is State.OK
    assert worst(State.OK, State.UNKNOWN) is State.UNKNOWN
    assert worst(State.UNKNOWN, State.WARNING) is State.WARNING
    assert worst(State.WARNING, State.CRITICAL, State.UNKNOWN) is State.CRITICAL


# What is said


DEFAULTS = {
    name: Bands(*(read_band(each, seconds=True) if each else None for each in measure[3:]))
    for name, measure in BY_NAME.items()
}


@pytest.mark.parametrize(
    ("outlook", "state", "said"),
    [
        (CALM, State.OK, "SMSMON OK: 2 messages, 5.3% not delivered"),
        (stood(), State.OK, "SMSMON OK: 0 messages"),
        (stood(MessageState.STALE, MessageState.LIVE), State.WARNING, "1 message stale;"),
        (stood(MessageState.NOT_FOUND), State.WARNING, "1 message not found;"),
        (replace(CALM, accounts=[STOPPED]), State.CRITICAL, "1 account refused;"),
        (replace(CALM, alerts=[ALERT]), State.CRITICAL, "1 critical alert;"),
        (replace(CALM, alerts=[replace(ALERT, severity=Severity.WARNING)]), State.WARNING,
         "1 warning alert;"),
        (replace(CALM, alerts=[replace(ALERT, severity=Severity.INFO)]), State.OK, "2 messages"),
        (replace(CALM, answered=2), State.OK, "2 alerts answered"),
        (replace(CALM, holder=None), State.OK, "last read 1 m ago"),
        (replace(CALM, holder=None, read_at=NOW - 300), State.WARNING,
         "nothing was read for 5 m, and nothing polls;"),
        (replace(CALM, holder=None, read_at=NOW - 3600), State.CRITICAL,
         "nothing was read for 1 h, and nothing polls;"),
        (replace(CALM, holder=None, read_at=None), State.UNKNOWN, "nothing was ever read"),
        # Somebody polls, and gets nothing.
        (stood(MessageState.STALE, read=3600), State.CRITICAL,
         "nothing was read for 1 h, and watch 4711 polls; 1 message stale;"),
    ],
)  # fmt: skip
def test_it_is_ok_only_when_all_is_well_and_known(
    outlook: Outlook, state: State, said: str
) -> None:
    told = verdict(outlook, [], [*BY_NAME], DEFAULTS)
    assert told.state is state
    assert told.lines[0].startswith(f"SMSMON {state.name}: ")
    assert said in told.lines[0]
    assert not any(PHONE[-8:] in line for line in told.lines)


@pytest.mark.parametrize(
    ("money", "band", "state", "said"),
    [
        (Money("a", 42.1, "EUR"), "50:", State.WARNING, "balance 42.1 EUR;"),
        (Money("a", 50.0, "EUR"), "50:", State.OK, "balance=50;50:"),
        (Money("a", None), "50:", State.UNKNOWN, "the balance is not known;"),
        (Money("a", None), "", State.OK, "balance=U"),
        (
            Money("a", 42.1, "EUR", 7200.0),
            "50:",
            State.UNKNOWN,
            "balance 42.1 EUR is old: it was seen 2 h ago, and nobody asks for it;",
        ),
        (Money("a", 42.1, "EUR", 7200.0), "", State.OK, "balance=U"),
    ],
)
def test_money_is_measured_where_it_is_known(
    money: Money, band: str, state: State, said: str
) -> None:
    bands = {**DEFAULTS, "balance": Bands(read_band(band) if band else None)}
    told = verdict(CALM, [money], ["balance"], bands)
    assert (told.state, said in told.lines[0]) == (state, True)


def test_each_account_has_a_figure_of_its_money() -> None:
    told = verdict(CALM, [Money("a", 1.0), Money("b", 2.0)], ["balance"], DEFAULTS)
    assert told.lines[0].endswith(" | balance_a=1 balance_b=2")


def test_nothing_on_the_way_obeys_what_others_wrote() -> None:
    (first, *others) = verdict(replace(CALM, alerts=[ALERT]), [], [*BY_NAME], DEFAULTS).lines
    assert first.count("|") == 1
    assert others
    for line in others:
        assert not set(line) & set("|<>&$`'\"\\\n")


def test_ids_and_amounts_stay_readable_and_words_of_others_are_masked() -> None:
    key = "70315cdf2f9082889841285ddcbc7973a3e8719d"
    alert = replace(ALERT, subject=Subject(About.MESSAGE, "2270138", "default"),
                    facts=f"7,088.03 EUR left, {PHONE} {key}")  # fmt: skip
    money = Money("a", 70_880.26, "EUR")
    bands = {**DEFAULTS, "balance": Bands(read_band("100000:"))}
    first, line = verdict(replace(CALM, alerts=[alert]), [money], [*BY_NAME], bands).lines
    assert "balance 70880.26 EUR" in first
    assert "losses, 2270138 to" in line
    assert "7,088.03 EUR left" in line
    assert PHONE[-8:] not in line
    assert key[:5] not in line


def test_many_troubles_are_a_few_lines() -> None:
    told = verdict(stood(*[MessageState.STALE] * 500), [], [*BY_NAME], DEFAULTS)
    assert len(told.lines) == 22
    assert told.lines[-1] == "and 480 more"


# The command


@pytest.fixture
def inside(tmp_path: Path, api: ServerThread) -> Inside:
    (tmp_path / "home").mkdir()
    environ = {"SMSMON_BASE_URL": api.base_url, "SMSMON_API_KEY": api.key}
    return Inside(tmp_path / "home", environ)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("check",), "nothing was ever read, and nothing polls"),
        (("check", "--bogus"), "No such option"),
        (("check", "--help"), "Usage: smsmon check"),
        (("check", "-w", "stale=x"), "This is no threshold"),
        (("check", "-w", "5"), "write MEASURE=RANGE"),
        (("check", "-c", "steal=5"), "Measures: unread, accounts"),
        (("check", "--measure", "steal"), "is not one of"),
        (("check", "--profile", "nope"), "There is no profile"),
        (("--profile", "nope", "check"), "There is no profile"),
        (("--bogus", "check"), "No such option"),
        (("check", "--tag", "nobody"), "No message that is watched matches."),
        (("check", "--filter", "zzfield:1"), "There is no field"),
        (("check", "--ask", "--filter", "state:new", "-t", "x"), "is no duration"),
    ],
)
def test_whatever_keeps_it_from_telling_is_unknown(
    inside: Inside, args: tuple[str, ...], said: str
) -> None:
    inside.run(["add", "300"])
    code, output = inside.run(args)
    assert code == State.UNKNOWN
    assert said.translate(str.maketrans("'", "’")) in output.decode()
    assert b"SMSMON UNKNOWN: " in output or "--help" in args


@pytest.mark.parametrize("name", ["watchlist.toml", "history.db", "config.toml"])
def test_a_file_that_cannot_be_used_is_unknown(inside: Inside, name: str) -> None:
    (inside.home / name).write_bytes(b"\xff[garbage" * 500)
    code, output = inside.run(["check"])
    assert (code, output.startswith(b"SMSMON UNKNOWN: ")) == (State.UNKNOWN, True)


def test_a_fault_of_ours_and_an_interruption_are_unknown(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    for fault in (RuntimeError("of ours"), KeyboardInterrupt(), SystemError()):

        def broken(*_: object, fault: BaseException = fault) -> None:
            raise fault

        monkeypatch.setattr(LocalStore, "alerts", broken)
        code, output = inside.run(["check"])
        assert (code, output.startswith(b"SMSMON UNKNOWN: ")) == (State.UNKNOWN, True)
        assert b"Traceback" not in output


def test_what_hangs_is_unknown_in_time(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = threading.Event()
    codes: list[int] = []

    def end(code: int) -> None:
        codes.append(code)
        ended.set()

    monkeypatch.setattr(os, "_exit", end)
    with command.in_time(0.01):
        assert ended.wait(10)
    assert codes == [State.UNKNOWN]
    assert capsys.readouterr().out.startswith("SMSMON UNKNOWN: not done within 0.01 s")


def test_what_watch_recorded_is_told_and_how_old_it_is(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = MemoryAlerts()
    monkeypatch.setattr(LocalStore, "alerts", lambda *_: kept)
    inside.run(["add", "300", "301"])
    inside.watch_until(lambda said: said.count(b'"first_read"') == 2)
    code, output = inside.run(["check"])
    assert code == State.OK, output
    said = b"SMSMON OK: 2 messages, 25.0% not delivered, last read less than a minute ago | unread="
    assert output.startswith(said)
    code, output = inside.run(["check", "--measure", "waiting", "-w", "0", "-c", "5"])
    assert (code, b"1 waiting;" in output, b"waiting=1;0;5;0" in output) == (1, True, True)

    later = time.time() + 900
    monkeypatch.setattr(time, "time", lambda: later)
    code, output = inside.run(["check", "--measure", "critical"])
    assert (code, b"nothing was read for 15 m" in output) == (State.CRITICAL, True)

    kept.fire([replace(ALERT, subject=Subject(About.MESSAGE, "301", "default"))])
    assert inside.run(["check", "--ask", "--filter", "id:300"])[0] == State.OK
    assert inside.run(["check", "--ask", "--filter", "id:301"])[0] == State.CRITICAL


def test_a_balance_that_nobody_asks_for_any_more_is_old(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = '[alerts.broke]\nabout = "account"\nwhen = "balance<1"\n'
    (inside.home / "config.toml").write_text(rule)
    inside.run(["add", "300"])
    inside.watch_until(
        lambda said: (
            b'"first_read"' in said and rows_of(inside.home / "history.db", "SELECT 1 FROM balance")
        )
    )
    check = ["check", "--measure", "balance", "-c", "balance=0:"]
    assert inside.run(check)[0] == State.OK
    later = time.time() + 7200
    monkeypatch.setattr(time, "time", lambda: later)
    code, output = inside.run(check)
    assert b" EUR is old: it was seen 2 h ago, and nobody asks for it" in output
    lease = LocalLease(inside.home / "history.db", SystemClock(), "watch")
    assert lease.claim(["300"])
    try:
        code, output = inside.run(check)
        assert (code, b"old" in output) == (State.OK, False), (
            "what does not change is recorded once"
        )
        (inside.home / "config.toml").write_text("")
        code, output = inside.run(check)
        assert (code, b" is old" in output) == (State.UNKNOWN, True)
    finally:
        lease.release()


def test_while_somebody_polls_nothing_is_unread(inside: Inside) -> None:
    inside.run(["add", "300"])
    inside.watch_until(lambda said: b'"first_read"' in said)
    lease = LocalLease(inside.home / "history.db", SystemClock(), "watch")
    assert lease.claim(["300"])
    try:
        assert b"| unread=0s;" in inside.run(["check"])[1]
        told = json.loads(inside.run(["alert", "ls", "--json"])[1])
        assert told["polled_by"] == f"watch {os.getpid()}"
        assert inside.run(["alert", "ls"]) == (0, b"")
    finally:
        lease.release()


@pytest.mark.parametrize(
    ("id", "args", "state", "said"),
    [
        ("300", (), State.OK, b"SMSMON OK: 1 message"),
        ("300", ("-w", "balance=100000:"), State.WARNING, b"balance "),
        ("910", (), State.CRITICAL, b"1 account refused"),
        ("950", (), State.WARNING, b"1 message stale"),
        ("999", (), State.WARNING, b"1 message not found"),
    ],
)
def test_the_api_is_asked_where_that_is_wished(
    inside: Inside, id: str, args: tuple[str, ...], state: State, said: bytes
) -> None:
    inside.run(["add", id])
    code, output = inside.run(["check", "--ask", *args])
    assert (code, said in output.splitlines()[0]) == (state, True), output
