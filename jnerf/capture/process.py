"""From pictures to a scene: one stage after the other, each of which is done once.

1. pictures are gathered (and masks);  2. features;  3. matches;  4. models, of which the largest is refined and kept;
5. transforms.json, points, copies, report.
"""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from jnerf.capture.colmap.database import read_database
from jnerf.capture.colmap.jobs import Features, Mapping, Matches, Refinement
from jnerf.capture.colmap.run import Colmap
from jnerf.capture.folder import SceneFolder
from jnerf.capture.output.advice import ENOUGH
from jnerf.capture.output.backdrop import plain_backdrop
from jnerf.capture.output.cloud import write_cloud
from jnerf.capture.output.copies import write_copies
from jnerf.capture.output.facts import Facts, facts_of
from jnerf.capture.output.report import (
    draw_cameras,
    hints_of,
    no_model,
    report_lines,
    write_report,
)
from jnerf.capture.output.transforms import json_world, transforms_of, write_transforms
from jnerf.capture.settings import Settings
from jnerf.capture.sources.film import gather_frames
from jnerf.capture.sources.masks import gather_masks
from jnerf.capture.sources.model import copy_model, gather_model
from jnerf.capture.sources.picture import Picture
from jnerf.capture.sources.pictures import gather_pictures
from jnerf.datasets.colmap.model import Points, SparseModel, find_model, read_model
from jnerf.datasets.colmap.model.frames import find_frames
from jnerf.datasets.pictures.headers import image_size
from jnerf.errors import DataError, JnerfError

Say = Callable[[str], None]
_LEFT = 0.3  # of the points
_TOLERANCE = 2.0  # pixels, of pictures that are searched at full size


@dataclass(frozen=True)
class Outcome:
    """A finished scene.

    Attributes:
        folder: of the scene.
        facts: its numbers.
        lines: the report.
        backdrop: the plain colour around the subject, RGB; None if there is none.
    """

    folder: Path
    facts: Facts
    lines: list[str]
    backdrop: tuple[float, float, float] | None = None

    @property
    def enough(self) -> bool:
        """Whether enough pictures have a pose."""
        return self.facts.share >= ENOUGH


def process(
    settings: Settings,
    output: Path,
    resume: bool = False,
    force: bool = False,
    program: str | None = None,
    say: Say = print,
) -> Outcome:
    """Makes a scene.

    Args:
        settings: what of, and how.
        output: the scene's folder.
        resume: go on with what an earlier call has begun.
        force: begin anew what an earlier call has made.
        program: a ``colmap`` program to use instead of pycolmap.
        say: told of each stage that is done, one line.

    Raises:
        ConfigError: settings contradict each other, the folder is taken, or there is no COLMAP.
        DataError: the input is missing or broken, or not one camera could be placed.
        JnerfError: COLMAP failed.
        KeyboardInterrupt: somebody asked to stop; ``resume`` goes on.
    """
    needs_colmap = settings.kind != "colmap"
    colmap = Colmap.at(output / "colmap", program) if needs_colmap else None
    scene = SceneFolder.open(output, settings, resume, force)
    try:
        pictures = _pictures(scene, settings, say)
    except JnerfError:
        scene.abandon()
        raise
    if colmap is not None:
        scene.colmap.mkdir(exist_ok=True)
        _reconstruct(scene, settings, colmap, pictures, say)
    return _finish(scene, settings, pictures, say)


def _pictures(scene: SceneFolder, settings: Settings, say: Say) -> list[Picture]:
    if "pictures" not in scene.done:
        if settings.kind == "images":
            found = gather_pictures(settings.source, scene.images, settings.cameras)
        elif settings.kind == "video":
            found = gather_frames(settings.source, scene.images, settings.frames)
        else:
            found = gather_model(settings.source, scene.images, scene.model)
        if settings.masks is not None:
            n = gather_masks(settings.masks, found, scene.images, scene.masks)
            say(f"masks     {n} of {len(found)} pictures have one")
        scene.note("pictures", [dataclasses.astuple(picture) for picture in found])
    pictures = [Picture(*row) for row in scene.done["pictures"]]
    groups = len({picture.group for picture in pictures})
    taken = "" if settings.kind == "colmap" else f", of {groups} camera{'s' * (groups > 1)}"
    say(f"pictures  {len(pictures)}{taken}")
    return pictures


def _reconstruct(
    scene: SceneFolder, settings: Settings, colmap: Colmap, pictures: list[Picture], say: Say
) -> None:
    where = str(scene.database), str(scene.images), settings.seed
    names = [picture.name for picture in pictures]
    if "features" not in scene.done:
        seconds = _features(scene, settings, colmap, pictures)
        scene.note("features")
        say(f"features  found in {seconds:.0f} s")
    if "matches" not in scene.done:
        vocabulary = "" if settings.vocabulary is None else str(settings.vocabulary)
        job = Matches(
            *where,
            matching=settings.pairing,
            count=len(names),
            overlap=settings.overlap,
            vocabulary=vocabulary,
        )
        seconds = colmap.run(job)
        scene.note("matches")
        pairs = read_database(scene.database).pairs
        say(f"matches   {pairs} pairs of pictures match, found in {seconds:.0f} s")
    if "models" not in scene.done:
        models, seconds = _models(scene, settings, colmap, names, say)
        if not models:
            raise _nothing(scene, settings, names)
        scene.note("models", models)
        say(f"models    {len(models)}, the largest of {models[0][1]} images, in {seconds:.0f} s")
    if "scene" not in scene.done:
        found = scene.colmap / scene.done["models"][0][0]
        better = None if colmap.program else _refined(scene, settings, colmap, names, found)
        copy_model(better or found, scene.model)
        scene.note("scene", {"refined": better is not None})


