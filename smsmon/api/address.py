"""Where the API is: checked before the key goes anywhere."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

from smsmon.keylike import without_keys
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
