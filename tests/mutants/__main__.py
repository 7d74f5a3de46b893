"""Puts small mistakes into the pure middle, one at a time, and says which of them no test sees.

``python -m tests.mutants [--seed N] [--sample N] [--only GLOB]``. The mistakes are Cosmic Ray's.
All tests of the middle are collected once, in a process that forks for whatever is run. First they
run without any mistake, which shows who runs which of the places drawn, and how long each takes.
Each mistake is then tried against the tests that run its place, up to the first that fails: the
functions it is in are given other code, and only what runs when a module is imported takes a
process that imports all anew. A test that fails without the mistake as well sees nothing.
What survives is printed as a difference. The survivors that change nothing are listed, with the
reason, in ``equivalent.toml``; one listed that is no mistake any more ends the run at once.
"""

from __future__ import annotations

import argparse
import gc
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from difflib import unified_diff
from fnmatch import fnmatch
from itertools import islice
from multiprocessing import get_context
from os import chdir
from pathlib import Path
from random import Random
from time import monotonic
from typing import ClassVar, NamedTuple

from cosmic_ray.work_item import MutationSpec

from tests.mutants.middle import all_tests
from tests.mutants.places import all_mutations, changed, is_python, known_as_equivalent, listed
from tests.mutants.running import Collected, Ended, Known
from tests.mutants.swapping import At, Swapper, probe, runs_in, swap, users

ROOT = Path(__file__).parents[2]
WORKERS = 2


class Outcome(NamedTuple):
    """What became of a mistake: ``seen``, ``timed out`` or ``survived``; by which test; and it."""

    end: str
    test: str
    difference: str


