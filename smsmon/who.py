"""Who sits here: what is kept beside an acknowledgement, a note and a silence."""

from __future__ import annotations

import os
import pwd
import socket
from collections.abc import Mapping

from smsmon.text import safe

_MOST = 60
"""Characters."""


def who(environ: Mapping[str, str] = os.environ) -> str:
    """``anna@ops1``: the user, and the machine. Whoever became another by ``sudo`` is told as who
    it was before. Safe text; never empty.
    """
    user = environ.get("SUDO_USER") or _user()
    host = socket.gethostname().split(".", 1)[0]
    return safe("@".join(filter(None, (user, host))), _MOST) or "somebody"


def _user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a number without a name: in a container, say
        return str(os.getuid())
