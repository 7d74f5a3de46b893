"""A PostgreSQL of the system's own programs in a folder that goes, for nobody but this user."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from pathlib import Path
from typing import Any

from smsmon.commands.output import fail

MISSING = (
    "`smsmon demo --team` starts a PostgreSQL, and there is none here (Debian and Ubuntu: `apt-get"
    " install postgresql`). `smsmon demo` needs none."
)
_PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin")
_PORT = "5432"
"""Part of the socket's name alone."""
_SETTINGS = {
    "listen_addresses": "",
    "port": _PORT,
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "16MB",
    "max_connections": "60",
    "logging_collector": "off",
}
_STARTS_WITHIN = 30.0
"""Seconds."""


def programs() -> Path:
    """The folder of the server's programs; a failure where none is installed."""
    return found_programs() or fail(MISSING)


def found_programs() -> Path | None:
    """The folder of the server's programs; None where none is installed."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    kept = [each for place in _PLACES for each in Path("/").glob(f"{place[1:]}/initdb")]
    return max(kept, key=lambda each: each.stat().st_mtime).parent if kept else None


def whose() -> dict[str, Any]:
    """Whom the server runs as, for ``subprocess``: it refuses to run as root."""
    if os.geteuid():
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def begin(folder: Path) -> list[str]:
    """Make a database cluster in the empty ``folder``; gives the command that serves it there."""
    served = programs()
    if them := whose():
        folder.parent.chmod(0o711)  # they have to come by
        os.chown(folder, them["user"], them["group"])
    try:
        subprocess.run(  # noqa: S603 - the system's own
            [served / "initdb", "-D", folder / "data", "-N", "-A", "trust", "-U", "smsmon",
             "-E", "UTF8", "--no-locale"],
            cwd=folder,
            env=environment(),
            capture_output=True,
            timeout=_STARTS_WITHIN,
            check=True,
            **them,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        fail(f"PostgreSQL could not be begun in {folder}: look at its disk, and at TMPDIR.")
    settings = (f"--{name}={value}" for name, value in _SETTINGS.items())
    return [str(served / "postgres"), "-D", str(folder / "data"), "-k", str(folder), *settings]


def environment() -> dict[str, str]:
    """What programs of a demo are told of ours: nothing that names a user's own things."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"}


def address_of(folder: Path) -> str:
    """The address of the database there."""
    return f"postgresql://smsmon@/postgres?host={folder}&port={_PORT}"
