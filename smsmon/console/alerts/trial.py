"""The dialog that tells when a rule would have fired over the recorded past."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual.content import Content

from smsmon.alerts import Episode
from smsmon.console import alert_words as words
from smsmon.console.dialogs.base import PageDialog
from smsmon.console.formats import Formats
from smsmon.console.signs import Tone, styled
from smsmon.times import DAY, duration
from smsmon.trying import Trial

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
