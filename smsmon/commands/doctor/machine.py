"""The machine: what is installed, the terminal, the environment, and the files."""

from __future__ import annotations

import locale
import os
import platform
import shutil
import stat
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from smsmon import __version__
from smsmon.commands.doctor import Finding, Health, finding, judged
from smsmon.commands.output import without_terminal
from smsmon.locations import Locations
from smsmon.settings import Settings, SettingsError, load_settings
from smsmon.times import counted

LIBRARIES = (
    "textual",
    "rich",
    "httpx",
    "click",
    "msgspec",
    "tomli-w",
    "platformdirs",
    "phonenumbers",
    "regex",
    "defusedxml",
)
SMALLEST = (60, 15)
"""Columns and rows below which the console shows a notice instead."""
ESCAPE_TIME = 50
"""Milliseconds that tmux may hold an escape key back before it is felt."""
_LEAST_FREE = 16 * 2**20
"""Bytes on the disk of a folder of ours below which it is as good as full."""


def versions() -> Iterator[Finding]:
    """What is installed."""
    from importlib.metadata import PackageNotFoundError, version

    yield finding("program", "smsmon", Health.GOOD, __version__)
    system = f"{platform.python_version()} on {platform.system()} {platform.release()}"
    yield finding("program", "python", Health.GOOD, system)
    for name in LIBRARIES:
        try:
            yield finding("program", name, Health.GOOD, version(name))
        except PackageNotFoundError:
            yield finding("program", name, Health.BAD, "missing", "Install smsmon again.")


def terminal(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Whether the console can be at home here."""
    part = "terminal"
    if missing := without_terminal():
        yield finding(part, "streams", Health.NOTE, f"no terminal: {', '.join(missing)}")
    else:
        columns, rows = shutil.get_terminal_size()
        small = columns < SMALLEST[0] or rows < SMALLEST[1]
        needs = f"The console needs {SMALLEST[0]}×{SMALLEST[1]}."
        yield judged(part, "size", f"{columns}×{rows}", small, needs)
    term = environ.get("TERM", "")
    advice = "Set TERM to what your terminal is, such as xterm-256color."
    yield judged(part, "TERM", term or "not set", term in ("", "dumb", "unknown"), advice)
    yield finding(part, "colours", Health.GOOD, _colours(environ))
    encoding = locale.getpreferredencoding(False)
    narrow = encoding.lower().replace("-", "") != "utf8"
    advice = "Set LANG to a UTF-8 locale, such as C.UTF-8."
    yield judged(part, "encoding", encoding, narrow, advice)
    if "TMUX" in environ:
        yield from _tmux()
    elif "STY" in environ:
        yield finding(part, "screen", Health.NOTE, "GNU screen: no true colours, no clipboard")


def _colours(environ: Mapping[str, str]) -> str:
    if environ.get("NO_COLOR"):
        return "none (NO_COLOR is set)"
    if environ.get("COLORTERM") in ("truecolor", "24bit"):
        return "16 million"
    return "256" if "256color" in environ.get("TERM", "") else "16"


def _tmux() -> Iterator[Finding]:
    escape = _tmux_option("escape-time")
    if escape.isdigit():
        advice = "Every escape key waits that long: set -sg escape-time 10"
        slow = int(escape) > ESCAPE_TIME
        yield judged("terminal", "tmux escape-time", f"{escape} ms", slow, advice)
    kind = _tmux_option("default-terminal")
    if kind:
        plain = not kind.startswith(("tmux", "screen"))
        advice = 'Colours and keys go wrong: set -g default-terminal "tmux-256color"'
        yield judged("terminal", "tmux default-terminal", kind, plain, advice)
    if _tmux_option("set-clipboard") == "off":
        yield finding(
            "terminal",
            "tmux set-clipboard",
            Health.NOTE,
            "off",
            "Copying from the console reaches no clipboard: set -g set-clipboard on",
        )


def _tmux_option(name: str) -> str:
    program = shutil.which("tmux")
    if program is None:
        return ""
    try:
        done = subprocess.run(  # noqa: S603 - the tmux that we run in
            [program, "show-options", "-Agv", name],
            capture_output=True,
            text=True,
            timeout=2,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()


def environment(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Variables that begin like ours and mean nothing; those that slow every start."""
    from smsmon.settings.loading import unknown_variables

    for name in unknown_variables(environ):
        yield finding(
            "environment",
            name,
            Health.POOR,
            "smsmon reads no such variable",
            "Correct its name: `smsmon config show` lists the settings.",
        )
    if environ.get("PYTHONDONTWRITEBYTECODE"):
        yield Finding(  # no text from outside: its long name would be taken for a key
            "environment",
            "PYTHONDONTWRITEBYTECODE",
            Health.NOTE,
            "set",
            "Every start compiles the program anew, and takes several times as long.",
        )


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
    from smsmon.store import ThisMachine, open_store
    from smsmon.store.errors import StoreError

    local = open_store(locations, ThisMachine())

    for name, folder in (
        ("data folder", locations.watchlist.parent),
        ("state folder", locations.state),
    ):
        yield _writable(name, folder)
    for name, path in local.files.items():
        if not _may_be_there(path):
            yield finding(PART, name, Health.NOTE, f"{path}: none yet")
            continue
        yield _private(name, path)
        try:
            if name == "watchlist":
                listed = local.watchlist().load()
                came = sum(each.arrival is not None for each in listed)
                more = f" added by hand, {came:,} by sources" if came else ""
                count = f"{len(listed) - came:,}{more}"
                yield finding(PART, "watchlist entries", Health.GOOD, count)
            else:
                with local.archive() as archive:
                    told = archive.info()
                messages = counted(told.messages, "message")
                recipients = counted(told.recipients, "recipient")
                detail = f"{messages}, {recipients}, {told.bytes:,} B"
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
    advice = f"Others can read it: chmod 600 {path}"
    return judged(PART, name, f"{path}, mode {mode:04o}", open_to_others, advice)


def _writable(name: str, folder: Path) -> Finding:
    existing = folder
    while not os.path.exists(existing) and existing != existing.parent:
        existing = existing.parent
    can = os.path.isdir(existing) and os.access(existing, os.W_OK | os.X_OK)
    if can and existing == folder and (open_to := folder.stat().st_mode & 0o022):
        who = "Everybody" if open_to & 0o002 else "Their group"
        advice = f"{who} can replace what is in it: chmod go-w {folder}"
        return finding(PART, name, Health.POOR, f"{folder}, open to others", advice)
    if can and (free := shutil.disk_usage(existing).free) < _LEAST_FREE:
        advice = "Free some room: what is found out cannot be written without."
        return finding(PART, name, Health.BAD, f"{folder}, {free:,} B free on its disk", advice)
    return finding(
        PART,
        name,
        Health.GOOD if can else Health.BAD,
        f"{folder}{'' if existing == folder else ': made when needed'}",
        "" if can else f"Allow this user to write {existing}, or set SMSMON_HOME.",
    )
