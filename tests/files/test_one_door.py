"""Nobody opens files but the one who does it right."""

from __future__ import annotations

import ast
from pathlib import Path

import smsmon

OPENERS = {"open", "fdopen", "mkstemp", "NamedTemporaryFile", "TemporaryFile"}
"""What opens a file, by any name of a module before it."""
METHODS = {"write_text", "write_bytes", "read_text", "read_bytes", "mkdir", "makedirs"}
METHODS |= {"rename", "copyfile", "copy2", "copytree", "symlink_to", "hardlink_to"}
ALLOWED = {
    ("commands/door.py", "open"): "streams that were closed, opened on nothing",
    ("programs/__init__.py", "open"): "what the kernel tells of processes is in no file",
    (
        "store/local/lease.py",
        "open",
    ): "a look at who holds the lease makes no file, and waits for none",
    ("store/local/history.py", "rename"): "a damaged database goes aside with its journals",
    **dict.fromkeys(
        (("window.py", name) for name in ("mkdir", "mkstemp", "open", "read_text")),
        "memory that processes share, which has a file for its name",
    ),
}


def test_nobody_opens_files_but_the_one_who_does_it_right() -> None:
    package = Path(smsmon.__file__).parent
    found = set()
    for module in package.rglob("*.py"):
        name = str(module.relative_to(package))
        if name in ("files.py", "outputs.py"):
            continue
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.Call):
                function = node.func
                if isinstance(function, ast.Name) and function.id in OPENERS:
                    found.add((name, function.id))
                elif isinstance(function, ast.Attribute) and function.attr in METHODS | OPENERS:
                    is_ours = function.attr == "open" and not opens_a_file(function, node)
                    if not is_ours:
                        found.add((name, function.attr))
    assert found <= ALLOWED.keys(), found - ALLOWED.keys()


def opens_a_file(function: ast.Attribute, call: ast.Call) -> bool:
    """False for the ``open()`` of our own classes: that of files has a module or a mode."""
    of = function.value
    is_module = isinstance(of, ast.Name) and of.id in ("os", "io", "codecs", "gzip", "lzma", "bz2")
    return is_module or bool(call.args or call.keywords)
