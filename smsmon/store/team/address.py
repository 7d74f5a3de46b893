"""The address of a team's database: taken apart as libpq does, and what of it may be shown. What is
said there goes on as sentences that tell the operator what to do.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Self

import psycopg
from psycopg import conninfo, errors

from smsmon.files import NotAFile, must_be_file
from smsmon.secret import DOTS, Password
from smsmon.store.errors import (
    BY_ITSELF,
    Busy,
    DiskFull,
    NotWritable,
    StoreError,
    Unreachable,
    of_os_error,
)
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
        except (psycopg.Error, UnicodeEncodeError):
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


INIT = "`smsmon store init` makes one there."
UNFIT: tuple[type[Exception], ...] = (errors.DataError, errors.IntegrityError)
"""What says that the database can never take what it was given."""


class NotMade(StoreError):
    """The database is there, and holds no store of smsmon."""


class Older(StoreError):
    """The store was made by an older smsmon."""


class Newer(StoreError):
    """The store was changed by a newer smsmon, and this one could do it harm."""


class Refused(StoreError):
    """The server does not let us in."""


@contextmanager
def speaking_of(address: Address) -> Iterator[None]:
    """Turn psycopg's errors into ``StoreError`` with a sentence for a person."""
    try:
        yield
    except psycopg.Error as error:
        raise of_error(address, error) from None  # what psycopg says may hold more than we may


def of_error(address: Address, error: psycopg.Error) -> StoreError:
    """The ``StoreError`` that says ``error`` in plain words."""
    match error:
        case errors.QueryCanceled() | errors.LockNotAvailable() | errors.TransactionRollback():
            return Busy(address, "another process held it for too long", BY_ITSELF)
        case errors.DiskFull():
            remedy = f"Free some room there. {BY_ITSELF}"
            return DiskFull(address, "the disk of the server is full", remedy)
        case errors.InsufficientPrivilege():
            why = f"this user may only look, or lacks a right ({said(error)})"
            remedy = (
                "`smsmon store check` tells what it may do, `smsmon store roles` sets it right."
            )
            return NotWritable(address, why, remedy)
        case errors.UndefinedTable() | errors.UndefinedColumn() | errors.UndefinedFunction():
            why = f"it holds no whole store of smsmon ({said(error)})"
            return NotMade(address, why, f"Look with `smsmon store check`; {INIT}")
        case errors.ReadOnlySqlTransaction():
            why = "the server that was found takes no writes"
            return Unreachable(address, why, f"One that does is looked for. {BY_ITSELF}")
        case (
            errors.InvalidAuthorizationSpecification()
            | errors.InvalidCatalogName()
            | errors.InvalidPassword()
        ):
            return _refused(address, said(error))
        case errors.OutOfMemory() | errors.InternalError() | errors.ProgrammingError():
            return StoreError(address, f"PostgreSQL says: {said(error)}", BY_ITSELF)
        case psycopg.OperationalError() | psycopg.InterfaceError():
            return _unreachable(address, error)
    return StoreError(address, f"PostgreSQL says: {said(error)}", BY_ITSELF)


def _unreachable(address: Address, error: psycopg.Error) -> StoreError:
    text = said(error)
    if found := next((each for each in _NOT_LET_IN if each in text), None):
        return _refused(address, text, _NOT_LET_IN[found])
    if isinstance(error, errors.ConnectionTimeout) or "timeout expired" in text:
        return Unreachable(address, "it does not answer", BY_ITSELF)
    if "remaining connection slots" in text or "too many" in text:
        return Unreachable(address, "it has no room for another connection", BY_ITSELF)
    if "session is read-only" in text or "server is in hot standby mode" in text:
        return Unreachable(address, "only a standby answers, which takes no writes", BY_ITSELF)
    return Unreachable(address, f"it does not answer ({text})" if text else "it is gone", BY_ITSELF)


_SOURCE = "Name its source with store_password_file, _env or _command, or put it into ~/.pgpass."
_ROOT = "sslrootcert=FILE in the address names the certificate of the authority that signed it."
_NOT_LET_IN = {
    "does not match host name": "Connect by a name in it, or have it made for this one too.",
    "root certificate": f"The server's is checked against it: {_ROOT}",
    "certificate verify failed": f"It has expired, or is of another authority: {_ROOT}",
    "valid client certificate": "Name yours with sslcert=FILE and sslkey=FILE in the address.",
    "does not support SSL": "Have TLS set up on the server (ssl = on).",
    "no encryption": (
        "It may want TLS (sslmode=verify-full in the address), or is to let this user in from here"
        " (pg_hba.conf)."
    ),
    "password authentication failed": f"Look at the password. {_SOURCE}",
    "no password supplied": _SOURCE,
    "fe_sendauth": _SOURCE,
    "no pg_hba.conf entry": "Have the server let this user in from here (pg_hba.conf).",
    "does not exist": "Look at the address, or have it made on the server.",
    "Peer authentication failed": "Name another user in the address, or connect by TCP.",
    "is not permitted to log in": "Name a role that may log in.",
    "certificate": "Look at sslmode and sslrootcert in the address.",
    "SSL": "Look at sslmode in the address, and at the server's certificate.",
    "sslmode": "Look at sslmode in the address.",
    "invalid ": "Look at what follows the ? in the address.",
    "definition of service": "Look at the name, and at the file of services (pg_service.conf).",
}
"""What a server that does not let us in says, and what to do about it. One that speaks another
language is told as one that does not answer, with what it says."""


def _refused(address: Address, text: str, remedy: str = "Look at the address.") -> Refused:
    return Refused(address, f"it cannot be connected to ({text})", remedy)


def said(error: psycopg.Error) -> str:
    """The last line of what libpq or the server said, without where it was and without values."""
    text = error.diag.message_primary or str(error)
    lines = [each.strip() for each in text.splitlines() if each.strip()]
    told = next((each for each in reversed(lines) if "failed: " in each), lines[0] if lines else "")
    told = told.rpartition("failed: ")[2].rpartition("is bad: ")[2]
    told = told.removeprefix("FATAL:").removeprefix("ERROR:").strip()
    told = _QUOTED_VALUE.sub("…", told).rstrip(".")
    return safe(_without_password(told, error), SENTENCE_LIMIT)


def _without_password(text: str, error: psycopg.Error) -> str:
    """``text`` with dots for the password, wherever that was found, should the server repeat it."""
    secret = ""
    with suppress(psycopg.Error):  # a connection that is closed knows none any more
        secret = ((error.pgconn and error.pgconn.password) or b"").decode(errors="replace")
    if len(secret) < _TELLING or any(secret.lower() in each.lower() for each in _NOT_LET_IN):
        return text
    return re.sub(re.escape(secret), DOTS, text, flags=re.IGNORECASE)


_TELLING = 4
"""Characters of a password from which it tells something that it is repeated."""


_QUOTED_VALUE = re.compile(r"(?<=syntax: )\".*\"|(?<=: )\".*\"$", re.DOTALL)
"""What was given with a statement: a text of somebody, and perhaps more than may be shown."""
