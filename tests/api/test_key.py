"""The key: what it is read from, and that it shows nowhere by itself."""

from __future__ import annotations

import copy
import logging
import pickle
import subprocess
import sys
import traceback
from pathlib import Path

import pytest

from smsmon.api.key import ApiKey, read_key_file, run_key_command
from smsmon.keylike import DOTS
from tests.api.support import KEY


@pytest.mark.parametrize("text", [KEY, f"  {KEY}\n", "a", "A-b_c.d~9"])
def test_key_is_one_word_and_white_space_around_it_is_not_part_of_it(text: str) -> None:
    assert ApiKey.parse(text).reveal() == text.strip()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is empty"),
        (" \n", "is empty"),
        (f"{KEY} {KEY}", "characters that none has"),
        (f"{KEY}\n{KEY}", "characters that none has"),
        (f"{KEY}&x=1", "characters that none has"),
        (f"{KEY}é", "characters that none has"),
        (f"\x1b{KEY}", "characters that none has"),
        (KEY * 7, "280 characters"),
    ],
)
def test_what_is_no_key_is_refused_without_repeating_it(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as caught:
        ApiKey.parse(text)
    assert KEY not in str(caught.value)
    report = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    own = report.stack[-1]
    assert own.name == "parse"
    assert KEY not in str(own.locals)


def test_key_prints_as_dots_however_it_is_printed() -> None:
    key = ApiKey.parse(KEY)
    shown = [repr(key), str(key), f"{key}", f"{key!r:>10}", f"{[key]} { ({'k': key}) }"]
    record = logging.LogRecord("x", logging.INFO, "x", 1, "key %s %r", (key, key), None)
    shown.append(record.getMessage())
    assert all(DOTS in text and KEY not in text for text in shown)
    assert f"{key:>6}" == f"  {DOTS}"


def test_keys_compare_by_value() -> None:
    assert ApiKey.parse(KEY) == ApiKey.parse(f" {KEY} ")
    assert hash(ApiKey.parse(KEY)) == hash(ApiKey.parse(KEY))
    assert ApiKey.parse(KEY) != ApiKey.parse(KEY[1:])
    assert ApiKey.parse(KEY) != KEY
    assert copy.deepcopy(ApiKey.parse(KEY)) == ApiKey.parse(KEY)


def test_key_is_not_pickled() -> None:
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(ApiKey.parse(KEY))


def test_key_has_no_attributes_that_dumps_would_show() -> None:
    assert not hasattr(ApiKey.parse(KEY), "__dict__")


def test_key_file_gives_its_first_line(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(f"{KEY}\nlogin: someone\n")
    assert read_key_file(path).reveal() == KEY


def test_key_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"key file .*none cannot be read: No such file"):
        read_key_file(tmp_path / "none")
    with pytest.raises(ValueError, match="cannot be read: it is a folder"):
        read_key_file(tmp_path)


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xff\xfe", b"two words", b"\x00" * 9000])
def test_key_file_without_a_key_says_so(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"key file .* holds no key"):
        read_key_file(path)


def program(source: str) -> list[str]:
    return [sys.executable, "-c", source]


def test_key_command_gives_its_first_line() -> None:
    assert run_key_command(program(f"print('{KEY}'); print('more')")).reveal() == KEY


def test_key_command_is_run_without_a_shell() -> None:
    echo = "import sys; print(sys.argv[1].strip('$();'))"
    assert run_key_command([*program(echo), "$(abc);"]).reveal() == "abc"


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
        run_key_command(program(source))
    chain = "".join(traceback.format_exception(caught.value))
    assert KEY not in chain.replace(source, "")
    assert caught.value.__cause__ is None


def test_key_command_that_hangs_is_ended() -> None:
    with pytest.raises(ValueError, match=r"gave no key within 0.2 s"):
        run_key_command(program("import time; time.sleep(60)"), timeout=0.2)


@pytest.mark.parametrize("source", ["yes", f"yes {KEY}", "cat /dev/zero", "yes & yes"])
def test_key_command_that_prints_without_end_is_ended(source: str) -> None:
    with pytest.raises(ValueError, match="printed more than 65,536 bytes") as caught:
        run_key_command(["sh", "-c", source])
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("child", ["sleep 600 &", "setsid sleep 600 &", "(setsid sleep 600 &) ;"])
def test_key_command_is_over_when_it_exits_whoever_has_its_pipe(child: str) -> None:
    assert run_key_command(["sh", "-c", f"{child} echo {KEY}"]).reveal() == KEY


@pytest.mark.parametrize("argv", [[], [""]])
def test_empty_key_command_is_told(argv: list[str]) -> None:
    with pytest.raises(ValueError, match="key command is empty"):
        run_key_command(argv)


def test_key_command_that_does_not_exist_is_told() -> None:
    with pytest.raises(ValueError, match="“no-such-program” cannot be run: No such file"):
        run_key_command(["no-such-program"])
    with pytest.raises(ValueError, match="cannot be run"):
        run_key_command(["nul\0byte"])


def test_key_and_errors_are_had_without_an_http_library() -> None:
    source = (
        "import sys, smsmon.api.key, smsmon.api.errors; "
        "print([name for name in ('h11', 'asyncio', 'ssl', 'msgspec') if name in sys.modules])"
    )
    done = subprocess.run(program(source), capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
