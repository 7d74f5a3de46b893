"""What targets are not told, and what nobody is told of them: keys and their own addresses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qs, unquote, unquote_plus, urlsplit

from smsmon.api.masking import SHORTEST_MASKED, Mask
from smsmon.secret import Address, Secret
from smsmon.settings import Settings
from smsmon.settings.secrets import KeySource, known_secrets, read_secret
from smsmon.settings.types import API_KEY_VARIABLE

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
