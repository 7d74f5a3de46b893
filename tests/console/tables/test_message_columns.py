"""Which columns of the messages stay, at every width, and what is empty in all rows."""

from __future__ import annotations

from pathlib import Path

from smsmon.console.live_table.content import Column, lay_out
from smsmon.console.tables.drawn import heading_of
from smsmon.console.tables.messages import alert_column, no_alerts
from smsmon.filters.messages import MESSAGES
from smsmon.model import Entry
from tests.support.scene import DAY, Scene

COLUMNS = [
    alert_column(no_alerts),
    *(
        Column(cell=lambda _row, _width: "", **heading_of(each.shown, each.help))
        for each in MESSAGES
        if each.shown and not each.shown.spare
    ),
]
MAY_BE_EMPTY = frozenset(each.name for each in COLUMNS if each.may_be_empty)


def shown(width: int, empty: frozenset[str] = frozenset()) -> set[str]:
    return {each.column.name for each in lay_out(COLUMNS, width - 1, empty)}


def test_no_count_that_tells_something_leaves_before_an_empty_column() -> None:
    for width in range(60, 241):
        for told in ("not_delivered", "waiting"):
            empty = MAY_BE_EMPTY - {told}
            assert told in shown(width, empty) or not shown(width, empty) & empty
        assert "not_delivered" in shown(width)
        assert "alert" in shown(width)
        assert "waiting" in shown(width) or width < 80


def test_a_wider_screen_shows_all_that_a_narrower_one_does() -> None:
    for width in range(60, 241):
        assert shown(width) <= shown(width + 1)


def test_on_80_columns_stands_what_was_drawn_for_them() -> None:
    columns = "alert id label state progress waiting not_delivered stop"
    assert shown(80) == set(columns.split())
    (bar,) = [each for each in lay_out(COLUMNS, 200) if each.column.name == "progress"]
    assert bar.width > 24


async def test_a_column_comes_once_it_has_something_to_tell_and_stays(tmp_path: Path) -> None:
    scene = Scene(tmp_path, [Entry("2270142"), *DAY[-1:]])
    async with scene.app.run_test(size=(70, 24)) as pilot:
        await scene.open(pilot)
        table = scene.screen.picture.messages.table

        def there() -> list[str]:
            return [each.column.name for each in table._placed]

        await scene.pass_time_until(pilot, lambda: "not_delivered" in there())
        assert any(row.counts.not_delivered for row in scene.screen.session.engine.board)
        seen = there()
        await scene.pass_time(pilot, 60)
        assert set(seen) <= set(there()) | {"recipients", "label"}
