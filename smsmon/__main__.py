"""The ``smsmon`` command, and ``python -m smsmon``."""

from __future__ import annotations

import gc
import signal
from typing import Final, NoReturn

_YOUNG: Final = 50_000
"""New objects after which Python looks for garbage among them. Nearly all that a short command
makes stays until its end, and looking took a tenth of its time."""


def main() -> NoReturn:
    """As `smsmon.run.main`; a ctrl+c while that is being loaded ends the process without a word."""
    gc.set_threshold(_YOUNG)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from smsmon.run import main as command

    command()


if __name__ == "__main__":
    main()
