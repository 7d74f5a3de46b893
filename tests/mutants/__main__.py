"""Puts small mistakes into the pure middle, one at a time, and says which of them no test sees.

``python -m tests.mutants [--seed N] [--sample N] [--only GLOB]``. The mistakes are Cosmic Ray's.
Each is tried in a copy of the tree, first against the tests beside its module, and then, should
they not see it, against all tests of the middle. Those are run once without any mistake before: a
test that fails anyhow, or takes longer than was thought, would be taken for one that sees. What
survives is printed as a difference; the
known survivors that change nothing are listed, with the reason, in ``equivalent.toml``.
"""

from __future__ import annotations

import argparse
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import chain, repeat
from multiprocessing import Manager
from os import chdir
from pathlib import Path
from queue import Queue
from random import Random
from time import monotonic

from cosmic_ray.mutating import mutate_and_test
from cosmic_ray.work_item import MutationSpec, TestOutcome

from tests.mutants.places import Middle, all_mutations, known_as_equivalent, tests_near

ROOT = Path(__file__).parents[2]
WORKERS = 2
LONGER = 4.0
"""How much longer than without a mistake all tests may take: one that never ends is seen, too."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Try a sample; 0 when at least 95 % of the mistakes that change something are seen."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="which sample (default 1)")
    parser.add_argument("--sample", type=int, default=200, help="how many (default 200)")
    parser.add_argument("--only", default="", metavar="GLOB", help="only modules like this")
    asked = parser.parse_args(arguments)
    chdir(ROOT)
    sample = drawn(all_mutations(asked.only), asked.sample, Random(asked.seed))
    print(f"{len(sample)} mistakes, seed {asked.seed}", flush=True)
    begun = monotonic()
    if failing := _red(sample):
        print(f"\nThe tests fail without any mistake:\n{failing}")
        return 2
    longest = LONGER * (monotonic() - begun)
    survivors = 0
    for spec, seen, difference in _tried(sample, longest):
        if not seen:
            survivors += 1
            print(f"\nnot seen: {_name(spec)}\n{difference}", flush=True)
    share = 1 - survivors / max(1, len(sample))
    print(f"\n{len(sample) - survivors} of {len(sample)} seen: {share:.1%} (goal 95 %)")
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
    chosen = [each for each in chosen if known_as_equivalent(each) is None]
    return rng.sample(chosen, min(most, len(chosen)))


def _red(sample: Sequence[MutationSpec]) -> str:
    """What the tests say when they fail as things are; empty when all pass."""
    near = chain.from_iterable(tests_near(Path(each.module_path)) for each in sample)
    with tempfile.TemporaryDirectory(prefix="smsmon-mutants-") as folder:
        command = shlex.split(_command(dict.fromkeys([*Middle.TESTS, *near])))
        copy = _copied(Path(folder))
        done = subprocess.run(command, cwd=copy, check=False, stdout=subprocess.PIPE, text=True)
    return done.stdout[-2000:] if done.returncode else ""


def _command(tests: Iterable[str]) -> str:
    """The command that runs ``tests``, patterns included, to the first that fails."""
    files = [
        str(path)
        for each in tests
        for path in (sorted(Path().glob(each)) if "*" in each else [each])
    ]
    return f"{sys.executable} -m pytest -q -x -n 0 -p no:cacheprovider {shlex.join(files)}"


def _tried(
    sample: Sequence[MutationSpec], longest: float
) -> Iterator[tuple[MutationSpec, bool, str]]:
    """Each mistake with whether a test saw it, and its difference."""
    with tempfile.TemporaryDirectory(prefix="smsmon-mutants-") as folder, Manager() as manager:
        free: Queue[str] = manager.Queue()
        for worker in range(WORKERS):
            free.put(str(_copied(Path(folder) / str(worker))))
        with ProcessPoolExecutor(WORKERS, initializer=_move_in, initargs=(free,)) as pool:
            outcomes = pool.map(_try, sample, repeat(longest))
            for spec, (seen, difference) in zip(sample, outcomes, strict=True):
                yield spec, seen, difference


def _copied(target: Path) -> Path:
    """A copy of the files that git tracks, in the state they have now."""
    listed = subprocess.run(["git", "ls-files", "-z"], check=True, stdout=subprocess.PIPE).stdout
    for name in listed.decode().split("\0"):
        if name and Path(name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(name, target / name)
    return target


def _move_in(free: Queue[str]) -> None:
    chdir(free.get())


def _try(spec: MutationSpec, longest: float) -> tuple[bool, str]:
    """True when a test fails with the mistake of ``spec``; and what the mistake is."""
    near = tests_near(Path(spec.module_path))
    others = () if "console" in Path(spec.module_path).parts else Middle.TESTS
    for tests in filter(None, (near, [each for each in others if each not in near])):
        result = mutate_and_test([spec], _command(tests), longest)
        if result.test_outcome is not TestOutcome.SURVIVED:
            return True, ""
    return False, result.diff


def _name(spec: MutationSpec) -> str:
    line, _ = spec.start_pos
    return f"{spec.module_path}:{line} {spec.operator_name} {spec.occurrence}"


if __name__ == "__main__":
    sys.exit(main())
