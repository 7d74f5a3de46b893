"""The address of a team's database: taken apart as libpq does, and what of it may be shown."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Self

from psycopg import Error, conninfo

from smsmon.files import NotAFile, must_be_file
from smsmon.secret import Password
from smsmon.store.errors import of_os_error
from smsmon.text import SENTENCE_LIMIT, safe

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

_FILES = MappingProxyType(
    {
        "servicefile": ("PGSERVICEFILE", "~/.pg_service.conf"),
        "sslrootcert": ("PGSSLROOTCERT", "~/.postgresql/root.crt"),
        "sslcrl": ("PGSSLCRL", "~/.postgresql/root.crl"),
        "sslcert": ("PGSSLCERT", "~/.postgresql/postgresql.crt"),
        "sslkey": ("PGSSLKEY", "~/.postgresql/postgresql.key"),
    }
)
"""What libpq reads: the parameter, the variable and the place that name each."""
_NOWHERE = "/dev/null/none"
"""Where no file can be."""


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


def look_at_files(given: dict[str, str]) -> str:
    """See to the files that libpq is to read by these parameters, before it does.

    It would wait for a pipe, and complain of a password file past us, on the terminal itself: such
    a file it does not get to see. Gives what is wrong with that, a part of a sentence. Raises
    ``StoreError`` for another one that is no file.
    """
    for name, (variable, usual) in _FILES.items():
        path = _place(given, name, variable, usual)
        try:
            must_be_file(path)
        except NotAFile as error:
            raise of_os_error(path, error, "read") from None
        except (OSError, ValueError):
            pass  # libpq says what is wrong
    if "password" in given or os.environ.get("PGPASSWORD"):
        return ""
    path, why = _place(given, "passfile", "PGPASSFILE", "~/.pgpass"), ""
    try:
        found = must_be_file(path)
        if found is not None and found.st_mode & 0o077:
            why = f"others can read it: `chmod 600 {path}`"
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "its name is no path"
    if why:
        given["passfile"] = _NOWHERE
        why = f"its password file {path} is not read, since {why}"
    return safe(why, SENTENCE_LIMIT)


def _place(given: Mapping[str, str], name: str, variable: str, usual: str) -> Path:
    return Path(given.get(name) or os.environ.get(variable) or os.path.expanduser(usual))
