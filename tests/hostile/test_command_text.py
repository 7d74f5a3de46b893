"""No text from outside acts on the terminal when a command prints it, nor in a file it writes."""

from __future__ import annotations

from pathlib import Path

import pytest
import tomli_w

from smsmon.failures import write_crash_note
from tests.cli.program import Program
from tests.hostile.corpus import CORPUS, LONE_SURROGATES, NAME, hostile_settings, marks
from tests.hostile.terminal import PIPED, odd_characters, seen
from tests.pty.terminal import Terminal

SMALL = {name: text[:500] for name, text in CORPUS.items()}
"""What fits an argument."""


@pytest.mark.parametrize(
    ("arguments", "ways"),
    [
        (("ls",), ("Lb", "Tg")),
        (("ls", "--json"), ("Lb", "Tg", "Nt")),
        (("status", "1000"), ()),
        (("status", "--json", "1000"), ("St", "Ph")),
        (("find", "Ph"), ()),
        (("history", "changes"), ()),
        (("history", "info"), ()),
        (("export", "recipients", "1000"), ("St", "Ph")),
        (("export", "summary"), ()),
        (("export", "watchlist"), ("Lb", "Tg", "Nt")),
        (("export", "watchlist", "--format", "toml"), ("Lb", "Tg", "Nt")),
        (("export", "watchlist", "--format", "text"), ("Lb",)),
    ],
    ids=" ".join,
)
def test_commands_print_plain_text(
    program: Program, arguments: tuple[str, ...], ways: tuple[str, ...]
) -> None:
    done = program.run(*arguments)
    assert odd_characters(done.out + done.err, PIPED) == []
    assert [mark for way in ways for mark in marks(way) if mark not in done.out] == []


def test_tables_on_a_terminal_are_plain_text(program: Program) -> None:
    for arguments in (("ls",), ("status", "1000", "1001"), ("find", "Ph")):
        with Terminal(program.argv(*arguments), program.env()) as terminal:
            terminal.ended()
            assert seen(terminal.painted.decode()).obeyed == []


ARGUMENTS = [text.replace("\0", "") for text in SMALL.values()]
EVERYTHING = "".join(ARGUMENTS)
COMPLAINTS = [
    ("add", "--", *ARGUMENTS),
    ("rm", "--", *ARGUMENTS),
    ("status", "--", *ARGUMENTS),
    ("find", "--", EVERYTHING),
    (EVERYTHING,),
    ("ls", f"--{EVERYTHING}"),
    ("ls", "--profile", EVERYTHING),
    ("--profile", EVERYTHING, "status", "300"),
    ("export", "recipients", "--filter", f"({EVERYTHING}"),
    ("export", "recipients", "--filter", f"/[{EVERYTHING}/"),
    ("export", "recipients", "--format", EVERYTHING),
    ("export", "recipients", "-o", f"/nowhere/{EVERYTHING[:200]}"),
    ("import", f"/nowhere/{EVERYTHING[:200]}"),
    ("watch", "--for", EVERYTHING),
    ("locate", EVERYTHING),
    ("completion", EVERYTHING),
    ("alert", "ack", EVERYTHING, *ARGUMENTS),
    ("alert", "silence", EVERYTHING),
    ("alert", "try", f"({EVERYTHING}"),
    ("check", "-w", EVERYTHING),
]


@pytest.mark.parametrize("arguments", COMPLAINTS, ids=lambda words: words[0][:8].strip("\x1bc"))
def test_arguments_come_back_as_plain_text(program: Program, arguments: tuple[str, ...]) -> None:
    done = program.run(*arguments)
    assert done.code != 0
    assert odd_characters(done.out + done.err, "\n\t") == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("ls",),
        ("add", "300"),
        ("status", "300"),
        ("config", "check"),
        ("config", "show"),
        ("locate",),
        ("locate", "--json"),
        ("doctor",),
        ("find", "0612"),
        ("export", "summary"),
    ],
    ids=" ".join,
)
def test_file_names_come_out_as_plain_text(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    home = tmp_path / NAME
    home.mkdir()
    (home / "watchlist.toml").write_text(f"broken {CORPUS['C1 CSI']}", encoding="utf-8")
    (home / "config.toml").write_text("[display]\nutc = 3\n", encoding="utf-8")
    (home / "history.db").write_bytes(b"no database at all" * 100)
    environ = {"SMSMON_BASE_URL": f"https://{EVERYTHING[:200]}/"}
    away = Program(home, environ)
    with Terminal(away.argv(*arguments), away.env()) as terminal:
        terminal.ended()
        assert seen(terminal.painted.decode()).obeyed == []


@pytest.mark.parametrize("arguments", [("config", "show"), ("config", "check"), ("doctor",)])
def test_settings_come_out_as_plain_text(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    (tmp_path / "config.toml").write_text(hostile_settings(), encoding="utf-8")
    done = Program(tmp_path).run(*arguments)
    assert odd_characters(done.out + done.err, "\n\t") == []


def test_settings_that_are_wrong_come_back_as_plain_text(tmp_path: Path) -> None:
    wrong: dict[str, object] = dict.fromkeys(ARGUMENTS, 1)
    tables = {text: {text: text, "colour": text, "base_url": text} for text in ARGUMENTS}
    wrong |= {"profiles": tables, "alerts": tables, "keymap": tables, "display": tables}
    (tmp_path / "config.toml").write_text(tomli_w.dumps(wrong), encoding="utf-8")
    done = Program(tmp_path).run("config", "check")
    assert done.code != 0
    assert odd_characters(done.out + done.err, "\n\t") == []


def test_lists_to_import_come_back_as_plain_text(program: Program) -> None:
    for form in ("text", "csv", "toml"):
        text = "\n".join(["id,label,profile", *(f"{text},{text}" for text in SMALL.values())])
        done = program.run("import", "-", "--as", form, input=text.encode())
        assert odd_characters(done.out + done.err, "\n\t") == []


def test_crash_notes_are_plain_text(tmp_path: Path) -> None:
    home = tmp_path / NAME
    inner = KeyError(EVERYTHING)
    error = RuntimeError(EVERYTHING + LONE_SURROGATES)
    error.__cause__ = inner
    note = write_crash_note(error, home)
    assert note is not None
    assert odd_characters(note.read_text(encoding="utf-8"), "\n") == []
    assert "PWNED" in note.read_text(encoding="utf-8")
