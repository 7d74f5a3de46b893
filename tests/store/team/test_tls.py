"""The way to a database over TLS: whose certificate is believed, and what is told of all others."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from smsmon.commands.doctor import Health
from smsmon.commands.doctor.team import told
from smsmon.store.care import Looked
from smsmon.store.team import care
from smsmon.store.team.address import Address, Refused
from smsmon.store.team.care import TeamCare
from smsmon.store.team.database import Access
from tests.support.postgres import Server, needed


@dataclass
class Tls:
    """A server for ``db.example``, which stands on loopback."""

    folder: Path
    port: int

    def looked(self, more: str, name: str = "db.example") -> Looked:
        url = f"postgresql://postgres@{name}:{self.port}/postgres?hostaddr=127.0.0.1&{more}"
        return TeamCare(Access(Address.parse(url.format(here=self.folder)))).look()


def certificate(folder: Path, name: str) -> None:
    """One that signs itself, for `name`."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-days", "2", "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}",
         "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.crt"],
        check=True,
        capture_output=True,
    )  # fmt: skip


@pytest.fixture(scope="module")
def tls() -> Iterator[Tls]:
    needed(shutil.which("openssl"), "openssl is not installed here")
    server = Server.made()
    try:
        for name in ("db.example", "other.example"):
            certificate(server.folder, name)
        yield Tls(server.folder, server.listen(server.folder / "db.example.crt"))
    finally:
        server.close()


OURS = "sslmode=verify-full&sslrootcert={here}/db.example.crt"


def test_who_is_known_is_believed_and_the_doctor_asks_for_it(
    tls: Tls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(care, "_is_loopback", lambda _: False)
    for more, health in (
        (OURS, Health.GOOD),
        ("sslmode=verify-ca&sslrootcert={here}/db.example.crt", Health.POOR),
        ("sslmode=require", Health.POOR),
        ("", Health.POOR),
    ):
        looked = tls.looked(more)
        assert looked.way.verified is (health is Health.GOOD)
        (found,) = (each for each in told(looked) if each.name == "TLS")
        assert found.health is health
        assert ("sslmode=verify-full" in found.advice) is (health is Health.POOR)
        assert found.detail.startswith("TLSv1")


@pytest.mark.parametrize(
    ("name", "more", "says"),
    [
        ("wrong.example", OURS, "does not match .*Connect by a name in it"),
        ("db.example", "sslmode=verify-full&sslrootcert={here}/other.example.crt",
         "verify failed.*another authority: sslrootcert=FILE in the address"),
        ("db.example", "sslmode=verify-full&sslrootcert={here}/none.crt",
         "root certificate.*sslrootcert=FILE in the address"),
        ("db.example", "sslmode=verify-full", "root certificate.*sslrootcert=FILE in the address"),
        ("db.example", "sslmode=disable", "no encryption.*sslmode=verify-full in the address"),
    ],
)  # fmt: skip
def test_who_is_not_is_told_with_what_to_do(
    tls: Tls, name: str, more: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tls.folder))
    with pytest.raises(Refused, match=says) as refused:
        tls.looked(more, name)
    assert len(str(refused.value).splitlines()) == 1


def test_a_server_without_tls_is_told(tls: Tls) -> None:
    plain = Server.made()
    try:
        with pytest.raises(Refused, match=r"does not support SSL.*\(ssl = on\)"):
            Tls(tls.folder, plain.listen()).looked(OURS)
    finally:
        plain.close()
