"""What the local store writes: no more than differs, and in no more memory than it needs."""

from __future__ import annotations

from pathlib import Path

from smsmon.store.local.schema import LocalConnection
from tests.store.reports import START, Console, row


def test_only_what_changed_is_written(tmp_path: Path) -> None:
    rows = [row(n, "Delivered" if n else "Waiting") for n in range(500)]
    with Console(tmp_path / "history.db") as console:
        console.watch("300")
        console.poll("300", rows, START)
        console.writer.write_out()
        assert console.writer._recording is not None
        written = console.writer._recording.connection
        assert isinstance(written, LocalConnection)
        before = written.total_changes
        rows[0] = row(0, "Delivered")
        console.poll("300", rows, START + 1)
        console.writer.write_out()
        # The recipient, its change, the message with its digest, and the log: all final. And for
        # those who follow: how its polls stand, and that there is something new.
        assert written.total_changes - before == 6


def test_what_left_the_watchlist_takes_no_memory(tmp_path: Path) -> None:
    with Console(tmp_path / "history.db") as console:
        for message_id in ("300", "301"):
            console.watch(message_id)
            console.poll(message_id, [row(1)], START)
        console.writer.forget([("300", "default")])
        console.poll("301", [row(1, "Delivered")], START + 1)
        console.writer.write_out()
        assert console.writer._recording is not None
        assert set(console.writer._recording._known) == {("301", "default")}


def test_what_is_read_again_without_news_takes_no_memory(tmp_path: Path) -> None:
    with Console(tmp_path / "history.db") as console:
        console.watch("300")
        for moment in range(5):
            console.poll("300", [row(1)], START + moment)
            console.writer.write_out()
        assert console.writer._recording is not None
        assert not console.writer._recording._news
        assert not console.writer._recording._rows
