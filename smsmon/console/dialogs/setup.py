"""The setup screen: a first start asks where the key is, tries it, and writes that down."""

from __future__ import annotations

import contextlib
import os
import shlex
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import msgspec
from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from smsmon.accounts import AccountProblem
from smsmon.console.dialogs import setup_view as view
from smsmon.console.dialogs.base import Dialog, KeyAndUse, Keys, TextField
from smsmon.console.dialogs.setup_view import KeyField
from smsmon.console.line import Line
from smsmon.console.signs import DOWN_KEY, UP_KEY
from smsmon.model import Balance, ReadError
from smsmon.programs import beside
from smsmon.secret import is_most_likely_key
from smsmon.settings import first
from smsmon.settings.first import Kept, SetupProblem
from smsmon.settings.secrets import open_to_others
from smsmon.settings.types import API_KEY_VARIABLE, Profile
from smsmon.text import safe

if TYPE_CHECKING:
    from smsmon.accounts import OpenClient
    from smsmon.clock import Clock
    from smsmon.locations import Locations
    from smsmon.settings import Settings

Ask = Callable[[Profile], Awaitable[Balance]]
"""Asks the API with the key of a profile. Raises ``AccountProblem`` or ``ReadError``."""

_SENTENCE_LIMIT = 600
_CHOOSING = (("enter", "test"), (f"{UP_KEY} {DOWN_KEY}", "choose"), ("esc", "later"))
_ASKING = (("esc", "later"),)
_DONE = (("enter", "go on"),)
_BY_HAND = (("enter", "they are in it"), ("esc", "later"))


def asker(settings: Settings, clock: Clock, open_client: OpenClient) -> Ask:
    """Asks with the current account's settings, and the key from where a profile says."""

    async def ask(profile: Profile) -> Balance:
        name = settings.profile
        tried = msgspec.structs.replace(settings, profiles={**settings.profiles, name: profile})
        # Reads a key file or runs a key command: not on the loop.
        client = await beside(open_client, name, tried, clock)
        try:
            return await client.me()
        finally:
            await client.aclose()

    return ask


