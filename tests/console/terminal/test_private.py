"""Private names of libraries are used in one module, and the libraries still have them."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import smsmon
from smsmon.console.terminal.private import PRIVATE_NAMES, READ_IN

PACKAGE = Path(smsmon.__file__).parent
DOOR = "console/terminal/private.py"
ELSEWHERE = {
    # The commands never import Textual, so they cannot pass the door; None in its place keeps
    # httpx from loading a command line of its own.
    ("accounts.py", "httpx._main"),
    ("outputs.py", "_typeshed"),  # a module of types alone, which their checkers document
}
DOCUMENTED = {"_exit", "_replace", "_asdict", "_fields", "_make", "_field_defaults"}
"""Underscored names that the standard library documents."""
BY_NAME = {"getattr", "setattr", "hasattr", "delattr", "import_module"}
"""Functions that reach a name by its text."""


def is_private(name: str) -> bool:
    dunder = name.startswith("__") and name.endswith("__")
    return name.startswith("_") and name.strip("_") != "" and not dunder | (name in DOCUMENTED)


def has_private(path: str) -> bool:
    parts = path.split(".")
    return all(part.isidentifier() for part in parts) and any(map(is_private, parts))


@cache
def classes_in(module: str) -> dict[str, ast.ClassDef]:
    """Each class of a module by its qualified name; none of what is not written in Python."""
    try:
        tree = ast.parse(inspect.getsource(importlib.import_module(module)))
    except (OSError, TypeError, ImportError):
        return {}
    found = {}
    waiting: list[tuple[str, ast.AST]] = [("", tree)]
    while waiting:
        before, holder = waiting.pop()
        for node in ast.iter_child_nodes(holder):
            name = before
            if isinstance(node, ast.ClassDef):
                found[f"{before}{node.name}"] = node
                name = f"{before}{node.name}."
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                name = f"{before}{node.name}.<locals>."
            if not isinstance(node, ast.expr):
                waiting.append((name, node))
    return found


@cache
def names_of(of: type) -> frozenset[str]:
    """The private names of a class: what its body has, and what its methods set on ``self``."""
    found = set(vars(of))
    tree = classes_in(of.__module__).get(of.__qualname__)
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            found.add(node.attr)
    # Others keep it on any object whose reactives are watched, under a name written as text.
    found |= {"__watchers"} if of.__module__ == "textual.message_pump" else set()
    return frozenset(filter(is_private, found))


def names_of_others(of: type) -> frozenset[str]:
    """The private names that a class has from libraries."""
    others = (
        base
        for base in of.__mro__
        if base.__module__.partition(".")[0] not in {"smsmon", "builtins", "typing"}
    )
    return frozenset().union(*map(names_of, others))


def own_names(tree: ast.AST) -> set[str]:
    """What a module itself defines, as a name or on ``self``."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            found |= {node.attr} if is_own_object(node.value) else set()
    return found


def is_own_object(node: ast.expr) -> bool:
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id == "super"
    return isinstance(node, ast.Name) and node.id in {"self", "cls"}


def is_modules(node: ast.AST | None) -> bool:
    """True for ``sys.modules``."""
    return isinstance(node, ast.Attribute) and node.attr == "modules"


def in_classes(body: list[ast.stmt], holder: Any) -> Iterator[tuple[int, str]]:
    """Private names that classes have from a library's class, overridden or used."""
    for node in body:
        of = getattr(holder, node.name, None) if isinstance(node, ast.ClassDef) else None
        if not isinstance(node, ast.ClassDef) or not isinstance(of, type):
            continue
        others = names_of_others(of)
        for each in ast.walk(node):
            if isinstance(each, ast.Attribute) and is_own_object(each.value):
                name = each.attr
            elif isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef):
                name = each.name
            elif isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
                name = each.id
            else:
                continue
            if name in others:
                yield each.lineno, name
        yield from in_classes(node.body, of)


