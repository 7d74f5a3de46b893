"""The unit file in the README: systemd takes it, and it names what the program knows."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import msgspec
import pytest

from smsmon.settings.types import Settings

README = Path(__file__).parents[2] / "README.md"
OPERATIONS = README.read_text("utf-8").split("\n## Operations\n")[1].split("\n## ")[0]


def block(kind: str) -> str:
    found = re.search(rf"```{kind}\n(.*?)```", OPERATIONS, re.DOTALL)
    assert found is not None
    return found[1]


def test_it_is_a_service_that_notifies_with_the_least_rights() -> None:
    class Unit(configparser.ConfigParser):
        def optionxform(self, optionstr: str) -> str:
            return optionstr

    unit = Unit(strict=False, interpolation=None)
    unit.read_string(block("ini"))
    service = unit["Service"]
    assert service["Type"] == "notify"
    assert service["ExecStart"] == "/usr/local/bin/smsmon watch --log json"
    assert service["SuccessExitStatus"] == "143", "as smsmon ends by SIGTERM"
    assert service["StateDirectoryMode"] == service["RuntimeDirectoryMode"] == "0700"
    for name in ("NoNewPrivileges", "ProtectHome", "PrivateDevices", "RestrictNamespaces"):
        assert service[name] == "yes"
    assert service["ProtectSystem"] == "strict"
    assert service["CapabilityBoundingSet"] == ""


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
def test_systemd_takes_it_and_finds_little_exposed(tmp_path: Path) -> None:
    unit = tmp_path / "smsmon.service"
    unit.write_text(block("ini").replace("/usr/local/bin/smsmon", "/bin/true"))
    for command in (
        ["systemd-analyze", "verify", str(unit)],
        ["systemd-analyze", "security", "--offline=yes", "--threshold=20", str(unit)],
    ):
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    assert "smsmon.service:" not in done.stderr


def test_its_settings_are_settings() -> None:
    msgspec.convert(tomllib.loads(block("toml")), Settings)
    assert "$CREDENTIALS_DIRECTORY/key" in block("toml")
