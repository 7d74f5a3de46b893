"""What the screen cannot do without begins anew when it fails."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from textual.screen import ModalScreen
from textual.worker import WorkerFailed

from smsmon.console.terminal.process import TerminalApp
from smsmon.failures import Failed, Failures


class Resting(TerminalApp):
    """Its pauses take no time."""

    async def wait_to_try_again(self) -> None:
        await asyncio.sleep(0)


async def test_work_that_fails_or_ends_is_noted_and_begins_anew(tmp_path: Path) -> None:
    told: list[Failed] = []
    app, begun, third = Resting(), 0, asyncio.Event()
    app.failures = Failures(told.append, tmp_path)

    async def work() -> None:
        nonlocal begun
        begun += 1
        if begun == 1:
            raise LookupError
        if begun == 3:
            third.set()
            await asyncio.Event().wait()

    going = asyncio.create_task(app.keep_going("The clock", work))
    await third.wait()
    going.cancel()
    assert [(each.what, type(each.error)) for each in told] == [
        ("The clock", LookupError),
        ("The clock", RuntimeError),
    ]


@pytest.mark.parametrize("left", [True, False])
async def test_what_a_dialog_still_had_to_show_when_it_was_left_is_no_fault(
    tmp_path: Path, left: bool
) -> None:
    app, dialog = TerminalApp(), ModalScreen[None]()
    failed: list[Failed] = []
    app.failures = Failures(failed.append, tmp_path)

    async def show() -> None:
        if left:
            app.pop_screen()  # its parts go first, and then itself with its work
        dialog.query_one("#answer")

    async with app.run_test():
        await app.push_screen(dialog)
        work = dialog.run_worker(show(), exit_on_error=False)
        with pytest.raises(WorkerFailed, match="NoMatches"):
            await work.wait()
    assert bool(failed) is not left
