"""The ``smsmon`` command, and ``python -m smsmon``."""

from __future__ import annotations

import signal
from typing import NoReturn


def main() -> NoReturn:
    """As `smsmon.cli.main`; a ctrl+c while that is being loaded ends the process without a word."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from smsmon.cli import main as command

    command()


if __name__ == "__main__":
    main()
