"""On which line of a config file each key was written, nested ones included.

The file is executed to get its values and read with ``ast`` to get the lines: ``dict(a=1)`` calls,
``{"a": 1}`` displays, lists, ``x["a"] = 1``, ``x.update(a=1)``, ``a | b``, and names that stand for
an earlier assignment (``dict(**_shared)``). Where the source says it in another way the line of the
nearest enclosing key is used.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

Path = tuple[str | int, ...]
Lines = dict[Path, int]


def key_lines(tree: ast.Module) -> Lines:
    """Line of each key of a parsed config file.

    >>> key_lines(ast.parse("a = dict(\\n  b=1)"))
    {('a',): 1, ('a', 'b'): 2}
    """
    table: Lines = {}
    for statement in _statements(tree):
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                _assign(target, statement.value, statement.lineno, table)
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            _assign(statement.target, statement.value, statement.lineno, table)
        elif isinstance(statement, ast.AugAssign):
            path = _path(statement.target)
            if path:
                table.update({path + sub: at for sub, at in _nested(statement.value, table)})
        elif isinstance(statement, ast.Expr):
            _update_call(statement.value, table)
    return table


def line_of(lines: Lines, path: Path) -> int:
    """The line of a path, or of the nearest path that encloses it; 1 when nothing is known."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return 1


def imported_names(tree: ast.Module) -> set[str]:
    """The names that import statements of a file bind: tools of the file, no settings."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names.update((alias.asname or alias.name).split(".")[0] for alias in node.names)
    return names


def _statements(node: ast.AST) -> Iterator[ast.stmt]:
    """Statements of the file, in order, through if, for, with and try but not into functions."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        if isinstance(child, ast.stmt):
            yield child
        if isinstance(child, (ast.stmt, ast.ExceptHandler)):
            yield from _statements(child)


def _assign(target: ast.expr, value: ast.expr, line: int, table: Lines) -> None:
    if isinstance(target, ast.Tuple):
        pairs = value.elts if isinstance(value, ast.Tuple) else [value] * len(target.elts)
        for part, item in zip(target.elts, pairs, strict=False):
            _assign(part, item, line, table)
        return
    path = _path(target)
    if not path:
        return
    fresh = {path + sub: at for sub, at in _nested(value, table)}
    for old in [known for known in table if known[: len(path)] == path]:
        del table[old]
    table[path] = target.lineno
    table.update(fresh)


def _update_call(call: ast.expr, table: Lines) -> None:
    """``x.update(a=1)`` and ``x["a"].update({...})``."""
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return
    path = _path(call.func.value)
    if path and call.func.attr == "update":
        table.update({path + sub: at for sub, at in _call_entries(call, table)})


def _path(node: ast.expr) -> Path:
    """The path that ``x`` or ``x["a"]["b"]`` names; empty for anything else."""
    if isinstance(node, ast.Name):
        return (node.id,)
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        outer = _path(node.value)
        return (*outer, node.slice.value) if outer else ()
    return ()


def _nested(node: ast.expr, table: Lines) -> list[tuple[Path, int]]:
    """Paths inside a value, relative to it, each with its line."""
    if isinstance(node, ast.Dict):
        found: list[tuple[Path, int]] = []
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                found += _nested(value, table)
            elif isinstance(key, ast.Constant):
                found += _entry(key.value, key.lineno, value, table)
        return found
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dict":
        return _call_entries(node, table)
    if isinstance(node, (ast.List, ast.Tuple)):
        found = []
        for index, item in enumerate(node.elts):
            found += _entry(index, item.lineno, item, table)
        return found
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _nested(node.left, table) + _nested(node.right, table)
    path = _path(node)
    size = len(path)
    below = [known for known in table if path and len(known) > size and known[:size] == path]
    return [(known[size:], table[known]) for known in below]


def _call_entries(call: ast.Call, table: Lines) -> list[tuple[Path, int]]:
    found: list[tuple[Path, int]] = []
    for argument in call.args:
        found += _nested(argument, table)
    for keyword in call.keywords:
        if keyword.arg is None:
            found += _nested(keyword.value, table)
        else:
            found += _entry(keyword.arg, keyword.lineno, keyword.value, table)
    return found


def _entry(key: str | int, line: int, value: ast.expr, table: Lines) -> list[tuple[Path, int]]:
    return [((key,), line)] + [((key, *sub), at) for sub, at in _nested(value, table)]
