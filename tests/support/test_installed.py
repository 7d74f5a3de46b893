"""Tests that start a process judge this tree, or fail with what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import installed


def test_this_tree_is_the_one_that_processes_run() -> None:
    installed.require()


def test_another_tree_fails_the_test_and_names_both(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"pip install") as raised:
        installed.require(tmp_path)
    assert str(tmp_path) in str(raised.value)
    assert str(installed.TREE / "smsmon") in str(raised.value)
