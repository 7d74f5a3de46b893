"""How each number of the overview is counted: the formulas, in words."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from smsmon.console.dialogs.keys import Keys

_COUNTED = (
    ("Delivery rate", "Delivered ÷ final. Waiting and unknown recipients stay out of both."),
    (
        "Curve",
        "The share of recipients delivered so long after their message began. Of several"
        " messages: recipients that still wait count for as long as they have waited.",
    ),
    (
        "Began",
        "A message began at the earliest date it had while reports were still to come. One that"
        " was all final when first read has no known beginning, and counts for no duration.",
    ),
    (
        "Delays",
        "The API's date of each final report less the beginning of its message. Within the"
        " 90% figure came 9 of 10 of the reports that are final by now.",
    ),
    ("Reports", "Final reports by the API's own dates, so also those of before smsmon started."),
    (
        "Countries",
        "By the beginning of the number. Bars are as long as their share of the largest;"
        " best and worst are told of countries with at least 20 final reports.",
    ),
    ("STOPs", "When they were seen: the API gives a STOP no date of its own."),
    ("Requests", "Those that ended, well or not; the budget is per minute, as set or as eased."),
)


class CountedScreen(ModalScreen[None]):
    """How each number of the overview is counted."""

    CSS = """
    CountedScreen #counted { height: 90%; max-height: 32; }
    CountedScreen #counted-page { height: 1fr; }
    """
    AUTO_FOCUS = "#counted-page"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1,enter", "dismiss", "close", show=False),
    ]

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog", id="counted") as dialog:
            dialog.border_title = "How it is counted"
            with VerticalScroll(id="counted-page"):
                yield Static(
                    Content("\n\n").join(
                        [Content.assemble((f"{name}: ", "bold"), text) for name, text in _COUNTED]
                    ),
                    markup=False,
                )
            yield Keys(("esc", "close"), ("↑ ↓  PgUp  PgDn", "scroll"))
