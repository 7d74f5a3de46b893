"""``locate``, ``completion``."""

from __future__ import annotations

from contextlib import suppress

import click

from smsmon.commands import completing
from smsmon.commands.context import find_locations
from smsmon.commands.output import Failure, emit, fail, on_terminal, print_json
from smsmon.commands.stores import named_store
from smsmon.commands.table import print_rows
from smsmon.secret import without_keys, without_passwords
from smsmon.text import piped


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

    from smsmon.commands.shells import use_ours

    use_ours()
    root = ctx.find_root()
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"There is no completion for {shell}.", ctx)
    emit(kind(root.command, {}, "smsmon", "_SMSMON_COMPLETE").source())