def main(arguments: Sequence[str] | None = None) -> int:
    """Try a sample; 0 when at least 95 % of the mistakes that change something are seen."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="which sample (default 1)")
    parser.add_argument("--sample", type=int, default=200, help="how many (default 200)")
    parser.add_argument("--only", default="", metavar="GLOB", help="only modules like this")
    asked = parser.parse_args(arguments)
    chdir(ROOT)
    mutations = [(each, known_as_equivalent(each)) for each in all_mutations()]
    if gone := {*range(len(listed()))} - {number for _, number in mutations}:
        for each in map(listed().__getitem__, gone):
            print(f"listed as equivalent, and no mistake in {each['module']}: {each['line']}")
        return 2
    only = asked.only or "*"
    ours = [
        each
        for each, number in mutations
        if number is None and fnmatch(str(each.module_path), only)
    ]
    sample = drawn(ours, asked.sample, Random(asked.seed))
    print(f"{len(sample)} mistakes, seed {asked.seed}", flush=True)
    begun = monotonic()
    ends: Counter[tuple[str, str]] = Counter()
    _try_all(sample, ends)
    _print_by_module(ends)
    survived = sum(count for (_, end), count in ends.items() if end == "survived")
    share = 1 - survived / max(1, len(sample))
    print(f"\n{len(sample) - survived} of {len(sample)} seen: {share:.1%} (goal 95 %)")
    print(f"{(monotonic() - begun) / 60:.1f} minutes")
    return int(share < 0.95)


def drawn(mutations: Iterable[MutationSpec], most: int, rng: Random) -> list[MutationSpec]:
    """So many places by chance, and at each one of the mistakes that can be made there.

    A sum can be spoilt in a dozen ways and a comparison in eight: places count, not ways.
    """
    places: dict[tuple[object, ...], list[MutationSpec]] = {}
    for each in mutations:
        kind = each.operator_name.split("_")[0]
        places.setdefault((str(each.module_path), each.start_pos, kind), []).append(each)
    chosen = [rng.choice(ways) for ways in places.values()]
    rng.shuffle(chosen)
    return list(islice(filter(is_python, chosen), most))


def _try_all(sample: Sequence[MutationSpec], ends: Counter[tuple[str, str]]) -> None:
    """Try each mistake, say what became of it, and count it."""

    def body(collected: Collected) -> None:
        for spec, outcome in _tried(collected, sample):
            ends[str(spec.module_path), outcome.end] += 1
            print(f"{outcome.end}: {_name(spec)} {outcome.test}", flush=True)
            if outcome.end == "survived":
                print(f"{outcome.difference}\n", flush=True)

    with tempfile.TemporaryDirectory(prefix="mut") as folder:
        Collected(body, Path(folder)).collect(all_tests())


def _tried(
    collected: Collected, sample: Sequence[MutationSpec]
) -> Iterator[tuple[MutationSpec, Outcome]]:
    """What became of each mistake, as soon as it is known."""
    reach = [_reach(collected, each) for each in sample]
    swapper = Swapper({at.module for at in {*map(_at, sample)}.union(*reach)})
    gc.freeze()
    places = {at: number for number, at in enumerate(sorted(set().union(*reach)))}
    begun = monotonic()
    known = Known()
    files = dict.fromkeys(test.split("::")[0] for test in collected.items)
    with _workers(_probed, collected, swapper, places) as pool:
        for shown in pool.map(_all_of, files):
            known.add(shown)
    for test in known.failed:
        print(f"fails without any mistake, and is not asked: {test}", flush=True)
    print(f"{len(known.took)} tests, {(monotonic() - begun) / 60:.1f} minutes", flush=True)
    asked = [
        known.who_runs([places[at] for at in some], str(spec.module_path))
        for some, spec in zip(reach, sample, strict=True)
    ]
    with _workers(_set, collected, swapper) as pool:
        running = {pool.submit(_try, *each): each[0] for each in zip(sample, asked, strict=True)}
        for ended in as_completed(running):
            yield running[ended], ended.result()


def _reach(collected: Collected, spec: MutationSpec) -> set[At]:
    """The places that run when the mistake can make a difference."""
    at = _at(spec)
    found = {at} if runs_in(at) else set()
    return found if _swappable(collected, at) else found | users(at)


def _swappable(collected: Collected, at: At) -> bool:
    """True when what a place says was not asked yet while modules were imported."""
    function = runs_in(at)
    return bool(function) and (at.module, function) not in collected.at_import


def _at(spec: MutationSpec) -> At:
    return At(str(spec.module_path), *spec.start_pos)


@contextmanager
def _workers(initialize: Callable[..., None], *values: object) -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(
        WORKERS, get_context("fork"), initializer=initialize, initargs=values
    ) as pool:
        yield pool


class _Here:
    """What a worker knows: it was forked with it."""

    collected: Collected
    swapper: Swapper
    heard: ClassVar[set[int]] = set()


def _set(collected: Collected, swapper: Swapper) -> None:
    _Here.collected, _Here.swapper = collected, swapper


def _probed(collected: Collected, swapper: Swapper, places: Mapping[At, int]) -> None:
    _set(collected, swapper)
    probe(swapper, places, _Here.heard.add)


def _all_of(file: str) -> Ended:
    return _Here.collected.all_of(file, _Here.heard)


def _try(spec: MutationSpec, tests: dict[str, float]) -> Outcome:
    """Run the tests that run the line of ``spec``, with its mistake, up to the first that sees."""
    begun = monotonic()
    module, wrong = str(spec.module_path), changed(spec)
    original = Path(module).read_text(encoding="utf-8")
    difference = "\n".join(unified_diff(original.split("\n"), wrong.split("\n"), lineterm="", n=2))
    collected = _Here.collected
    plan = _Here.swapper.plan(module, wrong)

    def in_place(some: Mapping[str, float]) -> Ended:
        return collected.as_it_is(some, lambda: swap(plan))

    def imported(some: Mapping[str, float]) -> Ended:
        return collected.imported(some, module, wrong)

    ways = [in_place, imported] if plan else [imported]
    if plan and _swappable(collected, _at(spec)):
        ways.pop()
    for way in ways:
        left = tests
        while left and (failed := (ended := way(left)).failed):
            failing = failed[0]
            if failing not in left or not collected.fails({failing: left[failing]}):
                end = "seen" if ended.by_itself else "timed out"
                return Outcome(end, f"{failing} ({monotonic() - begun:.1f} s)", difference)
            names = list(left)
            left = {each: left[each] for each in names[names.index(failing) + 1 :]}
    seconds = monotonic() - begun
    return Outcome("survived", f"({len(tests)} tests run it, {seconds:.1f} s)", difference)


def _print_by_module(ends: Counter[tuple[str, str]]) -> None:
    kinds = ("seen", "timed out", "survived")
    print("\n" + "  ".join(kinds))
    for module in sorted({module for module, _ in ends}):
        counts = "  ".join(f"{ends[module, kind]:{len(kind)}}" for kind in kinds)
        print(f"{counts}  {module}")


def _name(spec: MutationSpec) -> str:
    line, _ = spec.start_pos
    return f"{spec.module_path}:{line} {spec.operator_name} {spec.occurrence}"


if __name__ == "__main__":
    sys.exit(main())
