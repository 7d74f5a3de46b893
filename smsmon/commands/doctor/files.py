"""The doctor looks at the files: are they there, readable, sound, and for this user alone?"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from smsmon.commands.doctor.finding import Finding, Health, finding
from smsmon.locations import Locations
from smsmon.settings import Settings, SettingsError, load_settings

PART = "files"


def settings_file(locations: Locations) -> tuple[Settings | None, list[Finding]]:
    """The settings, where they can be used; and what was found about them."""
    found = []
    if _may_be_there(locations.config):
        found.append(_private("config", locations.config))
    else:
        found.append(finding(PART, "config", Health.NOTE, f"{locations.config}: none, and no need"))
    try:
        settings = load_settings(locations)
    except SettingsError as error:
        advice = "Mend it; `smsmon config check` tells when it is good."
        found += [
            finding(PART, "settings", Health.BAD, problem, advice) for problem in error.problems
        ]
        return None, found
    return settings, found


def stores(locations: Locations) -> Iterator[Finding]:
    """The watchlist, the history and the folders they are in."""
    from smsmon.store import open_store
    from smsmon.store.errors import StoreError

    store = open_store(locations)

    for name, folder in (
        ("data folder", locations.watchlist.parent),
        ("state folder", locations.state),
    ):
        yield _writable(name, folder)
    for name, path in store.files.items():
        if not _may_be_there(path):
            yield finding(PART, name, Health.NOTE, f"{path}: none yet")
            continue
        yield _private(name, path)
        try:
            if name == "watchlist":
                count = len(store.watchlist().load())
                yield finding(PART, "watchlist entries", Health.GOOD, count)
            else:
                with store.archive() as archive:
                    told = archive.info()
                detail = f"{told.messages} messages, {told.recipients} recipients, {told.bytes:,} B"
                yield finding(PART, "history content", Health.GOOD, detail)
        except StoreError as error:
            yield finding(PART, name, Health.BAD, error.reason, error.remedy)
    notes = (
        sorted(locations.crashes.glob("crash-*.txt")) if os.path.isdir(locations.crashes) else []
    )
    if notes:
        yield finding(
            PART,
            "crash notes",
            Health.POOR,
            f"{len(notes)}, the last: {notes[-1]}",
            "Send the last one with your report; it holds no key and no number.",
        )


def _may_be_there(path: Path) -> bool:
    """False only where there is nothing: not where one may not look."""
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        pass
    return True


def _private(name: str, path: Path) -> Finding:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        return finding(PART, name, Health.BAD, f"{path}: {error.strerror}")
    if not os.access(path, os.R_OK):
        return finding(PART, name, Health.BAD, f"{path} cannot be read", "Allow this user to.")
    open_to_others = bool(mode & 0o077)
    return finding(
        PART,
        name,
        Health.POOR if open_to_others else Health.GOOD,
        f"{path}, mode {mode:04o}",
        f"Others can read it: chmod 600 {path}" if open_to_others else "",
    )


def _writable(name: str, folder: Path) -> Finding:
    existing = folder
    while not os.path.exists(existing) and existing != existing.parent:
        existing = existing.parent
    can = os.path.isdir(existing) and os.access(existing, os.W_OK | os.X_OK)
    if can and existing == folder and (open_to := folder.stat().st_mode & 0o022):
        who = "Everybody" if open_to & 0o002 else "Their group"
        advice = f"{who} can replace what is in it: chmod go-w {folder}"
        return finding(PART, name, Health.POOR, f"{folder}, open to others", advice)
    return finding(
        PART,
        name,
        Health.GOOD if can else Health.BAD,
        f"{folder}{'' if existing == folder else ': made when needed'}",
        "" if can else f"Allow this user to write {existing}, or set SMSMON_HOME.",
    )
