"""Opens a scene of any format and looks at one thing after the other."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jnerf.checks.arguments import signature_of
from jnerf.checkup.finding import Finding
from jnerf.checkup.scene.formats import EMBEDDED, guess_format
from jnerf.checkup.scene.place import check_box, check_scale, check_sight
from jnerf.checkup.scene.poses import check_focal, check_lens, check_reading
from jnerf.checkup.scene.witnesses import Witnesses, find_witnesses, judge
from jnerf.datasets.cameras.frusta import corner_rays
from jnerf.datasets.files.paths import scene_path
from jnerf.datasets.posed import PosedImages
from jnerf.errors import DataError
from jnerf.imaging.cameras import Plan, draw_plan
from jnerf.imaging.pictures import write_png
from jnerf.registry import DATASETS

_ANYWHERE = (
    1e9  # field units: as far as rays go while a scene is looked at that its own settings refuse
)
_PARALLAX = 1.5  # degrees, below which a point's distance is anyone's guess


@dataclass
class Look:
    """A scene that is looked at.

    Attributes:
        scene: as ``dataset.root`` has it, or ``embedded``.
        kind: its dataset.
        train: the training split.
        points: what the pictures' matches say is seen, field units, [P, 3].
        settings: what the dataset was given beside the root.
    """

    scene: str
    kind: str
    train: PosedImages
    points: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 3)))
    settings: dict[str, Any] = field(default_factory=dict)


def findings(scene: str, picture: Path) -> Iterator[Finding]:
    """Everything about a scene, one thing after the other; the last is the picture of its cameras.

    Args:
        scene: its folder, or ``embedded``.
        picture: the PNG to write.
    """
    kind = guess_format(scene)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        look, fault = _open(scene, kind)
        if look is not None:
            yield from _splits(look)
    for text in dict.fromkeys(str(warning.message) for warning in heard):
        yield Finding("warn", "file", text)
    if fault is not None:
        yield Finding("FAIL", "open", fault, "" if look is None else "the lines below may say why")
    if look is None:
        return
    yield from _judged(look)
    _draw(look, picture)
    yield Finding("OK", "picture", f"cameras and points are drawn in {picture}: look at it")


def _open(scene: str, kind: str) -> tuple[Look | None, str | None]:
    """The scene and what is wrong with it; where its settings refuse it, with others, so that more can be said."""
    settings: dict[str, Any] = {} if scene == EMBEDDED else {"root": scene}
    cls = DATASETS.get(kind)
    known = signature_of(cls).parameters
    if "missing" in known:
        settings["missing"] = "drop"
    if kind == "LLFFDataset":
        settings["space"] = "bounded"  # NDC is no place to judge poses in
    if kind == "COLMAPDataset" and (scene_path(scene) / "process.json").is_file():
        settings["around"] = "points"  # as ngp_capture has it
    fault = None
    for more in ({}, {"far": _ANYWHERE} if "far" in known else {}):
        try:
            return Look(scene, kind, cls(**settings, **more), settings=settings), fault
        except DataError as error:
            if fault is not None or "far" not in known:
                return None, str(error)
            fault = str(error)
    return None, fault


def _splits(look: Look) -> Iterator[Finding]:
    train = look.train
    told = [f"{train.n_images} training images"]
    try:
        test = DATASETS.get(look.kind)(**look.settings, split="test")
        told.append(f"{test.n_images} test images")
    except DataError:
        told.append("no test images")
    about = train.summary()
    told.append(f"{about['resolution']} pixels, {about.get('n_cameras', 1)} camera(s)")
    if about.get("n_masks"):
        told.append(f"{about['n_masks']} masks")
    if about.get("source"):
        told.append(f"from {about['source']}")
    yield Finding("OK", "scene", f"{look.kind}: {', '.join(told)}")
    for reason, count in about.get("dropped", {}).items():
        if reason not in ("in other splits", "masked pixels", "missing"):  # a warning names those
            yield Finding("warn", "images", f"{count} are left out: {reason}")


def _judged(look: Look) -> Iterator[Finding]:
    cameras = look.train.cameras
    witnesses = find_witnesses(look.train)
    finding, right = check_reading(witnesses, cameras, look.train.transform)
    yield finding
    for check in (check_focal, check_lens):
        found = check(witnesses, right or cameras)
        if found is not None:
            yield found
    if right is not None:
        look.points = _points(witnesses, right)
    yield check_sight(look.train)
    yield check_scale(look.train, look.points)
    if look.kind == "LLFFDataset":
        yield Finding(
            "OK", "box", "the default is NDC, which holds everything in front of the cameras"
        )
        return
    yield check_box(look.train, look.points, _box_is_said(look))


def _points(witnesses: Witnesses, cameras: Any) -> NDArray[np.float64]:
    verdict = judge(witnesses, cameras)
    return verdict.points[verdict.meet & (verdict.parallax > _PARALLAX)]


def _box_is_said(look: Look) -> bool:
    """Whether a file says the size of the box, or its format does."""
    if look.kind != "TransformsDataset":
        return True
    from jnerf.datasets.transforms.split import read_split

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        file = read_split(look.scene, "train", 8, True)[1].shared
    return file.number("aabb_scale") is not None


def _draw(look: Look, path: Path) -> None:
    cameras = look.train.cameras
    _, rays_d = corner_rays(cameras)
    corners = np.einsum("nkj,nji->nki", rays_d, cameras.c2w[:, :, :3])
    colors = np.full((len(look.points), 3), 110, np.uint8)
    c2w = cameras.c2w.astype(np.float64)
    plan = Plan(c2w, corners, look.points, colors, look.train.aabb.astype(np.float64))
    name = look.scene if look.scene == EMBEDDED else Path(look.scene).name
    write_png(
        path, draw_plan(plan, f"{name}: {len(cameras)} training cameras in the field, its box")
    )