def _models(
    scene: SceneFolder, settings: Settings, colmap: Colmap, names: Sequence[str], say: Say
) -> tuple[list[tuple[str, int]], float]:
    """The models' names and sizes, largest first, and the seconds; where few are placed, there is a second try."""
    seconds, best = 0.0, []
    for straight in (False, True):
        to = scene.colmap / ("models_straight" if straight else "models")
        shutil.rmtree(to, ignore_errors=True)
        to.mkdir(parents=True)
        job = Mapping(
            str(scene.database),
            str(scene.images),
            settings.seed,
            models=str(to),
            mapper=settings.mapper,
            count=len(names),
            straight=straight,
        )
        seconds += colmap.run(job)
        found = model_sizes(to)
        if straight and (not found or (best and found[0][1] <= best[0][1])):
            break
        best = [(f"{to.name}/{name}", n) for name, n in found]
        placed = best[0][1] if best else 0
        if placed >= ENOUGH * len(names) or settings.mapper == "global":
            break
        if not straight:
            say(f"models    only {placed} of {len(names)} pictures fit: again without distortion")
    return best, seconds


def _refined(
    scene: SceneFolder, settings: Settings, colmap: Colmap, names: Sequence[str], model: Path
) -> Path | None:
    """The model, fitted again; None if too little of it is left, as of one that is wrong altogether."""
    to = scene.colmap / "refined"
    shutil.rmtree(to, ignore_errors=True)
    colmap.run(_refinement(scene, settings, names, model, to))
    before, after = (len(read_model(path, ".bin").points.ids) for path in (model, to))
    return to if after >= _LEFT * before else None


def _features(
    scene: SceneFolder, settings: Settings, colmap: Colmap, pictures: list[Picture]
) -> float:
    """One call for the pictures of each camera."""
    seconds, found = 0.0, read_database(scene.database)
    for group in dict.fromkeys(picture.group for picture in pictures):
        names = tuple(picture.name for picture in pictures if picture.group == group)
        seconds += colmap.run(
            Features(
                str(scene.database),
                str(scene.images),
                settings.seed,
                names=names,
                model=settings.lens,
                camera=found.camera_of(names),
                masks="" if settings.masks is None else str(scene.masks),
                image_size=settings.image_size,
                most=settings.features,
                domain_size_pooling=settings.thorough,
            )
        )
    return seconds


def _refinement(
    scene: SceneFolder, settings: Settings, names: Sequence[str], model: Path, to: Path
) -> Refinement:
    largest = max(max(image_size(scene.images / name)) for name in names)
    tolerance = _TOLERANCE * max(1.0, largest / settings.image_size)
    where = str(scene.database), str(scene.images), settings.seed
    return Refinement(*where, model=str(model), refined=str(to), tolerance=tolerance)


def model_sizes(models: Path) -> list[tuple[str, int]]:
    """The models in a folder with the number of their images, the largest first."""
    found = []
    for folder in sorted(path for path in models.iterdir() if path.is_dir()):
        try:
            place = find_model(folder, ".")
            found.append((folder.name, len(read_model(place.folder, place.suffix).images)))
        except DataError:  # an empty one
            continue
    return sorted(found, key=lambda model: -model[1])


def _nothing(scene: SceneFolder, settings: Settings, names: Sequence[str]) -> DataError:
    empty = SparseModel(scene.colmap, {}, (), Points.of((), ()))
    facts = facts_of(empty, names, read_database(scene.database), ())
    return DataError(
        f"not one of the {len(names)} pictures could be given a pose: {no_model(facts, settings)}"
    )


def _finish(scene: SceneFolder, settings: Settings, pictures: list[Picture], say: Say) -> Outcome:
    place = find_model(scene.path, "sparse/0")
    model = read_model(place.folder, place.suffix)
    names = [picture.name for picture in pictures]
    sizes = [n for _, n in scene.done.get("models", [("0", len(model.images))])]
    facts = facts_of(model, names, read_database(scene.database), sizes)
    find_frames(model, scene.images, drop_missing=False)  # raises if somebody took one away
    masks = scene.masks if settings.masks is not None else None
    notes = _write_scene(scene.path, model, masks)
    write_copies(scene.images, [image.name for image in model.images], settings.copies)
    backdrop = plain_backdrop(scene.images, [image.name for image in model.images])
    if backdrop is not None:
        notes.append(f"the backdrop is plain: train against its colour, {list(backdrop)}")
    hints = hints_of(facts, settings, model, scene.images)
    about = {
        "backdrop": backdrop,
        "notes": notes,
        "refined": scene.done.get("scene", {}).get("refined", False),
    }
    write_report(scene.path, facts, settings, hints, about)
    scene.note("output")
    return Outcome(scene.path, facts, report_lines(facts, notes, hints), backdrop)


def _write_scene(path: Path, model: SparseModel, masks: Path | None) -> list[str]:
    """Writes transforms.json, the points and the picture; what else is to be said."""
    world = json_world(model)
    write_cloud(path / "sparse_pc.ply", world.points(model.points.xyz), model.points.colors)
    title = f"{path.name}: {len(model.images)} cameras, {len(model.points.ids)} points"
    draw_cameras(path / "cameras.png", model, world, title)
    values = transforms_of(model, world, masks)
    if values is not None:
        write_transforms(path / "transforms.json", values)
        return []
    kinds = ", ".join(sorted({camera.model for camera in model.cameras.values()}))
    return [
        f"there is no transforms.json: it has no words for {kinds}. sparse/0 says all; for instant-ngp and nerfstudio "
        "use --lens OPENCV or OPENCV_FISHEYE"
    ]
