"""Puts small mistakes into the pure middle, one at a time, and says which of them no test sees.

``python -m tests.mutants [--seed N] [--sample N] [--only GLOB]``. The mistakes are Cosmic Ray's.
All tests of the middle are run once without any mistake, which shows who runs which line and how
long each takes. Each mistake is then tried, in a copy of the tree, against the tests that run its
line. A slow test that fails with it is run once more without it: one that fails anyhow on a busy
machine sees nothing.
What survives is printed as a difference; the known survivors that change nothing are listed, with
the reason, in ``equivalent.toml``.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from compileall import compile_dir
from concurrent.futures import ProcessPoolExecutor
from difflib import unified_diff
from itertools import repeat
from multiprocessing import get_context
from os import chdir, getpid
from pathlib import Path
from random import Random
from time import monotonic
from typing import NamedTuple

from cosmic_ray.work_item import MutationSpec

from tests.mutants.places import all_mutations, all_tests, changed, known_as_equivalent, stale
from tests.mutants.running import Known, first_failing, joined, known, warm_up

ROOT = Path(__file__).parents[2]
WORKERS = 2
QUICK = 0.5
"""Seconds below which a test waits for nothing that a busy machine could keep from it."""


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
    for line in stale():
        print(f"listed as equivalent, and not there any more: {line}")
    sample = drawn(all_mutations(asked.only), asked.sample, Random(asked.seed))
    print(f"{len(sample)} mistakes, seed {asked.seed}", flush=True)
    begun = monotonic()
    ends: Counter[tuple[str, str]] = Counter()
    for spec, (end, test, difference) in _tried(sample):
        ends[str(spec.module_path), end] += 1
        print(f"{end}: {_name(spec)} {test}", flush=True)
        if end == "survived":
            print(f"{difference}\n", flush=True)
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
    chosen = [each for each in chosen if known_as_equivalent(each) is None]
    return rng.sample(chosen, min(most, len(chosen)))


def _tried(sample: Sequence[MutationSpec]) -> Iterator[tuple[MutationSpec, Outcome]]:
    """Each mistake with what became of it."""
    warm_up()
    with tempfile.TemporaryDirectory(prefix="smsmon-mutants-") as folder:
        first = _copied(Path(folder) / "first")
        chdir(first)
        modules = sorted({str(each.module_path) for each in sample})
        with ProcessPoolExecutor(
            WORKERS, get_context("fork"), initializer=_move_in, initargs=(first,)
        ) as pool:
            without = joined(pool.map(_known, all_tests(), repeat(modules)))
            for test in without.failed:
                print(f"fails without any mistake, and is not asked: {test}", flush=True)
            near = [without.who_sees(str(each.module_path), each.start_pos[0]) for each in sample]
            yield from zip(sample, pool.map(_try, sample, near), strict=True)
        chdir(ROOT)


def _copied(target: Path) -> Path:
    """A copy of the files that git tracks, in the state they have now."""
    listed = subprocess.run(["git", "ls-files", "-z"], check=True, stdout=subprocess.PIPE).stdout
    for name in listed.decode().split("\0"):
        if name and Path(name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(name, target / name)
    compile_dir(target, quiet=1)  # with a mistake in the tree nothing compiled is kept
    return target


def _move_in(first: Path) -> None:
    chdir(shutil.copytree(first, first.with_name(str(getpid())), symlinks=True))


def _known(tests: str, modules: Sequence[str]) -> Known:
    return known([tests], modules, Path(f"../{getpid()}.notes"))


def _try(spec: MutationSpec, tests: dict[str, float]) -> Outcome:
    """Run the tests that run the line of ``spec``, with its mistake, up to the first that sees."""
    path = Path(spec.module_path)
    original = path.read_text(encoding="utf-8")
    wrong = changed(spec)
    difference = "\n".join(unified_diff(original.split("\n"), wrong.split("\n"), lineterm="", n=2))
    notes = Path(f"../{getpid()}.notes")
    count = len(tests)
    try:
        while tests:
            path.write_text(wrong, encoding="utf-8")
            failing = first_failing(tests, notes)
            path.write_text(original, encoding="utf-8")
            if failing is None:
                break
            sure = tests.get(failing, 0.0) < QUICK
            if sure or not first_failing({failing: tests[failing]}, notes):
                return Outcome("seen", failing, difference)
            names = list(tests)
            tests = {each: tests[each] for each in names[names.index(failing) + 1 :]}
    except TimeoutError:
        return Outcome("timed out", "", difference)
    finally:
        path.write_text(original, encoding="utf-8")
    return Outcome("survived", f"({count} tests run it)", difference)


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
