"""The accounts of a program: where each has its key from, its client, its window of requests.

What takes long to load is imported when it is needed: the console paints before it pays for
``httpx``.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from smsmon.clock import sleep
from smsmon.known import AccountState, Condition
from smsmon.locations import expanded
from smsmon.model import Balance, Fault, FaultKind
from smsmon.monitor.budget import Budget
from smsmon.monitor.source import Source, Unusable
from smsmon.programs import beside
from smsmon.secret import ApiKey, place_shown, without_keys
from smsmon.window import address_of, ask, shared_window

if TYPE_CHECKING:
    from pathlib import Path

    from smsmon.api.client import SmsPartner
    from smsmon.clock import Clock
    from smsmon.monitor.budget import Window
    from smsmon.monitor.schedule import Limits
    from smsmon.settings import Profile, Settings
    from smsmon.settings.reading import Problem
    from smsmon.settings.secrets import KeySource


class AccountProblem(Exception):
    """A profile that cannot be used as it is set up: one sentence with what to do."""

    def __init__(self, profile: str, message: str) -> None:
        super().__init__(without_keys(message))
        self.profile = profile


def read_key(name: str, profile: Profile, environ: Mapping[str, str] | None = None) -> ApiKey:
    """The profile's API key, from wherever its settings say. Blocks on a file or a command.

    ``environ`` is the process's own unless given. Raises `AccountProblem`; no text of it holds
    anything of the key.
    """
    source = profile.key_source
    try:
        return _key_from(source, name, environ)
    except ValueError as error:
        raise AccountProblem(name, f"Profile {name}, key from {source}: {error}") from None


def _key_from(source: KeySource, name: str, environ: Mapping[str, str] | None) -> ApiKey:
    import os

    from smsmon.settings.secrets import read_secret

    environ = os.environ if environ is None else environ
    variable = str(source.value)
    if source.kind == "env" and not environ.get(variable, "").strip():
        raise AccountProblem(
            name,
            f"No API key for profile {name}: set {place_shown(variable)}, or name a file or a"
            f" command with api_key_file or api_key_command under [profiles.{name}] in"
            " config.toml.",
        )
    return read_secret(source, "key", ApiKey.parse, environ)


def wrong_accounts(settings: Settings) -> Iterator[Problem]:
    """What the settings name of accounts and network that cannot be used. Runs nothing."""
    from smsmon.settings.reading import Problem
    from smsmon.settings.secrets import KeySource, open_to_others
    from smsmon.settings.types import API_KEY_VARIABLE

    for name, profile in settings.profiles.items():
        if profile.key_source.kind == "command":
            continue
        at = ("profiles", name, f"api_key_{profile.key_source.kind}")
        if profile.key_source == KeySource("env", API_KEY_VARIABLE):
            continue  # so it is where no place is named at all: nothing is wrong with that
        try:
            read_key(name, profile)
        except AccountProblem as problem:
            yield Problem(at, str(problem), refused=False)
        if told := open_to_others(profile.key_source, "key"):
            yield Problem(at, f"Profile {name}: {told}", refused=False)
    if settings.network.ca_file is not None:
        from smsmon.api.stream import trust

        try:
            trust(ca_file_of(settings))
        except ValueError as error:
            yield Problem(("network", "ca_file"), str(error), refused=False)


def ca_file_of(settings: Settings) -> Path | None:
    """The file of authorities to trust; None for the usual ones. Raises ``ValueError``."""
    named = settings.network.ca_file
    if named is None:
        return None
    try:
        return expanded(named)
    except ValueError as error:
        raise ValueError(f"The CA file cannot be used: {error}") from None


def open_client(
    name: str, settings: Settings, clock: Clock, *, key: ApiKey | None = None
) -> SmsPartner:
    """The client for one profile; close it with ``aclose()``. Raises `AccountProblem`."""
    profile = settings.profiles.get(name)
    if profile is None:
        raise AccountProblem(
            name,
            f"There is no profile {name} in config.toml (known: {', '.join(settings.profiles)})."
            " Add it, or give its messages another with `smsmon edit --profile`.",
        )
    key = key or read_key(name, profile)

    # httpx offers a command line of its own, and loads rich and pygments for it: 30 ms of every
    # start. None makes that import fail, and httpx then does without, as it does when they are
    # not installed.
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # None is allowed
    from smsmon.api.client import SmsPartner

    network = settings.network
    try:
        return SmsPartner(
            key,
            base_url=profile.base_url,
            answer_format=profile.answer_format,
            timeout=network.timeout,
            body_limit=network.body_limit_bytes,
            clock=clock,
            proxy=network.proxy,
            ca_file=ca_file_of(settings),
        )
    except ValueError as error:
        raise AccountProblem(name, f"Profile {name}: {error}") from None


OpenWindow = Callable[[str], "Window | None"]
"""Opens the window of an address that other machines share too; None: there is none."""


def no_window(address: str) -> None:
    """There is no window that other machines share."""
    del address


def windows_of(
    profiles: Iterable[str],
    settings: Settings,
    complain: Callable[[str], None],
    opened: dict[str, Window] | None = None,
    beyond: OpenWindow = no_window,
) -> dict[str, Window]:
    """Profile → the window of requests of its address.

    All smsmon processes of this user on this machine count in it, or those of other machines
    too where ``beyond`` opens one. ``complain`` is given one sentence where that cannot be.
    ``opened`` (address → window) are those that are open, which this adds to.
    """
    opened = {} if opened is None else opened
    windows = {}
    said: set[str] = set()

    def once(sentence: str) -> None:
        if not said:
            said.add(sentence)
            complain(sentence)

    for name in profiles:
        if name in settings.profiles:
            address = address_of(settings.profiles[name].base_url)
            if address not in opened:
                opened[address] = beyond(address) or shared_window(address, once)
            windows[name] = opened[address]
    return windows


def limits_of(settings: Settings) -> Limits:
    """The engine's limits as the settings have them."""
    from smsmon.monitor.schedule import Limits

    polling = settings.polling
    return Limits(
        per_minute=polling.budget,
        min_interval=polling.min_interval,
        max_interval=polling.max_interval,
        concurrency=polling.concurrency,
        batch=polling.batch,
    )


