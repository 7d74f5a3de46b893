"""What apprise sends arrives whole and inert at real servers on loopback; what does not arrive is
told in bounded time, in a sentence without any secret, and holds nobody up."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from smsmon.alerts import Edge
from smsmon.outgoing import goes_out_while
from smsmon.settings import Settings
from smsmon.settings.secrets import KeySource
from smsmon.settings.telling import Target as TargetSettings
from smsmon.targets import NotTold, Outdated, Target, open_targets, sender
from smsmon.targets.apprise_target import AppriseTarget
from smsmon.targets.command import CommandTarget
from smsmon.targets.wording import notification
from tests.targets.alerts import LOSSES, NOW
from tests.targets.far_ends import mail_server, webhook
from tests.targets.test_wording import MARKS, elements, with_everywhere

pytest.importorskip("apprise")

TOLD = notification(Edge.FIRED, [LOSSES], NOW)
SECRET = "s3cr3t%2Dp4th-M7XQ"
"""In every address; the far end says it back, as it stands and in plain."""
SPELLINGS = (SECRET, "s3cr3t-p4th-M7XQ", "s3cr3t-p4th", "M7XQ")
PATIENCE = 60.0


def target(url: str, within: float = PATIENCE, **environ: str) -> AppriseTarget:
    source = KeySource("env", "CHAT")
    return AppriseTarget("chat", source, Settings(), {**os.environ, "CHAT": url, **environ}, within)


async def why_not(told: AppriseTarget) -> str:
    with pytest.raises(NotTold) as caught:
        await told.tell(TOLD)
    sentence = str(caught.value)
    assert not [each for each in SPELLINGS if each.lower() in sentence.lower()], sentence
    assert caught.value.__cause__ is None
    return sentence


def closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


async def test_nothing_is_sent_of_what_is_anothers_to_tell_by_now(tmp_path: Path) -> None:
    async def tell(it: Target) -> None:
        goes_out_while(lambda: False)  # for this task alone
        await it.tell(TOLD)

    told = tmp_path / "told"
    command = CommandTarget("mine", ["touch", str(told)], Settings(), dict(os.environ))
    async with webhook() as web:
        for each in (command, target(f"json://127.0.0.1:{web.port}/")):
            with pytest.raises(Outdated):
                await asyncio.create_task(tell(each))
    assert not web.bodies
    assert not told.exists()


async def test_a_webhook_and_a_mail_get_all_of_it_as_text() -> None:
    hostile = notification(Edge.OVER, [with_everywhere(" ".join(MARKS[-12:]))], NOW)
    async with webhook() as web, mail_server() as mail:
        addresses = [
            f"json://127.0.0.1:{web.port}/{SECRET}",
            *(
                f"mailto://127.0.0.1:{mail.port}?to=ops@b.example&from=a@b.example{kind}"
                for kind in ("&format=html", "")
            ),
        ]
        await asyncio.gather(*(target(each).tell(hostile) for each in addresses))
    (got,) = web.bodies
    assert (got["title"], got["message"]) == (hostile.title, "\n".join(hostile.lines))
    assert got["type"] == "success"
    assert len(mail.mails) == 2
    for each in mail.mails:
        assert str(each["Subject"]) == hostile.title
        body = each.get_body(("html", "plain"))
        assert body is not None
        page = body.get_content()
        if body.get_content_type() == "text/html":
            assert elements(page) <= {"html", "head", "body"}
            page = unescape(page.replace("<br/>", "\n"))
        assert all(" ".join(line.split()) in " ".join(page.split()) for line in hostile.lines)


def repeats_its_address(path: str) -> str:
    plain = path.replace("%2D", "-").replace("%2d", "-")
    return f"500 {plain}\r\n\r\n<html>no such hook: {path} {plain}</html>"


async def test_what_does_not_arrive_is_told_without_its_address() -> None:
    async with webhook(repeats_its_address) as web:
        sentences = await asyncio.gather(
            why_not(target(f"json://user:{SECRET}@127.0.0.1:{web.port}/{SECRET}")),
            why_not(target(f"json://127.0.0.1:{closed_port()}/{SECRET}")),
            why_not(target(f"nosuch://127.0.0.1/{SECRET}")),
        )
    assert sentences[0].startswith("Target chat was not told: ")
    assert "500" in sentences[0]
    assert sentences[1].startswith("Target chat was not told: ")
    assert sentences[2].startswith("Target chat has no address that apprise takes")


async def test_a_target_that_hangs_ends_with_its_task_and_shows_nothing_meanwhile() -> None:
    async with webhook(lambda _: None) as web, webhook() as other:
        address = f"json://127.0.0.1:{web.port}/{SECRET}?rto=300&cto=300"
        hanging = target(address, COPY=f"to {address}")
        task = asyncio.create_task(hanging.tell(TOLD))
        await asyncio.wait_for(web.asked.wait(), PATIENCE)
        assert everything_shown_of_processes(SECRET) == []
        await target(f"json://127.0.0.1:{other.port}").tell(TOLD)  # others go on
        assert not task.done()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(web.gone.wait(), PATIENCE)


def everything_shown_of_processes(secret: str) -> list[str]:
    """The processes whose command line or environment has it, but for this one."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        for each in (process / "cmdline", process / "environ"):
            if process.name != str(os.getpid()):
                with suppress(OSError):  # it has ended, or is not ours
                    if secret.encode() in each.read_bytes():
                        found.append(str(each))
    return found


