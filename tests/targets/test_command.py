"""The commands that alerts name: bounded in time, with all they start, and without the key."""

from __future__ import annotations

import asyncio
import json
import os
import select
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from smsmon.accounts import read_key
from smsmon.alerts import Edge
from smsmon.locations import Locations
from smsmon.settings import Settings, load_settings
from smsmon.settings.secrets import KeySource
from smsmon.targets import NotTold, environment, read_address
from smsmon.targets.command import WITHIN, CommandTarget, facts_of, run_hook
from smsmon.targets.wording import notification
from tests.targets.alerts import ENDED, NOW

PATIENCE = 30.0
"""Seconds that a process may take to start, or to be gone."""
HOLDING = 'exec 3>"$0"; {first}; sleep 600 & echo up >&3; {last}'
"""A shell and a child, both of which hold a pipe open for as long as they live."""

Hook = asyncio.Task[None]
Said = Callable[[], Awaitable[bytes]]


@asynccontextmanager
async def started(
    pipe: Path, first: str, last: str, within: float = WITHIN
) -> AsyncIterator[tuple[Hook, Said]]:
    """An alert's command that has started, and so has its child; and what its pipe says next,
    which is nothing once nobody holds it any more."""
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    command = ("sh", "-c", HOLDING.format(first=first, last=last), str(pipe))

    async def said() -> bytes:
        ready, _, _ = await asyncio.to_thread(select.select, [reader], [], [], PATIENCE)
        assert ready, "the command or its child lives on"
        return os.read(reader, 100)

    hook = asyncio.create_task(run_hook(command, {"alerts": []}, dict(os.environ), within))
    try:
        assert await said() == b"up\n"
        yield hook, said
    finally:
        os.close(reader)


async def trouble(command: Sequence[str], facts: Mapping[str, Any], within: float = WITHIN) -> str:
    """What went wrong; empty if nothing did."""
    try:
        await run_hook(command, facts, dict(os.environ), within)
    except NotTold as error:
        return str(error)
    return ""


async def test_a_command_that_takes_too_long_is_ended_with_all_it_started(tmp_path: Path) -> None:
    async with started(tmp_path / "pipe", "read facts", "sleep 600", within=1) as (hook, said):
        with pytest.raises(NotTold, match="was ended: it took longer than 1 seconds") as caught:
            await hook
        assert caught.value.in_doubt
        assert await said() == b""


@pytest.mark.parametrize("child", ["sleep 600 &", "setsid sleep 600 &", "(setsid sleep 600 &) ;"])
@pytest.mark.parametrize(("code", "told"), [(0, ""), (3, "failed (exit code 3): said")])
async def test_a_command_is_over_when_it_exits_whatever_it_leaves(
    child: str, code: int, told: str
) -> None:
    command = ("sh", "-c", f"{child} echo said >&2; exit {code}")
    assert told in await trouble(command, {"alerts": []})


@pytest.mark.parametrize("first", ["setsid sleep 600 & wait", "yes >&2", "exec sleep 600"])
async def test_commands_after_one_that_hangs_are_run(first: str) -> None:
    facts = {"alerts": [{"label": "x" * 200_000}]}
    assert "took longer" in await trouble(("sh", "-c", first), facts, within=0.5)
    heard = await trouble(("sh", "-c", "wc -c >&2; exit 1"), facts)
    assert str(len(json.dumps(facts)) + 1) in heard


SECRET = "5e41713109ab5e41713109ab5e41713109ab0123"
SETTINGS = """
[profiles.default]
[profiles.own]
api_key_env = "OWN_KEY"
[profiles.filed]
api_key_file = "{folder}/key"
[targets.chat]
url_env = "CHAT_URL"
[targets.mail]
url_file = "{folder}/mail"
[watch]
ping_url_env = "PING_URL"
[profiles.asked]
api_key_command = ["echo", "asked-key-of-this-account"]
"""


def test_no_variable_that_holds_a_key_or_an_address_reaches_an_alerts_command(
    tmp_path: Path,
) -> None:
    (tmp_path / "key").write_text("filed-key-of-this-account\n")
    (tmp_path / "mail").write_text("mailto://ops:hunter2@mail.example")
    (tmp_path / "config.toml").write_text(SETTINGS.format(folder=tmp_path))
    kept = {"PATH": "/bin", "EMPTY": "", "WEBHOOK": "https://page.example/" + "5e" * 20}
    environ = {
        **kept,
        "CHAT_URL": "slack://T0/B0/abcdefgh",
        "SAME_CHAT": "to slack://T0/B0/abcdefgh",
        "PING_URL": "https://ping.example/token",
        "MAIL": "mailto://ops:hunter2@mail.example",
        "SMSMON_API_KEY": SECRET,
        "OWN_KEY": "own-key-of-this-account",
        "SMSPARTNER_KEY": SECRET,
        "BACKUP": f" {SECRET.upper()}\n",
        "URL": f"https://api.smspartner.fr/v1/me?apiKey={SECRET}&x=1",
        "OWN_COPY": "own-key-of-this-account",
        "FILED": "x:filed-key-of-this-account:y",
        "ASKED": "Asked-Key-of-this-account",
    }
    settings = load_settings(Locations.under(tmp_path), environ)
    for name, profile in settings.profiles.items():
        read_key(name, profile, environ)
    read_address(KeySource("file", f"{tmp_path}/mail"), environ)
    assert environment(settings, environ) == kept


