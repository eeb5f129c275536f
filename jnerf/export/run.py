"""The tasks behind ``jnerf export``: a run's folder to files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from jnerf.config.check import check
from jnerf.datasets.base import Dataset
from jnerf.datasets.cameras.ndc import NDCCameras
from jnerf.datasets.posed import PosedImages
from jnerf.engine.evaluator import evaluate
from jnerf.engine.guards.rules import Use
from jnerf.engine.pipeline.build import build_dataset, scene_of
from jnerf.engine.run_folder import RunFolder
from jnerf.engine.trained import TrainedRun, open_trained
from jnerf.errors import ConfigError
from jnerf.export.cameras import dumps, transforms
from jnerf.export.codebook import pack, ratio, read_codebook, write_codebook
from jnerf.export.frusta import frusta
from jnerf.export.occupancy import boxes, occupied_cells, write_cells
from jnerf.export.pictures import picture_files
from jnerf.export.ply import write_points
from jnerf.export.points import PointOptions, sample_points
from jnerf.export.slice_pictures import color_pictures, value_pictures
from jnerf.export.slices import SliceOptions, slices
from jnerf.imaging.pictures import encode_png
from jnerf.mesh.files import check_outputs, write_file, write_mesh

POINTS, CAMERAS, OCCUPANCY = (".ply",), (".json", ".ply", ".glb"), (".npz", ".ply", ".glb")
CODEBOOK = (".jcb",)


class Place:
    """The run and the files of an export.

    Args:
        config: a loaded config.
        save_dir: the folder that holds run folders; None for the config's.
        checkpoint: load this file instead of the run folder's newest.
        outputs: files to write; None: in ``export`` of the run folder, where they are replaced.
        force: replace ``outputs`` too.
    """

    def __init__(
        self,
        config: Any,
        save_dir: str | Path | None = None,
        checkpoint: str | Path | None = None,
        outputs: list[Path] | None = None,
        force: bool = False,
    ) -> None:
        self.config, self._save_dir, self._checkpoint = config, save_dir, checkpoint
        self.outputs, self.force = outputs or [], force

    @property
    def folder(self) -> Path:
        """The run folder's ``export``."""
        save_dir = self._save_dir or self.config.get("save_dir") or "logs"
        return RunFolder(Path(save_dir) / self.config.exp_name).root / "export"

    def check(self, suffixes: tuple[str, ...]) -> None:
        """Raises a JnerfError for an output that cannot be written."""
        check_outputs(self.outputs, force=self.force, suffixes=suffixes)

    def files(self, names: tuple[str, ...]) -> list[Path]:
        """The outputs, or files of these names in the run folder."""
        if self.outputs:
            return self.outputs
        found = [self.folder / name for name in names]
        check_outputs(found, suffixes=tuple(path.suffix for path in found))
        return found

    @contextmanager
    def opened(self, use: Use = "export") -> Iterator[TrainedRun]:
        """The trained run, with the averaged weights applied; ``use`` is what for."""
        run = open_trained(self.config, use, self._save_dir, self._checkpoint)
        run.pipeline.network.eval()
        if run.pipeline.ema is None:
            yield run
        else:
            with run.pipeline.ema.applied():
                yield run


def export_points(place: Place, options: PointOptions) -> list[Path]:
    """Writes a coloured point cloud with normals, ``points.ply``; see :func:`sample_points`."""
    place.check(POINTS)
    with place.opened() as run:
        files = place.files(("points.ply",))  # before the work, so that none is done in vain
        cloud = sample_points(run.pipeline, options, run.transform)
    for path in files:
        write_points(path, cloud.points, cloud.normals, cloud.colors)
    _say(f"step {run.step}: {len(cloud.points)} points, world units", files)
    return files


def export_occupancy(place: Place) -> list[Path]:
    """Writes the occupied cells as numbers, ``occupancy.npz``, and as boxes, ``occupancy.ply``."""
    place.check(OCCUPANCY)
    with place.opened() as run:
        cells, below = occupied_cells(run.pipeline), run.pipeline.sampler.empty_below
    files = place.files(("occupancy.npz", "occupancy.ply"))
    shown = boxes(cells, run.transform)
    for path in files:
        if path.suffix.lower() == ".npz":
            write_cells(path, cells, run.transform, below)
        else:
            write_mesh(shown, path)
    _say(f"step {run.step}: {sum(len(part.middles) for part in cells)} occupied cells", files)
    return files


def export_codebook(place: Place, test: bool = False) -> list[Path]:
    """Writes the codebook, its keys and the network as one small file, ``codebook.jcb``, and reads it back.

    Args:
        place: run and outputs.
        test: also judge what was read back on the test split.
    """
    place.check(CODEBOOK)
    with place.opened("test" if test else "export") as run:
        network = run.pipeline.network
        packed = pack(network)
        files = place.files(("codebook.jcb",))
        size = max(write_codebook(path, packed) for path in files)
        read = read_codebook(files[0])
        plain = ratio(packed, size)
        _say(
            f"step {run.step}: {len(packed.keys)} corners of {packed.bits} bits, {size} bytes in all, {plain:.1f} "
            f"times smaller than their {packed.codebooks.shape[2]} features in half precision alone",
            files,
        )
        read.put_into(network)
        if test:
            bare = replace(run.pipeline, ema=None)  # the average is not what was written
            found = evaluate(bare, build_dataset(place.config, "test"))
            print(f"as it was read back: {found.summary()}")
    return files


