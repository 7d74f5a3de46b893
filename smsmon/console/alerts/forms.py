"""The dialogs in which alerts are taken on, or silenced for a while."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input, Static

from smsmon.alerts import NOTE_LIMIT, About, Episode, Silence, What
from smsmon.console import alert_words as words
from smsmon.console.alert_words import facts_by_now, named
from smsmon.console.alerts.answering import Silenced, Taken
from smsmon.console.dialogs.base import Choice, Dialog, Keys, Option, PageDialog, TextField, quiet
from smsmon.console.formats import Formats
from smsmon.console.line import Line
from smsmon.console.signs import LEFT_KEY, REFUSED, RIGHT_KEY, Tone, styled
from smsmon.ranges import BadRange, ahead
from smsmon.text import painted
from smsmon.text import typed as as_typed
from smsmon.times import DAY, counted, duration
from smsmon.trying import Trial

USUAL = "2 h"
"""How long a silence lasts where nobody says otherwise."""
_LONGEST = 60
_HINT = "18:00   tomorrow 9:00   monday   2 h"
_QUOTED = 3
"""Names that are told before the rest is counted."""

T = TypeVar("T")


def form_css(screen: str) -> str:
    """How the form of ``screen`` is laid out."""
    return f"""
    {screen} .dialog {{
        & > Horizontal {{ height: 1; margin: 0 0 1 0; }}
        & > #whom {{ height: auto; max-height: 3; margin: 0 0 1 0; }}
        & Horizontal > Line {{ width: 9; }}
        & Horizontal > TextField, & Horizontal > Choice {{ width: 1fr; }}
        & > #verdict {{ height: 2; }}
    }}
    {screen}.-low .dialog {{
        & > Horizontal, & > #whom, & > #verdict {{ margin: 0; }}
        & > #verdict {{ height: 3; }}
    }}
    """


class AnswerDialog(Dialog[T]):
    """Words, and a moment that is typed as people say it; what it means stands below."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "accept", show=False)]
    MOMENT: ClassVar[str]
    """What the field of the moment is called."""

    def __init__(self, formats: Formats) -> None:
        super().__init__()
        self._formats = formats

    def rows(self, whom: Content, note: str, moment: str, hint: str) -> ComposeResult:
        """What both have in common."""
        yield Static(whom, id="whom", markup=False)
        yield from self.first()
        with Horizontal():
            yield Line(quiet("Note"))
            yield TextField(note, limit=NOTE_LIMIT, id="note")
        with Horizontal():
            yield Line(quiet(self.MOMENT))
            yield TextField(moment, limit=_LONGEST, placeholder=hint, id="moment")
        yield Static(id="verdict", markup=False)

    def first(self) -> Iterable[Any]:
        """What stands before the words."""
        return ()

    def typed(self, id: str) -> str:
        return self.query_one(f"#{id}", TextField).value.strip()

    def moment(self) -> float | None:
        """The moment that is typed; None: nothing is. Raises ``BadRange``."""
        said = self.typed("moment").removeprefix("for ")
        return ahead(said, self._formats.now(), self._formats.zone) if said else None

    def on_mount(self) -> None:
        self.foretell()

    @on(Input.Changed)
    @on(Choice.Changed)
    def foretell(self) -> None:
        """Say what enter will do."""
        try:
            self.tell(self.meaning())
        except BadRange as error:
            why = styled(f"{REFUSED.glyph} {error.sentence}", Tone.BAD)
            self.tell(Content("\n").join([why, quiet(_HINT)]))

    @on(Input.Submitted)
    def action_accept(self) -> None:
        """Close with what was said."""
        try:
            self.dismiss(self.answer())
        except BadRange:
            self.foretell()
            self.app.bell()

    def meaning(self) -> Content:
        """What is typed so far comes to. Raises ``BadRange``."""
        raise NotImplementedError

    def answer(self) -> T:
        """What it is closed with. Raises ``BadRange``."""
        raise NotImplementedError

    def note(self) -> str:
        return as_typed(" ".join(self.typed("note").split()), NOTE_LIMIT)


class AcknowledgeScreen(AnswerDialog[Taken | None]):
    """Take alerts on. Dismissed with the words, or None."""

    FRAME = "acknowledge"
    HEADING = "Acknowledge"
    CSS = form_css("AcknowledgeScreen")
    MOMENT = "Until"
    AUTO_FOCUS = "#note"

    def __init__(
        self, episodes: Sequence[Episode], by: str, formats: Formats, kept: Taken | None = None
    ) -> None:
        """``by``: who answers here; ``kept``: what could not be written before."""
        super().__init__(formats)
        self._episodes = episodes
        self._by = by
        self._kept = kept or Taken()

    def body(self) -> ComposeResult:
        whom = whom_text(self._episodes, self._formats)
        yield from self.rows(whom, self._kept.note, self._kept.typed, "it is over")
        yield Keys(("enter", "acknowledge"), ("tab", "next field"), ("esc", "cancel"))

    def meaning(self) -> Content:
        until = self.moment()
        end = "it is over" if len(self._episodes) == 1 else "they are over"
        when = end if until is None else f"{self._formats.to_come(until)}, if not over before"
        then = "Nothing more is told of it but its end."
        if until is not None:
            then = "If it still fires then, it counts as not acknowledged."
        return quiet(f"By {painted(self._by)}, until {when}.\n{then}")

    def answer(self) -> Taken:
        return Taken(self.note(), self.moment(), self.typed("moment"))


