"""Ops are differentiable once: no method may differentiate a gradient; normals and slopes are outputs of ops."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2] / "jnerf"
ASKS = {"grad", "enable_grad"}  # of jt
# The optimiser takes a loss's gradient; views are placed and fitted by an error's. Nothing differentiates these again.
MAY = {
    "benchmark/cases",
    "engine/rendering/fitted_views.py",
    "engine/rendering/placed_views.py",
    "optims/grouped.py",
}


def asking(source: str) -> bool:
    """Whether a module asks Jittor for gradients."""
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ASKS
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in ("jt", "jittor")
        for node in ast.walk(ast.parse(source))
    )


def test_who_asks_for_gradients():
    found = set()
    for path in ROOT.rglob("*.py"):
        if asking(path.read_text(encoding="utf-8")):
            name = path.relative_to(ROOT).as_posix()
            found.add("benchmark/cases" if name.startswith("benchmark/cases/") else name)
    assert found == MAY


def test_a_module_that_asks_is_seen():
    assert asking("import jittor as jt\ndef f(y, x): return jt.grad(y, x)")
    assert not asking('"""jt.grad(y, x)"""\ndef grad(y): return y')
