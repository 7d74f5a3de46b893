"""Secrets: what they are read from, and that none shows by itself, nor in a sentence about it."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

import pytest

from smsmon.secret import DOTS, Address, ApiKey
from smsmon.settings.secrets import COMMAND_WITHIN, KeySource, read_file, read_secret, run_command
from tests.api.support import KEY

ADDRESS = "mailtos://ops:hunter2@mail.example/?to=a@b.example"


def run_key(argv: Sequence[str], timeout: float = COMMAND_WITHIN) -> ApiKey:
    return run_command(argv, "key", ApiKey.parse, timeout=timeout)


def test_key_file_gives_its_first_line(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(f"{KEY}\nlogin: someone\n")
    assert read_file(path, "key", ApiKey.parse).reveal() == KEY


def test_key_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"key file .*none cannot be read: No such file"):
        read_file(tmp_path / "none", "key", ApiKey.parse)
    with pytest.raises(ValueError, match="cannot be read: it is a folder"):
        read_file(tmp_path, "key", ApiKey.parse)


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xff\xfe", b"two words", b"\x00" * 9000])
def test_key_file_without_a_key_says_so(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"key file .* holds no key"):
        read_file(path, "key", ApiKey.parse)


def program(source: str) -> list[str]:
    return [sys.executable, "-c", source]


def test_key_command_gives_its_first_line() -> None:
    assert run_key(program(f"print('{KEY}'); print('more')")).reveal() == KEY


def test_key_command_is_run_without_a_shell() -> None:
    echo = "import sys; print(sys.argv[1].strip('$();'))"
    assert run_key([*program(echo), "$(abc);"]).reveal() == "abc"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("raise SystemExit(3)", "ended with status 3"),
        ("import os; os.kill(os.getpid(), 9)", "ended with signal 9"),
        ("pass", "holds no key"),
        (f"print('{KEY} with words')", "holds no key"),
        (f"print('{KEY}'); raise SystemExit(1)", "ended with status 1"),
    ],
)
def test_key_command_that_fails_is_named_and_its_output_is_not(source: str, reason: str) -> None:
    with pytest.raises(ValueError, match=f"key command .*{reason}") as caught:
        run_key(program(source))
    chain = "".join(traceback.format_exception(caught.value))
    assert KEY not in chain.replace(source, "")
    assert caught.value.__cause__ is None


def test_key_command_that_hangs_is_ended() -> None:
    with pytest.raises(ValueError, match=r"gave no key within 0.2 s"):
        run_key(program("import time; time.sleep(60)"), timeout=0.2)


@pytest.mark.parametrize("source", ["yes", f"yes {KEY}", "cat /dev/zero", "yes & yes"])
def test_key_command_that_prints_without_end_is_ended(source: str) -> None:
    with pytest.raises(ValueError, match="printed more than 65,536 bytes") as caught:
        run_key(["sh", "-c", source])
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("child", ["sleep 600 &", "setsid sleep 600 &", "(setsid sleep 600 &) ;"])
def test_key_command_is_over_when_it_exits_whoever_has_its_pipe(child: str) -> None:
    assert run_key(["sh", "-c", f"{child} echo {KEY}"]).reveal() == KEY


@pytest.mark.parametrize("argv", [[], [""]])
def test_empty_key_command_is_told(argv: list[str]) -> None:
    with pytest.raises(ValueError, match="key command is empty"):
        run_key(argv)


def test_key_command_that_does_not_exist_is_told() -> None:
    with pytest.raises(ValueError, match="“no-such-program” cannot be run: No such file"):
        run_key(["no-such-program"])
    with pytest.raises(ValueError, match="cannot be run"):
        run_key(["nul\0byte"])


@pytest.mark.parametrize("text", [ADDRESS, f" {ADDRESS}\r\n"])
def test_an_address_is_one_line_and_prints_as_dots(text: str) -> None:
    address = Address.parse(text)
    assert address.reveal() == ADDRESS
    assert f"{address} {address!r} {[address]}" == f"{DOTS} {DOTS} [{DOTS}]"


@pytest.mark.parametrize(
    "text", ["", "hunter2", "://hunter2", "a b://c", "x://\x1b", "x://" + "y" * 4_000]
)
def test_what_is_no_address_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(ValueError, match=r"^The address (is|has) ") as caught:
        Address.parse(text)
    assert not text or text not in str(caught.value)


@pytest.mark.parametrize("kind", ["env", "file", "command"])
def test_an_address_is_read_from_its_place_or_the_place_is_named(kind: str, tmp_path: Path) -> None:
    (tmp_path / "good").write_text(f"{ADDRESS}\nmore")
    (tmp_path / "bad").write_text("hunter2")
    sources = {
        "env": (KeySource("env", "GOOD"), KeySource("env", "BAD")),
        "file": (KeySource("file", f"{tmp_path}/good"), KeySource("file", f"{tmp_path}/bad")),
        "command": (
            KeySource("command", ("cat", f"{tmp_path}/good")),
            KeySource("command", ("cat", f"{tmp_path}/bad")),
        ),
    }
    good, bad = sources[kind]
    environ = {"GOOD": ADDRESS, "BAD": "hunter2"}
    assert read_secret(good, "address", Address.parse, environ) == Address(ADDRESS)
    with pytest.raises(ValueError, match=r"address .*has no scheme") as caught:
        read_secret(bad, "address", Address.parse, environ)
    assert "hunter2" not in str(caught.value)