class SilenceScreen(AnswerDialog[Silenced | None]):
    """Let nobody hear of a rule, a tag or a message for a while. Dismissed with which, or None."""

    FRAME = "silence"
    HEADING = "Silence"
    CSS = form_css("SilenceScreen")
    MOMENT = "For"
    AUTO_FOCUS = "Choice"

    def __init__(
        self,
        choices: Sequence[tuple[What, tuple[str, ...]]],
        formats: Formats,
        kept: Silenced | None = None,
    ) -> None:
        """``choices``: what can be silenced (see `to_silence`), at least one."""
        super().__init__(formats)
        self._choices = dict(choices)
        self._kept = kept

    def body(self) -> ComposeResult:
        kept = self._kept
        note, moment = (kept.note, kept.typed) if kept else ("", USUAL)
        yield from self.rows(
            quiet("Nothing is told of it meanwhile; it is shown."), note, moment, ""
        )
        yield Keys(
            ("enter", "silence"), (f"{LEFT_KEY} {RIGHT_KEY}", "what"), ("tab", "next field"),
            ("esc", "cancel"),
        )  # fmt: skip

    def first(self) -> Iterable[Any]:
        options = [Option(str(what), _few(names)) for what, names in self._choices.items()]
        with Horizontal():
            yield Line(quiet("What"))
            yield Choice(options, options[0].value, id="what")

    def meaning(self) -> Content:
        until = self.moment()
        if until is None:
            return styled(f"{REFUSED.glyph} For how long?", Tone.BAD)
        what, names = self._chosen()
        those = counted(len(names), str(what)) if len(names) > 1 else f"the {what} {names[0]}"
        told = f"No word of {painted(those)} until {self._formats.to_come(until)}."
        return quiet(f"{told}\nWhat still fires then is told then.")

    def _chosen(self) -> tuple[What, tuple[str, ...]]:
        what = What(self.query_one("#what", Choice).value)
        return what, self._choices[what]

    def answer(self) -> Silenced:
        until = self.moment()
        if until is None:
            raise BadRange("For how long?")
        what, names = self._chosen()
        seconds = until - self._formats.now()
        return Silenced(what, names, seconds, self.note(), self.typed("moment"))


def whom_text(episodes: Sequence[Episode], formats: Formats) -> Content:
    """Which alerts are answered, and what is so."""
    if len(episodes) == 1:
        told = facts_by_now(episodes[0], "", formats)
        return Content.assemble((painted(named(episodes)), "bold"), "\n", painted(told))
    rules = dict.fromkeys(each.rule for each in episodes)
    return Content.assemble((named(episodes), "bold"), f": {_few(tuple(rules))}")


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - _QUOTED:,} more" if len(names) > _QUOTED else ""
    return ", ".join(map(painted, names[:_QUOTED])) + more


def to_silence(
    episodes: Iterable[Episode], silences: Iterable[Silence] = ()
) -> list[tuple[What, tuple[str, ...]]]:
    """What of these alerts can be silenced: the messages, the tags, the rules. The narrowest
    comes first. Of ``silences`` alone, what they are of."""
    found: dict[What, dict[str, None]] = {What.MESSAGE: {}, What.TAG: {}, What.RULE: {}}
    for each in episodes:
        found[What.RULE][each.rule] = None
        if each.subject.about is About.MESSAGE:
            found[What.MESSAGE][each.subject.name] = None
        tags = (each.subject.name,) if each.subject.about is About.TAG else each.tags
        found[What.TAG] |= dict.fromkeys(tags)
    for silence in silences:
        found[silence.what][silence.name] = None
    return [(what, tuple(names)) for what, names in found.items() if names]


SECONDS = 30 * DAY
"""How far back a rule is tried from the screen; the command takes other times too."""
_SHOWN = 200
"""Alerts listed at most, the latest: more are no reading."""


class TrialScreen(PageDialog):
    """What a rule would have told."""

    FRAME = "trial"
    HEADING = "When it would have fired"

    def __init__(self, trial: Trial, doubts: Sequence[str], formats: Formats) -> None:
        """``doubts`` tell what nobody can know of that time, a sentence each."""
        super().__init__()
        self._trial, self._doubts, self._formats = trial, doubts, formats

    def page(self) -> Content:
        return Content("\n").join(self._lines())

    def _lines(self) -> Iterator[Content]:
        trial = self._trial
        rule = trial.rule
        yield Content.assemble((f"rule {rule.name}: ", "bold"), rule.condition.text)
        yield Content()
        yield Content(trial.told())
        yield from (styled(each, Tone.DIM) for each in self._doubts)
        shown = trial.episodes[::-1][:_SHOWN]
        for episode in shown:
            yield Content()
            yield from self._told(episode)
        if len(trial.episodes) > len(shown):
            yield Content()
            yield styled(f"The latest {_SHOWN} are listed.", Tone.DIM)

    def _told(self, episode: Episode) -> Iterator[Content]:
        formats = self._formats
        over = episode.over_at
        lasted = "still" if over is None else duration(over - episode.fired_at)
        about = words.about(episode.subject, episode.label)
        yield Content(f"{formats.moment(episode.fired_at)}  {about}, {lasted}")
        worst = episode.worst
        facts = worst.facts if worst else words.facts_of(episode)
        held = ", held already" if episode.old else ""
        yield styled(f"  {formats.words(facts)}{held}", Tone.DIM)
