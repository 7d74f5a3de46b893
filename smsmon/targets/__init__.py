"""Where alerts speak: commands, and by apprise chats, mail and pagers.

A target is told what ``wording.py`` made: plain text in which nothing is left that a terminal,
a chat or a mail would obey. It is never told keys, and nobody is told its own address.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import parse_qs, unquote, unquote_plus, urlsplit

from smsmon.alerts import Edge, Episode, Severity
from smsmon.api.masking import SHORTEST_MASKED, Mask
from smsmon.outgoing import may_still_go_out
from smsmon.secret import Address, Secret
from smsmon.settings import Settings
from smsmon.settings.secrets import KeySource, known_secrets, read_secret
from smsmon.settings.types import API_KEY_VARIABLE


def open_targets(settings: Settings, environ: Mapping[str, str]) -> Mapping[str, Target]:
    """All who can be told, by name. Nothing is read, or run, yet.

    The command of a rule is a target of its own, ``command:RULE``.
    """
    from smsmon.targets.apprise_target import AppriseTarget
    from smsmon.targets.command import CommandTarget

    found: dict[str, Target] = {}
    for name, each in settings.targets.items():
        if each.command is not None:
            found[name] = CommandTarget(name, each.command, settings, environ)
        elif (source := each.url_source) is not None:
            found[name] = AppriseTarget(name, source, settings, environ)
    for rule, alert in settings.alerts.items():
        if alert.command is not None:
            name = f"command:{rule}"
            found[name] = CommandTarget(name, alert.command, settings, environ)
    return found


@dataclass(frozen=True, slots=True)
class Notification:
    """What is told at once: one episode, or several that came together."""

    title: str
    lines: tuple[str, ...]
    severity: Severity
    """The gravest of its episodes."""
    edge: Edge
    episodes: tuple[Episode, ...]
    private: bool = False
    """Phone numbers are masked in its words, and are to be in what is told besides."""
    test: bool = False
    """Nothing happened: somebody wants to know whether it arrives."""
    again: bool = False
    """It was sent before, at least in part, and nobody knows whether it arrived."""


class Target(Protocol):
    """Somebody, or some program, that is told."""

    @property
    def name(self) -> str:
        """As the settings have it; ``command:RULE`` for the command of a rule."""

    async def tell(self, notification: Notification) -> None:
        """Tell it. Bounded in time; never blocks the loop; all that it started is ended when
        this is cancelled. Raises `NotTold`; `Outdated` where it is not ours to tell any more when
        it is about to go out."""


class NotTold(Exception):
    """It did not arrive: one sentence that says why, without any secret."""

    def __init__(self, sentence: str, *, in_doubt: bool = False) -> None:
        """``in_doubt``: it was sent and nobody answered in time, so that it may have arrived."""
        super().__init__(sentence)
        self.in_doubt = in_doubt


class Outdated(Exception):
    """Nothing was sent: we stood still meanwhile, and it may be another process's to tell."""


def must_be_ours() -> None:
    """Raise `Outdated` unless what this task is to tell may still go out."""
    if not may_still_go_out():
        raise Outdated


_BETWEEN = re.compile(r"[/?&=#@:;,+|]+")


def read_address(source: KeySource, environ: Mapping[str, str]) -> Address:
    """The secret address, from wherever ``source`` says. Blocks on a file or a command.

    Raises ``ValueError`` with a sentence that holds nothing of it.
    """
    return read_secret(source, "address", Address.parse, environ)


def mask_of(address: Address) -> Mask:
    """Strikes the address out of what is shown, its parts too, however they are spelt.

    Its scheme alone stays: ``https://`` tells nobody anything.
    """
    rest = address.reveal().partition("://")[2]
    parts = {part for part in _BETWEEN.split(rest) if len(part) >= SHORTEST_MASKED}
    spelt = {unquote(part) for part in parts} | {unquote_plus(part) for part in parts}
    return Mask(*map(Secret, {rest, unquote(rest)} | parts | spelt))


def environment(settings: Settings, environ: Mapping[str, str]) -> dict[str, str]:
    """``environ`` for programs of others, which are told of alerts or tell of messages: without
    any variable that holds an API key, a secret address or the store's password, whatever its name.

    Known are those of the settings' variables, of the store's address, and all that this process
    has read.
    """
    names = {API_KEY_VARIABLE, settings.store_password_env or API_KEY_VARIABLE}
    if settings.store and settings.store_password_source is None:
        names.add("PGPASSWORD")  # where libpq looks for it
    for profile in settings.profiles.values():
        if profile.key_source.kind == "env":
            names.add(str(profile.key_source.value))
        if profile.api_key_env is not None:
            names.add(profile.api_key_env)
    addresses = (each.url_env for each in settings.targets.values())
    names |= {name for name in (*addresses, settings.watch.ping_url_env) if name is not None}
    secrets = {each.reveal() for each in known_secrets()} | _passwords_in(settings.store)
    secrets |= {environ.get(name, "").strip() for name in names}
    return {
        name: value
        for name, value in environ.items()
        if name not in names and not any(_tells(value, secret) for secret in secrets)
    }


def _passwords_in(address: str) -> set[str]:
    """What stands for a password in the address of a database, as it is written and as it is."""
    parts = urlsplit(address)
    found = {parts.password or "", *parse_qs(parts.query).get("password", ())}
    return {*found, *map(unquote, found)}


def _tells(value: str, secret: str) -> bool:
    """True if a variable's value holds the secret: alone, or in an address or a header."""
    if len(secret) < SHORTEST_MASKED:
        return bool(secret) and value.strip() == secret
    return any(secret.lower() in each.lower() for each in (value, unquote(value)))
