"""Every benchmark in turn: ``python -m tests.benchmarks``, or those named: ``… idle keys``."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

_PREFIX = "bench_"


def main(names: list[str]) -> int:
    """Run them; 1 if any misses a goal or fails, 2 for a name there is none of."""
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
        try:
            code = import_module(f"tests.benchmarks.{_PREFIX}{name}").main()
        except Exception as error:
            print(f"  failed: {type(error).__name__}: {error}")
            code = 1
        if code:
            missed.append(name)
        print(flush=True)
    print(f"goals missed: {', '.join(missed)}" if missed else "every goal is met")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