class SetupScreen(Dialog[bool]):
    """Ask where the current account's key is, until the API takes it.

    Dismissed with True when the settings, read again, name a source whose key the API took;
    with False when the operator puts it off. A key typed here is held as an ``ApiKey`` only for
    as long as it takes to write its file; that file is removed again unless the API took it.
    """

    FRAME = "setup"
    HEADING = "Set up"
    CSS = """
    SetupScreen #setup {
        max-width: 100%; max-height: 100%;
        & > .setup-question { text-wrap: nowrap; text-overflow: ellipsis; margin: 0 0 1 0; }
        & > #setup-entry { height: 1; margin: 1 0 1 0; }
        & #setup-what { width: 10; color: $text-quiet; }
        & #setup-entry > TextField, & #setup-entry > KeyField { width: 1fr; display: none; }
        & #setup-entry > .-chosen { display: block; }
        & > #setup-verdict { height: auto; min-height: 2; max-height: 8; }
        & > #setup-outcome { display: none; height: auto; max-height: 16; }
        &.-done > #setup-ways, &.-done > #setup-entry, &.-done > .setup-question { display: none; }
        &.-done > #setup-outcome { display: block; }
        &.-done > #setup-verdict { min-height: 0; }
    }
    SetupScreen.-low #setup {
        & > .setup-question { margin: 0; }
        & > #setup-entry { margin: 0; }
        & > #setup-outcome { max-height: 9; }
        & > #setup-verdict { max-height: 6; }
        &.-done > #setup-verdict { max-height: 3; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "go_on", show=False),
        Binding("up,shift+tab", "move(-1)", show=False),
        Binding("down,tab", "move(1)", show=False),
        Binding("ctrl+c", "leave", show=False),
    ]

    def __init__(
        self,
        settings: Settings,
        locations: Locations,
        ask: Ask,
        *,
        problem: str = "",
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        """``problem``: why the source named in the settings gives no key, where one is named."""
        super().__init__()
        self._account = settings.profile
        self._several = len(settings.profiles) > 1
        self._profile = settings.current
        self._locations = locations
        self._environ = environ
        self._ask = ask
        self._problem = problem
        self._chosen = _way_of(self._profile)
        self._ways = Static(id="setup-ways", markup=False)
        self._made: tuple[Path, Profile] | None = None
        """The file that a typed key went into, as long as the API has not taken it."""
        self._good: Profile | None = None
        """What the API took."""
        self._by_hand = False
        self._home = _home()

    def body(self) -> ComposeResult:
        yield Line(view.question(self._account, self._several), classes="setup-question")
        yield self._ways
        with Horizontal(id="setup-entry"):
            yield Line(id="setup-what")
            for way in view.WAYS:
                if way.kind == "paste":
                    yield KeyField(id="setup-paste")
                else:
                    yield TextField(
                        _text_of(self._profile, way),
                        limit=first.PATH_LIMIT,
                        placeholder=way.placeholder,
                        id=f"setup-{way.kind}",
                    )
        with VerticalScroll(id="setup-outcome", can_focus=False):
            yield Static(id="setup-told", markup=False)
        yield Static(id="setup-verdict", markup=False)
        yield Keys()

    def on_mount(self) -> None:
        self._choose(self._chosen)
        if self._problem and _is_named(self._profile):
            self._say(view.refusal(self._short(self._problem, self._profile)))

    def on_unmount(self) -> None:
        self._unmake()

    # What the operator does

    def action_move(self, step: int) -> None:
        """Choose the next way, or the one before; when all is done, scroll."""
        if self._good is not None:
            self.query_one("#setup-outcome").scroll_relative(y=step, animate=False)
        else:
            self._choose((self._chosen + step) % len(view.WAYS))

    def on_click(self, event: events.Click) -> None:
        """Choose the way that was clicked on."""
        if event.widget is self._ways and 0 <= event.y < len(view.WAYS):
            self._choose(event.y)

    @on(KeyField.Changed)
    def _key_typed(self) -> None:
        self._begin_anew()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        if is_most_likely_key(event.value):
            # A key in a plain field is on the screen: it goes at once.
            with event.input.prevent(Input.Changed):
                event.input.clear()
            event.value = ""
            self._say(
                view.refusal(
                    "This looked like the key itself, and is forgotten. Say where it is,"
                    " or paste it under “Paste it here”."
                )
            )
        elif event.input.has_focus:
            self._begin_anew()

    @on(Input.Submitted)
    def action_go_on(self) -> None:
        """Try the key; once it is good, close."""
        if self._good is not None:
            self._close()
            return
        if self._asking:
            return
        try:
            profile = self._wanted()
        except SetupProblem as problem:
            self._say(view.refusal(str(problem)))
            self.app.bell()
        else:
            self._say(view.asking(profile.key_source.kind == "command"), _ASKING)
            self._try(profile)

    def action_cancel(self) -> None:
        """Close; the account stays stopped unless all is done."""
        self.dismiss(self._good is not None and not self._by_hand)

    def action_leave(self) -> None:
        self.app.exit(0)

    # What comes of it

    @work(group="setup", exclusive=True, exit_on_error=False)
    async def _try(self, profile: Profile) -> None:
        try:
            balance = await self._ask(profile)
            kept = first.keep(self._locations, self._environ, self._account, profile)
        except (AccountProblem, ReadError, SetupProblem) as error:
            self._say(view.refusal(self._short(str(error), profile)))
            self.app.bell()
        except Exception as error:
            self._say(view.refusal(f"A fault of smsmon itself ({type(error).__name__})."))
            raise
        else:
            self._succeed(profile, balance, kept)

    def _succeed(self, profile: Profile, balance: Balance, kept: Kept) -> None:
        if self._made is not None and self._made[1].key_source == profile.key_source:
            self._made = None  # it stays
        self._good, self._by_hand = profile, bool(kept.by_hand)
        self.query_one(KeyField).clear()
        self.set_focus(None)
        config = view.tilde(self._locations.config, self._home)
        told = view.done(balance, kept, config, open_to_others(profile.key_source, "key"))
        self.query_one("#setup-told", Static).update(told)
        self.query_one("#setup").add_class("-done")
        self._say(Content(), _BY_HAND if self._by_hand else _DONE)

    def _close(self) -> None:
        if self._by_hand and self._good is not None:
            why = first.why_not_in_force(self._locations, self._environ, self._account, self._good)
            if why:
                self._say(view.refusal(why), _BY_HAND)
                self.app.bell()
                return
        self.dismiss(True)

    def _wanted(self) -> Profile:
        """The profile as it is chosen now. Raises `SetupProblem`."""
        way = view.WAYS[self._chosen]
        if way.kind != "paste":
            text = self.query_one(f"#setup-{way.kind}", TextField).value
            return first.profile_with(way.kind, text, self._profile, self._environ)
        field = self.query_one(KeyField)
        if not field.length:
            if self._made is None:
                raise SetupProblem("Paste or type the key first.")
            return self._made[1]
        try:
            key = field.take()
        except ValueError as error:
            raise SetupProblem(str(error)) from None
        self._unmake()
        folder = self._locations.config.parent
        made = first.write_key(key, self._profile, self._account, folder)
        self._made = made
        field.hint("the same again, or type another")
        first.refuse_outranked(made[1], self._environ)
        return made[1]

    def _unmake(self) -> None:
        """Remove the file of a key that the API has not taken."""
        made, self._made = self._made, None
        if made is not None:
            with contextlib.suppress(OSError):
                made[0].unlink()

    # What is shown

    @property
    def _asking(self) -> bool:
        return any(worker.node is self and worker.is_running for worker in self.workers)

    def _choose(self, index: int) -> None:
        if self._good is not None:
            return
        self._chosen = index
        way = view.WAYS[index]
        self._ways.update(view.ways(index))
        self.query_one("#setup-what", Line).say(Content(way.label))
        for each in view.WAYS:
            field = self.query_one(f"#setup-{each.kind}")
            field.set_class(each is way, "-chosen")
            if each is way:
                field.focus()
        key_field = self.query_one(KeyField)
        key_field.clear()
        if self._made is None:
            key_field.hint(view.WAYS[0].placeholder)
        self._begin_anew()

    def _begin_anew(self) -> None:
        """Show no result any more of what was chosen before; end the test of it."""
        if self._good is None:
            self.workers.cancel_group(self, "setup")
            place = view.tilde(self._locations.config.parent, self._home)
            self._say(view.hint(view.WAYS[self._chosen], place))

    def _say(self, content: Content, keys: tuple[KeyAndUse, ...] = _CHOOSING) -> None:
        verdict = self.query_one("#setup-verdict", Static)
        verdict.update(content)
        verdict.display = bool(content.plain)
        self.query_one(Keys).offer(*keys)

    def _short(self, sentence: str, profile: Profile) -> str:
        """``sentence`` without what this screen says already."""
        known = f"Profile {self._account}, key from {profile.key_source}: "
        return safe(sentence.removeprefix(known), _SENTENCE_LIMIT)


def _is_named(profile: Profile) -> bool:
    """False for the source that holds when none was ever named."""
    source = profile.key_source
    return source.kind != "env" or source.value != API_KEY_VARIABLE


def _way_of(profile: Profile) -> int:
    """The way to begin with: the profile's own, or pasting where none was ever named."""
    kind = profile.key_source.kind if _is_named(profile) else "paste"
    return next(index for index, way in enumerate(view.WAYS) if way.kind == kind)


def _text_of(profile: Profile, way: view.Way) -> str:
    """What the field of ``way`` holds at first."""
    source = profile.key_source
    if source.kind != way.kind or not _is_named(profile):
        return ""
    return source.value if isinstance(source.value, str) else shlex.join(source.value)


def _home() -> Path | None:
    try:
        return Path.home()
    except RuntimeError:
        return None
