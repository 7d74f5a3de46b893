"""Has functions of this very process run other code: nothing is imported again for a mistake."""

from __future__ import annotations

import ast
import builtins
import gc
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, NamedTuple

_Node = ast.stmt | ast.Lambda
_FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
_DEFINED = (*_FUNCTION, ast.ClassDef)
_CALLED = "__mutants_ran__"


class At(NamedTuple):
    """A place in the source: its module, line and column (of characters, from 0)."""

    module: str
    line: int
    column: int


class _Made(NamedTuple):
    """A name in a module: of its own, or (a part) in a class of it."""

    module: str
    name: str
    is_part: bool


class Swapper:
    """Knows the functions of some modules by the place of their code."""

    def __init__(self, modules: Iterable[str]) -> None:
        wanted = {str(Path(each).absolute()): each for each in modules}
        for module in wanted.values():
            import_module(module_name(module))
        self._functions: dict[str, dict[object, list[FunctionType]]] = {}
        for each in gc.get_objects():
            if type(each) is FunctionType and each.__code__.co_filename in wanted:
                known = self._functions.setdefault(wanted[each.__code__.co_filename], {})
                known.setdefault(_place(each.__code__), []).append(each)

    def plan(self, module: str, now: str | ast.Module) -> list[tuple[FunctionType, CodeType]]:
        """The functions whose code is another one in another source of their module, and it.

        Nothing, too, where only importing it anew would do.
        """
        path = str(Path(module).absolute())
        was = compile(_source(module), path, "exec", dont_inherit=True)
        pairs = _pairs(was, compile(now, path, "exec", dont_inherit=True))
        try:
            differing = [pair for pair in pairs if pair[0] != pair[1]]
        except ValueError:  # there are other functions within one
            return []
        if any(old.co_freevars != new.co_freevars for old, new in differing):
            return []
        functions = self._functions.get(module, {})
        return [(each, new) for old, new in differing for each in functions.get(_place(old), ())]


def module_name(path: str) -> str:
    """The name by which the module of a file is imported."""
    return ".".join(Path(path).with_suffix("").parts).removesuffix(".__init__")


def swap(plan: Iterable[tuple[FunctionType, CodeType]]) -> None:
    """Have functions run other code from now on."""
    for function, code in plan:
        function.__code__ = code


def probe(swapper: Swapper, places: Mapping[At, int], heard: Callable[[int], object]) -> None:
    """From now on ``heard`` is told the numbers of the places whose statements run."""
    setattr(builtins, _CALLED, heard)
    of_module: dict[str, dict[At, int]] = defaultdict(dict)
    for at, number in places.items():
        of_module[at.module][at] = number
    for module, wanted in of_module.items():
        tree = ast.parse(_source(module))
        numbers: dict[ast.AST, list[int]] = defaultdict(list)
        for at, number in wanted.items():
            if node := _running(_around(tree, at)):
                numbers[node].append(number)
        swap(swapper.plan(module, ast.fix_missing_locations(_Probes(numbers).visit(tree))))


@cache
def runs_in(at: At) -> str:
    """The name of the function whose code a place is; empty for what runs when it is imported."""
    around = _around(_tree(at.module), at)
    inner = _running(around)
    named = [each.name for each in around if isinstance(each, _FUNCTION)]
    return (named or ["<lambda>"])[-1] if inner else ""


def users(at: At) -> set[At]:
    """Where functions use what a statement makes that runs when its module is imported.

    What no function uses may be in what is made of it, and so on.
    """
    made, seen = _made(at), set[_Made]()
    if body := _with_default(at):
        return users(body) | {body}
    while made:
        seen.update(made)
        mentions = [
            mention
            for each in made
            for file in _sources()
            if file == each.module or (each.is_part or each.name in _imported(file))
            for mention in _mentions(file).get((each.name, each.is_part), ())
            if mention != at
        ]
        if found := {each for each in mentions if runs_in(each)}:
            return found
        made = [*{each for mention in mentions for each in _made(mention)} - seen]
    return set(_functions(at.module))


def _with_default(at: At) -> At | None:
    """Where the function begins of whose signature a place is a part, a default say."""
    for node in _around(_tree(at.module), at)[-2::-1]:
        if isinstance(node, ast.stmt):
            if isinstance(node, _FUNCTION) and not runs_in(at):
                first = node.body[len(node.body) > 1 and ast.get_docstring(node) is not None]
                return At(at.module, first.lineno, first.col_offset)
            return None
    return None


def _functions(module: str) -> Iterator[At]:
    """Where each function of a module begins."""
    for node in ast.walk(_tree(module)):
        if isinstance(node, _FUNCTION):
            yield At(module, node.body[-1].lineno, node.body[-1].col_offset)


