"""What sets smsmon up: ``config``, ``locate``, ``completion``."""

from __future__ import annotations

import os

import click

from smsmon import files
from smsmon.commands.context import find_locations, load_all, read_settings
from smsmon.commands.flags import privacy_flag, profile_flag, utc_flag
from smsmon.commands.output import emit, fail, on_terminal, print_json, print_rows, say
from smsmon.keylike import without_keys
from smsmon.text import piped, safe


@click.group
def config() -> None:
    """Show, check and begin the settings file."""


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
        ("setting", "value", "from"),
        (
            (each.name, "" if each.value is None else toml_value(each.value), each.origin)
            for each in found
        ),
    )


@config.command
def check() -> None:
    """Say whether the settings can be used, and what is wrong.

    Exit code 0 when they can, 2 when not. Files that they name are looked at, commands are not
    run. Whether the API takes the key is what `smsmon doctor` tells.
    """
    from smsmon.accounts import open_to_others, unusable_files
    from smsmon.settings.loading import unknown_variables

    locations = find_locations()
    for name in unknown_variables(os.environ):
        say(f"smsmon: Environment variable {without_keys(name)} is none that smsmon reads.")
    settings = read_settings(locations)
    for profile in settings.profiles.values():
        if told := open_to_others(profile):
            say(f"smsmon: {told}")
    if problems := unusable_files(settings):
        fail("\n".join(problems))
    path = str(locations.config)
    what = safe(path, len(path)) if locations.config.exists() else "No settings file, which"
    emit(without_keys(f"{what} is fine. Profiles: {', '.join(settings.profiles)}."))


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
        fail(f"{path} cannot be written ({error.strerror or error}).")
    emit(safe(str(path), len(str(path))))


@config.command
def schema() -> None:
    """Print the JSON schema of the settings file, for editors."""
    from smsmon.settings.printing import json_schema

    print_json(json_schema())


@click.command
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def locate(name: str | None, as_json: bool) -> None:
    """Tell where each file is, or would be.

    With a NAME only that path: `$EDITOR "$(smsmon locate config)"`.

    \b
    --json prints {"config": path, "watchlist": path, …}.
    """
    places = {each: str(path) for each, path in find_locations().named()}
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


@click.command
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print a script that completes commands and options in a shell.

    \b
      bash:  smsmon completion bash > ~/.local/share/bash-completion/completions/smsmon
      zsh:   smsmon completion zsh > ~/.zfunc/_smsmon      (a folder on $fpath)
      fish:  smsmon completion fish > ~/.config/fish/completions/smsmon.fish
    """
    from click.shell_completion import get_completion_class

    root = ctx.find_root()
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"There is no completion for {shell}.", ctx)
    emit(kind(root.command, {}, "smsmon", "_SMSMON_COMPLETE").source())
