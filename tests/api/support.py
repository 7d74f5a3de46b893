"""What the tests of the client share: a key, and a client for a server of ``wire``."""

from __future__ import annotations

from typing import Any

import pytest

from smsmon.api.client import SmsPartner
from smsmon.clock import SystemClock
from smsmon.model import Fault, ReadError, Report
from smsmon.secret import ApiKey
from tests.api.wire import Wire

KEY = "5e47171e1" * 4 + "beef"
"""Looks like a real key and stands nowhere else: to be looked for where it must not be."""


def client(server: Wire | str, **settings: Any) -> SmsPartner:
    """A client for ``server``, with the test's key and a short deadline."""
    base_url = server if isinstance(server, str) else server.base_url
    return SmsPartner(
        ApiKey.parse(KEY),
        clock=settings.pop("clock", SystemClock()),
        base_url=base_url,
        timeout=settings.pop("timeout", 5.0),
        **settings,
    )


async def read(server: Wire | str, **settings: Any) -> Report:
    """The report of message 111, read by a new client."""
    async with client(server, **settings) as partner:
        report = await partner.bulk_status("111")
    assert isinstance(report, Report)
    return report


async def fault(server: Wire | str, **settings: Any) -> tuple[ReadError, Fault]:
    """The error that reading message 111 ends with, by a new client."""
    async with client(server, **settings) as partner:
        with pytest.raises(ReadError) as caught:
            await partner.bulk_status("111")
    return caught.value, caught.value.fault
