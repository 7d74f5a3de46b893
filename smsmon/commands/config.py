"""``config``: the settings file, shown, checked, begun, edited. ``locate``: where each file is.

What is edited is a copy beside the file. The file is replaced whole, or stays as it is; whatever
was typed and is not used stays in the copy, which is named.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

import click

from smsmon import files
from smsmon.commands import completing
from smsmon.commands.context import find_locations, load_all, reader
from smsmon.commands.flags import Group, privacy_flag, profile_flag, utc_flag
from smsmon.commands.output import (
    Failure,
    emit,
    fail,
    fail_to_write,
    on_terminal,
    print_json,
    say,
    without_terminal,
)
from smsmon.commands.stores import named_store
from smsmon.commands.table import Head, print_rows
from smsmon.programs import on_this_terminal, why_not_started
from smsmon.secret import place_shown, without_keys, without_passwords
from smsmon.text import SENTENCE_LIMIT, piped, safe

SETTING_HEADS = (Head("setting"), Head("value", cut=90), Head("from", cut=100))


@click.group(cls=Group)
def config() -> None:
    """Show, check, edit and begin the settings file."""


@config.command
@profile_flag
@privacy_flag
@utc_flag
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def show(as_json: bool) -> None:
    """Print every setting in force, and where its value comes from.

    No key is printed: only where it comes from.

    \b
    Piped, one line a setting, separated by tabs:
      name  value  origin
    --json prints
      {"config": "/path/config.toml",
       "settings": [{"name", "value", "origin"}]}
    """
    from smsmon.settings.printing import toml_value, values

    locations = find_locations()
    found = list(values(load_all(locations)))
    if as_json:
        print_json(
            {"config": str(locations.config), "settings": [each._asdict() for each in found]}
        )
        return
    print_rows(
        SETTING_HEADS,
        (
            (each.name, "" if each.value is None else toml_value(each.value), each.origin)
            for each in found
        ),
    )


@config.command
def check() -> None:
    """Say whether the settings can be used, and all that is wrong with them.

    Found is what the console would refuse, and what it would go on without: settings that do
    not exist, keys of the keymap, themes, columns, commands, key files. Each is told with file
    and line. Commands are not run. Whether the API takes the key is what `smsmon doctor` tells.
    Exit code 0 when all is well, 2 when not.
    """
    from smsmon.console.checks import complaints
    from smsmon.settings import Loaded
    from smsmon.settings.printing import toml_value, values

    locations = find_locations()
    reading = reader(locations)()
    if found := complaints(reading):
        fail("\n".join(found))
    path = str(locations.config)
    what = safe(path, len(path)) if locations.config.exists() else "there is no settings file"
    emit(without_keys(f"All is well: {what}. Profiles: {', '.join(reading.settings.profiles)}."))
    in_force = values(Loaded(reading.settings, reading.origins))
    told = [each for each in in_force if each.origin != "default"]
    print_rows(
        SETTING_HEADS,
        ((each.name, toml_value(each.value), each.origin) for each in told),
    )


@config.command
def edit() -> None:
    """Edit the settings file, and use it once nothing is wrong with it.

    $VISUAL or $EDITOR is opened on a copy. What is wrong with it is told with its lines: edit
    again, or keep the old settings; what was typed is kept, and named. Without a settings file
    one is begun with every setting explained. A console that is open takes the changes over.
    Exit code 0 when the file is as it was typed, 2 when the old one stays.
    """
    from smsmon.console import checks
    from smsmon.settings.printing import commented_file

    locations = find_locations()
    if names := without_terminal():
        path = without_keys(safe(str(locations.config), SENTENCE_LIMIT))
        fail(
            f"An editor needs a terminal, and {names[0]} is none (over ssh: `ssh -t`). Change"
            f" {path} in another way, and look at it with `smsmon config check`."
        )

    def check_copy(copy: Path) -> tuple[bool, tuple[str, ...]]:
        reading = reader(replace(locations, config=copy))()
        return checks.refused(reading), checks.complaints(reading)

    template = commented_file().encode()
    emit(Editing(locations.config, editor(os.environ), template, check_copy, _ask).run())


def _ask(question: str, answers: Mapping[str, str]) -> str:
    """One of the letters, typed; without an answer, the one that keeps what there is: ``k``."""
    told = "  ".join(f"{letter}: {what}" for letter, what in answers.items())
    while True:
        say(question)
        say(told)
        try:
            line = sys.stdin.readline()
        except OSError:
            line = ""
        if not line:
            return "k"
        if (letter := line.strip().lower()[:1]) in answers:
            return letter


@config.command
def init() -> None:
    """Write a settings file with every setting explained and commented out.

    It never overwrites a file.
    """
    from smsmon.settings.printing import commented_file

    path = find_locations().config
    try:
        files.create(path, commented_file().encode)
    except FileExistsError:
        fail(f"{path} is there already, and is left as it is. Remove it first to begin anew.")
    except OSError as error:
        fail_to_write(path, error)
    emit(safe(str(path), len(str(path))))


@config.command
def schema() -> None:
    """Print the JSON schema of the settings file, for editors."""
    from smsmon.settings.printing import json_schema

    print_json(json_schema())


@click.command
@click.argument("name", required=False, shell_complete=completing.places)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def locate(name: str | None, as_json: bool) -> None:
    """Tell where each file is, or would be.

    With a NAME only that path: `$EDITOR "$(smsmon locate config)"`. Where a team's store is named,
    it is told as store, and is in use in place of watchlist and history.

    \b
    --json prints {"config": path, "watchlist": path, …}.
    """
    locations = find_locations()
    places = {each: str(path) for each, path in locations.named()}
    # Whatever is wrong with the settings, the files are where they are.
    with contextlib.suppress(Failure):
        if named := named_store(locations).store:
            places["store"] = without_passwords(named)
    if name is not None:
        if name not in places:
            fail(f"There is no place called {without_keys(name)!r}. Known: {', '.join(places)}.")
        places = {name: places[name]}
    if as_json:
        print_json(places)
        return
    if on_terminal():
        places = {each: without_keys(path) for each, path in places.items()}
    if name is not None:
        path = places[name]
        if not on_terminal() and piped(path) != path:
            fail(
                f"The path of {name} holds characters that are never printed."
                f" `smsmon locate {name} --json` spells them out."
            )
        emit(path)
    else:
        print_rows(("name", "path"), list(places.items()))


USUAL_EDITORS = ("sensible-editor", "editor", "nano", "vim", "vi")
"""What is looked for where neither VISUAL nor EDITOR is set."""
_AT_ONCE = 1.0
"""Seconds; an editor that ends sooner and changed nothing may not have waited."""

Ask = Callable[[str, Mapping[str, str]], str]
"""Asks a question with some answers (letter → what it does); gives the letter."""
Check = Callable[[Path], tuple[bool, Sequence[str]]]
"""Looks at the settings in a file: whether nothing would start with them, and all that is wrong."""


def editor(environ: Mapping[str, str]) -> list[str]:
    """The words of the command that edits a file; a failure says what to set."""
    for name in ("VISUAL", "EDITOR"):
        text = environ.get(name, "").strip()
        if not text:
            continue
        try:
            words = shlex.split(text)
        except ValueError:
            fail(f"{name} has a quote that is not closed: set it to an editor's command.")
        if words and (why := why_not_started(words[0])):
            told = safe(place_shown(words[0]), SENTENCE_LIMIT)
            fail(f"{name} names {told}, which cannot be run: {why}.")
        if words:
            return words
    found = next((name for name in USUAL_EDITORS if not why_not_started(name)), None)
    if found is None:
        fail("No editor was found. Set EDITOR to the command of yours, such as EDITOR=nano.")
    return [found]


@dataclass(frozen=True, slots=True)
class Editing:
    """One turn of editing the settings file at ``path``."""

    path: Path
    words: Sequence[str]
    """The editor's command; the file is its last argument."""
    template: bytes
    """What is edited where there is no file."""
    check: Check
    ask: Ask

    def run(self) -> str:
        """Edit, check, and use it if that is wanted; gives a sentence about what is changed.

        A failure tells what is not, and where the text that was typed is.
        """
        before = self._content()
        base = self.template if before is None else before
        copy = self._copy(base)
        with _kept(copy, base):
            while True:
                took, typed = self._edited(copy)
                if typed == base:
                    hint = " Let an editor that does not wait do so: `code --wait`."
                    return "Nothing was changed." + (hint if took < _AT_ONCE else "")
                if self._wanted(copy):
                    break
            self._must_be(before)
            self._replace(typed)
            copy.unlink()
            return f"{self._name} is changed."

    # --- the steps -----------------------------------------------------------------------

    def _content(self) -> bytes | None:
        try:
            return files.read(self.path).data
        except FileNotFoundError:
            return None
        except OSError as error:
            fail(f"{self._name} cannot be read ({error.strerror or error}).")

    def _copy(self, content: bytes) -> Path:
        for number in count(1):
            end = "" if number == 1 else f"-{number}"
            copy = self.path.with_name(f"{self.path.stem}.edited{end}.toml")
            try:
                files.create(copy, lambda: content)
            except FileExistsError:
                continue
            except OSError as error:
                fail_to_write(safe(str(copy), SENTENCE_LIMIT), error)
            return copy
        raise AssertionError("numbers end")

    def _edited(self, copy: Path) -> tuple[float, bytes]:
        """Let the operator edit; gives the seconds it took, and what is in the copy then.

        A failure when the editor says that nothing is to be used.
        """
        started = time.monotonic()
        try:
            code = on_this_terminal([*self.words, str(copy)])
        except OSError as error:
            fail(f"The editor could not be started ({error.strerror or error}).")
        if code:
            fail(f"The editor ended with exit code {code}: the old settings stay.")
        try:
            return time.monotonic() - started, files.read(copy).data
        except OSError as error:
            fail(f"What was typed cannot be read ({error.strerror}): the old settings stay.")

    def _wanted(self, copy: Path) -> bool:
        """True to use what was typed, False to edit again; a failure to do neither."""
        refused, wrong = self.check(copy)
        if not wrong:
            return True
        for sentence in wrong:
            say(sentence.replace(str(copy), str(self.path)))
        answers = {"e": "edit again", "k": "keep the old settings"}
        if not refused:
            answers["u"] = "use it all the same"
        answer = self.ask("This is wrong with it.", answers)
        if answer == "k":
            fail("The old settings stay.")
        return answer == "u"

    def _must_be(self, before: bytes | None) -> None:
        """A failure, unless the file is still as it was, or is to be replaced all the same."""
        if self._content() == before:
            return
        question = f"{self._name} was changed by somebody else meanwhile."
        answers = {"r": "replace it by this", "k": "keep it as it is now"}
        if self.ask(question, answers) == "k":
            fail("The file stays as it is now.")

    def _replace(self, typed: bytes) -> None:
        try:
            files.write_whole(self.path, typed)
        except OSError as error:
            fail_to_write(self._name, error)

    @property
    def _name(self) -> str:
        return safe(str(self.path), SENTENCE_LIMIT)


@contextlib.contextmanager
def _kept(copy: Path, base: bytes) -> Iterator[None]:
    """However it ends: say where what was typed is, and leave no copy that holds nothing new."""
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            if files.read(copy).data == base:
                copy.unlink()
            else:
                say(f"What was typed is kept in {safe(str(copy), SENTENCE_LIMIT)}.")
