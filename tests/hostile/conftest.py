"""A hostile account over real HTTP, and the program that watches it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import tomli_w

from smsmon.simulator.messages import Change, SimMessage, SimRecipient
from smsmon.simulator.thread import ServerThread
from smsmon.simulator.world import World
from tests.cli.program import Program
from tests.hostile.corpus import marked
from tests.hostile.terminal import odd_characters


@pytest.fixture(scope="module")
def api() -> Iterator[ServerThread]:
    """An account whose one report holds the corpus."""
    rows = zip(marked("Ph").values(), marked("St").values(), strict=True)
    people = [SimRecipient(phone, (Change(1.6e9, word),)) for phone, word in rows]
    with ServerThread(World(messages=[SimMessage("1000", people)])) as server:
        yield server


@pytest.fixture(scope="module")
def program(api: ServerThread, tmp_path_factory: pytest.TempPathFactory) -> Program:
    """The program with a hostile watchlist, and a history of it."""
    home = tmp_path_factory.mktemp("home")
    entries = [
        {"id": str(1000 + place), "label": label, "tags": [tag], "note": note}
        for place, (label, tag, note) in enumerate(
            zip(marked("Lb").values(), marked("Tg").values(), marked("Nt").values(), strict=True)
        )
    ]
    watchlist = tomli_w.dumps({"version": 1, "message": entries})
    (home / "watchlist.toml").write_text(watchlist, encoding="utf-8")
    made = Program(home, {"SMSMON_BASE_URL": api.base_url, "SMSMON_API_KEY": api.key})
    done = made.watch_until(
        lambda said: '"first_read"' in said and '"not_found"' in said, "1000", "1001"
    )
    assert odd_characters(done.out + done.err, "\n\t") == []
    return made
