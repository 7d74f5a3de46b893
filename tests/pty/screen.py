"""What a terminal shows after all that was written to it."""

from __future__ import annotations

import re
import unicodedata

_PIECE = re.compile(
    r"\x1b\[(?P<parameters>[0-9;]*)(?P<command>[A-Za-z])"
    r"|\x1b\[\?(?P<mode>[0-9;]+)(?P<set>[hl])"
    r"|(?P<back>\x1bM)"
    r"|(?P<other>\x1b\[[^A-Za-z]*[A-Za-z~]|\x1b\][^\x07]*\x07|\x1b.)"
    r"|(?P<text>.)",
    re.DOTALL,
)
_ALTERNATE = "1049"


class Screen:
    """A terminal of so many columns and lines; knows what a console writes, and no more."""

    def __init__(self, columns: int, lines: int) -> None:
        self.columns = columns
        self.lines = lines
        self.modes: dict[str, bool] = {}
        self._clear()

    def _clear(self) -> None:
        self._cells = [[" "] * self.columns for _ in range(self.lines)]
        self._x = self._y = self._top = 0
        self._bottom = self.lines - 1

    @property
    def cursor(self) -> tuple[int, int]:
        """Column and line of the cursor, from 0."""
        return self._x, self._y

    def feed(self, written: bytes) -> Screen:
        """Show what was written; gives the screen itself."""
        for piece in _PIECE.finditer(written.decode(errors="replace")):
            if mode := piece["mode"]:
                for each in mode.split(";"):
                    self.modes[each] = piece["set"] == "h"
                if mode == _ALTERNATE:
                    self._clear()
            elif command := piece["command"]:
                self._obey(command, piece["parameters"])
            elif piece["back"]:
                if self._y == self._top:
                    self._scroll(self._bottom, self._top)
                else:
                    self._y -= 1
            elif (text := piece["text"]) is not None:
                self._print(text)
        return self

    def _obey(self, command: str, parameters: str) -> None:
        if command == "H":
            line, _, column = parameters.partition(";")
            self._y, self._x = int(line or 1) - 1, int(column or 1) - 1
        elif command == "C":
            self._x += max(1, int(parameters or 1))  # a terminal takes 0 for 1
        elif command == "r":
            top, _, bottom = parameters.partition(";")
            self._top, self._bottom = int(top or 1) - 1, int(bottom or self.lines) - 1
            self._x = self._y = 0
        elif command == "J":
            self._clear()

    def _scroll(self, away: int, arriving: int) -> None:
        """Take the line ``away`` out, and a blank one in, within the scroll region."""
        del self._cells[away]
        self._cells.insert(arriving, [" "] * self.columns)

    def _print(self, char: str) -> None:
        if char == "\r":
            self._x = 0
        elif char == "\n" and self._y == self._bottom:
            self._scroll(self._top, self._bottom)
        elif char == "\n":
            self._y += 1
        elif char.isprintable() and 0 <= self._y < self.lines:
            if self._x < self.columns:
                self._cells[self._y][self._x] = char
            self._x += 1
            if unicodedata.east_asian_width(char) in "WF":
                if self._x < self.columns:
                    self._cells[self._y][self._x] = ""
                self._x += 1

    @property
    def rows(self) -> list[str]:
        """The lines, without blanks at their ends."""
        return ["".join(cells).rstrip() for cells in self._cells]

    @property
    def given_back(self) -> bool:
        """True when nothing the program asked of the terminal is left."""
        left = {mode for mode, on in self.modes.items() if on} - {"7", "25"}
        return not left and self.modes.get("25", False) and self.modes.get("7", True)
