"""Recipients that the API no longer lists never look as if they had just been read."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from smsmon.console import cells
from smsmon.console.export import message_record, recipient_record
from smsmon.console.notices import NoticeLine
from smsmon.console.totals import totals
from smsmon.filters import parse
from smsmon.filters.messages import MESSAGE_FIELDS
from smsmon.filters.recipients import recipient_row
from smsmon.model import Counts, Entry, Report, Unchanged
from smsmon.monitor.standing import message_value, standing
from smsmon.recipients import Status
from tests.monitor.fakes import report, row
from tests.support.scene import SMALL, WIDE, Scene, WorldClient
from tests.support.waiting import screen_text, until

WAS = (Status.DELIVERED, Status.NOT_DELIVERED, Status.WAITING)


class Lister(WorldClient):
    """An account whose message lists what ``listed`` says."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene.world)
        self.listed = [0, 1, 2]

    async def bulk_status(self, message_id: str, known: bytes | None = None) -> Report | Unchanged:
        rows = [row(number, WAS[number]) for number in self.listed]
        return report(rows, message_id, self._world.clock.now())


def shown(scene: Scene) -> str:
    return screen_text(scene.app)


def lines_with(scene: Scene, text: str) -> list[str]:
    return [line for line in shown(scene).splitlines() if text in line]


@pytest.mark.parametrize("size", [SMALL, WIDE], ids=["small", "wide"])
@pytest.mark.parametrize("colour", ["", "1"], ids=["colours", "no colours"])
async def test_who_is_gone_is_told_in_the_head_the_rows_and_the_titles(
    tmp_path: Path, size: tuple[int, int], colour: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if colour:
        monkeypatch.setenv("NO_COLOR", colour)
    environ = {"SMSMON_DISPLAY_UTC": "true"}
    scene = Scene(tmp_path, [Entry("2270142", "Sale")], environ=environ)
    scene.client = client = Lister(scene)
    async with scene.app.run_test(size=size) as pilot:
        await scene.open(pilot, 1)
        assert "listed" not in shown(scene)
        for listed, gone in (([1], 2), ([], 3), ([0, 1], 1)):
            client.listed = listed
            scene.screen.session.engine.refresh(["2270142"])
            await scene.pass_time(pilot, 5)
            assert f"- {gone}" in shown(scene).splitlines()[1], "the head's totals"
            assert any(line.lstrip().startswith("- 2270142") for line in lines_with(scene, "Sale"))
            assert (
                f"- {gone} recipient" in scene.screen.query_one("#said", NoticeLine).content.plain
            )
            await pilot.press("enter")
            await scene.show(pilot)
            assert f"3 recipients -{gone} no longer listed" in shown(scene)
            signs = [line for line in shown(scene).splitlines() if "-+33" in line]
            assert len(signs) == gone
            words = {"was delivered", "had failed", "was waiting"}
            assert all(any(word in line for word in words) for line in signs)
            await pilot.press("escape")
        client.listed = [0, 1, 2]
        scene.screen.session.engine.refresh(["2270142"])
        await scene.pass_time(pilot, 5)
        assert "-+33" not in shown(scene)
        assert " - " not in shown(scene).splitlines()[1]


async def test_since_when_one_is_gone_is_told_under_the_cursor_and_in_full(tmp_path: Path) -> None:
    scene = Scene(tmp_path, [Entry("300")], environ={"SMSMON_DISPLAY_UTC": "true"})
    scene.client = client = Lister(scene)
    async with scene.app.run_test(size=SMALL) as pilot:
        await scene.open(pilot, 1)
        client.listed = [1, 2]
        scene.screen.session.engine.refresh(["300"])
        await scene.pass_time(pilot, 3)
        watched = scene.screen.session.engine.board["300"]
        since = scene.screen.formats.moment(watched.absent[0])
        told = f"- no longer in the answer since {since}; shown as it was last seen"
        await pilot.press("enter", "home")
        await scene.show(pilot)
        assert told in shown(scene)
        await pilot.press("enter")
        await scene.show(pilot)
        assert told in " ".join(shown(scene).split())


async def test_the_timeline_tells_that_one_was_gone_and_is_back(tmp_path: Path) -> None:
    scene = Scene(tmp_path, [Entry("300")], environ={"SMSMON_DISPLAY_UTC": "true"})
    scene.client = client = Lister(scene)
    async with scene.app.run_test(size=SMALL) as pilot:
        await scene.open(pilot, 1)
        await pilot.press("enter", "home", "enter")
        for listed, told in (
            ([1, 2], "no longer in the answer"),
            ([0, 1, 2], "in the answer again"),
        ):
            await scene.clock.advance(60)
            client.listed = listed
            scene.screen.session.engine.refresh(["300"])
            await scene.pass_time(pilot, 3)
            await until(pilot, partial(lines_with, scene, told), told)
        timeline = [" ".join(line.split()) for line in lines_with(scene, "in the answer")]
        since = {line.partition(" ")[0]: line.partition(" ")[2] for line in timeline}
        assert list(since.values()) == ["in the answer again", "no longer in the answer"]
        assert sorted(since, reverse=True) == list(since)


async def test_filters_and_exports_know_who_is_gone(tmp_path: Path) -> None:
    scene = Scene(tmp_path, [Entry("300")])
    scene.client = client = Lister(scene)
    async with scene.app.run_test(size=WIDE) as pilot:
        await scene.open(pilot, 1)
        client.listed = [2]
        scene.screen.session.engine.refresh(["300"])
        await scene.pass_time(pilot, 3)
        engine, formats = scene.screen.session.engine, scene.screen.formats
        watched = engine.board["300"]
        assert message_value(engine, watched, scene.clock.now(), "absent") == 2
        assert parse("absent>1", MESSAGE_FIELDS).matches(lambda name: {"absent": 2}.get(name))
        record = message_record(watched, standing(engine, watched, scene.clock.now()))
        assert (record["recipients"], record["absent"]) == (3, 2)
        gone = [recipient_record("300", recipient_row(watched, n), formats) for n in range(3)]
        assert [each["absent_since"] is None for each in gone] == [False, False, True]


def test_the_head_of_many_messages_counts_all_who_are_gone() -> None:
    counts = Counts(total=20_000, delivered=20_000, absent=1_234)
    for width in (60, 80, 140):
        line = totals(counts, width).plain
        assert "- 1,234" in line
        assert len(line) <= width


@pytest.mark.parametrize("total", [3, 500, 20_000])
def test_a_row_never_takes_the_number_of_all_for_the_number_of_those_who_are_gone(
    total: int,
) -> None:
    for gone in (1, total // 2, total):
        told = "".join(
            part if isinstance(part, str) else part.text
            for part in cells.with_gone(total, gone, width=7)
        )
        assert told in {f"-{gone:,} {total:,}", f"{total:,}-"}
        assert len(told) <= 7
