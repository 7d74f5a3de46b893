"""Which file lives where.

XDG by ``platformdirs``; ``SMSMON_HOME`` overrides all of it with one folder, for tests, demos
and second installations. Naming a place creates nothing: whoever writes makes the folder.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from smsmon.text import safe

APP = "smsmon"
VARIABLES = frozenset({"SMSMON_HOME"})
"""What the environment may say of places, and is no setting."""
_NO_HOME = (
    "No home folder was found for this user. Set HOME, or set SMSMON_HOME to the folder that"
    " smsmon may use."
)


CREDENTIALS = "CREDENTIALS_DIRECTORY"
"""The variable that tells a service of systemd where its credentials are (LoadCredential=)."""


def expanded(text: str) -> Path:
    """The path that ``text`` names: a home folder in the place of ``~`` or ``~user``, and the
    folder of the service's credentials in that of ``$CREDENTIALS_DIRECTORY``.

    Raises ``ValueError`` with a sentence when there is no such.
    """
    first, slash, rest = text.partition("/")
    if first == f"${CREDENTIALS}":
        if not (folder := os.environ.get(CREDENTIALS)):
            raise ValueError(f"{CREDENTIALS} is not set: services of systemd alone have it.")
        text = folder + slash + rest
    try:
        path = Path(text).expanduser()
    except (RuntimeError, ValueError):
        user = safe(text.split("/", 1)[0])
        raise ValueError(
            f"There is no home folder {user} on this machine: write the path in full."
        ) from None
    if "\0" in text:
        raise ValueError("A path holds no NUL byte.")
    return path


def here() -> Path:
    """The folder we are in; the user's home folder where that one is gone."""
    try:
        return Path.cwd()
    except OSError:
        return Path(os.path.abspath(os.path.expanduser("~/")))


class LocationError(Exception):
    """There is no place for the files; the text says what to set."""


@dataclass(frozen=True, slots=True)
class Locations:
    """Every file of one installation. All paths are absolute."""

    config: Path
    """``config.toml``: the user's settings. Only ever read."""
    watchlist: Path
    """``watchlist.toml``: what is watched. Written by the program, and by hand if wished."""
    history: Path
    """``history.db``: what was seen."""
    state: Path
    """Folder of what the console remembers of itself (columns, layout)."""
    crashes: Path
    """Folder of the notes written when the program fails."""
    exports: Path
    """Folder for exports whose place was not named."""

    @classmethod
    def under(cls, home: Path) -> Locations:
        """Everything inside one folder."""
        return cls(
            config=home / "config.toml",
            watchlist=home / "watchlist.toml",
            history=home / "history.db",
            state=home / "state",
            crashes=home / "crashes",
            exports=home / "exports",
        )

    @classmethod
    def find(cls, environ: Mapping[str, str] = os.environ) -> Locations:
        """Where the files are, by the environment. Raises `LocationError` when nowhere."""
        home = environ.get("SMSMON_HOME", "")
        if home:
            if "\0" in home:
                raise LocationError("SMSMON_HOME holds a NUL byte: give it the path of a folder.")
            if "/" not in home and _could_be_key(home):
                raise LocationError(
                    "SMSMON_HOME looks like an API key itself: give it the path of a folder. (If"
                    " it is one, write it with its slashes, or ./ before it.)"
                )
            try:
                return cls.under(Path(os.path.abspath(os.path.expanduser(home))))
            except FileNotFoundError:
                raise LocationError(
                    "SMSMON_HOME is seen from this folder, which is gone: write it in full."
                ) from None

        from platformdirs import PlatformDirs  # 20 ms, and not needed under SMSMON_HOME

        dirs = PlatformDirs(APP, appauthor=False)
        try:
            config, data, state = (
                dirs.user_config_path,
                dirs.user_data_path,
                dirs.user_state_path,
            )
        except RuntimeError:  # how newer releases say it; older ones give "~/.config" as it stands
            raise LocationError(_NO_HOME) from None
        if not all(folder.is_absolute() for folder in (config, data, state)):
            raise LocationError(_NO_HOME)
        return cls(
            config=config / "config.toml",
            watchlist=data / "watchlist.toml",
            history=data / "history.db",
            state=state,
            crashes=state / "crashes",
            exports=data / "exports",
        )

    @property
    def learned(self) -> Path:
        """What the schedule learnt."""
        return self.state / "learned.json"

    @property
    def sources(self) -> Path:
        """Folder of who reads each source, and how it stands."""
        return self.state / "sources"

    @property
    def copied(self) -> Path:
        """What the console copied last, for terminals that take no clipboard."""
        return self.state / "copied.txt"

    def keeps(self, path: Path) -> bool:
        """True for a file that smsmon lives on, by whatever name: nothing else may be written
        there. Those that SQLite, or a lock, has beside one begin with its name."""
        try:
            real = Path(os.path.realpath(path))
        except OSError:  # the folder we are in is gone, and nothing is in it
            return False
        for own in (self.config, self.watchlist, self.history):
            kept = Path(os.path.realpath(own))
            beside = real.parent == kept.parent and real.name.lstrip(".").startswith(kept.name)
            with suppress(OSError):  # one of them is not there
                beside = beside or own.samefile(path)
            if beside:
                return True
        return False

    def named(self) -> list[tuple[str, Path]]:
        """Each place with its name, in the order ``smsmon locate`` prints them."""
        return [
            ("config", self.config),
            ("watchlist", self.watchlist),
            ("history", self.history),
            ("state", self.state),
            ("crashes", self.crashes),
            ("exports", self.exports),
        ]


def _could_be_key(home: str) -> bool:
    from smsmon.secret import could_be_key  # most name a path: `smsmon ls` does without

    return could_be_key(home)
