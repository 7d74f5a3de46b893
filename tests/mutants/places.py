"""Where mistakes are put, which of them change nothing, and which tests may see them."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from cosmic_ray.commands import init
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator
from cosmic_ray.work_db import use_db
from cosmic_ray.work_item import MutationSpec


class Middle:
    """The pure middle: what decides, without a screen, a disk or a network."""

    MODULES = (
        "smsmon/api/batches.py",
        "smsmon/api/decode*.py",
        "smsmon/api/envelope.py",
        "smsmon/api/errors.py",
        "smsmon/api/masking.py",
        "smsmon/api/rows.py",
        "smsmon/monitor/*.py",
        "smsmon/filters/*.py",
        "smsmon/store/idlist/*.py",
        "smsmon/store/sql/recording.py",
        "smsmon/phones/*.py",
        "smsmon/recipients.py",
        "smsmon/alignment.py",
        "smsmon/merging.py",
        "smsmon/secret.py",
        "smsmon/alerting/looking.py",
        "smsmon/metrics/tally.py",
        "smsmon/service/health.py",
        "smsmon/targets/wording.py",
        "smsmon/model.py",
        "smsmon/text.py",
        "smsmon/shapes.py",
        "smsmon/commands/recorded.py",
        "smsmon/spreadsheet.py",
        "smsmon/console/terminal/[ci]*.py",
        "smsmon/console/head.py",
        "smsmon/console/live_table/order.py",
    )
    TESTS = (
        "tests/api/test_*.py",
        "tests/cli/test_recorded_rows.py",
        "tests/filters/test_*.py",
        "tests/monitor/test_*.py",
        "tests/metrics/test_labels.py",
        "tests/service/test_health.py",
        "tests/targets/test_wording.py",
        "tests/store/**/test_*.py",
        "tests/test_*.py",
        "tests/console/terminal/test_[ci]*.py",
        "tests/console/test_head.py",
        "tests/console/test_truth.py",
        "tests/console/live_table/test_view.py",
    )
    """All who may see a mistake. Those of the commands start the program that is installed, in
    which there is none."""
    RIM = (
        "tests/api/test_{address,desync,kept,key,key_leaks,proxy,resolver}.py",
        "tests/store/local/test_{damage,disturbed,kill,lease,trouble}.py",
        "tests/targets/test_{command,secrecy,sending}.py",
        "tests/test_{bounds,crash,leaving,map,programs}.py",
    )
    """But for these: of sockets, processes and disks that fail, which take long."""


_UNLIKELY = ("RemoveDecorator", "ExceptionReplacer", "VariableReplacer", "VariableInserter")
"""Operators whose mistakes nobody makes, or that a type checker sees."""
_BITS = ("BitAnd", "BitOr", "BitXor", "LShift", "RShift")
_IDENTITY = ("Is", "IsNot")


def all_mutations(only: str = "") -> Iterator[MutationSpec]:
    """Every mistake that can be put into the middle, in an order that stays the same."""
    modules = [
        Path(each) for each in sorted({*_files(Middle.MODULES)}) if fnmatch(each, only or "*")
    ]
    with TemporaryDirectory() as folder, use_db(str(Path(folder) / "work.sqlite")) as work:
        init(modules, work, {})
        specs = [item.mutations[0] for item in work.work_items]
    for spec in sorted(specs, key=lambda each: (str(each.module_path), *_place(each))):
        if not (_unlikely(spec.operator_name) or _in_annotation(spec) or _of_no_effect(spec)):
            yield spec


def all_tests() -> list[str]:
    """The files of tests that may see a mistake. Raises ValueError where a pattern fits none."""
    return sorted({*_files(Middle.TESTS)} - {*_files(Middle.RIM)})


def _files(patterns: Iterable[str]) -> Iterator[str]:
    for pattern in patterns:
        before, _, rest = pattern.partition("{")
        names, _, behind = rest.partition("}")
        for name in names.split(","):
            found = sorted(map(str, Path().glob(f"{before}{name}{behind}")))
            if not found:
                raise ValueError(f"nothing is called {before}{name}{behind} any more")
            yield from found


def _unlikely(operator: str) -> bool:
    """True for a mistake that nobody makes: bits for a sum, identity for a comparison."""
    if operator.endswith(_UNLIKELY):
        return True
    _, _, ways = operator.partition("Operator_")
    was, _, becomes = ways.partition("_")
    return any(becomes in kind and was not in kind for kind in (_BITS, _IDENTITY))


def known_as_equivalent(spec: MutationSpec) -> str | None:
    """Why a mistake changes nothing that can be told; None when it is not known to."""
    module = str(spec.module_path)
    at = spec.start_pos[0] - 1
    operator = spec.operator_name.removeprefix("core/")
    for each in _equivalent():
        if (
            each["module"] == module
            and each["line"] == _lines(module)[at].strip()
            and fnmatch(operator, each["operator"])
            and each.get("becomes") in (None, changed(spec).split("\n")[at].strip())
        ):
            return each["why"]
    return None


def stale() -> list[str]:
    """The lines of ``equivalent.toml`` that are nowhere in their modules any more."""
    return [
        each["line"]
        for each in _equivalent()
        if not Path(each["module"]).is_file()
        or each["line"] not in map(str.strip, _lines(each["module"]))
    ]


def changed(spec: MutationSpec) -> str:
    """The module of a mistake, with it."""
    operator = get_operator(spec.operator_name)(**spec.operator_args)
    return str(mutate_code(Path(spec.module_path).read_text("utf-8"), operator, spec.occurrence))


@cache
def _equivalent() -> list[dict[str, str]]:
    file = Path(__file__).with_name("equivalent.toml")
    known: list[dict[str, str]] = tomllib.loads(file.read_text(encoding="utf-8"))["known"]
    return known


@cache
def _lines(module: str) -> list[str]:
    return Path(module).read_text(encoding="utf-8").splitlines()


def _place(spec: MutationSpec) -> tuple[object, ...]:
    return spec.start_pos, spec.operator_name, spec.occurrence


@cache
def _annotations(module: str) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Where the annotations of a module begin and end (line, column)."""
    spans = []
    for node in ast.walk(ast.parse("\n".join(_lines(module)))):
        for part in (getattr(node, "annotation", None), getattr(node, "returns", None)):
            if isinstance(part, ast.expr):
                end = (part.end_lineno or 0, part.end_col_offset or 0)
                spans.append(((part.lineno, part.col_offset), end))
    return spans


def _of_no_effect(spec: MutationSpec) -> bool:
    """True for what only a fault of our own would show, or a type checker sees.

    What a dataclass is made of is such, and that two columns put side by side are as long.
    """
    line = _lines(str(spec.module_path))[spec.start_pos[0] - 1]
    if spec.operator_name.endswith("ReplaceTrueWithFalse") and "strict=True" in line:
        return True
    if "width=" in line or "priority=" in line:
        return True  # pictures hold how a column looks
    signature = line.strip() == "*," or line.lstrip().startswith(("def ", "async def "))
    if signature and "Operator_Mul_" in spec.operator_name:
        return True  # the star before arguments that have to be named is no product
    return bool(line.lstrip().startswith("@dataclass"))


def _in_annotation(spec: MutationSpec) -> bool:
    at = tuple(spec.start_pos)
    return any(start <= at <= end for start, end in _annotations(str(spec.module_path)))
