"""Every benchmark in turn: ``python -m tests.benchmarks``, or those named: ``… idle keys``.

Each ``bench_*.py`` has a ``run`` that gives its promises, one after the other.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

from tests.benchmarks.pairs import Promise

_PREFIX = "bench_"


def main(names: list[str]) -> int:
    """Run them; 1 if any promise is missed or a benchmark fails, 2 for a name there is none of."""
    known = sorted(
        path.stem.removeprefix(_PREFIX) for path in Path(__file__).parent.glob(f"{_PREFIX}*.py")
    )
    names = [name.removeprefix(_PREFIX) for name in names] or known
    if unknown := [name for name in names if name not in known]:
        print(f"no benchmark {', '.join(unknown)}; there are {', '.join(known)}", file=sys.stderr)
        return 2
    missed = []
    for name in names:
        print(f"== {name}", flush=True)
        kept = True
        try:
            promises: Iterable[Promise] = import_module(f"tests.benchmarks.{_PREFIX}{name}").run()
            for promise in promises:
                print(promise, flush=True)
                kept &= promise.kept
        except Exception as error:
            print(f"  failed: {type(error).__name__}: {error}")
            kept = False
        if not kept:
            missed.append(name)
    print(f"promises missed: {', '.join(missed)}" if missed else "every promise is kept")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
