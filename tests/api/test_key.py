"""The key, which shows nowhere by itself."""

from __future__ import annotations

import copy
import logging
import pickle
import subprocess
import sys
import traceback

import pytest

from smsmon.secret import DOTS, ApiKey
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


def test_key_and_errors_are_had_without_an_http_library() -> None:
    source = (
        "import sys, smsmon.secret, smsmon.api.errors; "
        "print([name for name in ('h11', 'asyncio', 'ssl', 'msgspec') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
