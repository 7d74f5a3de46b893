"""For all tests: a promise is about what holds, never about how fast this machine is today."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("patient", settings.default, deadline=None)
settings.load_profile("patient")
