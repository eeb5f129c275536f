"""The check report of a capture: text, json, and a picture of the cameras."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from jnerf.capture.output.advice import ENOUGH, advice
from jnerf.capture.output.facts import Facts
from jnerf.capture.settings import Settings
from jnerf.capture.sources.film import sharpness
from jnerf.datasets.colmap.model import SparseModel
from jnerf.datasets.colmap.model.cameras import camera_intrinsics
from jnerf.datasets.pictures.decoding import read_rgba
from jnerf.datasets.placement.similarity import Similarity
from jnerf.files import write_text_atomic
from jnerf.imaging.cameras import Plan, draw_plan
from jnerf.imaging.pictures import write_png

_LOOKED_AT = 12  # pictures with a pose, and as many without, whose sharpness is compared


def report_lines(facts: Facts, notes: Sequence[str], hints: Sequence[str]) -> list[str]:
    """The report as text.

    Args:
        facts: the numbers.
        notes: what else was found.
        hints: what to do.
    """
    state = "" if facts.share >= ENOUGH else "   <- few"
    lines = [
        f"registered         {facts.registered} of {facts.pictures} pictures ({facts.share:.0%}){state}",
        f"reprojection error {facts.error:.2f} pixels, mean over all observations",
        f"points             {facts.points}, each seen by {facts.track:.1f} images on average",
        f"an image sees      {facts.seen:.0f} points (median)",
    ]
    if facts.features is not None:
        lines.append(f"a picture has      {facts.features:.0f} features (median)")
    if len(facts.models) > 1:
        others = ", ".join(map(str, facts.models[1:]))
        lines.append(
            f"models             {len(facts.models)}: the largest is used ({facts.models[0]} images), others: {others}"
        )
    lines += [f"camera             {line}" for line in facts.cameras[:4]]
    if facts.cameras[4:]:
        lines.append(f"camera             and {len(facts.cameras) - 4} more")
    if facts.missing:
        named = ", ".join(facts.missing[:8]) + (" ..." if facts.missing[8:] else "")
        lines.append(f"without a pose     {named}")
    lines += [f"note               {note}" for note in notes]
    lines += [f"advice             {hint}" for hint in hints]
    return lines


def write_report(
    folder: Path, facts: Facts, settings: Settings, hints: Sequence[str], about: dict[str, Any]
) -> None:
    """Writes process_report.json."""
    values = {**facts.plain(), "share": facts.share, "advice": list(hints), **about}
    values["settings"] = settings.plain()
    write_text_atomic(folder / "process_report.json", json.dumps(values, indent=1) + "\n")


def hints_of(facts: Facts, settings: Settings, model: SparseModel, images: Path) -> list[str]:
    """Advice, for which pictures without a pose are compared with others."""
    blur = None
    if facts.missing and facts.registered and (facts.share < ENOUGH or len(facts.missing) > 2):
        known = [image.name for image in model.images]
        blurred, sharp = (_sharpness(images, names) for names in (facts.missing, known))
        blur = blurred / max(sharp, 1e-9)
    return advice(facts, settings, blur)


def _sharpness(images: Path, names: Sequence[str]) -> float:
    chosen = names[:: max(1, len(names) // _LOOKED_AT)]
    values = [sharpness(read_rgba(images / name)[..., :3].copy()) for name in chosen]
    return float(np.median(values))


def draw_cameras(path: Path, model: SparseModel, world: Similarity, title: str) -> None:
    """Draws the cameras and the points of a model from above and from the side.

    Args:
        path: the picture to write.
        model: the sparse model.
        world: to a world with z up.
        title: one line.
    """
    poses = world.poses(np.stack([image.c2w for image in model.images]))
    corners = np.stack([_corners(model, image.camera_id) for image in model.images])
    points = model.points
    plan = Plan(poses, corners, world.points(points.xyz), points.colors)
    write_png(path, draw_plan(plan, title))


def _corners(model: SparseModel, key: int) -> np.ndarray:
    """Rays through the corners of a camera's picture, as of a pinhole, OpenGL, [4, 3]."""
    camera = model.cameras[key]
    fx, fy, cx, cy = camera_intrinsics(camera)
    x, y = (
        np.array([0, camera.width, 0, camera.width]),
        np.array([0, 0, camera.height, camera.height]),
    )
    return np.column_stack([(x - cx) / fx, -(y - cy) / fy, -np.ones(4)])


def no_model(facts: Facts, settings: Settings) -> str:
    """What is said where not one camera could be placed."""
    hints = advice(facts, settings) or ["take more pictures, with more overlap"]
    return "; ".join(hints)
