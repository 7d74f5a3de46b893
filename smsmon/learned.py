"""What the schedule learnt of each account's reports, kept between two runs.

Nothing is lost without it but time: the schedule begins again from its built-in curve. A file
that is missing, broken or not writable is as good as none.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from smsmon.monitor.engine import Engine
from smsmon.store.errors import StoreError
from smsmon.store.files import write_whole

Curves = dict[str, list[list[float]]]
FILE_NAME = "learned.json"


def load(folder: Path) -> Mapping[str, Curves]:
    """Profile → its curves, from the file in ``folder``. Blocks on the disk."""
    try:
        return msgspec.json.decode((folder / FILE_NAME).read_bytes(), type=dict[str, Curves])
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return {}


def save(folder: Path, engine: Engine) -> None:
    """Keep what ``engine`` knows by now. Blocks on the disk."""
    curves = {name: engine.learned(name) for name in engine.profiles}
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(folder / FILE_NAME, msgspec.json.encode(curves))
    except (OSError, StoreError):
        return
