"""Which format a scene's folder has, told by its files."""

from __future__ import annotations

from jnerf.datasets.files.paths import scene_path
from jnerf.errors import DataError

#: What tells a format, in the order in which it is looked for, and its dataset.
MARKS = {
    "transforms_train.json": "BlenderDataset",
    "sparse": "COLMAPDataset",
    "colmap/sparse": "COLMAPDataset",
    "transforms.json": "TransformsDataset",
    "poses_bounds.npy": "LLFFDataset",
    "cameras_sphere.npz": "DTUDataset",
    "cameras.npz": "DTUDataset",
    "intrinsics.txt": "NSVFDataset",
    "cameras.bin": "COLMAPDataset",
    "cameras.txt": "COLMAPDataset",
}
_OF_A_MODEL = ("cameras.bin", "cameras.txt")
#: Those that lie in the scene's folder itself.
SCENE_FILES = tuple(mark for mark in MARKS if "/" not in mark and mark not in _OF_A_MODEL)
#: What the scene without files is called.
EMBEDDED = "embedded"


def guess_format(scene: str) -> str:
    """The dataset that reads a scene.

    Args:
        scene: as ``dataset.root`` has it, or ``embedded``.

    Raises:
        DataError: there is no such folder, or nothing in it tells a format.
    """
    if scene == EMBEDDED:
        return "ProceduralDataset"
    path = scene_path(scene)
    if path.is_file() and path.suffix == ".json":
        return "TransformsDataset"
    if not path.is_dir():
        raise DataError(f"no scene at {path.absolute()}: name its folder, or '{EMBEDDED}'")
    for mark, name in MARKS.items():
        if (path / mark).exists():
            return name
    if any(path.glob("transforms_*.json")):
        return "TransformsDataset"
    held = ", ".join(sorted(entry.name for entry in path.iterdir())[:8]) or "nothing"
    raise DataError(
        f"{path} is no scene of a known format (it holds {held}): expected one of {', '.join(MARKS)}. Photographs or a "
        "video become a scene by 'jnerf process'"
    )
