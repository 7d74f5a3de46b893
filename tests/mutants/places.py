"""Which mistakes there are, and which of them change nothing."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

from cosmic_ray.ast import ast_nodes, get_ast_from_path
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names
from cosmic_ray.work_item import MutationSpec

from tests.mutants.middle import all_modules

_UNLIKELY = ("RemoveDecorator", "ExceptionReplacer", "VariableReplacer", "VariableInserter")
"""Operators whose mistakes nobody makes, or that a type checker sees."""
_BITS = ("BitAnd", "BitOr", "BitXor", "LShift", "RShift")
_IDENTITY = ("Is", "IsNot")
_SAFE = ("name", "string", "newline", "endmarker", "parameters", "trailer")
"""Of what is written, that in which no mistake is made, and which is most of it."""


def all_mutations() -> Iterator[MutationSpec]:
    """Every mistake that can be put into the middle, in an order that stays the same."""
    operators = {
        name: get_operator(name)()
        for name in operator_names()
        if not (_unlikely(name) or get_operator(name).arguments())
    }
    for module in map(Path, all_modules()):
        nodes = [each for each in ast_nodes(get_ast_from_path(module)) if each.type not in _SAFE]
        for name, operator in operators.items():
            spans = [span for node in nodes for span in operator.mutation_positions(node)]
            for occurrence, span in enumerate(spans):
                spec = MutationSpec(module, name, occurrence, *span)
                if not (_in_annotation(spec) or _of_no_effect(spec)):
                    yield spec


def _unlikely(operator: str) -> bool:
    """True for a mistake that nobody makes: bits for a sum, an order for identity or back."""
    if operator.endswith(_UNLIKELY):
        return True
    _, _, ways = operator.partition("Operator_")
    was, _, becomes = ways.partition("_")
    if was in _IDENTITY:
        return becomes not in _IDENTITY
    return any(becomes in kind and was not in kind for kind in (_BITS, _IDENTITY))


def known_as_equivalent(spec: MutationSpec) -> int | None:
    """Which of those listed a mistake is, that change nothing that can be told; None if none."""
    at = spec.start_pos[0] - 1
    operator = spec.operator_name.removeprefix("core/")
    for number, each in enumerate(listed()):
        if (
            each["module"] == str(spec.module_path)
            and any(_fits(_lines(each["module"])[at].strip(), line) for line in _known_lines(each))
            and fnmatchcase(operator, each["operator"])
            and each.get("becomes") in (None, changed(spec).split("\n")[at].strip())
        ):
            return number
    return None


def is_python(spec: MutationSpec) -> bool:
    """False for what no interpreter takes, such as a dict within a dict by another sign."""
    try:
        ast.parse(changed(spec))
    except SyntaxError:
        return False
    return True


def _known_lines(each: dict[str, Any]) -> list[str]:
    line: list[str] | str = each["line"]
    return line if isinstance(line, list) else [line]


def _fits(line: str, known: str) -> bool:
    return line == known or (known.endswith("*") and line.startswith(known[:-1]))


def changed(spec: MutationSpec) -> str:
    """The module of a mistake, with it."""
    operator = get_operator(spec.operator_name)(**spec.operator_args)
    return str(mutate_code(Path(spec.module_path).read_text("utf-8"), operator, spec.occurrence))


@cache
def listed() -> list[dict[str, Any]]:
    """The mistakes that are known to change nothing, with the reasons."""
    file = Path(__file__).with_name("equivalent.toml")
    known: list[dict[str, Any]] = tomllib.loads(file.read_text(encoding="utf-8"))["known"]
    return known


@cache
def _lines(module: str) -> list[str]:
    return Path(module).read_text(encoding="utf-8").splitlines()


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

    What a dataclass or a Struct is made of is such, and that two columns put side by side are as
    long.
    """
    line = _lines(str(spec.module_path))[spec.start_pos[0] - 1]
    begun, operator = line.lstrip(), spec.operator_name
    signature = begun.startswith(("*,", "def ", "async def "))
    return (
        (operator.endswith("ReplaceTrueWithFalse") and "strict=True" in line)
        # pictures hold how a column looks
        or any(
            each in line for each in ("width=", "priority=", "shown=", "may_be_empty=", "kw_only=")
        )
        # the star before arguments that have to be named is no product
        or (signature and "Operator_Mul_" in operator)
        or begun.startswith(("@dataclass", "@lru_cache", "if TYPE_CHECKING"))
        or (begun.startswith("class ") and "Struct" in line)
    )


def _in_annotation(spec: MutationSpec) -> bool:
    at = tuple(spec.start_pos)
    return any(start <= at <= end for start, end in _annotations(str(spec.module_path)))
