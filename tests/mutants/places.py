"""Where mistakes are put, which of them change nothing, and which tests stand near."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from cosmic_ray.commands import init
from cosmic_ray.work_db import use_db
from cosmic_ray.work_item import MutationSpec


class Middle:
    """The pure middle: what decides, without a screen, a disk or a network."""

    MODULES = (
        "smsmon/api/decode*.py",
        "smsmon/api/envelope.py",
        "smsmon/api/errors.py",
        "smsmon/api/masking.py",
        "smsmon/api/rows.py",
        "smsmon/monitor/*.py",
        "smsmon/filters/*.py",
        "smsmon/store/idlist/*.py",
        "smsmon/store/local/recording.py",
        "smsmon/phones/*.py",
        "smsmon/recipients.py",
        "smsmon/alignment.py",
        "smsmon/merging.py",
        "smsmon/keylike.py",
        "smsmon/alerting.py",
        "smsmon/model.py",
        "smsmon/text.py",
        "smsmon/shapes.py",
        "smsmon/commands/recorded.py",
        "smsmon/spreadsheet.py",
        "smsmon/console/terminal/canvas.py",
        "smsmon/console/head.py",
        "smsmon/console/widgets/live_table/order.py",
    )
    TESTS = ("tests/api", "tests/filters", "tests/monitor", "tests/store", "tests/test_*.py")
    """All who may see a mistake. Those of the commands start the program that is installed, in
    which there is none."""


_NEAR = {
    "smsmon/phones/": ("tests/test_phones.py", "tests/test_searches.py", "tests/store"),
    "smsmon/store/idlist/": ("tests/store/test_idlist.py", "tests/cli"),
    "smsmon/filters/": ("tests/filters", "tests/test_exported.py"),
    "smsmon/alerting.py": ("tests/test_alerting.py", "tests/test_told.py"),
    "smsmon/store/local/recording.py": (
        "tests/store/test_recording.py",
        "tests/test_merging.py",
    ),
    "smsmon/monitor/alerts.py": ("tests/monitor/test_alerts.py", "tests/test_alerting.py"),
    "smsmon/monitor/ledger.py": ("tests/monitor/test_[el]*.py", "tests/test_window.py"),
    "smsmon/console/terminal/canvas.py": ("tests/console/terminal/test_canvas.py",),
    "smsmon/console/head.py": ("tests/console/test_head.py", "tests/console/test_truth.py"),
    "smsmon/console/widgets/live_table/": ("tests/console/test_live_table_[ov]*.py",),
}
"""Which tests hold a module, where its name does not say it."""
_FOLDERS = {"smsmon": "", "commands": "cli"}
"""Folders of tests that are not named after what they test."""
_UNLIKELY = ("RemoveDecorator", "ExceptionReplacer", "VariableReplacer", "VariableInserter")
"""Operators whose mistakes nobody makes, or that a type checker sees."""
_BITS = ("BitAnd", "BitOr", "BitXor", "LShift", "RShift")
_IDENTITY = ("Is", "IsNot")


def all_mutations(only: str = "") -> Iterator[MutationSpec]:
    """Every mistake that can be put into the middle, in an order that stays the same."""
    modules = sorted(
        path
        for pattern in Middle.MODULES
        for path in Path().glob(pattern)
        if fnmatch(str(path), only or "*")
    )
    with TemporaryDirectory() as folder, use_db(str(Path(folder) / "work.sqlite")) as work:
        init(modules, work, {})
        specs = [item.mutations[0] for item in work.work_items]
    for spec in sorted(specs, key=lambda each: (str(each.module_path), *_place(each))):
        if not (_unlikely(spec.operator_name) or _in_annotation(spec) or _of_dataclass(spec)):
            yield spec


def _unlikely(operator: str) -> bool:
    """True for a mistake that nobody makes: bits for a sum, identity for a comparison."""
    if operator.endswith(_UNLIKELY):
        return True
    _, _, ways = operator.partition("Operator_")
    was, _, becomes = ways.partition("_")
    return any(becomes in kind and was not in kind for kind in (_BITS, _IDENTITY))


def tests_near(module: Path) -> list[str]:
    """The tests to ask first: those said to hold it, or the file of its name and its folder."""
    for start, tests in _NEAR.items():
        if str(module).startswith(start):
            return [str(each) for pattern in tests for each in sorted(Path().glob(pattern))]
    folder = Path("tests") / _FOLDERS.get(module.parent.name, module.parent.name)
    named = sorted(map(str, folder.glob(f"test_{module.stem.split('_')[0]}*.py")))
    if folder == Path("tests"):
        return named or ["tests/test_*.py"]
    return [*named, str(folder)]


def known_as_equivalent(spec: MutationSpec) -> str | None:
    """Why a mistake changes nothing that can be told; None when it is not known to."""
    module = str(spec.module_path)
    line = _lines(module)[spec.start_pos[0] - 1].strip()
    operator = spec.operator_name.removeprefix("core/")
    return next(
        (
            each["why"]
            for each in _equivalent()
            if each["module"] == module
            and each["line"] == line
            and fnmatch(operator, each["operator"])
        ),
        None,
    )


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


def _of_dataclass(spec: MutationSpec) -> bool:
    """True for what a dataclass is made of: slots save memory, and a type checker sees the rest."""
    line = _lines(str(spec.module_path))[spec.start_pos[0] - 1]
    return bool(line.lstrip().startswith("@dataclass"))


def _in_annotation(spec: MutationSpec) -> bool:
    at = tuple(spec.start_pos)
    return any(start <= at <= end for start, end in _annotations(str(spec.module_path)))
