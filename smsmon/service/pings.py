"""The dead man's switch: signs of life, whose absence somebody else notices.

The address is a secret like the key: whoever has it can say that all is well. No sentence here
holds any part of it, its host neither.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from contextlib import AsyncExitStack
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpcore

from smsmon import __version__, files
from smsmon.accounts import ca_file_of
from smsmon.api.address import check_url, is_loopback, proxy_for
from smsmon.api.backend import way_to
from smsmon.api.stream import ATTEMPT, Attempt, Trust, trust
from smsmon.model import ReadError
from smsmon.programs import beside
from smsmon.secret import Address
from smsmon.settings.secrets import KeySource, read_secret
from smsmon.text import SENTENCE_LIMIT, safe

if TYPE_CHECKING:
    from smsmon.settings import Settings

WITHIN = 10.0
"""Seconds that one sign of life may take."""
_HEADERS = [
    ("User-Agent", f"smsmon/{__version__}"),
    ("Accept", "*/*"),
    ("Connection", "close"),
]


async def touch(path: Path) -> str:
    """Touch a file; gives why that failed, in a sentence, or nothing."""
    name = safe(str(path), SENTENCE_LIMIT)
    try:
        async with asyncio.timeout(WITHIN):
            await beside(files.touch, path)
    except TimeoutError:
        return f"The sign of life {name} could not be touched within {WITHIN:g} s."
    except OSError as error:
        why = safe(error.strerror or type(error).__name__)
        return f"The sign of life {name} cannot be touched: {why}."
    return ""


def address_of(text: str) -> Address:
    """The address that may be fetched. Raises ``ValueError`` with a sentence without it."""
    address = Address.parse(text)
    parts = check_url(address.reveal(), "address")
    if parts.scheme not in ("http", "https"):
        raise ValueError("The address must begin with https://.")
    if parts.username is not None or parts.password is not None:
        raise ValueError("The address must not hold a user name or password.")
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise ValueError(
            "The address would go over the network unencrypted: use https:// (http:// is for this"
            " machine only)."
        )
    return address


class PingUrl:
    """An address that is fetched; ``source`` is where it comes from."""

    def __init__(self, source: KeySource, settings: Settings, environ: Mapping[str, str]) -> None:
        self._source = source
        self._settings = settings
        self._environ = environ

    async def ping(self) -> str:
        """Fetch it; gives why that failed, in a sentence, or nothing. Always ends in time."""
        try:
            async with asyncio.timeout(WITHIN):
                # Reads a file: not on the loop. It may hold another one by now.
                address = await beside(self._read)
                problem = await self._fetch(address)
        except TimeoutError:
            problem = f"there was no answer within {WITHIN:g} s."
        except ValueError as error:
            problem = str(error)
        return f"No sign of life to the address from {self._source}: {problem}" if problem else ""

    def _read(self) -> Address:
        return read_secret(self._source, "address", address_of, self._environ)

    @cached_property
    def _trust(self) -> Trust:
        return trust(ca_file_of(self._settings))

    async def _fetch(self, address: Address) -> str:
        """Raises ``ValueError`` for settings that cannot be."""
        parts = urlsplit(address.reveal())
        host, encrypted = parts.hostname or "", parts.scheme == "https"
        trusted = await beside(lambda: self._trust) if encrypted else None
        party, backend = way_to(
            host,
            parts.port or (443 if encrypted else 80),
            trust=trusted,
            proxy=proxy_for(address.reveal(), self._settings.network.proxy),
            hint="",
            keepalive=0.0,
        )
        ATTEMPT.set(Attempt(lambda _: None))
        try:
            async with AsyncExitStack() as stack:
                pool = httpcore.AsyncConnectionPool(
                    ssl_context=party.trust.context if party.trust else None,
                    network_backend=backend,
                )
                stack.push_async_callback(pool.aclose)
                request = httpcore.Request("GET", address.reveal(), headers=_headers(parts.netloc))
                answer = await pool.handle_async_request(request)
                stack.push_async_callback(answer.aclose)  # what it says is no matter
                return _judged(answer.status)
        except ReadError as error:
            return re.sub(re.escape(safe(host)), "its host", str(error), flags=re.IGNORECASE)
        except httpcore.ProtocolError:
            return "the connection was closed, or HTTP broken, before the answer was there."
        except httpcore.NetworkError:
            return "the connection was reset."


def _headers(host: str) -> list[tuple[str, str]]:
    return [("Host", host), *_HEADERS]


def _judged(status: int) -> str:
    if 200 <= status < 300:
        return ""
    if 300 <= status < 400:
        return f"it redirects to another one (HTTP {status}), which is not followed."
    return f"it answered HTTP {status}."
