"""Every number among the settings: both of its ends are taken, and nothing beyond them."""

from __future__ import annotations

from pathlib import Path
from typing import get_type_hints

import msgspec
import pytest

from smsmon.locations import Locations
from smsmon.settings import Settings, SettingsError, load_settings

BOUNDS = {
    "polling.min_interval": (1, 3_600, 0.1),
    "polling.max_interval": (1, 86_400, 0.1),
    "polling.budget": (1, 2_000, 1),
    "polling.concurrency": (1, 64, 1),
    "network.timeout": (0.1, 300, 0.01),
    "network.body_limit": (1, 1_024, 1),
    "display.frame_rate": (1, 60, 1),
    "display.trouble_below": (0, 100, 0.1),
    "history.retention_days": (0, 36_500, 1),
    "watch.ping_every": (1, 86_400, 0.5),
    "watch.metrics_every": (1, 3_600, 0.5),
}
"""The least, the most, and a step that is too far."""


def loaded(tmp_path: Path, name: str, value: float) -> object:
    """What ``name`` is once it was set to ``value`` in the environment."""
    variable = "SMSMON_" + name.replace(".", "_").upper()
    environ = {variable: f"{value:g}"}
    if name == "polling.max_interval":
        environ["SMSMON_POLLING_MIN_INTERVAL"] = "1"
    if name == "polling.min_interval":
        environ["SMSMON_POLLING_MAX_INTERVAL"] = "86400"
    found: object = load_settings(Locations.under(tmp_path), environ)
    for part in name.split("."):
        found = getattr(found, part)
    return found


@pytest.mark.parametrize("name", BOUNDS)
def test_both_ends_are_taken_and_nothing_beyond(tmp_path: Path, name: str) -> None:
    least, most, step = BOUNDS[name]
    assert [loaded(tmp_path, name, value) for value in (least, most)] == [least, most]
    for beyond in (least - step, most + step):
        with pytest.raises(SettingsError, match=f"from {least} to {most}"):
            loaded(tmp_path, name, beyond)


def test_no_number_among_the_settings_is_without_bounds() -> None:
    numbers = {
        f"{section}.{field.encode_name}"
        for section, kind in get_type_hints(Settings).items()
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct)
        for field in msgspec.structs.fields(kind)
        if isinstance(field.default, int | float) and not isinstance(field.default, bool)
    }
    assert numbers == BOUNDS.keys()
