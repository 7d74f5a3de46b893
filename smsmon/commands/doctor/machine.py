"""The doctor looks at the program, the terminal and the environment."""

from __future__ import annotations

import locale
import platform
import shutil
import subprocess
from collections.abc import Iterator, Mapping

from smsmon import __version__
from smsmon.commands.doctor.finding import Finding, Health, finding
from smsmon.commands.output import without_terminal

LIBRARIES = (
    "textual",
    "rich",
    "httpx",
    "click",
    "msgspec",
    "tomli-w",
    "platformdirs",
    "phonenumbers",
    "defusedxml",
)
SMALLEST = (60, 15)
"""Columns and rows below which the console shows a notice instead."""
ESCAPE_TIME = 50
"""Milliseconds that tmux may hold an escape key back before it is felt."""


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
        yield finding(
            part,
            "size",
            Health.POOR if small else Health.GOOD,
            f"{columns}×{rows}",
            f"The console needs {SMALLEST[0]}×{SMALLEST[1]}." if small else "",
        )
    term = environ.get("TERM", "")
    dumb = term in ("", "dumb", "unknown")
    yield finding(
        part,
        "TERM",
        Health.POOR if dumb else Health.GOOD,
        term or "not set",
        "Set TERM to what your terminal is, such as xterm-256color." if dumb else "",
    )
    yield finding(part, "colours", Health.GOOD, _colours(environ))
    encoding = locale.getpreferredencoding(False)
    wide = encoding.lower().replace("-", "") == "utf8"
    yield finding(
        part,
        "encoding",
        Health.GOOD if wide else Health.POOR,
        encoding,
        "" if wide else "Set LANG to a UTF-8 locale, such as C.UTF-8.",
    )
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
        slow = int(escape) > ESCAPE_TIME
        yield finding(
            "terminal",
            "tmux escape-time",
            Health.POOR if slow else Health.GOOD,
            f"{escape} ms",
            "Every escape key waits that long: set -sg escape-time 10" if slow else "",
        )
    kind = _tmux_option("default-terminal")
    if kind:
        plain = not kind.startswith(("tmux", "screen"))
        yield finding(
            "terminal",
            "tmux default-terminal",
            Health.POOR if plain else Health.GOOD,
            kind,
            'Colours and keys go wrong: set -g default-terminal "tmux-256color"' if plain else "",
        )
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
