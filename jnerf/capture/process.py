"""From pictures to a scene: one stage after the other, each of which is done once.

1. pictures are gathered (and masks);  2. features;  3. matches;  4. models, of which the largest is refined and kept;
5. transforms.json, points, copies, report.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, replace
from pathlib import Path

from jnerf.capture.colmap.database import read_database
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
    report_lines,
    write_report,
)
from jnerf.capture.output.transforms import json_world, transforms_of, write_transforms
from jnerf.capture.reconstruct import Say, reconstruct
from jnerf.capture.settings import Settings
from jnerf.capture.sources.film import gather_frames
from jnerf.capture.sources.masks import gather_masks
from jnerf.capture.sources.model import gather_model
from jnerf.capture.sources.picture import Picture
from jnerf.capture.sources.pictures import gather_pictures
from jnerf.datasets.colmap.model import SparseModel, find_model, read_model
from jnerf.datasets.colmap.model.frames import find_frames
from jnerf.datasets.pictures.lookup import portable
from jnerf.errors import JnerfError


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
        reconstruct(scene, settings, colmap, pictures, say)
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
        scene.note("pictures", [astuple(picture) for picture in found])
    pictures = [Picture(*row) for row in scene.done["pictures"]]
    groups = len({picture.group for picture in pictures})
    taken = "" if settings.kind == "colmap" else f", of {groups} camera{'s' * (groups > 1)}"
    say(f"pictures  {len(pictures)}{taken}")
    return pictures


def _finish(scene: SceneFolder, settings: Settings, pictures: list[Picture], say: Say) -> Outcome:
    place = find_model(scene.path, "sparse/0")
    model = read_model(place.folder, place.suffix)
    # Of a model that came from elsewhere, images may be missing; of ours, somebody must have taken them away.
    frames = find_frames(model, scene.images, drop_missing=settings.kind == "colmap")
    # Pictures lie under names with forward slashes, also of a model that was made on Windows.
    images = tuple(replace(image, name=portable(image.name)) for image in frames.images)
    model = replace(model, images=images)
    names = [picture.name for picture in pictures]
    sizes = [n for _, n in scene.done.get("models", [("0", len(model.images))])]
    facts = facts_of(model, names, read_database(scene.database), sizes)
    masks = scene.masks if settings.masks is not None else None
    notes = _write_scene(scene.path, model, masks)
    write_copies(scene.images, [image.name for image in model.images], settings.copies)
    backdrop = plain_backdrop(scene.images, [image.name for image in model.images])
    if backdrop is not None:
        notes.append(f"the backdrop is plain: train and test against its colour, {list(backdrop)}")
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
