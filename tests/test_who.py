"""Who sits here."""

from __future__ import annotations

import os
import pwd
import socket

import pytest

from smsmon.who import who


@pytest.mark.parametrize(
    ("environ", "host", "told"),
    [
        ({}, "ops1.example.net", "bea@ops1"),
        ({"SUDO_USER": "anna", "USER": "root"}, "ops1", "anna@ops1"),
        ({"USER": "somebody-else"}, "ops1", "bea@ops1"),
        ({"SUDO_USER": "a\x1b[31m\u202eb"}, "ops1", "a\ufffd[31m\ufffdb@ops1"),
        ({}, "", "bea"),
    ],
)
def test_it_is_the_user_and_the_machine_in_plain_text(
    environ: dict[str, str], host: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: host)
    monkeypatch.setattr(pwd, "getpwuid", lambda _: pwd.struct_passwd(("bea", "", 1, 1, "", "", "")))
    assert who(environ) == told


def test_a_user_without_a_name_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(_: int) -> pwd.struct_passwd:
        raise KeyError

    monkeypatch.setattr(pwd, "getpwuid", none)
    assert who({}).startswith(f"{os.getuid()}@")
