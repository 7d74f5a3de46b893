"""The address of a team's database: taken apart as libpq does, and what of it may be shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Self

from psycopg import Error, conninfo

from smsmon.secret import Password
from smsmon.text import safe

OURS = MappingProxyType(
    {
        "application_name": "smsmon",
        "client_encoding": "UTF8",
        "connect_timeout": "5",
        "target_session_attrs": "read-write",
        # A host that vanished without a word is found out within half a minute.
        "keepalives": "1",
        "keepalives_idle": "10",
        "keepalives_interval": "5",
        "keepalives_count": "3",
        "tcp_user_timeout": "15000",
    }
)
"""What is asked for where the address does not say otherwise: several hosts are tried in turn,
until one takes writes."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a database is, and as whom; the password apart."""

    parameters: Mapping[str, str]
    """As libpq calls them; without the password."""
    password: Password | None = None
    """What stood in the address itself."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """A URL, or parameters as ``service=NAME``. Raises ``ValueError``, without the text."""
        try:
            given = {
                name: str(value)
                for name, value in conninfo.conninfo_to_dict(text).items()
                if value is not None
            }
        except (Error, UnicodeEncodeError):
            given = {}  # what libpq says of it repeats what may be a password
        if not given:
            raise ValueError(
                "The address of the store makes no sense: it looks like"
                " postgresql://user@host/database or service=NAME."
            )
        password = given.pop("password", None)
        return cls(given, Password(password) if password else None)

    def __str__(self) -> str:
        """As it may be shown: who, where and which database."""
        given = self.parameters
        if "host" not in given and "hostaddr" not in given and "service" in given:
            return safe(f"service {given['service']}")
        hosts = (given.get("host") or given.get("hostaddr") or "").split(",")
        ports = given.get("port", "").split(",")
        if len(ports) == 1:
            ports *= len(hosts)
        named = [
            f"{host}:{port}" if port not in ("", "5432") else host
            for host, port in zip(hosts, ports, strict=False)
        ]
        user = f"{given['user']}@" if "user" in given else ""
        return safe(f"postgresql://{user}{','.join(named)}/{given.get('dbname', '')}")

    def to_connect(self, password: Password | None = None, **more: str) -> dict[str, str]:
        """What to give to libpq, by the ``password`` that was found elsewhere, if it was.

        It holds the password: give it on, and keep it nowhere.
        """
        told = password or self.password
        secret = {} if told is None else {"password": told.reveal()}
        return {**OURS, **more, **self.parameters, **secret}