def export_slices(
    place: Place, options: SliceOptions, channels: list[str], arrays: bool = False
) -> list[Path]:
    """Writes slices as pictures into a folder, ``slices``.

    Args:
        place: whose one output is the folder.
        options: where to cut.
        channels: "value", that is density or signed distance, and "color".
        arrays: also write ``slices.npz`` with what the pictures show.
    """
    if len(place.outputs) > 1:
        raise ConfigError("--output: slices go into one folder")
    folder = place.outputs[0] if place.outputs else place.folder / "slices"
    if place.outputs and not place.force and folder.is_dir() and any(folder.iterdir()):
        raise ConfigError(f"{folder} is not empty: say --force to write into it")
    check_outputs([folder / "slice.png"], suffixes=(".png",))
    with place.opened() as run:
        found = slices(run.pipeline, options, run.transform)
    if "color" in channels and found[0].colors is None:
        raise ConfigError(f"{type(run.pipeline.network).__name__} has no colours: --channel value")
    pictures = {}
    if "value" in channels:
        pictures[found[0].kind] = value_pictures(found)
    if "color" in channels:
        pictures["color"] = color_pictures(found)
    files = []
    for name, shown in pictures.items():
        for i, picture in enumerate(shown):
            files.append(folder / f"{name}_{options.axis}_{i:03d}.png")
            data = encode_png(picture)
            write_file(files[-1], lambda to, data=data: to.write_bytes(data))
    if arrays:
        files.append(folder / "slices.npz")
        values = {
            "axis": options.axis,
            "at": np.array([part.at for part in found]),
            "extent": np.array(found[0].extent),
            found[0].kind: np.stack([part.values for part in found]),
        }
        if found[0].colors is not None:
            values["colors"] = np.stack([part.colors for part in found])
        write_file(files[-1], lambda to: _save(to, values))
    _say(f"step {run.step}: {len(found)} slices, {len(files)} files", [folder])
    return files


def export_cameras(place: Place, splits: list[str], images: bool = False) -> list[Path]:
    """Writes ``transforms.json`` and pyramids to look at, ``cameras.ply``. A run need not have been trained.

    Where cameras learn, training cameras are those that were learned, and other splits' are moved along with them; only
    then is the run opened.

    Args:
        place: run and outputs.
        splits: train, test.
        images: write the pictures too, into ``images`` beside the json file.
    """
    place.check(CAMERAS)
    if images and place.outputs and not any(map(_is_json, place.outputs)):
        raise ConfigError("--images are written beside a .json file: name one with --output too")
    config = place.config
    check(config)
    scenes = {}
    for split, scene in _scenes(place, splits).items():
        if not isinstance(scene, PosedImages):
            raise ConfigError("this dataset has no views, so no cameras")
        if isinstance(scene.cameras, NDCCameras):
            raise ConfigError(
                "these cameras are in NDC (dataset.space='ndc'), to which no similarity leads: say "
                "dataset.space='bounded', which has the same cameras in the world"
            )
        scenes[split] = scene
    files = place.files(("transforms.json", "cameras.ply"))
    jsons = [path for path in files if _is_json(path)]
    for path in jsons:
        folder = path.parent / "images" if images else None
        pictures = picture_files(scenes, folder, place.force or not place.outputs)
        if len(scenes) > 1 and set(pictures[splits[1]]) <= set(pictures[splits[0]]):
            del scenes[splits[1]]  # nothing is held out: they are the same views
        text = dumps(transforms(scenes, pictures, path.parent))
        write_file(path, lambda to, text=text: to.write_text(text, encoding="utf-8"))
    if len(files) > len(jsons):
        first = next(iter(scenes.values()))
        back = first.transform.inverse()
        cameras = {split: scene.cameras for split, scene in scenes.items()}
        size = 0.05 * back.scale * float(np.ptp(np.asarray(first.facts()["aabb"]).reshape(2, 3)))
        shown = frusta(cameras, back, size)
        for path in files:
            if path not in jsons:
                write_mesh(shown, path)
    counts = ", ".join(f"{len(scene.cameras)} {split}" for split, scene in scenes.items())
    _say(f"{counts} cameras, world units", files)
    return files


def _is_json(path: Path) -> bool:
    return path.suffix.lower() == ".json"


def _scenes(place: Place, splits: list[str]) -> dict[str, Dataset]:
    """The datasets of splits, their cameras where the run has them."""
    config = place.config
    if config.dataset.get("cameras") is None:
        return {split: scene_of(config, config.dataset, split) for split in splits}
    with place.opened("cameras") as run:
        training = run.pipeline.dataset
        learned = training.with_poses(training.cameras.c2w)
        return {
            split: learned if split == "train" else build_dataset(config, split).following(training)
            for split in splits
        }


def _save(path: Path, arrays: dict[str, Any]) -> None:
    with path.open("wb") as file:
        np.savez_compressed(file, **arrays)


def _say(what: str, files: list[Path]) -> None:
    print(f"{what} -> {', '.join(map(str, files))}")
