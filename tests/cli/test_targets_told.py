"""A watch tells its targets over real ways: one that hangs or fails holds up none, and shows no
address."""

from __future__ import annotations

import asyncio
from asyncio.subprocess import PIPE, Process

import pytest

from tests.cli.program import Program
from tests.targets.far_ends import webhook

pytest.importorskip("apprise")
SECRET = "s3cr3tM7XQs3cr3t"
PATIENCE = 60.0
SETTINGS = """
[alerts.failing]
when = "failed>0"
targets = ["hanging", "broken", "chat"]
[targets.hanging]
command = ["sleep", "600"]
digest = "0s"
[targets.broken]
url_env = "BROKEN"
digest = "0s"
[targets.chat]
url_env = "CHAT"
digest = "0s"
"""


async def said(process: Process, words: str) -> str:
    """What it says on stderr until it says these words."""
    assert process.stderr is not None
    told = ""
    while words not in told:
        line = await asyncio.wait_for(process.stderr.readline(), PATIENCE)
        assert line, told
        told += line.decode()
    return told


async def test_a_watch_tells_who_can_be_told_and_says_who_cannot(program: Program) -> None:
    program.home.mkdir(exist_ok=True)
    (program.home / "config.toml").write_text(SETTINGS)
    await asyncio.to_thread(program.run, "add", "300")
    async with webhook() as chat, webhook(lambda path: f"500 {path}\r\n\r\n{path}") as broken:
        environ = program.env(
            CHAT=f"json://127.0.0.1:{chat.port}/{SECRET}",
            BROKEN=f"json://127.0.0.1:{broken.port}/{SECRET}",
        )
        watch = await asyncio.create_subprocess_exec(
            *program.argv("watch"), env=environ, stdout=PIPE, stderr=PIPE, cwd="/"
        )
        try:
            assert watch.stdout is not None
            printed = await asyncio.wait_for(watch.stdout.readline(), PATIENCE)
            await asyncio.to_thread(program.run, "add", "301", "--label", "*Autumn* @here")
            complained = await said(watch, "Target broken was not told")
            await asyncio.wait_for(chat.asked.wait(), PATIENCE)
            watch.terminate()
            rest = await asyncio.wait_for(watch.communicate(), PATIENCE)
        finally:
            if watch.returncode is None:
                watch.kill()
                await watch.communicate()
    (told,) = chat.bodies
    assert told["title"] == "Warning: failing, 301 ∗Autumn∗ ＠here"
    assert told["type"] == "warning"
    files = b"".join(each.read_bytes() for each in program.home.rglob("*") if each.is_file())
    assert SECRET not in complained
    assert SECRET.encode() not in b"".join((printed, *rest, files))
