"""How much memory this process holds, as the kernel counts it."""

from __future__ import annotations

import os
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")


def resident(process: int | str = "self") -> int:
    """Bytes of memory that a process has resident at this moment; Linux only."""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * _PAGE
