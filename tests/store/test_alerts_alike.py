"""The stores beside each other: whatever is done to alerts, they answer and keep the same."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from smsmon.alerts import (
    About,
    Acknowledgement,
    Edge,
    Episode,
    Severity,
    Silence,
    Subject,
    Telling,
    What,
    Worst,
)
from smsmon.store.alerts import AlertStore, Answered, Over
from tests.store.places import PLACES
from tests.store.reports import START

MOMENTS = st.integers(0, 40).map(lambda eighths: START + eighths / 8)
WORDS = st.sampled_from(["", "a", "ä\n“b”", "300"])
NUMBERS = st.lists(st.integers(1, 6), max_size=3)
SUBJECTS = st.sampled_from(
    [Subject(About.MESSAGE, "300", "default"), Subject(About.TAG, "300"), Subject(About.ALL)]
)
WORST = st.builds(Worst, st.floats(allow_nan=False), MOMENTS, WORDS)
ACKNOWLEDGED = st.builds(Acknowledgement, WORDS, MOMENTS, WORDS, st.none() | MOMENTS)
EPISODES = st.builds(
    Episode,
    st.sampled_from(["losses", "late"]),
    SUBJECTS,
    st.sampled_from(Severity),
    WORDS,
    MOMENTS,
    MOMENTS,
    label=WORDS,
    tags=st.sampled_from([(), ("fr", "otp")]),
    facts=WORDS,
    worst=st.none() | WORST,
    acknowledged=st.none() | ACKNOWLEDGED,
    old=st.booleans(),
)
SILENCES = st.builds(Silence, st.sampled_from(What), WORDS, MOMENTS, MOMENTS, WORDS, WORDS)
TELLINGS = st.lists(
    st.builds(
        Telling, st.integers(1, 4), st.sampled_from(["chat", "pager"]), st.sampled_from(Edge)
    ),
    max_size=3,
)
PROCESSES = st.sampled_from([0, 1])
"""Two that may poll."""


class Alike(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self._folder = TemporaryDirectory()
        places = [make(Path(self._folder.name)) for make in PLACES.values()]
        self._processes = [[place().history() for _ in range(2)] for place in places]
        for history in (each for pair in self._processes for each in pair):
            history.start()
        self._answered: list[Sequence[Answered]] = []

    def teardown(self) -> None:
        try:
            self.compare()
        finally:
            for history in (each for pair in self._processes for each in pair):
                asyncio.run(history.close())
            self._folder.cleanup()

    def both(self, process: int, ask: Callable[[AlertStore], object]) -> object:
        """The answer of all stores to ``process``."""
        first, *others = [ask(pair[process].alerts) for pair in self._processes]
        assert others == [first] * len(others)
        return first

    @rule(process=PROCESSES)
    def take_over(self, process: int) -> None:
        for pair in self._processes:
            pair[process].lead(lambda: True, lambda: None)
            asyncio.run(pair[process].flush())

    @rule(process=PROCESSES, episodes=st.lists(EPISODES, max_size=3))
    def fire(self, process: int, episodes: list[Episode]) -> None:
        self.both(process, lambda it: it.fire(episodes))

    @rule(process=PROCESSES, numbers=NUMBERS, at=MOMENTS, why=WORDS)
    def end(self, process: int, numbers: list[int], at: float, why: str) -> None:
        self.both(process, lambda it: it.end([Over(number, at, why) for number in numbers]))

    @rule(process=PROCESSES, worst=st.dictionaries(st.integers(1, 6), WORST, max_size=3))
    def worsen(self, process: int, worst: dict[int, Worst]) -> None:
        self.both(process, lambda it: it.worsen(worst))

    @rule(process=PROCESSES, numbers=NUMBERS, told=st.none() | ACKNOWLEDGED)
    def answer(self, process: int, numbers: list[int], told: Acknowledgement | None) -> None:
        given = self.both(
            process,
            lambda it: it.acknowledge(numbers, told) if told else it.withdraw(numbers),
        )
        assert isinstance(given, list)
        self._answered.append(given)

    @rule(process=PROCESSES, which=st.integers(0, 3))
    def take_back(self, process: int, which: int) -> None:
        answered = self._answered[-1 - which :][:1]
        self.both(process, lambda it: [it.take_back(each) for each in answered])

    @rule(process=PROCESSES, silence=SILENCES)
    def silence(self, process: int, silence: Silence) -> None:
        self.both(process, lambda it: it.silence(silence))

    @rule(process=PROCESSES, numbers=NUMBERS, at=MOMENTS)
    def unsilence(self, process: int, numbers: list[int], at: float) -> None:
        self.both(process, lambda it: it.unsilence(numbers, at))

    @rule(process=PROCESSES, tellings=TELLINGS, at=MOMENTS)
    def claim(self, process: int, tellings: list[Telling], at: float) -> None:
        self.both(process, lambda it: it.claim(tellings, at))
        self.both(process, lambda it: it.holds(tellings))

    @rule(process=PROCESSES, tellings=TELLINGS, at=MOMENTS, arrived=st.booleans())
    def told(self, process: int, tellings: list[Telling], at: float, arrived: bool) -> None:
        self.both(process, lambda it: it.done(tellings, at) if arrived else it.release(tellings))

    def compare(self) -> None:
        self.both(0, lambda it: it.firing())
        self.both(0, lambda it: it.episodes())
        self.both(0, lambda it: it.episodes(START + 1, START + 3, "losses"))
        self.both(0, lambda it: it.silences(0.0))
        self.both(0, lambda it: it.silences(START + 2))
        self.both(0, lambda it: {n: sorted(all) for n, all in it.told(range(5)).items()})


TestAlike = Alike.TestCase
TestAlike.settings = settings(max_examples=20, stateful_step_count=30, deadline=None)
