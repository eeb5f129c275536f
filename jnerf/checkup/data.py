"""The data folder and its scenes."""

from __future__ import annotations

from pathlib import Path

from jnerf.checkup.finding import Finding
from jnerf.checkup.scene.formats import SCENE_FILES
from jnerf.datasets.files.paths import data_root

_DEPTH = 3


def check_data() -> Finding:
    """The data folder and the scenes in it."""
    root = data_root()
    if not root.is_dir():
        mend = "set JNERF_DATA to the folder that holds nerf_synthetic; the embedded scene needs no data"
        return Finding("warn", "data", f"{root} does not exist", mend)
    scenes = find_scenes(root)
    if not scenes:
        return Finding(
            "warn",
            "data",
            f"no scene under {root}",
            "set JNERF_DATA to the folder that holds nerf_synthetic",
        )
    names = ", ".join(str(scene.relative_to(root)) for scene in scenes[:12])
    more = f" and {len(scenes) - 12} more" if len(scenes) > 12 else ""
    return Finding("OK", "data", f"{root}: {names}{more}")


def find_scenes(root: Path) -> list[Path]:
    """Folders up to three levels below ``root`` that hold a scene file of a known format, sorted."""
    patterns = ["/".join(["*"] * depth) for depth in range(1, _DEPTH + 1)]
    found = (
        p for pattern in patterns for name in SCENE_FILES for p in root.glob(f"{pattern}/{name}")
    )
    return sorted({path.parent for path in found})