class Client(Source, Protocol):
    """What is asked of an account: the API's client, or a stand-in."""

    async def me(self) -> Balance: ...

    async def aclose(self) -> None: ...


OpenClient = Callable[[str, "Settings", "Clock"], Client]


class Accounts:
    """The accounts that a program asks, each by its profile's name.

    ``complain`` is given one sentence for each trouble that is not told as an account's own.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        complain: Callable[[str], None],
        open_client: OpenClient = open_client,
    ) -> None:
        self.settings = settings
        self.clients: dict[str, Client] = {}
        self.sources: dict[str, Source] = dict.fromkeys(settings.profiles, Unusable("Starting."))
        """Profile → what reads it; one that is not set up says so when it is asked."""
        self.problems: dict[str, str] = {}
        """Profile → why it cannot be used as it is set up."""
        self.connected: Callable[[str, Source], None] = lambda _, __: None
        """Called with each account's source whenever it is another one."""
        self._clock = clock
        self._complain = complain
        self._open_client = open_client
        self._begun = clock.now()
        self._warned: set[str] = set()
        """What was said already of key files that others can read."""
        self._answered: set[str] = set()
        """Profiles whose balance could be read."""
        self._opened: dict[str, Window] = {}
        """Address → its window."""
        self.window_beyond: OpenWindow = no_window
        """To be set before ``windows`` are first asked for."""
        self._leaving: set[asyncio.Task[None]] = set()
        """The clients that were replaced, and are not closed yet."""

    @cached_property
    def windows(self) -> dict[str, Window]:
        """Profile → the window of requests of its address."""
        return self._windows(self.settings)

    def _windows(self, settings: Settings) -> dict[str, Window]:
        return windows_of(
            settings.profiles, settings, self._complain, self._opened, self.window_beyond
        )

    async def connect(self, name: str) -> None:
        """Open an account's client, with its key read anew."""
        from smsmon.settings.secrets import open_to_others

        before = self.clients.pop(name, None)
        try:
            # Reads a key file or runs a key command, and loads the HTTP client: not on the loop.
            client = await beside(self._open_client, name, self.settings, self._clock)
        except AccountProblem as problem:
            self.problems[name] = str(problem)
            self.sources[name] = Unusable(str(problem))
        else:
            self.problems.pop(name, None)
            self.sources[name] = self.clients[name] = client
            told = open_to_others(self.settings.profiles[name].key_source, "key")
            if told and told not in self._warned:
                self._warned.add(told)
                self._complain(f"Profile {name}: {told}")
        self.connected(name, self.sources[name])
        if before is not None:
            leaving = asyncio.create_task(self._close_later(before), name=f"close {name}")
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)

    async def _close_later(self, client: Client) -> None:
        """Close a client that was replaced, once all that is under way with it is over."""
        try:
            await sleep(self._clock, self.settings.network.timeout)
        finally:
            await client.aclose()

    def use(self, settings: Settings) -> tuple[set[str], set[str]]:
        """Go by settings that have changed: gives the accounts to be connected anew, and those
        whose messages are now asked for at another address, or by no account any more."""
        before, self.settings = self.settings, settings
        windows, self.windows = (
            self.windows,
            self._windows(settings),
        )
        anew = {
            name
            for name, profile in settings.profiles.items()
            if before.profiles.get(name) != profile or before.network != settings.network
        }
        return anew, {name for name in windows if windows[name] is not self.windows.get(name)}

    async def leave(self) -> None:
        """Close what is of no account any more: once nothing is in flight for it."""
        for address, window in list(self._opened.items()):
            if window not in self.windows.values():
                del self._opened[address]
                window.close(self._clock.monotonic())
        for name in self.sources.keys() - self.settings.profiles.keys():
            del self.sources[name]
            self.problems.pop(name, None)
            self._answered.discard(name)
            if (client := self.clients.pop(name, None)) is not None:
                await client.aclose()

    async def balance(self, name: str) -> Balance:
        """What the account holds; it must be connected. Raises ``ReadError``."""
        budget = Budget(self.settings.polling.budget, self.windows.get(name))
        balance = await ask(self.clients[name].me, budget, self._clock)
        self._answered.add(name)
        return balance

    def judged(self, state: AccountState, *, asked: bool) -> AccountState:
        """``state`` as far as it is known without a poll. If the account is ``asked`` here, one
        that is not set up is stopped before it is."""
        problem = self.problems.get(state.profile) if asked else None
        if problem is None:
            return replace(state, heard=True) if state.profile in self._answered else state
        fault = Fault(FaultKind.AUTH, problem)
        return AccountState(state.profile, Condition.STOPPED, fault, since=self._begun)

    async def close(self) -> None:
        """Ask no more, and close every connection: what the windows kept for this process is
        free for others."""
        for window in self._opened.values():
            window.close(self._clock.monotonic())
        for leaving in self._leaving:
            leaving.cancel()
        await asyncio.gather(*self._leaving, return_exceptions=True)
        while self.clients:
            _, client = self.clients.popitem()
            await client.aclose()
