"""Real trouble with a real disk, in a process of its own: run by ``test_trouble``.

    python -m tests.store.local.trouble full FOLDER  on a file system that is about to be full
    python -m tests.store.local.trouble new|old FOLDER  full before a history is there, or is opened
    python -m tests.store.local.trouble readonly FOLDER  in a folder that takes no writes
    python -m tests.store.local.trouble limit FOLDER  under a limit on the size of files
    python -m tests.store.local.trouble alerts FOLDER  on a small file system, with root's rights

Exits 0 when each write was refused with a clear error, nothing was lost, and all that had been
recorded was written once that was possible again.
"""

from __future__ import annotations

import contextlib
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from smsmon.alerts import Acknowledgement, Edge, Telling
from smsmon.model import Entry
from smsmon.store.errors import DiskFull, NotWritable, StoreError
from smsmon.store.local.archive import LocalAlerts
from smsmon.store.local.watchlist import Watchlist
from smsmon.store.sql.fence import WholeFence
from tests.store.reports import START, Console, changes, row, rows_of, sound
from tests.store.test_alerts import episode

RECIPIENTS = 2_000


def expect(kind: type[StoreError], action: Callable[[], object]) -> str:
    """The sentence of the error of ``kind`` that ``action`` raises."""
    try:
        action()
    except kind as error:
        return str(error)
    raise AssertionError(f"no {kind.__name__}")


def fill(ballast: Path) -> None:
    """Leave not a byte of room."""
    with ballast.open("wb", buffering=0) as file:
        for size in (65_536, 4_096, 1):
            with contextlib.suppress(OSError):
                while True:
                    file.write(b"x" * size)


def survive(folder: Path, spoil: Callable[[], None], mend: Callable[[], None]) -> None:
    """Record and watch while the disk is spoilt; all of it must be there once it is mended."""
    history = folder / "history.db"
    watchlist = Watchlist(folder / "watchlist.toml")
    watchlist.add([Entry("300")])
    with Console(history) as console:
        console.watch("300")
        console.poll("300", [row(1), row(2)], START)
        console.writer.write_out()
        spoil()
        many = [row(n) for n in range(RECIPIENTS)]
        console.watch("301")
        console.poll("300", [row(1, "Delivered"), row(2)], START + 1)
        console.poll("301", many, START + 2)
        print(expect(StoreError, console.writer.write_out))
        before = watchlist.path.read_bytes()
        large = [Entry(str(n), "x" * 80) for n in range(1_000, 6_000)]
        print(expect(DiskFull, lambda: watchlist.add(large)))
        assert watchlist.path.read_bytes() == before
        assert [path.name for path in folder.glob(".*.tmp")] == []
        console.poll("300", [row(1, "Delivered"), row(2, "Delivered")], START + 3)
        mend()
        console.writer.write_out()
        watchlist.add([Entry("302")])
    assert [each[5] for each in changes(history)] == [1.0, 3.0]
    assert rows_of(history, "SELECT count(*) FROM recipient") == [(RECIPIENTS + 2,)]
    assert sound(history)
    assert [entry.id for entry in watchlist.load()] == ["300", "302"]


def full(folder: Path) -> None:
    """``folder`` is on a small file system: a ballast file fills it to the last byte."""
    ballast = folder / "ballast"
    survive(folder, lambda: fill(ballast), ballast.unlink)


def full_at_the_start(folder: Path, history: Path) -> None:
    fill(folder / "ballast")
    with Console(history) as console:
        console.watch("300")
        console.poll("300", [row(1)], START)
        print(expect(DiskFull, console.writer.write_out))
        print(console.writer.trouble)
        (folder / "ballast").unlink()
        console.writer.write_out()
    assert sound(history)
    assert rows_of(history, "SELECT message_id FROM message") == [("300",)]


def new(folder: Path) -> None:
    """The disk is full when there is no history yet."""
    full_at_the_start(folder, folder / "history.db")


def old(folder: Path) -> None:
    """The disk is full when the history is opened, and has no journal."""
    with Console(folder / "history.db"):
        pass
    full_at_the_start(folder, folder / "history.db")


def limit(folder: Path) -> None:
    """No file may grow beyond 100 kB: what a quota does."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    survive(
        folder,
        lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard)),
        lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard)),
    )


def readonly(folder: Path) -> None:
    """``folder`` takes no writes at all: the console runs on, and says why nothing is kept."""
    watchlist = Watchlist(folder / "watchlist.toml")
    print(expect(NotWritable, lambda: watchlist.add([Entry("300")])))
    with Console(folder / "history.db") as console:
        console.watch("300")
        console.poll("300", [row(1)], START)
        print(expect(NotWritable, console.writer.write_out))
        assert isinstance(console.writer.trouble, NotWritable)
        sys.stdout.flush()
        expect(NotWritable, console.writer.end)


def alerts(folder: Path) -> None:
    """The disk is full, and then takes no writes at all: nothing that was kept of alerts goes."""
    kept, ballast = LocalAlerts(folder / "history.db", WholeFence), folder / "ballast"
    (number,) = kept.fire([episode()])
    telling = [Telling(number, "chat", Edge.FIRED)]
    fill(ballast)
    many = [episode(f"rule {n}" * 20) for n in range(200)]
    print(expect(DiskFull, lambda: kept.fire(many)))
    ballast.unlink()
    assert [each.rule for each in kept.firing()] == ["losses"]
    assert kept.claim(telling, START) == [True]
    subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
    print(expect(NotWritable, lambda: kept.done(telling, START)))
    print(expect(NotWritable, lambda: kept.acknowledge([number], Acknowledgement("anna", START))))
    subprocess.run(["mount", "-o", "remount,rw", folder], check=True)
    kept.done(telling, START + 1)
    assert kept.told([number])[number][0].done_at == START + 1


if __name__ == "__main__":
    kinds = {
        "full": full,
        "limit": limit,
        "readonly": readonly,
        "new": new,
        "old": old,
        "alerts": alerts,
    }
    kinds[sys.argv[1]](Path(sys.argv[2]))