async def test_what_takes_too_long_is_given_up_in_time() -> None:
    async with webhook(lambda _: None) as web:
        began = time.monotonic()
        slow = target(f"json://127.0.0.1:{web.port}/{SECRET}?rto=300&cto=300", within=0.5)
        assert await why_not(slow) == "Target chat was given up: it took longer than 0.5 seconds."
        assert time.monotonic() - began < 20


@pytest.mark.parametrize(
    ("answer", "in_doubt"), [(lambda _: None, True), (lambda _: "500 No\r\n\r\n", False)]
)
async def test_what_nobody_confirmed_in_time_may_have_arrived(
    answer: Callable[[str], str | None], in_doubt: bool
) -> None:
    async with webhook(answer) as web:
        with pytest.raises(NotTold, match="was not told") as caught:
            await target(f"json://127.0.0.1:{web.port}/{SECRET}?rto=1").tell(TOLD)
    assert caught.value.in_doubt is in_doubt


class FromApprise:
    """What apprise makes of an address: how long it waits is told of all, or by ``rto=`` of one."""

    socket_read_timeout = 4.0


@pytest.mark.parametrize(("within", "waits"), [(30.0, 27.0), (1.0, 4.0)])
def test_a_slow_receiver_has_all_the_time_there_is(within: float, waits: float) -> None:
    target = FromApprise()
    sender.have_patience(target, within)
    assert target.socket_read_timeout == waits


def test_how_long_to_wait_is_taken_from_the_address() -> None:
    target = FromApprise()
    target.socket_read_timeout = 5.0
    sender.have_patience(target, 30.0)
    assert target.socket_read_timeout == 5.0


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (KeySource("env", "NONE"), "The variable NONE is not set."),
        (KeySource("file", "/nowhere/on-call"), "cannot be read: No such file or directory."),
        (KeySource("command", ("false",)), "“false” ended with status 1."),
        (KeySource("command", ("echo", "hunter2")), "holds no address."),
    ],
)
async def test_an_address_that_cannot_be_had_is_told(source: KeySource, why: str) -> None:
    with pytest.raises(NotTold) as caught:
        await AppriseTarget("chat", source, Settings(), {}).tell(TOLD)
    assert str(caught.value).startswith("Target chat has no address: ")
    assert why in str(caught.value)
    assert "hunter2" not in str(caught.value)


async def test_without_apprise_it_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "apprise.py").write_text("raise ImportError")
    missing = target("json://127.0.0.1", PYTHONPATH=str(tmp_path))
    assert await why_not(missing) == (
        "Target chat needs apprise: install smsmon[notify], such as by"
        " pip install 'smsmon[notify]'."
    )


async def test_what_breaks_in_apprise_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "apprise.py").write_text("import os; os._exit(7)")
    broken = target(f"json://{SECRET}", PYTHONPATH=str(tmp_path))
    assert await why_not(broken) == "Target chat was not told: apprise failed (exit code 7)."
    with pytest.raises(NotTold, match="cannot be looked at: apprise failed"):
        await broken.look()


async def test_a_look_says_what_it_is_and_sends_nothing() -> None:
    async with webhook() as web:
        assert await target(f"json://127.0.0.1:{web.port}/{SECRET}").look() == "JSON"
        assert web.bodies == []


def test_targets_are_had_by_name_and_the_command_of_a_rule_is_one() -> None:
    from smsmon.settings.telling import Alert

    settings = Settings(
        alerts={"late": Alert(when="waiting>0", command=["page"]), "x": Alert(when="waiting>0")},
        targets={
            "page": TargetSettings(command=["page"]),
            "chat": TargetSettings(url_env="CHAT"),
            "nothing": TargetSettings(),
        },
    )
    found: Mapping[str, Any] = open_targets(settings, {})
    assert [each.name for each in found.values()] == ["page", "chat", "command:late"]
    assert list(found) == ["page", "chat", "command:late"]
