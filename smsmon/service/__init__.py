"""What ``smsmon watch`` does for whoever watches it: systemd, a dead man's switch, metrics.

Whether all is well is one pure answer, of `health.py`; everybody here goes by it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.util import find_spec

from smsmon.locations import expanded
from smsmon.settings import Settings
from smsmon.settings.reading import Problem
from smsmon.settings.secrets import open_to_others, read_secret

INSTALL = "install smsmon[metrics], such as by pip install 'smsmon[metrics]'"
"""What to do where the library of the metrics is missing."""


def wrong_watch(settings: Settings) -> Iterator[Problem]:
    """What ``smsmon watch`` would go on without, and tell."""
    from smsmon.service.pings import address_of  # loads HTTP, which few settings need

    watch = settings.watch
    if (source := watch.ping_source) is not None:
        at = ("watch", f"ping_url_{source.kind}")
        if watch.ping_url_env is not None and watch.ping_url_file is not None:
            what = "watch names two places of the ping address: keep one; the file counts."
            yield Problem(at, what, refused=False)
        try:
            if source.kind != "env" or str(source.value) in os.environ:  # else it is the service's
                read_secret(source, "address", address_of)
        except ValueError as error:
            yield Problem(at, f"The ping address from {source}: {error}", refused=False)
        if told := open_to_others(source, "address"):
            yield Problem(at, told, refused=False)
    for name in ("ping_file", "metrics_file"):
        if (named := getattr(watch, name)) is not None:
            try:
                expanded(named)
            except ValueError as error:
                yield Problem(("watch", name), f"watch.{name}: {error}", refused=False)
    if watch.metrics_file is not None and not watch.metrics_file.endswith(".prom"):
        what = "watch.metrics_file: node_exporter reads files alone whose names end in .prom."
        yield Problem(("watch", "metrics_file"), what, refused=False)
    for name in ("metrics_file", "metrics_port"):
        if getattr(watch, name) is not None and find_spec("prometheus_client") is None:
            what = f"watch.{name} needs a library that is not there: {INSTALL}."
            yield Problem(("watch", name), what, refused=False)
