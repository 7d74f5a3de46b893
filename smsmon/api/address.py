"""Where the API is, and which proxy leads there: checked before the key goes anywhere."""

from __future__ import annotations

import os
import re
from binascii import b2a_base64
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote_to_bytes, urlsplit

from smsmon.secret import without_keys
from smsmon.text import safe

DEFAULT_BASE_URL = "https://api.smspartner.fr/v1"
_NOT_IN_A_URL = re.compile(r"[^!-~]")  # a range up to \uffff takes 5 ms of every start to compile


def check_base_url(text: str) -> str:
    """``text`` without a final slash, if the key may be sent there.

    Raises ``ValueError`` with a sentence that says what is wrong with it.
    """
    parts = check_url(text, "base URL")
    shown = f"{parts.scheme}://{_host(parts)}"
    if parts.scheme not in ("http", "https"):
        raise ValueError(f"The base URL must begin with https://, not {safe(parts.scheme)}://.")
    if parts.username is not None or parts.password is not None:
        raise ValueError(f"The base URL {shown} must not hold a user name or password.")
    if parts.query or parts.fragment or "?" in text or "#" in text:
        raise ValueError(f"The base URL {shown} must end with its path: no “?” and no “#”.")
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise ValueError(
            f"The base URL {shown} would send the API key unencrypted: use https:// "
            "(http:// is for this machine only)."
        )
    return text.rstrip("/")


def is_loopback(host: str) -> bool:
    """True if ``host`` can only be this machine."""
    if host.lower() == "localhost":
        return True
    from ipaddress import ip_address  # loaded here: the settings import this module at start-up

    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def host_of(url: str) -> str:
    """The host that ``url`` names, safe to print; empty if it names none."""
    try:
        return _host(urlsplit(url))
    except ValueError:
        return ""


def _host(parts: SplitResult) -> str:
    return without_keys(safe(parts.hostname or ""))


def check_url(text: str, what: str) -> SplitResult:
    """The parts of ``text``, which has a host. Raises ``ValueError`` about ``what``."""
    problem = "has spaces or characters that no URL has" if _NOT_IN_A_URL.search(text) else ""
    try:
        parts = urlsplit(text)
        if parts.port == 0 or not parts.hostname:
            problem = problem or "names no host and port"
    except ValueError:
        problem = problem or "is not a URL"
    if problem:
        raise ValueError(f"The {what} {problem}.")
    return parts


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
    return b"Basic " + b2a_base64(user + b":" + password, newline=False)
