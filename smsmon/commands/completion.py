"""``smsmon completion``."""

from __future__ import annotations

import click

from smsmon.commands.output import emit


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
