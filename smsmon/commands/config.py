"""``config``: the settings file, shown, checked, begun. ``locate``: where each file is."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
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
    on_terminal,
    print_json,
    say,
    without_terminal,
)
from smsmon.commands.stores import named_store
from smsmon.commands.table import Head, print_rows
from smsmon.secret import without_keys, without_passwords
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
    from smsmon.commands.editing import Editing, editor
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
        fail(f"{path} cannot be written ({files.why(error)}).")
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
    with suppress(Failure):  # whatever is wrong with the settings, the files are where they are
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
