"""What the operator answers to alerts: taken on, silenced, given back; and what is said then."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from smsmon.alerts import Episode, Silence, What
from smsmon.console.alert_standing import AlertRow
from smsmon.console.alert_words import named, silence_of
from smsmon.console.alerts.rows import can_be_ended
from smsmon.console.formats import Formats
from smsmon.console.operations import Say
from smsmon.console.undoing import AnswerStep, Steps
from smsmon.store.alerts import Answered
from smsmon.store.errors import StoreError
from smsmon.text import painted
from smsmon.times import capital, counted

if TYPE_CHECKING:
    from smsmon.alerting.book import AlertBook

_NOT_RECORDED = (
    "it is not in the history yet, where answers are kept: who polls writes it soon, or says why"
)


class Taken(NamedTuple):
    """With which words alerts are taken on, and until when."""

    note: str = ""
    until: float | None = None
    """None: until they are over."""
    typed: str = ""
    """The moment as it was typed."""


class Silenced(NamedTuple):
    """What nobody wants to hear of, and for how long."""

    what: What
    names: tuple[str, ...]
    seconds: float
    note: str = ""
    typed: str = ""
    """The moment as it was typed."""


@dataclass(slots=True)
class Answering:
    """Writes answers, one after the other, in workers: the screen stays live.

    Words that could not be written are kept, and stand there when they are asked for again.
    """

    book: Callable[[], AlertBook]
    formats: Formats
    steps: Steps
    say: Say
    start: Callable[..., object]
    """Starts a worker of Textual, in a group."""
    undo_key: Callable[[], str]
    unwritten: Taken | Silenced | None = None
    """What could not be written last."""
    now_called: dict[int, int] = field(default_factory=dict)
    """Silences that were ended, and begun again → their numbers since."""
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def acknowledge(self, episodes: Sequence[Episode], taken: Taken) -> None:
        """Take on these alerts."""
        numbers = [each.number for each in episodes if each.number]

        async def acknowledge() -> str:
            if not numbers:
                raise NotAnswered(_NOT_RECORDED)
            book = self.book()
            answered = await book.acknowledge(numbers, taken.note, taken.until)
            if not answered:
                raise NotAnswered("it is over by now")
            done = {each.number for each in answered}
            of = [each for each in episodes if each.number in done]
            self._note(answered, f"acknowledging {named(of)}")
            told = acknowledged_text(of, len(episodes), taken.until, self.formats)
            return f"{told}{_before(answered, book.by)} {self._way_back}"

        self._do(acknowledge, "acknowledged", taken)

    def silence(self, wanted: Silenced) -> None:
        """Let nobody hear of these for a while."""

        async def silence() -> str:
            book = self.book()
            ended = [
                each
                for each in book.silences
                if each.what is wanted.what and each.name in wanted.names
            ]
            begun = [
                await book.silence(wanted.what, name, wanted.seconds, wanted.note)
                for name in wanted.names
            ]
            what = _silences(begun)
            self.steps.note(_step(_SilenceStep(self, begun, ended, f"silencing {what}"), begun))
            until = self.formats.to_come(begun[0].until)
            return f"{capital(what)} {_is(begun)} silenced until {until}. {self._way_back}"

        self._do(silence, "silenced", wanted)

    def end(self, rows: Sequence[AlertRow]) -> None:
        """End what was answered: the silences of these rows, else the acknowledgements."""
        now = self.formats.now()
        rows = [each for each in rows if can_be_ended(each, now)]
        silences = {each.silence.number: each.silence for each in rows if each.silence}
        episodes = [each.episode for each in rows if each.episode and not each.silence]

        async def end() -> str:
            book, told = self.book(), []
            if silences:
                ended = await book.unsilence(list(silences))
                if ended:
                    what = _silences(ended)
                    self.steps.note(
                        _step(_SilenceStep(self, (), ended, f"ending the silence of {what}"), ended)
                    )
                    told.append(f"{capital(what)} {_is(ended)} silenced no more.")
            if episodes:
                answered = await book.withdraw([each.number for each in episodes])
                if answered:
                    self._note(answered, f"giving back {named(episodes)}")
                    told.append(
                        f"{capital(named(episodes))} {_is(episodes)} not acknowledged any more."
                    )
            if not told:
                raise NotAnswered("it has ended already")
            return f"{' '.join(told)} {self._way_back}"

        if rows:
            self._do(end, "ended", None)
        else:
            self.say("Nobody answered it: there is nothing to end.")

    def take_back(self) -> None:
        """Take back what was answered last."""

        async def back() -> str:
            step = self.steps.last_of(AnswerStep)
            if step is None:
                return "No answer was given here that could be taken back."
            told = await step.take_back()
            self.steps.drop(step)
            return told

        self._do(back, "taken back", None)

    def number_of(self, silence: Silence) -> int:
        """The number of a silence by now: one that was begun again has another."""
        number = silence.number
        while number in self.now_called:
            number = self.now_called[number]
        return number

    # Inside

    @property
    def _way_back(self) -> str:
        return f"{self.undo_key()} takes it back."

    def _note(self, answered: Sequence[Answered], what: str) -> None:
        async def back() -> str:
            count = await self.book().take_back(answered)
            return answers_taken_back(what, count, len(answered))

        self.steps.note(AnswerStep(back, len(answered)))

    def _do(
        self, doing: Callable[[], Awaitable[str]], done: str, words: Taken | Silenced | None
    ) -> None:
        async def in_turn() -> None:
            async with self._turn:
                try:
                    told = await doing()
                except NotAnswered as why:
                    self.say(f"Nothing was {done}: {why}.", "warning")
                except StoreError as error:
                    self.unwritten = words or self.unwritten
                    kept = " Your words are kept." if words and words.note else ""
                    self.say(f"Nothing was {done}. {error.once}{kept}", "error")
                else:
                    self.unwritten = None if words else self.unwritten
                    self.say(told)

        self.start(in_turn, group="alerts answered")


class NotAnswered(Exception):
    """Why nothing was written, as the end of a sentence."""


class _SilenceStep(NamedTuple):
    """Silences that began, and those that ended for it."""

    answering: Answering
    begun: Sequence[Silence]
    ended: Sequence[Silence]
    what: str

    async def take_back(self) -> str:
        book, now = self.answering.book(), self.answering.formats.now()
        if self.begun:
            over = await book.unsilence([self.answering.number_of(each) for each in self.begun])
            if not over:
                return answers_taken_back(self.what, 0, len(self.begun))
        for each in self.ended:
            if each.until > now:
                again = await book.silence(each.what, each.name, each.until - now, each.note)
                self.answering.now_called[each.number] = again.number
        return f"Took back: {self.what}."


def _step(step: _SilenceStep, silences: Sequence[Silence]) -> AnswerStep:
    return AnswerStep(step.take_back, len(silences))


def _is(them: Sequence[object]) -> str:
    return "is" if len(them) == 1 else "are"


def _silences(silences: Sequence[Silence]) -> str:
    """``rule losses``, or how many: ``3 messages``."""
    if len(silences) == 1:
        return silence_of(silences[0])
    kinds = {str(each.what) for each in silences}
    return counted(len(silences), kinds.pop() if len(kinds) == 1 else "silence")


def acknowledged_text(
    done: Sequence[Episode], asked: int, until: float | None, formats: Formats
) -> str:
    """What came of taking on ``asked`` alerts, of which ``done`` fired still."""
    when = "until it is over" if len(done) == 1 else "until they are over"
    if until is not None:
        when = f"until {formats.to_come(until)}"
    told = f"{named(done)} {_is(done)} acknowledged {when}."
    left = asked - len(done)
    over = f" {counted(left, 'alert')} {'is' if left == 1 else 'are'} over by now." if left else ""
    return f"{told}{over}"


def _before(answered: Sequence[Answered], by: str) -> str:
    """That somebody else had taken one of them on meanwhile."""
    others = {each.before.by for each in answered if each.before and each.before.by != by}
    if not others:
        return ""
    return f" {painted(', '.join(sorted(others)))} had done so before: your words stand now."


def answers_taken_back(what: str, count: int, all_of_them: int) -> str:
    """What was taken back, and what was left alone."""
    if count == all_of_them:
        return f"Took back: {what}."
    if not count:
        return f"Nothing is taken back of: {what}. It was answered elsewhere since, or is over."
    left = all_of_them - count
    stay = "stays as it is" if left == 1 else "stay as they are"
    return f"Took back: {what}. {counted(left, 'alert')} {stay}: answered elsewhere since, or over."
