"""Who may import whom among the datasets: formats the shared rooms, these none of the formats and not one another."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DATASETS = ROOT / "jnerf/datasets"
SHARED = ("files", "pictures", "cameras", "placement")


def rooms_imported_by(room: str) -> set[str]:
    """The entries of ``jnerf.datasets`` that a room's modules import, itself left out."""
    found = set()
    for file in (DATASETS / room).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) else []
            parts = [name.split(".") for name in names]
            found |= {p[2] for p in parts if p[:2] == ["jnerf", "datasets"] and len(p) > 2}
    return found - {room}


@pytest.mark.parametrize("room", SHARED)
def test_shared_rooms_import_no_other_room(room):
    assert rooms_imported_by(room) <= {"files"}


def test_formats_are_apart():
    formats = {path.parent.name for path in DATASETS.glob("*/dataset.py")}
    assert len(formats) >= 7
    found = {room: rooms_imported_by(room) & formats for room in formats}
    # Blender's scenes are the older form of the same json file.
    assert {room: others for room, others in found.items() if others} == {"blender": {"transforms"}}


def test_folders_stay_small():
    folders = [DATASETS, *(path for path in DATASETS.rglob("*") if path.is_dir())]
    entries = {f: [p for p in f.iterdir() if p.name != "__pycache__"] for f in folders}
    assert {f.name: len(names) for f, names in entries.items() if len(names) > 20} == {}
