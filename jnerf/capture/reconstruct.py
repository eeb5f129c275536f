"""COLMAP's stages over the pictures of a scene: features, matches, models, and the largest of them refined and kept."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from jnerf.capture.colmap.database import read_database
from jnerf.capture.colmap.jobs import Features, Mapping, Matches, Refinement
from jnerf.capture.colmap.run import Colmap
from jnerf.capture.folder import SceneFolder
from jnerf.capture.output.advice import ENOUGH
from jnerf.capture.output.facts import facts_of
from jnerf.capture.output.report import no_model
from jnerf.capture.settings import Settings
from jnerf.capture.sources.model import copy_model
from jnerf.capture.sources.picture import Picture
from jnerf.datasets.colmap.model import Points, SparseModel, find_model, read_model
from jnerf.datasets.pictures.headers import image_size
from jnerf.errors import DataError

Say = Callable[[str], None]
_LEFT = 0.3  # of the points
_TOLERANCE = 2.0  # pixels, of pictures that are searched at full size


def reconstruct(
    scene: SceneFolder, settings: Settings, colmap: Colmap, pictures: list[Picture], say: Say
) -> None:
    """Does the stages that are not done yet; the model is then in ``scene.model``.

    Args:
        scene: where.
        settings: how.
        colmap: which COLMAP.
        pictures: of the scene.
        say: told of each stage that is done.

    Raises:
        DataError: not one picture could be placed.
        JnerfError: COLMAP failed.
    """
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
