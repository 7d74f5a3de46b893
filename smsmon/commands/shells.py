"""``completion``: how bash, zsh and fish ask what can be completed, and how they are told.

Click knows the way; its scripts cut a value at a colon or a comma, which filters are full of, and
put a blank behind what is not whole.
"""

from __future__ import annotations

import os
from typing import Any

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
    add_completion_class,
    get_completion_class,
)

from smsmon.commands.completing import PART
from smsmon.commands.output import emit

_BASH = """\
%(complete_func)s() {
    local type value
    COMPREPLY=()
    while IFS=',' read -r type value; do
        case $type in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            part) compopt -o nospace; COMPREPLY+=("$value") ;;
            plain) COMPREPLY+=("$value") ;;
        esac
    done < <(env COMP_LINE="$COMP_LINE" COMP_POINT="$COMP_POINT" \\
        COMP_WORDBREAKS="$COMP_WORDBREAKS" %(complete_var)s=bash_complete "$1" 2>/dev/null)
}

complete -o nosort -F %(complete_func)s %(prog_name)s
"""

_ZSH = """\
#compdef %(prog_name)s

%(complete_func)s() {
    local type key descr
    local -a told parts plain response
    (( ! $+commands[%(prog_name)s] )) && return 1

    response=("${(@f)$(env COMP_WORDS="${words[*]}" COMP_CWORD=$((CURRENT-1)) \\
        %(complete_var)s=zsh_complete %(prog_name)s 2>/dev/null)}")

    for type key descr in ${response}; do
        case $type in
            plain)
                if [[ $descr == _ ]]; then plain+=("$key"); else told+=("$key:$descr"); fi ;;
            part) parts+=("$key:$descr") ;;
            dir) _path_files -/ ;;
            file) _path_files -f ;;
        esac
    done

    (( $#told )) && _describe -V unsorted told -U
    (( $#parts )) && _describe -V unsorted parts -U -S ''
    (( $#plain )) && compadd -U -V unsorted -a plain
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    %(complete_func)s "$@"
else
    compdef %(complete_func)s %(prog_name)s
fi
"""

_FISH = """\
function %(complete_func)s
    set -l response (env %(complete_var)s=fish_complete COMP_WORDS=(commandline -cp) \\
        COMP_CWORD=(commandline -ct) %(prog_name)s 2>/dev/null)
    for completion in $response
        set -l told (string split -m 1 ',' -- $completion)
        switch $told[1]
            case dir
                __fish_complete_directories $told[2]
            case file
                __fish_complete_path $told[2]
            case plain part
                echo -- $told[2]
        end
    end
end

complete --no-files --command %(prog_name)s --arguments "(%(complete_func)s)"
"""

_SPECIAL = frozenset(" \t\"'\\|&;<>()$`*?[]#~!{}")
"""What bash does not take for itself outside of quotes."""


class _Telling(ShellComplete):
    """Tells what completes a value which words stand before it: as ``obj`` of the context."""

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem[Any]]:
        self.ctx_args = {**self.ctx_args, "obj": tuple(args)}
        return super().get_completions(args, incomplete)


class Bash(_Telling, BashComplete):
    """Bash, which replaces only what stands behind the last of its word breaks."""

    source_template = _BASH

    def get_completion_args(self) -> tuple[list[str], str]:
        line = os.environ.get("COMP_LINE")
        if line is None:  # a script of an earlier version
            return super().get_completion_args()
        point = int(os.environ.get("COMP_POINT", len(line.encode())))
        self._words, self._quote, self._kept = _split(
            line.encode()[:point].decode(errors="ignore"),
            os.environ.get("COMP_WORDBREAKS", " \t\n\"'><=;|&(:"),
        )
        return self._words[1:-1], self._words[-1]

    def complete(self) -> str:
        args, incomplete = self.get_completion_args()
        items = self.get_completions(args, incomplete)
        if len(items) == 1 and items[0].type == PART and items[0].example:
            # Alone it would be taken as whole, and its quote closed.
            items.append(CompletionItem(items[0].example, type=PART))
        return "\n".join(map(self.format_completion, items))

    def format_completion(self, item: CompletionItem[Any]) -> str:
        if item.type not in ("plain", PART) or "COMP_LINE" not in os.environ:
            return super().format_completion(item)
        typed = self._words[-1]
        before = ""
        if typed.startswith("-") and "=" in typed and not str(item.value).startswith("-"):
            before = typed[: typed.index("=") + 1]
        value = f"{before}{item.value}"[self._kept :]
        if not self._quote:
            value = "".join(f"\\{char}" if char in _SPECIAL else char for char in value)
        elif self._quote == '"':
            value = "".join(f"\\{char}" if char in '"\\$`' else char for char in value)
        return f"{item.type},{value}"


def _split(line: str, breaks: str) -> tuple[list[str], str, int]:
    """The words of a line as bash reads them, the last one unfinished; the quote it is in; and how
    many of its characters stand before what bash replaces.
    """
    words, quote, kept = [""], "", 0
    escaped = False
    for char in line:
        if escaped:
            words[-1] += char
            escaped = False
        elif char == "\\" and quote != "'":
            escaped = True
        elif quote:
            if char == quote:
                quote = ""
            else:
                words[-1] += char
        elif char in "\"'":
            quote = char
            kept = len(words[-1])
        elif char in " \t\n":
            if words[-1] or words == [""]:
                words.append("")
            kept = 0
        else:
            words[-1] += char
            if char in breaks:
                kept = len(words[-1])
    return words, quote, kept


class Zsh(_Telling, ZshComplete):
    source_template = _ZSH

    def format_completion(self, item: CompletionItem[Any]) -> str:
        if item.type != PART:
            return super().format_completion(item)
        value = str(item.value).replace("\\", "\\\\").replace(":", r"\:")
        return f"{item.type}\n{value}\n{item.help or item.value}"


class Fish(_Telling, FishComplete):
    """Fish, which puts no blank behind a colon or an angle of its own accord."""

    source_template = _FISH


def use_ours() -> None:
    """Have Click speak to the shells in this way."""
    for each, name in ((Bash, "bash"), (Zsh, "zsh"), (Fish, "fish")):
        add_completion_class(each, name)


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
    use_ours()
    root = ctx.find_root()
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"There is no completion for {shell}.", ctx)
    emit(kind(root.command, {}, "smsmon", "_SMSMON_COMPLETE").source())