PASSWORD = "p@ss-w0rd"


@pytest.mark.parametrize(
    "settings",
    [
        'store = "postgresql://ops:p%40ss-w0rd@db.example/sms"',
        'store = "postgresql://ops@db.example/sms?sslmode=require&password=p%40ss-w0rd"',
        'store = "postgresql://ops@db.example/sms"',
        'store = "service=sms"\nstore_password_file = "{folder}/password"',
        'store = "service=sms"\nstore_password_command = ["cat", "{folder}/password"]',
        'store = "service=sms"\nstore_password_env = "DATABASE_PASSWORD"',
    ],
)
def test_no_variable_that_holds_the_stores_password_reaches_a_program_of_others(
    settings: str, tmp_path: Path
) -> None:
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    (tmp_path / "config.toml").write_text(settings.format(folder=tmp_path))
    kept = {"PGHOST": "db.example", "DATABASE": "postgresql://ops@db.example/sms"}
    environ = {
        **kept,
        "PGPASSWORD": PASSWORD,
        "DATABASE_PASSWORD": PASSWORD,
        "DATABASE_URL": "postgresql://ops:p%40ss-w0rd@db.example/sms",
    }
    with mock.patch.dict(os.environ, environ):
        read = load_settings(Locations.under(tmp_path), environ)
        read.store_password()
    assert environment(read, environ) == kept


def test_a_key_too_short_to_be_a_secret_takes_only_its_own_variable(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('store = "service=sms"\nstore_password_env = "OURS"')
    environ = {"SMSMON_API_KEY": "a", "COPY": "a", "OURS": "b", "PATH": "/bin"}
    settings = load_settings(Locations.under(tmp_path), environ)
    assert environment(settings, environ) == {"PATH": "/bin"}


async def test_a_command_is_told_the_facts_as_they_are_and_as_it_always_was() -> None:
    settings = Settings()
    command = ["sh", "-c", "cat >&2; exit 1"]
    target = CommandTarget("command:losses", command, settings, {"PATH": os.environ["PATH"]})
    told = notification(Edge.OVER, [replace(ENDED, label="a [link](http://x)")], NOW)
    facts = json.dumps(facts_of(told))
    with pytest.raises(
        NotTold, match=r"^Target command:losses: the alert command sh failed \(exit code 1\): \{"
    ) as caught:
        await target.tell(told)
    assert facts.startswith(str(caught.value).split(": ", 2)[2].removesuffix("…"))
    alert = json.loads(facts)["alerts"][0]
    before = {
        "state": "over",
        "name": "losses",
        "severity": "critical",
        "condition": "failing>20%",
        "id": "2270138",
        "label": "a [link](http://x)",
        "since": "2026-11-26T20:14:00Z",
        "at": "2026-11-26T20:33:00Z",
        "already": False,
        "detail": "",
    }
    assert {name: alert[name] for name in before} == before
    gained = {
        "edge": "over",
        "number": 4,
        "subject": "2270138",
        "facts": "60% not delivered of 138 final",
    }
    assert {name: alert[name] for name in gained} == gained


async def test_a_command_that_never_ends_is_given_up_and_others_are_told() -> None:
    environ = {"PATH": os.environ["PATH"]}
    hanging = CommandTarget("wall", ["sleep", "600"], Settings(), environ, within=0.3)
    other = CommandTarget("page", ["true"], Settings(), environ)
    told = notification(Edge.FIRED, [ENDED], NOW)
    late, fine = await asyncio.gather(hanging.tell(told), other.tell(told), return_exceptions=True)
    assert isinstance(late, NotTold)
    assert str(late) == (
        "Target wall: the alert command sleep was ended: it took longer than 0.3 seconds."
    )
    assert fine is None


async def test_an_alerts_command_has_the_facts_on_stdin_and_no_terminal() -> None:
    script = "cat >&2; [ -t 0 ] || [ -t 1 ] || exit 1"
    said = await trouble(("sh", "-c", script), {"alerts": [1]})
    assert said.endswith('(exit code 1): {"alerts": [1]}')


@pytest.mark.parametrize("first", ["read facts", ":"])
async def test_nothing_of_a_command_outlives_the_program(first: str, tmp_path: Path) -> None:
    async with started(tmp_path / "pipe", first, "sleep 600") as (hook, said):
        hook.cancel()
        with pytest.raises(asyncio.CancelledError):
            await hook
        assert await said() == b""
