"""`smsmon config edit`: a settings file that is broken never takes the place of one that is not."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from smsmon.commands.config import USUAL_EDITORS, Editing, editor
from smsmon.commands.output import Failure
from smsmon.locations import Locations
from smsmon.settings.loading import read
from smsmon.settings.printing import commented_file
from tests.cli.program import Program

OLD = "[polling]\nbudget = 50\n"
GOOD = "[polling]\nbudget = 60\n"
BROKEN = "[polling]\nbudget = 0\n"
WARNED = '[display]\nmessage_columns = ["lable"]\n'


@dataclass
class Desk:
    """A settings file, an editor that types what it is told to, and an operator who answers."""

    home: Path
    types: list[str] = field(default_factory=list)
    """What the editor saves, each time it is opened; nothing: it saves nothing."""
    answers: list[str] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    code: int = 0
    meanwhile: str = ""
    """What somebody else writes into the file while the editor is open."""

    def __post_init__(self) -> None:
        self.home.mkdir(exist_ok=True)
        self.path = self.home / "config.toml"

    @property
    def copies(self) -> list[str]:
        return sorted(each.name for each in self.home.glob("*edited*"))

    def edit(self) -> str:
        script = self.home.parent / "editor"
        lines = ["#!/bin/sh", f'n=$(cat "{script}.n" 2>/dev/null || echo 0)']
        for number, text in enumerate(self.types):
            text_file = script.with_name(f"typed-{number}")
            text_file.write_text(text)
            lines.append(f'[ "$n" = {number} ] && cat "{text_file}" > "$2"')
        if self.meanwhile:
            other = script.with_name("meanwhile")
            other.write_text(self.meanwhile)
            lines.append(f'cat "{other}" > "{self.path}"')
        lines += [f'echo $((n + 1)) > "{script}.n"', f"exit {self.code}"]
        script.write_text("\n".join(lines) + "\n")
        script.chmod(0o755)
        locations = Locations.under(self.home)

        def check(copy: Path) -> tuple[bool, tuple[str, ...]]:
            from dataclasses import replace

            from smsmon.console import checks

            reading = read(replace(locations, config=copy), {})
            return checks.refused(reading), checks.complaints(reading)

        def ask(question: str, answers: Mapping[str, str]) -> str:
            self.asked.append((question, "".join(answers)))
            return self.answers.pop(0)

        words = editor({"EDITOR": f"{script} -w"})
        return Editing(self.path, words, commented_file().encode(), check, ask).run()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path / "home")
    desk.path.write_text(OLD)
    desk.path.chmod(0o640)
    return desk


def test_what_is_right_takes_the_place_of_the_file(desk: Desk) -> None:
    desk.types = [GOOD]
    assert desk.edit() == f"{desk.path} is changed."
    assert desk.path.read_text() == GOOD
    assert stat.S_IMODE(desk.path.stat().st_mode) == 0o640
    assert (desk.copies, desk.asked) == ([], [])


def test_a_link_stays_a_link(desk: Desk) -> None:
    target = desk.path.rename(desk.home / "real.toml")
    desk.path.symlink_to(target.name)
    desk.types = [GOOD]
    desk.edit()
    assert desk.path.is_symlink()
    assert target.read_text() == GOOD


def test_nothing_typed_changes_nothing(desk: Desk) -> None:
    assert desk.edit().startswith("Nothing was changed. Let an editor that does not wait do so")
    assert desk.path.read_text() == OLD
    assert desk.copies == []


def test_what_is_wrong_is_told_with_its_line_and_edited_again(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.types, desk.answers = [BROKEN, "display =", GOOD], ["e", "e"]
    desk.edit()
    said = capsys.readouterr().err
    assert f"{desk.path}, line 2: polling.budget must be a whole number" in said
    assert f"{desk.path}, line 1: not valid TOML" in said
    assert desk.asked == [("This is wrong with it.", "ek")] * 2
    assert desk.path.read_text() == GOOD
    assert desk.copies == []


def test_the_old_settings_stay_and_what_was_typed_is_kept_and_named(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.types, desk.answers = [BROKEN], ["k"]
    with pytest.raises(Failure, match="The old settings stay"):
        desk.edit()
    assert desk.path.read_text() == OLD
    assert desk.copies == ["config.edited.toml"]
    copy = desk.home / "config.edited.toml"
    assert copy.read_text() == BROKEN
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert f"What was typed is kept in {copy}." in capsys.readouterr().err
    desk.answers = ["k"]
    (desk.home.parent / "editor.n").unlink()
    with pytest.raises(Failure):
        desk.edit()
    assert desk.copies == ["config.edited-2.toml", "config.edited.toml"]


def test_what_the_console_only_goes_on_without_may_be_used_all_the_same(desk: Desk) -> None:
    desk.types, desk.answers = [WARNED], ["u"]
    desk.edit()
    assert desk.asked == [("This is wrong with it.", "eku")]
    assert desk.path.read_text() == WARNED


@pytest.mark.parametrize(("answer", "wins"), [("r", GOOD), ("k", "# theirs\n")])
def test_a_file_that_changed_meanwhile_is_not_written_over_unasked(
    answer: str, wins: str, desk: Desk
) -> None:
    desk.types, desk.answers, desk.meanwhile = [GOOD], [answer], "# theirs\n"
    if answer == "k":
        with pytest.raises(Failure, match="stays as it is now"):
            desk.edit()
        assert (desk.home / "config.edited.toml").read_text() == GOOD
    else:
        desk.edit()
        assert desk.copies == []
    assert desk.path.read_text() == wins
    ((question, letters),) = desk.asked
    assert "was changed by somebody else meanwhile" in question
    assert letters == "rk"


def test_an_editor_that_fails_changes_nothing(desk: Desk) -> None:
    desk.types, desk.code = [GOOD], 3
    with pytest.raises(Failure, match="exit code 3: the old settings stay"):
        desk.edit()
    assert desk.path.read_text() == OLD
    assert desk.copies == ["config.edited.toml"]


def test_without_a_file_one_is_begun_from_the_template(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "home", types=[commented_file() + GOOD.replace("[polling]\n", "")])
    desk.types = [commented_file().replace("#budget = 600", "budget = 60")]
    desk.edit()
    assert "\nbudget = 60\n" in desk.path.read_text()
    assert stat.S_IMODE(desk.path.stat().st_mode) == 0o600
    assert desk.copies == []


def test_a_template_that_nobody_changed_makes_no_file(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "home")
    assert desk.edit().startswith("Nothing was changed.")
    assert list(desk.home.iterdir()) == []


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"VISUAL": "sh -c", "EDITOR": "cat"}, ["sh", "-c"]),
        ({"VISUAL": " ", "EDITOR": "'/bin/sh' --wait"}, ["/bin/sh", "--wait"]),
    ],
)
def test_the_editor_is_what_the_environment_names(
    environ: dict[str, str], words: list[str]
) -> None:
    assert editor(environ) == words


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        (
            {"EDITOR": "no-such-editor -w"},
            "EDITOR names no-such-editor, which cannot be run: there",
        ),
        ({"VISUAL": "'vi"}, "VISUAL has a quote that is not closed"),
    ],
)
def test_an_editor_that_there_is_not_is_named(environ: dict[str, str], sentence: str) -> None:
    with pytest.raises(Failure, match=sentence):
        editor(environ)


def test_without_any_editor_it_says_what_to_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Failure, match="Set EDITOR"):
        editor({})
    usual = tmp_path / USUAL_EDITORS[-1]
    usual.write_text("")
    usual.chmod(0o755)
    assert editor({}) == [USUAL_EDITORS[-1]]


def test_without_a_terminal_it_says_what_to_do_instead(offline: Program) -> None:
    done = offline.run("config", "edit", EDITOR="cat")
    assert done.code == 2
    assert "An editor needs a terminal" in done.err
    assert "`smsmon config check`" in done.err
    assert not offline.home.exists()
