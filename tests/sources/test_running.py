"""What sources tell is kept, whatever fails meanwhile, and trouble is said once."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from pathlib import Path

import pytest

from smsmon.clock import Clock, sleep
from smsmon.model import Arrival
from smsmon.settings.sources import Source
from smsmon.sources import feeds
from smsmon.sources import running as running_module
from smsmon.sources.followed import FollowedFile
from smsmon.sources.standing import STILL, Standing, Turn, look
from smsmon.store.errors import StoreError
from tests.sources.keeping import MATCH, Kept, log_of, running
from tests.support.clock import START, VirtualClock
from tests.support.waiting import PATIENCE


def write(path: Path, *lines: str) -> None:
    with path.open("a") as file:
        file.writelines(f"{line}\n" for line in lines)


async def test_a_log_brings_messages_as_its_settings_describe_them(tmp_path: Path) -> None:
    path, source = log_of(tmp_path, label="Code", tags=["otp"], leave="5m", profile="shop")
    write(path, "sent 1, before we came")
    kept = Kept()
    async with running(tmp_path, kept, {"codes": source}) as here:
        await here.until(lambda: kept.positions)
        write(path, "sent 300 to 0612345678", "something else", "sent 301")
        await here.until(lambda: len(kept.entries) == 2)
        entry = kept.entries["300"]
        assert (entry.label, entry.tags, entry.profile) == ("Code", ("otp",), "shop")
        assert entry.arrival == Arrival("codes", 300.0, "+33612345678")
        assert entry.added_at >= START
        assert here.took == 1
        standing = here.sources.standings["codes"]
        assert (standing.taken, standing.known, standing.behind) == (2, 0, 0)
    assert not here.said


async def test_it_reads_on_where_it_stopped_also_what_was_written_meanwhile(tmp_path: Path) -> None:
    path, source = log_of(tmp_path)
    kept = Kept()
    async with running(tmp_path, kept, {"codes": source}) as here:
        await here.until(lambda: kept.positions)
        write(path, "sent 300")
        await here.until(lambda: kept.entries)
    write(path, "sent 301")
    path.rename(tmp_path / "sms.log.1")
    write(path, "sent 302")
    async with running(tmp_path, kept, {"codes": source}) as here:
        await here.until(lambda: len(kept.entries) == 3)
    assert kept.twice == []


async def test_an_answer_that_was_half_read_is_read_whole_after_a_restart(tmp_path: Path) -> None:
    path, _ = log_of(tmp_path)
    source, kept = Source(file=str(path)), Kept()
    async with running(tmp_path, kept, {"codes": source}) as here:
        await here.until(lambda: kept.positions)
        write(path, '{"message_id":300}', "{", '  "message_id": 301,')
        await here.until(lambda: kept.entries)
        assert [*kept.entries] == ["300"]
    write(path, '  "success": true', "}")
    async with running(tmp_path, kept, {"codes": source}) as here:
        await here.until(lambda: "301" in kept.entries)
        assert not here.said


async def test_a_log_that_is_not_there_yet_is_told_once_and_read_from_its_beginning(
    tmp_path: Path,
) -> None:
    path, kept = tmp_path / "later.log", Kept()
    source = Source(file=str(path), match=MATCH)
    async with running(tmp_path, kept, {"codes": source}) as here:
        await here.until(lambda: here.said)
    async with running(tmp_path, kept, {"codes": source}) as here:
        await here.until(lambda: here.said)
        await here.until(lambda: here.clock.now() > START + 120)
        assert here.said == [f"Source codes: {path} is not there. It is tried again."]
        write(path, "sent 300")
        await here.until(lambda: kept.entries)
        await here.until(lambda: here.said[1:])
    assert here.said[1:] == ["Source codes is read again."]


async def test_a_log_that_is_moved_away_and_no_other_comes_is_told_once_nobody_writes_it(
    tmp_path: Path,
) -> None:
    path, source = log_of(tmp_path)
    kept = Kept()
    async with running(tmp_path, kept, {"codes": source}) as here:
        await here.until(lambda: kept.positions)
        moved, at = path.rename(tmp_path / "sms.old"), here.clock.now()
        await here.until(lambda: here.clock.now() > at + 50)
        write(moved, "sent 300")
        await here.until(lambda: here.clock.now() > at + 100)
        assert "300" in kept.entries
        assert not here.said
        await here.until(lambda: here.said)
        assert here.said == [f"Source codes: {path} is not there. It is tried again."]
        assert here.sources.troubles
        write(path, "sent 301")
        await here.until(lambda: "301" in kept.entries)
        await here.until(lambda: not here.sources.troubles)


async def test_what_cannot_be_kept_is_kept_soon_after_and_nothing_is_read_on_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, source = log_of(tmp_path)
    kept, waits = Kept(), list[float | None]()

    async def slept(clock: Clock, seconds: float | None) -> None:
        waits.append(seconds)
        await sleep(clock, seconds)

    monkeypatch.setattr(running_module, "sleep", slept)
    async with running(tmp_path, kept, {"codes": source}) as here:
        await here.until(lambda: kept.positions)
        kept.refuses = StoreError("history.db", "it is gone", "Bring it back.")
        write(path, "sent 300")
        asked = kept.asked
        await here.until(lambda: kept.asked >= asked + 3)
        write(path, "sent 301")
        await here.until(lambda: kept.asked >= asked + 5)
        assert max(filter(None, waits)) == running_module.STORE_RETRY
        assert here.said == [
            "Source codes: history.db: it is gone. Bring it back. It is tried again."
        ]
        assert here.sources.standings["codes"].trouble
        kept.refuses = None
        await here.until(lambda: len(kept.entries) == 2)
        await here.until(lambda: not here.sources.standings["codes"].trouble)
    assert kept.twice == []


PRINTS = "import sys, time\nfor line in sys.argv[1:]: print(line, flush=True)\n"


def program(*lines: str, then: str = "time.sleep(600)") -> list[str]:
    return [sys.executable, "-c", PRINTS + then, *lines]


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_a_command_is_read_as_it_prints_and_ends_with_us(tmp_path: Path) -> None:
    kept = Kept()
    says_pid = "import os; print('sent', os.getpid(), flush=True); time.sleep(600)"
    source = Source(command=program("sent 1", then=says_pid), match=MATCH)
    async with running(tmp_path, kept, {"tool": source}) as here:
        await here.until(lambda: len(kept.entries) == 2)
        pid = int([*kept.entries][1])
        assert is_there(pid)
    assert not is_there(pid)


async def test_a_command_that_starts_while_nobody_waits_for_it_any_more_is_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun, goes_on, ended = threading.Event(), threading.Event(), threading.Event()

    class Slow:
        def __init__(self, *_: object) -> None:
            begun.set()
            goes_on.wait(PATIENCE)

        def end(self) -> None:
            ended.set()

    monkeypatch.setattr(feeds, "Lasting", Slow)
    feed = feeds.CommandFeed(["tail"], dict)
    beginning = asyncio.create_task(feed.begin(""))
    await asyncio.to_thread(begun.wait, PATIENCE)
    beginning.cancel()
    with pytest.raises(asyncio.CancelledError):
        await beginning  # at once: a disk that does not answer holds nobody up
    await feed.end()
    goes_on.set()
    assert await asyncio.to_thread(ended.wait, PATIENCE)


async def test_a_command_that_ends_is_told_once_and_started_again(tmp_path: Path) -> None:
    kept, count = Kept(), tmp_path / "count"
    fails = f"open({str(count)!r}, 'a').write('x'); sys.exit('no such \\x1b[2Junit')"
    source = Source(command=program("sent 300", then=fails), match=MATCH)
    missing = Source(command=["/no/such/program"], match=MATCH)
    async with running(tmp_path, kept, {"tool": source, "other": missing}) as here:
        await here.until(lambda: count.exists() and len(count.read_text()) >= 3)
    told = [each for each in here.said if "tool" in each]
    assert told[0].endswith("ended with exit code 1: no such �[2Junit. It is tried again.")
    assert told[1:] in ([], ["Source tool is read again."])
    assert "Source other: /no/such/program cannot be started (No such file" in "".join(here.said)


async def test_standard_input_is_read_to_its_end_in_a_watch_alone(tmp_path: Path) -> None:
    kept = Kept()
    source = Source(stdin=True, answers=True)
    async with running(tmp_path, kept, {"tool": source}) as here:
        await here.clock.advance(60)
        assert not here.sources.standings
    ear, mouth = os.pipe()
    async with running(tmp_path, kept, {"tool": source}, stdin=ear) as here:
        os.write(mouth, b'{"success":true,"message_id":300}\n{"success":tr')
        await here.until(lambda: kept.entries)
        os.write(mouth, b'ue,"message_id":301}')
        os.close(mouth)
        await here.until(lambda: here.sources.standings["tool"].over)
    os.close(ear)
    assert [*kept.entries] == ["300", "301"]


async def test_settings_that_changed_are_gone_by_and_the_others_go_on(tmp_path: Path) -> None:
    kept = Kept()
    pid = "import os; print('sent', os.getpid(), flush=True); time.sleep(600)"
    stays = Source(command=program(then=pid), match=MATCH)
    goes = Source(command=program("sent 1", then=pid), match=MATCH)
    path, log = log_of(tmp_path)
    async with running(tmp_path, kept, {"stays": stays, "goes": goes}) as here:
        await here.until(lambda: len(kept.entries) == 3)
        by_source = {each.arrival.source: each.id for each in kept.load() if each.arrival}
        here.sources.use({"stays": stays, "log": log})
        await here.until(lambda: len(kept.positions) == 1)
        write(path, "sent 2")
        await here.until(lambda: "2" in kept.entries)
        assert not is_there(int(by_source["goes"]))
        assert is_there(int(by_source["stays"]))
        assert kept.twice == []


async def test_one_process_reads_and_another_one_reads_on_when_it_stands_still(
    tmp_path: Path,
) -> None:
    path, source = log_of(tmp_path)
    kept, clock = Kept(), VirtualClock()
    async with (
        running(tmp_path, kept, {"codes": source}, clock) as one,
        running(tmp_path, kept, {"codes": source}, clock) as other,
    ):
        await one.until(lambda: one.sources.standings or other.sources.standings)
        if not one.sources.standings:
            one, other = other, one
        await one.clock.advance(30)
        assert not other.sources.standings
        state = tmp_path / "state" / "codes.json"
        await one.until(lambda: look(state)[0] is not None)  # a thread writes it
        standing, read_now = look(state)
        assert read_now
        assert standing is not None
        assert standing.reader == f"watch {os.getpid()}"
        path.unlink()
        path.mkdir()
        await one.until(lambda: one.sources.troubles and other.sources.troubles)
        assert "it is a folder" in other.sources.troubles["codes"]
        path.rmdir()
        path.touch()
        await one.until(lambda: not one.sources.troubles and not other.sources.troubles)
        other.looks_only = True
        one.looks_only = True
        await one.until(lambda: not one.sources.standings)
        assert not look(tmp_path / "state" / "codes.json")[1]
        other.looks_only = False
        await one.until(lambda: other.sources.standings)
        write(path, "sent 300")
        await one.until(lambda: kept.entries)


def test_who_stands_still_loses_its_turn_and_finds_that_out(tmp_path: Path) -> None:
    clock = VirtualClock()
    one, other = (Turn(tmp_path / "codes.json", clock) for _ in range(2))
    assert one.take()
    for _ in range(3):
        assert not other.take()
        clock._move(clock.monotonic() + STILL - 1)
        one.tell(Standing(taken=int(clock.monotonic())))
    assert not other.take()
    clock._move(clock.monotonic() + STILL)
    assert other.take()
    assert not one.ours_still()
    assert not one.take()
    one.let_go()
    assert not one.take()
    other.let_go()
    assert one.take()


async def test_who_reads_on_takes_over_no_trouble_of_the_one_before(tmp_path: Path) -> None:
    path, source = log_of(tmp_path)
    path.unlink()
    path.mkdir()
    kept, clock = Kept(), VirtualClock()
    async with running(tmp_path, kept, {"codes": source}, clock) as other:
        await other.until(lambda: other.sources.standings)
        async with running(tmp_path, kept, {"codes": source}, clock) as one:
            await one.until(lambda: one.sources.troubles)
            other.looks_only = True
            path.rmdir()
            path.touch()
            await one.until(lambda: kept.positions)  # what is there already is not read
            write(path, "sent 300")
            await one.until(lambda: kept.entries)
            assert not one.sources.troubles


async def test_a_source_whose_file_cannot_be_locked_is_in_trouble_until_it_can(
    tmp_path: Path,
) -> None:
    _, source = log_of(tmp_path)
    (tmp_path / "state").write_text("no folder")
    kept = Kept()
    async with running(tmp_path, kept, {"codes": source}) as here:
        await here.until(lambda: "cannot be locked" in here.sources.troubles.get("codes", ""))
        (tmp_path / "state").unlink()
        await here.until(lambda: here.sources.standings and not here.sources.troubles)
        assert here.said[1:] == ["Source codes is read again."]


async def test_a_pattern_that_wanders_stops_nobody_and_is_told(tmp_path: Path) -> None:
    path, kept = log_of(tmp_path)[0], Kept()
    source = Source(file=str(path), match=r"(?P<id>(\d+)+)$")
    async with running(tmp_path, kept, {"codes": source}) as here:
        await here.until(lambda: kept.positions)
        write(path, "1" * 5_000 + "!", "sent 300")
        turns = 0

        async def count() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0.001)

        counting = asyncio.create_task(count())
        await here.until(lambda: "300" in kept.entries)
        counting.cancel()
    assert turns > 10
    assert "match took longer than 0.1 s" in here.said[0]
    assert here.said[1:] == []


async def test_a_disk_that_does_not_answer_is_told_and_holds_nobody_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "_ANSWERS", 0.05)
    path, source = log_of(tmp_path)
    kept, answers = Kept(), threading.Event()
    lines = FollowedFile.lines

    def wait(self: FollowedFile) -> list[str]:
        answers.wait(PATIENCE)
        return lines(self)

    monkeypatch.setattr(FollowedFile, "lines", wait)
    async with running(tmp_path, kept, {"codes": source}) as here:
        await here.until(lambda: here.said)
        assert here.said == [f"Source codes: {path}: its disk does not answer. It is tried again."]
        answers.set()
        await here.until(lambda: kept.positions)
        write(path, "sent 300")
        await here.until(lambda: kept.entries)
    async with running(tmp_path, kept, {"codes": source}) as here:
        answers.clear()
        await here.until(lambda: here.said)
    answers.set()  # and only now the thread is let go
