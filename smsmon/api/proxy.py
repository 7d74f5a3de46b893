"""Which proxy leads to the API, and which setting or variable says so."""

from __future__ import annotations

import os
from base64 import b64encode
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote_to_bytes, urlsplit

from smsmon.api.address import check_url, is_loopback
from smsmon.text import safe

SETTING = "network.proxy"
_PORTS = {"http": 80, "https": 443}
_SHAPE = "Write it as http://proxy.example:3128."
_VARIABLES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
"""In the order they are looked at; the first that is set counts, even if it is empty."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy that tunnels. Prints without its user name and password."""

    host: str
    port: int
    tls: bool
    """Spoken to by TLS, as an ``https://`` proxy."""
    source: str
    """What names it: a setting or a variable."""
    credentials: bytes = field(default=b"", repr=False)
    """What stands in ``Proxy-Authorization``; empty for none."""

    def __str__(self) -> str:
        return f"the proxy {safe(self.host)}:{self.port} (from {self.source})"


def proxy_for(base_url: str, setting: str | None) -> Proxy | None:
    """The proxy for ``base_url``: the setting's, else the environment's; None for none.

    ``setting`` is empty for "none, whatever the environment says". Loopback is never reached
    through a proxy, which would see the key. Raises ``ValueError`` naming what is to be mended.
    """
    host = urlsplit(base_url).hostname or ""
    if is_loopback(host):
        return None
    source, told = (SETTING, setting) if setting is not None else _environment(host)
    if not told:
        return None
    if "://" not in told:
        told = f"http://{told}"
    try:
        parts = check_url(told, "proxy")
    except ValueError as error:
        raise ValueError(f"{source}: {error} {_SHAPE}") from None
    if parts.scheme not in _PORTS:
        raise ValueError(
            f"{source}: The proxy must be an http:// or https:// one, not {safe(parts.scheme)}://."
            f" {_SHAPE}"
        )
    return Proxy(
        parts.hostname or "",
        parts.port or _PORTS[parts.scheme],
        parts.scheme == "https",
        source,
        _credentials(parts),
    )


def _environment(host: str) -> tuple[str, str]:
    """The variable that names a proxy for ``host``, and what it says; two empty texts for none."""
    from urllib.request import getproxies, proxy_bypass  # loaded here: not free, rarely needed

    if proxy_bypass(host):
        return "", ""
    for name in _VARIABLES:
        told = os.environ.get(name)
        if told is not None:
            return (name, told.strip()) if told.strip() else ("", "")
    return "the system's settings", getproxies().get("https", "")


def _credentials(parts: SplitResult) -> bytes:
    if parts.username is None and parts.password is None:
        return b""
    user, password = (unquote_to_bytes(part or "") for part in (parts.username, parts.password))
    return b"Basic " + b64encode(user + b":" + password)
