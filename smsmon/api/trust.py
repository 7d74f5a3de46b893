"""What verifies the server, and which setting or variable says so."""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass
from pathlib import Path

from smsmon import files
from smsmon.secret import place_shown
from smsmon.text import safe

SETTING = "network.ca_file"


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom TLS believes."""

    context: ssl.SSLContext
    source: str = ""
    """The setting or variable that names the authorities; empty for the usual ones."""


def trust(ca_file: Path | None) -> Trust:
    """What verifies the server, and a proxy that speaks TLS.

    ``ca_file`` alone if given, else what SSL_CERT_FILE or SSL_CERT_DIR name, else certifi's.
    Raises ``ValueError`` when that cannot be used.
    """
    source, file, folder = "", None, None
    what = "file of CAs that SSL_CERT_FILE or SSL_CERT_DIR names"
    if ca_file is not None:
        source, file = SETTING, str(ca_file)
        what = f"CA file {safe(place_shown(file), 200)}"
    elif file := os.environ.get("SSL_CERT_FILE"):
        source = "SSL_CERT_FILE"
    elif folder := os.environ.get("SSL_CERT_DIR"):
        source = "SSL_CERT_DIR"
    else:
        import certifi  # loaded here: a base URL on loopback needs none

        file = certifi.where()
    try:
        if file:
            files.must_be_file(file)
        context = ssl.create_default_context(cafile=file, capath=folder)
    except ssl.SSLError:
        reason = "it holds no certificates"
    except OSError as error:
        reason = error.strerror or type(error).__name__
    except ValueError:
        reason = "its name is no path"
    else:
        context.set_alpn_protocols(["http/1.1"])
        return Trust(context, source)
    raise ValueError(f"The {what} cannot be used: {reason}.")
