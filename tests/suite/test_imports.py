"""Imports fall one way: no circle, no arrow upwards, and no folder that nobody can survey."""

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2] / "jnerf"
#: What a part of the package may import of the others; families know one another by constructor arguments alone.
LOW = {"errors", "structures", "registry", "schedules", "checks", "runtime", "ops", "imaging", "files"}
FAMILY = LOW | {"metrics", "judging"}
ALLOWED = {
    "errors": set(),
    "files": {"errors"},
    "structures": {"ops"},
    "checks": {"errors"},
    "ops": {"errors", "runtime", "structures", "checks"},
    "schedules": {"errors", "checks"},
    "registry": {"errors", "checks"},
    "figures": set(),
    "imaging": {"errors"},
    "metrics": {"errors"},
    "judging": LOW | {"metrics"},
    "datasets": FAMILY,
    "samplers": FAMILY,
    "encoders": FAMILY,
    "models": FAMILY | {"encoders"},  # networks are built on encoders' interface
    "optims": FAMILY,
}
MOST_ENTRIES = 20


@cache
def modules() -> dict[str, Path]:
    found = {}
    for path in ROOT.rglob("*.py"):
        parts = path.relative_to(ROOT.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(path: Path) -> set[str]:
    """Modules of jnerf that a file imports when it is imported itself."""
    names: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {alias.name: f"{node.module}.{alias.name}" for alias in node.names}
            names |= {full if full in modules() else node.module for full in inner.values()}
    return {name for name in names if name in modules() and name != "jnerf"}


def part(name: str) -> str:
    return name.split(".")[1]


def test_no_circle():
    graph = {name: imported(path) for name, path in modules().items() if name != "jnerf"}
    done: set[str] = set()

    def walk(name: str, above: tuple[str, ...]) -> None:
        assert name not in above, " -> ".join([*above[above.index(name) :], name])
        if name not in done:
            for other in sorted(graph[name]):
                walk(other, (*above, name))
            done.add(name)

    for name in graph:
        walk(name, ())


def test_no_arrow_upwards():
    wrong = [
        f"{name} imports {other}"
        for name, path in modules().items()
        if name != "jnerf" and part(name) in ALLOWED
        for other in imported(path)
        if part(other) not in ALLOWED[part(name)] | {part(name)}
    ]
    assert wrong == []


def test_no_folder_has_too_many_entries():
    folders = [ROOT / "engine", *(p for p in ROOT.rglob("*") if p.is_dir())]
    crowded = {
        str(folder.relative_to(ROOT)): n
        for folder in folders
        if folder.name != "__pycache__"
        and folder != ROOT / "ops"
        and (n := sum(entry.name != "__pycache__" for entry in folder.iterdir())) > MOST_ENTRIES
    }
    assert crowded == {}