def private_uses(tree: ast.Module, module: ModuleType) -> Iterator[tuple[int, str]]:
    """Line and name, for each private name of others that a module uses."""
    own = own_names(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, each.name) for each in node.names if has_private(each.name))
        elif isinstance(node, ast.ImportFrom) and node.module and node.module != "__future__":
            if node.module.partition(".")[0] != "smsmon":
                for each in node.names:
                    if has_private(node.module):
                        whole = node.module if node.module == "_typeshed" else each.name
                        yield node.lineno, whole
                    elif is_private(each.name):
                        yield node.lineno, each.name
        elif isinstance(node, ast.Attribute) and not is_own_object(node.value):
            if is_private(node.attr) and node.attr not in own:
                yield node.lineno, node.attr
        elif isinstance(node, ast.Call):
            called = getattr(node.func, "attr", None) or getattr(node.func, "id", None)
            if called in BY_NAME or is_modules(getattr(node.func, "value", None)):
                yield from ((node.lineno, text) for text in texts(node.args) if text not in own)
        elif isinstance(node, ast.Subscript) and is_modules(node.value):
            yield from ((node.lineno, text) for text in texts([node.slice]) if text not in own)
    yield from in_classes(tree.body, module)


def texts(nodes: list[ast.expr]) -> list[str]:
    """The private names among constants."""
    values = [node.value for node in nodes if isinstance(node, ast.Constant)]
    return [value for value in values if isinstance(value, str) and has_private(value)]


def uses_in(path: Path) -> list[tuple[int, str]]:
    name = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
    module = importlib.import_module(name.removesuffix(".__init__"))
    return sorted(set(private_uses(ast.parse(path.read_text()), module)))


def test_private_names_of_others_are_used_behind_the_door_alone() -> None:
    found = [
        f"{path}:{line}: {name}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for line, name in uses_in(path)
        if (file := path.relative_to(PACKAGE).as_posix()) != DOOR and (file, name) not in ELSEWHERE
    ]
    assert not found, f"these belong into smsmon/{DOOR}:\n" + "\n".join(found)


def test_the_table_has_what_the_door_uses_and_nothing_else() -> None:
    used = {name for _, name in uses_in(PACKAGE / DOOR)}
    assert used == {path.rpartition(".")[2] for path in PRIVATE_NAMES}


@pytest.mark.parametrize("path", PRIVATE_NAMES)
def test_a_private_name_is_still_there(path: str) -> None:
    holder, _, name = path.rpartition(".")
    read_in = READ_IN[path.partition(".")[0]]
    why = f"{holder} had {name} in {read_in}, and has it no more: {PRIVATE_NAMES[path]}"
    assert name in names_in(holder), why


def names_in(holder: str) -> set[str]:
    """The names of a module, or of a class and all it comes from."""
    try:
        return set(vars(importlib.import_module(holder)))
    except ModuleNotFoundError:
        module, _, name = holder.rpartition(".")
    of = getattr(importlib.import_module(module), name)
    return {each for base in of.__mro__ for each in names_of(base)}


@pytest.mark.parametrize(
    "code",
    [
        "from textual._compositor import Compositor",
        "from textual.keys import _character_to_key",
        "import textual._xterm_parser",
        "def f(app): return app._batch_count",
        "def f(app): return getattr(app, '__watchers')",
        "import sys\ndef f(): sys.modules['httpx._main'] = None",
        "import sys\ndef f(): sys.modules.setdefault('httpx._main', None)",
        "from textual.widgets import Input\nclass Field(Input):\n    def _watch_value(self): ...",
        "from textual.app import App\nclass A(App):\n    def f(self): return self._driver",
        "from textual.app import App\nclass A(App):\n    def f(self): super()._fatal_error()",
        "from textual.app import App\nclass A(App):\n    def __init__(self): self._exception = 1",
    ],
)
def test_every_way_to_a_private_name_is_seen(code: str) -> None:
    module = ModuleType("smsmon.tried")
    exec(code, vars(module))
    assert list(private_uses(ast.parse(code), module))


@pytest.mark.parametrize(
    "code",
    [
        "class A:\n    def __init__(self, other): self._x = other._x",
        "from textual.app import App\nclass A(App):\n    def f(self): self._of_ours = 1",
        "import os\ndef f(): os._exit(1)",
    ],
)
def test_what_is_ours_or_documented_is_no_private_name_of_others(code: str) -> None:
    module = ModuleType("smsmon.tried")
    exec(code, vars(module))
    assert not list(private_uses(ast.parse(code), module))
