"""``smsmon config edit``: the settings file in an editor, put in its place once it is right.

What is edited is a copy beside the file. The file is replaced whole, or stays as it is; whatever
was typed and is not used stays in the copy, which is named.
"""

from __future__ import annotations

import contextlib
import shlex
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from smsmon import files
from smsmon.commands.output import fail, say
from smsmon.programs import on_this_terminal, why_not_started
from smsmon.secret import place_shown
from smsmon.text import SENTENCE_LIMIT, safe

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
                fail(f"{safe(str(copy), SENTENCE_LIMIT)} cannot be written ({files.why(error)}).")
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
            fail(f"{self._name} cannot be written ({files.why(error)}).")

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
