"""The watchlist file as both front ends follow it."""

from __future__ import annotations

from pathlib import Path

from smsmon.model import Entry
from smsmon.monitor.engine import Engine
from smsmon.monitor.schedule import Limits
from smsmon.store.history import History
from smsmon.store.watchlist import Watchlist
from smsmon.watching import Watching
from tests.support.clock import VirtualClock

BROKEN = "[[message]\nid = 1"


async def test_trouble_with_the_file_is_said_once_and_again_when_it_comes_back(
    tmp_path: Path,
) -> None:
    clock, said = VirtualClock(), list[str]()
    watchlist = Watchlist(tmp_path / "watchlist.toml", clock)
    watchlist.add([Entry("300")])
    whole = watchlist.path.read_text()
    engine = Engine({}, clock, limits=Limits())
    history = History(tmp_path / "history.db", clock, lambda _: None)
    watching = Watching(engine, watchlist, history, said.append)

    async def look(content: str) -> None:
        watchlist.path.write_text(content)
        for _ in range(4):  # what looks like a loss counts at the second look
            await watching.look()

    await look(BROKEN)
    assert len(said) == 1
    assert "watchlist.toml" in said[0]
    await look(whole)
    assert len(said) == 1, "nobody asked for good news"
    await look(BROKEN + "\n")
    assert len(said) == 2
    await history.close()
