"""What `config check` says of [watch], and of the credentials that systemd hands to a service."""

from __future__ import annotations

from pathlib import Path

import pytest

from smsmon import service
from smsmon.locations import Locations, expanded
from smsmon.service import wrong_watch
from smsmon.settings import load_settings
from smsmon.settings.secrets import KeySource, open_to_others


def told(config: str, folder: Path) -> list[str]:
    (folder / "config.toml").write_text(f"[watch]\n{config}")
    return [each.what for each in wrong_watch(load_settings(Locations.under(folder), {}))]


def test_what_is_right_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "ping").write_text("https://example.com/0815\n")
    (tmp_path / "ping").chmod(0o600)
    config = f'ping_url_file = "{tmp_path}/ping"\nping_file = "{tmp_path}/a"\nmetrics_port = 9876\n'
    assert told(config, tmp_path) == []
    assert told('ping_url_env = "OF_THE_SERVICE_ALONE"\n', tmp_path) == []


def test_what_is_wrong_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ping").write_text("http://example.com/0815\n")
    (tmp_path / "ping").chmod(0o644)
    monkeypatch.setattr(service, "find_spec", lambda _: None)
    config = (
        f'ping_url_file = "{tmp_path}/ping"\nping_url_env = "PING"\nping_file = "~nobody-here/a"\n'
        'metrics_file = "/x/smsmon.txt"\n'
    )
    sentences = told(config, tmp_path)
    for part, sentence in zip(
        (
            "two places",
            "go over the network unencrypted",
            "Others can read the address (mode 0644)",
            "no home folder ~nobody-here",
            "end in .prom",
            "install smsmon[metrics]",
        ),
        sentences,
        strict=True,
    ):
        assert part in sentence
        assert "0815" not in sentence


def test_a_credential_of_systemd_is_used_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its access list for the service's user shows as rights of the group."""
    (tmp_path / "key").write_text("x")
    (tmp_path / "key").chmod(0o440)
    named = KeySource("file", "$CREDENTIALS_DIRECTORY/key")
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    with pytest.raises(ValueError, match="services of systemd alone"):
        expanded(str(named.value))
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert expanded(str(named.value)) == tmp_path / "key"
    assert open_to_others(named, "key") == ""
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "/elsewhere")
    assert "mode 0440" in open_to_others(KeySource("file", f"{tmp_path}/key"), "key")