def _made(at: At) -> list[_Made]:
    """The names of what is made where a place is: of its function, else by its statement."""
    around = _around(_tree(at.module), at)
    defined = [each for each in around if isinstance(each, _DEFINED)]
    if defined and (defined[-1] is around[-1] or runs_in(at)):
        is_part = len(defined) > 1 and isinstance(defined[-2], ast.ClassDef)
        return [_Made(at.module, defined[-1].name, is_part)]
    statements = [each for each in around if isinstance(each, ast.stmt)][-1:]
    nodes = [each for statement in statements for each in ast.walk(statement)]
    names = [each for each in nodes if isinstance(each, ast.Name)]
    stored = [each.id for each in names if isinstance(each.ctx, ast.Store)]
    found = [_Made(at.module, each, bool(defined)) for each in stored]
    # What a field is, when nothing is said of it, whoever makes one of its class asks for.
    return found + [_Made(at.module, each.name, False) for each in defined[-1:]]


@cache
def _sources() -> list[str]:
    return [str(each) for each in sorted(Path("smsmon").rglob("*.py"))]


@cache
def _imported(module: str) -> set[str]:
    """The names that a module has from others."""
    imports = [each for each in ast.walk(_tree(module)) if isinstance(each, ast.ImportFrom)]
    return {alias.name for each in imports for alias in each.names}


@cache
def _mentions(module: str) -> dict[tuple[str, bool], list[At]]:
    """Where a module reads names, and (True) names of parts of a value."""
    found: dict[tuple[str, bool], list[At]] = defaultdict(list)
    lines = _source(module).split("\n")
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            key, line, column = (node.id, False), node.lineno, node.col_offset
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
            key, line, column = (node.attr, True), node.end_lineno or 0, node.end_col_offset or 1
            column -= 1
        elif isinstance(node, ast.keyword) and node.arg:
            key, line, column = (node.arg, True), node.lineno, node.col_offset
        else:
            continue
        found[key].append(At(module, line, len(lines[line - 1].encode()[:column].decode())))
    return found


class _Probes(ast.NodeTransformer):
    def __init__(self, numbers: Mapping[ast.AST, list[int]]) -> None:
        self.numbers = numbers

    def visit(self, node: ast.AST) -> Any:
        numbers = self.numbers.get(node, ())
        self.generic_visit(node)
        calls = [ast.parse(f"{_CALLED}({each})", mode="eval").body for each in numbers]
        if calls and isinstance(node, ast.Lambda):
            both = ast.Tuple([*calls, node.body], ast.Load())
            node.body = ast.Subscript(both, ast.Constant(len(calls)), ast.Load())
            return node
        return [*map(ast.Expr, calls), node] if calls else node


def _running(around: list[ast.AST]) -> _Node | None:
    """The innermost of what is around a place that can say that it runs, within a function."""
    found: _Node | None = None
    for outer, inner in pairwise(around):
        body = getattr(outer, "body", ())
        if isinstance(outer, ast.Lambda):
            found = outer if inner is body else found
        elif isinstance(inner, ast.stmt):
            function = isinstance(outer, _FUNCTION)
            found = inner if found or (function and inner in body) else None
    return found


def _around(tree: ast.Module, at: At) -> list[ast.AST]:
    """The nodes around a place, the outermost first."""
    line = _source(at.module).split("\n")[at.line - 1]
    place = at.line, len(line[: at.column].encode())
    around: list[ast.AST] = [tree]
    while inner := next(
        (each for each in _placed(around[-1]) if _begin(each) <= place < _end(each)), None
    ):
        around.append(inner)
    return around


def _placed(node: ast.AST) -> Iterator[Any]:
    for each in ast.iter_child_nodes(node):
        if hasattr(each, "lineno"):
            yield each
        else:
            yield from _placed(each)


def _begin(node: Any) -> tuple[int, int]:
    first = next(iter(getattr(node, "decorator_list", ())), node)
    return first.lineno, first.col_offset


def _end(node: Any) -> tuple[int, int]:
    return node.end_lineno, node.end_col_offset


@cache
def _source(module: str) -> str:
    return Path(module).read_text(encoding="utf-8")


@cache
def _tree(module: str) -> ast.Module:
    return ast.parse(_source(module))


def _place(code: CodeType) -> object:
    return code.co_qualname, tuple(code.co_positions())


def _pairs(old: CodeType, new: CodeType) -> Iterator[tuple[CodeType, CodeType]]:
    yield old, new
    inner = [[each for each in one.co_consts if isinstance(each, CodeType)] for one in (old, new)]
    for pair in zip(*inner, strict=True):
        yield from _pairs(*pair)
