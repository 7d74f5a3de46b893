"""The keys of a dialog, on its last line."""

from __future__ import annotations

from textual.content import Content

from smsmon.console.widgets.fitting import fitted, part
from smsmon.console.widgets.line import FittedLine

_GAP = "     "
_LEAST_GAP = "   "


class Keys(FittedLine):
    """As many keys as there is room for: the first and the last stay, those between give way."""

    def __init__(self, *keys: tuple[str, str]) -> None:
        """``keys``: each as it is written, and what it does."""
        super().__init__(classes="keys")
        self._keys = keys
        self.fit(self._fitting)

    def _fitting(self, width: int) -> Content:
        last = len(self._keys) - 1
        shown = [
            part(
                len(self._keys) if place in (0, last) else last - place,
                Content.styled(f"{key}  {does}", "$text-quiet"),
            )
            for place, (key, does) in enumerate(self._keys)
        ]
        whole = sum(each.forms[0].cell_length for each in shown) + last * len(_GAP)
        return fitted(shown, width, _GAP if whole <= width else _LEAST_GAP)
