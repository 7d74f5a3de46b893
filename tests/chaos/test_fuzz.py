"""Whatever a command is given: an exit code of ours, one sentence, and nothing that a terminal
obeys; no traceback, and nothing of the key."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smsmon.simulator.thread import ServerThread
from tests.chaos.fuzz import (
    KEY,
    VALUES,
    VARIABLES,
    Invocation,
    Stage,
    commands,
    every_option,
    every_parameter,
    every_variable,
    with_value,
    world,
)

SEED = 20261126
PROGRAMS = st.sampled_from(commands())
VALUE = st.sampled_from(VALUES) | st.text(
    st.characters(exclude_characters="\0", exclude_categories=[]), max_size=40
)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    here = os.getcwd()
    with ServerThread(world(), key=KEY) as api:
        yield Stage(tmp_path_factory.mktemp("fuzz"), api)
    os.chdir(here)


def complaints(stage: Stage, invocations: Sequence[Invocation]) -> list[str]:
    """What is wrong with those that end by themselves; the others are tried apart."""
    ending = [each for each in invocations if not each.lasts]
    return [f"{each!r}: {trouble}" for each in ending for trouble in stage.troubles(each)]


def test_every_parameter_takes_some_hostile_values(stage: Stage) -> None:
    random = Random(SEED)
    chosen = [
        with_value(words, command, place, random.choice(VALUES))
        for words, command, place in every_parameter()
        for _ in range(2)
    ]
    assert complaints(stage, chosen) == []


def test_every_variable_takes_some_hostile_values(stage: Stage) -> None:
    invocations = every_variable()
    each = len(invocations) // len(VARIABLES)
    random = Random(SEED)
    chosen = [
        random.choice(invocations[start : start + each])
        for start in range(0, len(invocations), each)
        for _ in range(2)
    ]
    assert complaints(stage, chosen) == []


@pytest.mark.long
@pytest.mark.parametrize("every", [every_option, every_variable])
def test_parameters_and_variables_take_thousands(
    every: Callable[[], list[Invocation]], stage: Stage
) -> None:
    # Others each time: what fails says how it was called.
    assert complaints(stage, Random().sample(every(), 3_000)) == []


@pytest.mark.long
def test_the_program_itself_takes_some_of_all(stage: Stage) -> None:
    random = Random()
    plain = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    others = [{}, plain, {"PYTHONIOENCODING": "ascii"}, {"PYTHONIOENCODING": "utf-8:strict"}]
    found = []
    for each in random.sample([*every_option(), *every_variable()], 100):
        if len("".join((*each.args, *each.env.values()))) < 100_000:  # what the system takes
            env = {**random.choice(others), **each.env}
            apart = Invocation(each.args, env)
            found += [f"{apart!r}: {trouble}" for trouble in stage.troubles_apart(apart)]
    assert found == []


@st.composite
def invocations(draw: st.DrawFn) -> Invocation:
    """A command with several of its parameters, and some variables."""
    words, command = draw(PROGRAMS)
    parts: list[str] = []
    for place in draw(st.lists(st.integers(0, max(0, len(command.params) - 1)), max_size=4)):
        if command.params:
            parts += with_value((), command, place, draw(VALUE)).args
    env = draw(st.dictionaries(st.sampled_from(VARIABLES), VALUE, max_size=2))
    encoding = draw(st.sampled_from(["utf-8", "latin-1"]))  # click writes UTF-8 for ASCII
    return Invocation((*words, *parts), env, encoding)


def can_be_given(invocation: Invocation) -> bool:
    """False for surrogates that stand for no byte: the system hands over bytes."""
    try:
        for each in (*invocation.args, *invocation.env.values()):
            os.fsencode(each)
    except UnicodeEncodeError:
        return False
    return True


@pytest.mark.long
@settings(max_examples=1_000)
@given(invocations().filter(can_be_given))
def test_any_command_line_is_answered(stage: Stage, invocation: Invocation) -> None:
    assert stage.troubles(invocation) == []


def test_every_command_is_found() -> None:
    words = {words for words, _ in commands()}
    assert {("status",), ("config", "init"), ("history", "prune"), ()} <= words
